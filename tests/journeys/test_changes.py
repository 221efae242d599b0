"""What happens between two cycles: a customer answers, an agent disagrees, a ticket is deleted."""

from service.domain.conversations import ConversationKey
from service.progress import Silent
from tests.journeys.conftest import Ran


def test_a_customers_reply_is_the_only_thing_fetched_and_measured_again(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(t.id for t in state.tickets.values() if t.status == "solved")
    state.add_comment(ticket_id, "I was charged twice again, this is awful.")

    report = small.workspace.pipeline().cycle(Silent())

    assert report.analysed.analysed == 1
    assert sum(one.conversations for one in report.synced) == 1


def test_an_agents_edit_is_kept_and_counted_as_a_label(small: Ran) -> None:
    state = small.sandbox.stands["intercom"].state
    conversation_id = next(iter(state.conversation_ids.values()))
    state.set_field_as_agent(conversation_id, "Verbatim Sentiment", "positive")

    report = small.workspace.pipeline().cycle(Silent())

    assert sum(one.kept for one in report.written) == 1
    assert sum(one.written for one in report.written) == 0


def test_what_the_helpdesk_deleted_is_gone_here(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(iter(state.tickets))
    state.delete_ticket(ticket_id)

    report = small.workspace.pipeline().cycle(Silent())

    key = ConversationKey(f"zendesk:{ticket_id}")
    assert sum(one.gone for one in report.synced) == 1
    assert small.workspace.database().conversations.get(key) is None
