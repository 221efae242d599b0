"""What the words of messaging tickets cost: a call each, once, in both cycles of the demo."""

from tests.journeys.conftest import Ran

LOG = "GET /api/v2/tickets/<int:ticket_id>/conversation_log"


def test_each_conversation_log_is_read_once_and_none_in_the_second_cycle(ran: Ran) -> None:
    stand = ran.sandbox.stands["zendesk"]
    told = [ticket for ticket in stand.state.tickets.values() if ticket.messaging]
    assert told
    assert stand.faults.calls()[LOG] == len(told)
    assert ran.report.second_cycle["fetched"] >= len(told)
