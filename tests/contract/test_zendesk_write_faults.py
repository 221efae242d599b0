"""Writing while people, admins and the network interfere: nothing twice, nobody's value lost."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import pytest

from connectors.sandbox.faults import Call
from connectors.sandbox.zendesk_fields import MOST_OPTIONS, TicketField
from connectors.zendesk.update_budget import MOST_UPDATES
from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange, WriteOutcome, field_specs
from service.errors import TellPerson, Unauthorized
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Account, Copy, account, key_of

SPECS = field_specs(("Billing", "Account Access"), ("Double charge",))
JOBS = "PUT tickets/update_many"
MANY = "/api/v2/tickets/update_many"


def change(number: int, **values: str | None) -> FieldChange:
    return FieldChange(conversation=key_of(number), fields=values or {"sentiment": "negative"})


def ready(desk: Account) -> Helpdesk:
    helpdesk = desk.connect()
    helpdesk.setup(SPECS, dry_run=False)
    Copy().read(helpdesk)
    desk.stand.faults.reset_calls()
    return helpdesk


def field_of(desk: Account, title: str) -> TicketField:
    return next(each for each in desk.stand.state.fields.custom() if each.title.endswith(title))


def only(outcomes: Iterable[WriteOutcome]) -> WriteOutcome:
    (found,) = outcomes
    return found


def sentiment(desk: Account, number: int = 1) -> object:
    return desk.stand.state.tickets[number].custom_fields.get(field_of(desk, "Sentiment").id)


def agent_sets(desk: Account, value: str, number: int = 1) -> None:
    desk.clock.go(seconds=30)
    id_ = field_of(desk, "Sentiment").id
    desk.stand.state.set_field_as_agent(number, id_, f"vb_sentiment__{value}")


# --- People --------------------------------------------------------------------------------------


def test_a_value_that_an_agent_set_since_our_reading_is_not_replaced() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        agent_sets(desk, "positive")
        outcome = only(helpdesk.apply([change(1)]))
        assert (outcome.written, outcome.reason) == (False, "changed meanwhile")
        assert not outcome.permanent
        assert outcome.state is not None
        assert outcome.state.fields["sentiment"] == "positive"
        assert sentiment(desk) == "vb_sentiment__positive"


def test_an_agents_other_edit_meanwhile_does_not_stop_our_value() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        desk.clock.go(seconds=30)
        desk.stand.state.set_status(1, "pending")
        assert only(helpdesk.apply([change(1)])).written
        assert sentiment(desk) == "vb_sentiment__negative"
        assert desk.calls()[JOBS] == 2


def test_our_own_value_is_replaced_and_an_agents_edit_of_it_is_not() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        list(helpdesk.apply([change(1), change(2)]))
        agent_sets(desk, "neutral", 2)
        changes = [change(n, sentiment="positive") for n in (1, 2)]
        outcomes = {each.change.conversation: each for each in helpdesk.apply(changes)}
        assert outcomes[key_of(1)].written
        assert not outcomes[key_of(2)].written
        assert sentiment(desk, 1) == "vb_sentiment__positive"
        assert sentiment(desk, 2) == "vb_sentiment__neutral"


@pytest.mark.parametrize("edited", [True, False])
def test_after_a_restart_the_stored_time_tells_whether_a_person_was_there(*, edited: bool) -> None:
    with account(1) as desk:
        list(ready(desk).apply([change(1)]))
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())

        def known(keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
            return {key: copy.heads[key].updated_at for key in keys}

        if edited:
            agent_sets(desk, "neutral")
        outcome = only(desk.connect(known=known).apply([change(1, sentiment="positive")]))
        assert outcome.written is not edited
        assert sentiment(desk) == f"vb_sentiment__{'neutral' if edited else 'positive'}"


def test_a_ticket_that_shows_it_already_is_not_written_after_a_restart() -> None:
    with account(1) as desk:
        list(ready(desk).apply([change(1)]))
        desk.stand.faults.reset_calls()
        assert only(desk.connect().apply([change(1)])).written
        assert JOBS not in desk.calls()


def test_a_ticket_that_never_rests_is_tried_three_times() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)

        def meddle(call: Call) -> None:
            if call.path.startswith(MANY):
                desk.clock.go(seconds=5)
                desk.stand.state.add_comment(1, "And another thing")

        desk.stand.faults.before_answering = meddle
        outcome = only(helpdesk.apply([change(1)]))
        assert (outcome.written, outcome.reason) == (False, "changed meanwhile")
        assert desk.calls()[JOBS] == 3


def test_a_ticket_closed_meanwhile_is_closed_and_not_tried_again() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        desk.clock.go(seconds=30)
        desk.stand.state.close(1)
        outcomes = {each.change.conversation: each for each in helpdesk.apply([change(1)])}
        closed = outcomes[key_of(1)]
        assert (closed.written, closed.reason, closed.permanent) == (False, "closed", True)
        assert closed.state is not None
        assert not closed.state.writable


def test_one_ticket_is_updated_thirty_times_in_ten_minutes_and_then_waits() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        values = ("positive", "negative")
        for number in range(MOST_UPDATES):
            assert only(helpdesk.apply([change(1, sentiment=values[number % 2])])).written
        refused = only(helpdesk.apply([change(1, sentiment=values[0])]))
        assert (refused.written, refused.permanent) == (False, False)
        assert "ten minutes" in (refused.reason or "")
        assert desk.calls()[JOBS] == MOST_UPDATES
        desk.clock.go(minutes=11)
        assert only(helpdesk.apply([change(1, sentiment=values[0])])).written


# --- Jobs ----------------------------------------------------------------------------------------


def test_a_job_that_is_forgotten_is_settled_by_looking() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)

        def forget(call: Call) -> None:
            if "job_statuses" in call.path:
                desk.stand.state.lose_jobs()

        desk.stand.faults.before_answering = forget
        assert all(each.written for each in helpdesk.apply([change(1), change(2)]))
        assert desk.calls()[JOBS] == 1


def test_a_row_that_no_result_names_is_settled_by_looking() -> None:
    with account(3) as desk:
        helpdesk = ready(desk)

        def drop(call: Call) -> None:
            if "job_statuses" in call.path:
                for job in desk.stand.state.jobs.values():
                    job.results = [row for row in job.results if row["id"] != 2]

        desk.stand.faults.before_answering = drop
        outcomes = list(helpdesk.apply([change(n) for n in (1, 2, 3)]))
        assert [each.written for each in outcomes] == [True, True, True]
        assert desk.calls()[JOBS] == 1


def test_every_row_of_a_completed_job_is_read() -> None:
    with account(4) as desk:
        helpdesk = ready(desk)
        field_of(desk, "Evidence").type = "integer"  # whatever an admin did to it
        changes = [change(1), change(2, evidence="https://v.example"), change(3), change(9)]
        outcomes = {each.change.conversation: each for each in helpdesk.apply(changes)}
        assert [outcomes[key_of(n)].written for n in (1, 2, 3, 9)] == [True, False, True, False]
        invalid = outcomes[key_of(2)]
        assert "Evidence" in (invalid.reason or "")
        assert invalid.permanent
        assert outcomes[key_of(9)].reason == "deleted"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_write_that_failed_is_sent_once_and_settled_by_looking(status: int) -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.server_error(status, path=MANY)
        outcome = only(helpdesk.apply([change(1)]))
        assert (outcome.written, outcome.permanent) == (False, False)
        assert desk.calls()[JOBS] == 1
        assert only(helpdesk.apply([change(1)])).written


def test_too_many_jobs_are_waited_for() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.rate_limit(2, retry_after="20", path=MANY)
        assert only(helpdesk.apply([change(1)])).written
        assert sum(desk.waits) >= 40


def test_a_lost_right_is_told_and_nothing_is_tried_again() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.server_error(403, times=None, path=MANY)
        with pytest.raises(Unauthorized, match="rights"):
            list(helpdesk.apply([change(1)]))
        assert desk.calls()[JOBS] == 1


# --- Fields --------------------------------------------------------------------------------------


def test_setup_never_puts_options_and_adds_only_the_new_ones() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        grown = field_specs(("Billing", "Delivery"), ("Double charge", "Late"))
        helpdesk.setup(grown, dry_run=False)
        calls = desk.calls()
        assert calls == {
            "GET ticket_fields": 1,
            "POST ticket_fields/<int:field_id>/options": 2,
        }
        assert len(field_of(desk, "Driver").options) == 3


def test_a_field_of_the_wrong_type_is_told_and_no_second_one_is_made() -> None:
    with account(1) as desk:
        wrong = {"type": "integer", "title": "Verbatim Sentiment"}
        desk.stand.state.fields.create(wrong, desk.clock.now)
        report = desk.connect().setup(SPECS, dry_run=False)
        told = next(each for each in report.by_hand if "Sentiment" in each)
        assert '"integer"' in told
        assert "drop-down" in told
        titles = [each.title for each in desk.stand.state.fields.custom()]
        assert titles.count("Verbatim Sentiment") == 1


def test_an_option_that_an_admin_removed_is_made_again_and_the_value_written() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        field_of(desk, "Driver").options.clear()
        assert only(helpdesk.apply([change(1, driver="Billing")])).written
        assert desk.stand.state.tickets[1].tags >= {"vb_driver__billing"}


@pytest.mark.parametrize("restarted", [True, False])
def test_a_field_that_an_admin_removed_is_named_with_what_to_run(*, restarted: bool) -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        desk.stand.state.delete_field(field_of(desk, "Sentiment").id)
        desk.clock.go(minutes=5)
        if restarted:
            helpdesk = desk.connect()
        with pytest.raises(TellPerson, match=r"Verbatim Sentiment.*verbatim setup zendesk"):
            list(helpdesk.apply([change(1)]))
        assert JOBS not in desk.calls()
        helpdesk.setup(SPECS, dry_run=False)
        assert only(helpdesk.apply([change(1)])).written


def test_a_full_field_is_told_by_setup_and_refuses_only_the_new_value() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        driver = field_of(desk, "Driver")
        for number in range(MOST_OPTIONS - len(driver.options)):
            wanted = {"name": f"D{number}", "value": f"vb_driver__d{number}"}
            driver.options.append(type(driver.options[0])(id=number, **wanted))
        grown = field_specs(("Billing", "Delivery", "Returns"), ())
        report = desk.connect().setup(grown, dry_run=False)
        assert any("2,000" in each and "2 values" in each for each in report.by_hand)
        desk.clock.go(minutes=5)
        changes = [change(1, driver="Delivery"), change(2, driver="Billing")]
        outcomes = {each.change.conversation: each for each in helpdesk.apply(changes)}
        assert "2,000" in (outcomes[key_of(1)].reason or "")
        assert outcomes[key_of(2)].written


def test_an_option_whose_tag_belongs_to_another_field_stops_only_its_ticket() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        options = [{"name": "Delivery", "value": "vb_driver__delivery"}]
        theirs = {"type": "multiselect", "title": "Theirs", "custom_field_options": options}
        desk.stand.state.fields.create(theirs, desk.clock.now)
        changes = [change(1, driver="Delivery"), change(2, driver="Billing")]
        outcomes = {each.change.conversation: each for each in helpdesk.apply(changes)}
        assert not outcomes[key_of(1)].written
        assert outcomes[key_of(2)].written
