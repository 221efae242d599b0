"""Our fields in a Zendesk account, and writing them: only ours, once, and every row's fate told."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from connectors.sandbox.corpus import CorpusConversation
from service.domain.conversations import ConversationKey, HelpdeskState
from service.domain.writeback import FieldChange, FieldName, field_specs, tag_of
from service.errors import TellPerson
from service.ports import Helpdesk, Known
from tests.contract.zendesk_stand import Account, Copy, account, conversation, key_of

SPECS = field_specs(("Billing", "Account Access"), ("Double charge",))
VALUES: dict[str, str | None] = {
    "sentiment": "negative",
    "churn_risk": "yes",
    "driver": "Account Access",
    "topic": "Double charge",
    "evidence": "https://verbatim.example.com/conversations/1",
}
JOBS = "PUT tickets/update_many"


def change(
    number: int, values: Mapping[str, str | None] = VALUES, **others: frozenset[str]
) -> FieldChange:
    tags = frozenset(
        tag_of(name, value)
        for name, value in values.items()
        if value is not None and name not in ("evidence", "topic")
    )
    given = {"add_tags": tags, **others}
    return FieldChange(conversation=key_of(number), fields=values, **given)


def states_of(copy: Copy) -> dict[ConversationKey, HelpdeskState]:
    return {key: state for page in copy.pages for key, state in page.states.items()}


def ready(desk: Account, *, known: Known | None = None) -> Helpdesk:
    helpdesk = desk.connect(known=known)
    helpdesk.setup(SPECS, dry_run=False)
    return helpdesk


def test_setup_creates_our_fields_hidden_from_customers() -> None:
    with account(1) as desk:
        report = desk.connect().setup(SPECS, dry_run=False)
        made = desk.stand.state.fields.custom()
    assert set(report.created) == {spec.title for spec in SPECS}
    assert len(report.by_hand) == 1
    assert {each.title: each.type for each in made}["Verbatim Evidence"] == "text"
    assert not any(each.visible_in_portal or each.editable_in_portal for each in made)
    driver = next(each for each in made if each.title == "Verbatim Driver")
    assert {each.value: each.name for each in driver.options} == {
        "vb_driver__billing": "Billing",
        "vb_driver__account_access": "Account Access",
    }


def test_a_dry_run_of_setup_only_reports() -> None:
    with account(1) as desk:
        report = desk.connect().setup(SPECS, dry_run=True)
        assert set(report.created) == {spec.title for spec in SPECS}
        assert desk.stand.state.fields.custom() == []


def test_setup_twice_changes_nothing() -> None:
    with account(1) as desk:
        ready(desk)
        desk.stand.faults.reset_calls()
        report = desk.connect().setup(SPECS, dry_run=False)
        assert (report.created, report.extended, report.by_hand) == ((), (), ())
        assert set(report.adopted) == {spec.title for spec in SPECS}
        assert desk.calls() == {"GET ticket_fields": 1}


def test_setup_adopts_a_renamed_field_and_adds_options_without_losing_any() -> None:
    with account(1) as desk:
        ready(desk)
        driver = next(
            each for each in desk.stand.state.fields.custom() if each.title == "Verbatim Driver"
        )
        driver.title = "Why they wrote"
        grown = field_specs(("Billing", "Delivery"), ("Double charge",))
        report = desk.connect().setup(grown, dry_run=False)
        assert report.extended == ("Why they wrote",)
        assert report.created == ()
        assert [each.name for each in driver.options] == ["Billing", "Account Access", "Delivery"]
        assert "PUT ticket_fields/<int:field_id>" not in desk.calls()


def test_writing_without_setup_tells_what_to_run() -> None:
    with account(1) as desk, pytest.raises(TellPerson, match="setup zendesk"):
        list(desk.connect().apply([change(1)]))


def test_a_change_is_written_and_read_back_in_our_words() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        outcomes = list(helpdesk.apply([change(1), change(2)]))
        assert all(each.written for each in outcomes)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(helpdesk)
    state = states_of(copy)[key_of(1)]
    assert state.fields == {**VALUES, "effort": None}
    assert state.tags == {
        "vip",
        "vb_sentiment__negative",
        "vb_churn__yes",
        "vb_driver__account_access",
    }


def test_only_our_own_fields_and_tags_of_a_ticket_are_touched() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        theirs = desk.stand.state.fields.create({"type": "text", "title": "Order"}, desk.clock.now)
        desk.stand.state.set_field_as_agent(1, theirs.id, "A-17")
        list(helpdesk.apply([change(1)]))
        row = desk.stand.state.tickets[1]
        assert row.custom_fields[theirs.id] == "A-17"
        assert "vip" in row.tags


def test_a_blank_clears_the_field_and_its_tag() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        list(helpdesk.apply([change(1)]))
        cleared = change(
            1,
            {"sentiment": None},
            remove_tags=frozenset({tag_of("sentiment", "negative")}),
        )
        assert all(each.written for each in helpdesk.apply([cleared]))
        assert "vb_sentiment__negative" not in desk.stand.state.tickets[1].tags
        assert "vb_churn__yes" in desk.stand.state.tickets[1].tags


def test_a_changed_value_takes_its_old_tag_off() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        list(helpdesk.apply([change(1)]))
        turned = change(
            1, {"sentiment": "positive"}, remove_tags=frozenset({"vb_sentiment__negative"})
        )
        list(helpdesk.apply([turned]))
        tags = desk.stand.state.tickets[1].tags
        assert "vb_sentiment__positive" in tags
        assert "vb_sentiment__negative" not in tags


def test_a_value_without_an_option_gets_one() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        assert all(each.written for each in helpdesk.apply([change(1, {"driver": "Unmapped"})]))
        assert "vb_driver__unmapped" in desk.stand.state.tickets[1].tags


def test_a_closed_ticket_is_reported_and_the_others_are_written() -> None:
    with account(3) as desk:
        helpdesk = ready(desk)
        desk.stand.state.close(2)
        outcomes = {
            each.change.conversation: each
            for each in helpdesk.apply([change(1), change(2), change(3)])
        }
        assert outcomes[key_of(1)].written
        assert outcomes[key_of(3)].written
        closed = outcomes[key_of(2)]
        assert (closed.written, closed.reason, closed.permanent) == (False, "closed", True)


def test_a_deleted_ticket_is_reported_for_good() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        desk.stand.state.delete_ticket(1)
        outcomes = {each.change.conversation: each for each in helpdesk.apply([change(1)])}
        deleted = outcomes[key_of(1)]
        assert (deleted.written, deleted.reason, deleted.permanent) == (False, "deleted", True)


def test_a_hundred_tickets_are_one_job() -> None:
    with account(101) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.reset_calls()
        outcomes = list(helpdesk.apply([change(n) for n in range(1, 102)]))
        assert sum(each.written for each in outcomes) == 101
        assert desk.calls()[JOBS] == 2
        assert sum(desk.calls().values()) <= 8  # a look, a job and two questions after it, each


def test_tickets_that_were_just_read_are_not_looked_at_before_writing() -> None:
    with account(100) as desk:
        helpdesk = ready(desk)
        Copy().read(helpdesk)
        desk.stand.faults.reset_calls()
        assert all(each.written for each in helpdesk.apply([change(n) for n in range(1, 101)]))
        assert desk.calls() == {JOBS: 1, "GET job_statuses/<job_id>": 2}


@pytest.mark.parametrize("trouble", ["drop_after_doing", "html_page", "truncate_json"])
def test_a_lost_answer_is_settled_by_looking_and_nothing_is_sent_twice(trouble: str) -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        getattr(desk.stand.faults, trouble)(path="/api/v2/tickets/update_many")
        outcomes = list(helpdesk.apply([change(1), change(2)]))
        done = trouble != "html_page"  # the page came instead of the work
        assert all(each.written is done for each in outcomes)
        assert all(each.state is not None and each.updated_at is not None for each in outcomes)
        assert not any(each.permanent for each in outcomes)
        assert desk.calls()[JOBS] == 1


def test_a_rate_limited_write_is_sent_again_after_the_wait() -> None:
    with account(1) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.rate_limit(retry_after="7", path="/api/v2/tickets/update_many")
        assert all(each.written for each in helpdesk.apply([change(1)]))
        assert desk.waits[0] >= 7
        assert len(desk.stand.state.tickets[1].audits) == 4  # three comments and one change


def test_after_writing_a_second_run_costs_two_pages_and_changes_no_message() -> None:
    with account(20, page_limit=100) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        before = {key: dict(messages) for key, messages in copy.messages.items()}
        list(helpdesk.apply([change(n) for n in range(1, 21)]))
        desk.clock.go(minutes=5)
        desk.stand.faults.reset_calls()
        news = copy.read(helpdesk)
        assert len(news.heads) == 20
        assert news.messages == {}
        assert copy.messages == before
        assert sum(desk.calls().values()) == 3
        assert copy.read(helpdesk).pages == []


def test_writing_more_tickets_in_a_second_than_a_page_holds_reads_no_comments_again() -> None:
    with account(12, page_limit=5) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        before = {key: dict(messages) for key, messages in copy.messages.items()}
        moment = desk.clock.now
        for number in range(1, 13):
            list(helpdesk.apply([change(number)]))
            desk.clock.now = moment
        desk.clock.go(minutes=5)
        desk.stand.faults.reset_calls()
        copy.read(helpdesk)
        assert copy.messages == before
        assert "GET tickets/<int:ticket_id>/comments" not in desk.calls()
        assert sum(desk.calls().values()) <= 8


def test_an_agents_edit_is_visible_in_the_state() -> None:
    with account(1) as desk:
        helpdesk, copy = ready(desk), Copy()
        list(helpdesk.apply([change(1)]))
        sentiment = next(
            each for each in desk.stand.state.fields.custom() if each.title == "Verbatim Sentiment"
        )
        desk.stand.state.set_field_as_agent(1, sentiment.id, "vb_sentiment__positive")
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
    assert states_of(copy)[key_of(1)].fields[FieldName.SENTIMENT] == "positive"


def test_a_metric_of_ones_own_is_set_up_written_and_read() -> None:
    spec = replace(SPECS[0], name="custom_urgency", title="Urgency", values=("high", "low"))
    with account(1) as desk:
        helpdesk, copy = desk.connect(), Copy()
        helpdesk.setup([*SPECS, spec], dry_run=False)
        list(helpdesk.apply([change(1, {"custom_urgency": "high"})]))
        desk.clock.go(minutes=5)
        copy.read(desk.connect())
    assert states_of(copy)[key_of(1)].fields["custom_urgency"] == "high"


LOG = "GET tickets/<int:ticket_id>/conversation_log"


def chats(count: int) -> list[CorpusConversation]:
    return [conversation(n, channel="messaging") for n in range(count)]


def test_our_write_does_not_make_conversation_logs_be_read_again() -> None:
    with account(conversations=chats(20)) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        before = {key: dict(messages) for key, messages in copy.messages.items()}
        for values in (VALUES, {"sentiment": "positive"}):
            desk.stand.faults.reset_calls()
            outcomes = list(helpdesk.apply([change(n, values) for n in range(1, 21)]))
            assert all(each.written for each in outcomes)
            desk.clock.go(minutes=5)
            copy.read(helpdesk)
            assert LOG not in desk.calls()
        assert copy.messages == before
        assert '"owed":[]' in (copy.cursor or "")


def test_a_message_after_our_write_is_read() -> None:
    with account(conversations=chats(3)) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        list(helpdesk.apply([change(n) for n in range(1, 4)]))
        desk.clock.go(minutes=1)
        desk.stand.state.add_comment(2, "Are you there?")
        desk.clock.go(minutes=5)
        desk.stand.faults.reset_calls()
        copy.read(helpdesk)
        assert copy.texts(key_of(2))[-1] == "Are you there?"
        assert desk.calls()[LOG] == 1


def test_a_message_between_reading_and_our_write_is_read_although_the_write_went_through() -> None:
    with account(conversations=chats(1)) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        desk.clock.go(seconds=30)
        desk.stand.state.add_comment(1, "One more thing")
        assert next(iter(helpdesk.apply([change(1)]))).written
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert copy.texts(key_of(1))[-1] == "One more thing"


def test_a_message_before_an_agents_change_after_our_write_is_read() -> None:
    with account(conversations=chats(1)) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        list(helpdesk.apply([change(1)]))
        desk.clock.go(minutes=1)
        desk.stand.state.add_comment(1, "Hello?")
        desk.clock.go(minutes=1)
        desk.stand.state.set_status(1, "pending")
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert copy.texts(key_of(1))[-1] == "Hello?"


def test_a_log_that_waits_is_read_by_the_process_after_a_crash() -> None:
    with account(conversations=chats(2)) as desk:
        helpdesk, copy = ready(desk), Copy()
        copy.read(helpdesk)
        list(helpdesk.apply([change(1), change(2)]))
        desk.clock.go(minutes=1)
        desk.stand.state.add_comment(2, "Are you there?")
        desk.clock.go(minutes=5)
        copy.take(next(iter(helpdesk.pages(copy.cursor))))  # it dies after the tickets
        copy.read(desk.connect())
        assert copy.texts(key_of(2))[-1] == "Are you there?"
        assert '"owed":[]' in (copy.cursor or "")
