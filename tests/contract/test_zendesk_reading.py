"""Reading a Zendesk account over HTTP: nothing is lost, nothing is asked for twice."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from service.domain.conversations import AccountKey, AgentKey, Role, Status
from service.errors import Misbehaving, TellPerson, Unreachable
from tests.contract.zendesk_stand import Account, Copy, account, conversation, key_of

TICKETS = "GET incremental/tickets/cursor"
EVENTS = "GET incremental/ticket_events"


def comment_calls(desk: Account) -> int:
    return desk.calls().get("GET tickets/<int:ticket_id>/comments", 0)


def test_a_whole_account_arrives_in_four_calls() -> None:
    with account(5) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        assert len(copy.heads) == 5
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        assert desk.calls() == {"GET ticket_fields": 1, TICKETS: 1, EVENTS: 1}
        assert helpdesk.calls == 3


def test_a_ticket_becomes_a_conversation_with_its_account_and_agent() -> None:
    with account(1) as desk:
        copy = Copy()
        copy.read(desk.connect())
    head = copy.heads[key_of(1)]
    assert head.subject == "Invoice 0"
    assert head.status is Status.OPEN
    assert head.channel == "email"
    assert head.helpdesk_tags == ("vip",)
    assert head.account == AccountKey("zendesk:5001")
    assert head.agent == AgentKey("zendesk:10001")
    assert head.url is not None
    assert head.url.endswith("/agent/tickets/1")
    company = copy.pages[0].accounts[0]
    assert (company.name, company.segment, company.owner) == (
        "Acme",
        "enterprise",
        "maya@example.com",
    )
    assert copy.pages[0].agents[0].name == "Gus Agent"


def test_private_notes_are_flagged_and_roles_and_names_known() -> None:
    with account(1) as desk:
        copy = Copy()
        copy.read(desk.connect())
    ordered = list(copy.messages[key_of(1)].values())
    assert [each.message.role for each in ordered] == [Role.CUSTOMER, Role.AGENT, Role.AGENT]
    assert [each.message.public for each in ordered] == [True, False, True]
    assert {"Ria Customer", "Gus Agent"} <= set(ordered[0].known_names)


def test_markup_becomes_the_words_that_were_typed() -> None:
    with account(1) as desk:
        copy = Copy()
        copy.read(desk.connect())
    assert copy.texts(key_of(1))[0] == "My <b>invoice</b> is wrong & late"


def test_small_pages_are_followed_to_the_end() -> None:
    with account(7, page_limit=3) as desk:
        copy = Copy()
        copy.read(desk.connect())
    assert len(copy.heads) == 7
    assert all(len(copy.texts(key)) == 3 for key in copy.heads)


def test_an_empty_page_in_the_middle_is_not_the_end() -> None:
    with account(7, page_limit=3) as desk:
        desk.stand.faults.empty_page_once(path="/api/v2/incremental/tickets", skip=1)
        desk.stand.faults.empty_page_once(path="/api/v2/incremental/ticket_events", skip=2)
        copy = Copy()
        copy.read(desk.connect())
    assert len(copy.heads) == 7
    assert all(len(copy.texts(key)) == 3 for key in copy.heads)


def test_a_page_that_stays_empty_is_an_error_and_not_an_endless_loop() -> None:
    with account(3) as desk:
        for _ in range(20):
            desk.stand.faults.empty_page_once(path="/api/v2/incremental/tickets")
        with pytest.raises(Misbehaving, match="empty"):
            Copy().read(desk.connect())


def test_a_repeated_cursor_is_an_error() -> None:
    with account(9, page_limit=3) as desk:
        desk.stand.faults.repeat_cursor(None, path="/api/v2/incremental/tickets", skip=1)
        with pytest.raises(Misbehaving, match="twice"):
            Copy().read(desk.connect())


def test_the_last_cursor_is_kept_when_an_empty_last_page_has_none() -> None:
    with account(2) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        before = json.loads(copy.cursor or "{}")["tickets"]
        copy.read(helpdesk)
        assert json.loads(copy.cursor or "{}")["tickets"] == before
        desk.stand.state.add_comment(1, "Still wrong")
        desk.clock.go(minutes=5)
        assert list(copy.read(helpdesk).heads) == [key_of(1)]


def test_a_second_run_fetches_only_what_changed() -> None:
    with account(5) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        desk.stand.state.add_comment(3, "Any news?")
        desk.clock.go(minutes=5)
        desk.stand.faults.reset_calls()
        news = copy.read(helpdesk)
        assert list(news.heads) == [key_of(3)]
        assert news.texts(key_of(3)) == ["Any news?"]
        assert desk.calls() == {"GET ticket_fields": 1, TICKETS: 1, EVENTS: 1}


def test_a_second_run_without_news_yields_nothing() -> None:
    with account(5) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        assert copy.read(helpdesk).pages == []


def test_events_that_end_in_the_second_they_began_are_not_read_as_news_again() -> None:
    with account(6, page_limit=4, hide=timedelta(0)) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        for number in range(1, 7):
            desk.stand.state.set_status(number, "pending")
        copy.read(helpdesk)
        assert copy.read(helpdesk).pages == []


def test_another_process_goes_on_from_the_stored_cursor() -> None:
    with account(7, page_limit=3) as desk:
        copy = Copy()
        for page in desk.connect().pages(None):
            copy.take(page)
            if len(copy.pages) == 4:  # it dies among the events
                break
        copy.read(desk.connect())
        assert len(copy.heads) == 7
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        assert all(
            "Ria Customer" in each.known_names
            for messages in copy.messages.values()
            for each in messages.values()
        )


@pytest.mark.parametrize("stop", range(1, 9))
def test_a_run_that_dies_after_any_page_ends_as_one_that_did_not(stop: int) -> None:
    with account(6, page_limit=4) as desk:
        whole, copy = Copy(), Copy()
        whole.read(desk.connect())
        for page in desk.connect().pages(None):
            copy.take(page)
            if len(copy.pages) == stop:
                break
        copy.read(desk.connect())
        assert copy.messages == whole.messages
        assert copy.heads == whole.heads


def test_pages_shrink_when_the_export_times_out() -> None:
    with account(3) as desk:
        desk.stand.faults.server_error(504, times=3, path="/api/v2/incremental/tickets")
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 3
        assert desk.calls()[TICKETS] == 4
        assert desk.waits == []  # a smaller page is asked for at once


def test_an_export_that_always_times_out_is_told() -> None:
    with account(1) as desk:
        desk.stand.faults.server_error(504, times=None, path="/api/v2/incremental/tickets")
        with pytest.raises(Unreachable, match="smallest page"):
            Copy().read(desk.connect())


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_passing_failure_is_waited_out(status: int) -> None:
    with account(2) as desk:
        desk.stand.faults.server_error(status, times=2, path="/api/v2/incremental")
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 2
        assert len(desk.waits) == 2


@pytest.mark.parametrize("trouble", ["truncate_json", "cut_transfer", "html_page", "drop"])
def test_half_an_answer_is_asked_for_again(trouble: str) -> None:
    with account(2) as desk:
        faults = desk.stand.faults
        {
            "truncate_json": faults.truncate_json,
            "cut_transfer": faults.cut_transfer,
            "html_page": faults.html_page,
            "drop": faults.drop_before_answering,
        }[trouble](path="/api/v2/incremental/tickets")
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 2


@pytest.mark.parametrize(
    ("header", "least"), [("60", 60), ("1.5", 1.5), ("0", 1), ("-1", 1), (None, 1), ("1e9", 900)]
)
def test_a_rate_limit_is_waited_for_in_whatever_form(header: str | None, least: float) -> None:
    with account(2) as desk:
        desk.stand.faults.rate_limit(retry_after=header, path="/api/v2/incremental")
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 2
        assert least <= desk.waits[0] <= least + 1


def test_a_deleted_a_scrubbed_and_a_merged_ticket_are_gone() -> None:
    with account(5) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        state = desk.stand.state
        state.delete_ticket(1)
        state.delete_ticket(2)
        state.scrub_ticket(2)
        state.merge(3, 4)
        desk.clock.go(minutes=5)
        news = copy.read(helpdesk)
        assert {key for page in news.pages for key in page.gone} == {
            key_of(1),
            key_of(2),
            key_of(3),
        }
        assert set(copy.heads) == {key_of(4), key_of(5)}
        assert key_of(1) not in copy.messages


def test_a_redacted_comment_is_read_again() -> None:
    with account(2) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        comment = desk.stand.state.tickets[1].comments[0]
        desk.stand.state.redact(1, comment.id, "wrong")
        desk.clock.go(minutes=5)
        news = copy.read(helpdesk)
        assert "wrong" not in copy.texts(key_of(1))[0]
        assert news.pages[-1].complete == {key_of(1)}
        assert comment_calls(desk) == 1


def test_a_comment_made_private_is_read_again() -> None:
    with account(2) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        comment = desk.stand.state.tickets[1].comments[0]
        desk.stand.state.make_private(1, comment.id)
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert not copy.messages[key_of(1)][str(comment.id)].message.public


def test_a_comment_that_the_events_lack_is_repaired() -> None:
    with account(4) as desk:
        ticket = desk.stand.state.tickets[2]
        lost = ticket.audits[1]
        desk.stand.state.events.discard(lost.id)
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.texts(key_of(2))) == 3
        assert comment_calls(desk) == 1


def test_more_events_in_one_second_than_a_page_holds_are_all_read() -> None:
    begun = conversation(0).created_at
    crowd = [
        replace(
            conversation(n),
            created_at=begun,
            messages=tuple(replace(each, created_at=begun) for each in conversation(n).messages),
        )
        for n in range(4)
    ]
    with account(conversations=crowd, page_limit=5) as desk:
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 4
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)


def test_an_event_in_the_last_read_second_is_not_missed() -> None:
    with account(2, hide=timedelta(0)) as desk:
        helpdesk, copy = desk.connect(), Copy()
        desk.stand.state.add_comment(1, "First")
        copy.read(helpdesk)
        desk.stand.state.add_comment(1, "Second, within the same second")
        news = copy.read(helpdesk)
        assert news.texts(key_of(1)) == ["Second, within the same second"]


def test_messaging_words_come_from_the_conversation_log() -> None:
    chat = [conversation(0, channel="messaging"), conversation(1)]
    with account(conversations=chat) as desk:
        copy = Copy()
        copy.read(desk.connect())
        texts = copy.texts(key_of(1))
        assert "My <b>invoice</b> is wrong & late" in texts
        assert "He is angry; check the plan" in texts
        roles = {each.message.text: each.message.role for each in copy.messages[key_of(1)].values()}
        assert roles["We are on it"] is Role.AGENT
        assert desk.calls()["GET tickets/<int:ticket_id>/conversation_log"] == 1


def test_one_missing_log_does_not_silence_the_others() -> None:
    chats = [conversation(n, channel="messaging") for n in range(3)]
    with account(conversations=chats) as desk:
        desk.stand.faults.server_error(404, path="/api/v2/tickets/1/conversation_log")
        copy = Copy()
        copy.read(desk.connect())
        assert "We are on it" in copy.texts(key_of(2))
        assert "We are on it" in copy.texts(key_of(3))


def test_a_server_without_logs_is_asked_for_few_of_them() -> None:
    chats = [conversation(n, channel="messaging") for n in range(6)]
    with account(conversations=chats) as desk:
        for number in range(1, 7):
            path = f"/api/v2/tickets/{number}/conversation_log"
            desk.stand.faults.server_error(404, times=None, path=path)
        copy = Copy()
        copy.read(desk.connect())
        assert len(copy.heads) == 6
        assert desk.calls()["GET tickets/<int:ticket_id>/conversation_log"] == 3


def test_without_an_event_export_comments_are_read_per_ticket() -> None:
    with account(3) as desk:
        desk.stand.faults.server_error(404, times=None, path="/api/v2/incremental/ticket_events")
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        assert all(page.complete for page in copy.pages if page.heads)
        desk.stand.state.add_comment(3, "Any news?")
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert copy.texts(key_of(3))[-1] == "Any news?"
        assert desk.calls()[EVENTS] == 1


def test_unknown_authors_are_asked_for_in_one_call() -> None:
    with account(3) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        desk.stand.state.add_comment(2, "Looked into it", author_id=9001)
        desk.clock.go(minutes=5)
        news = copy.read(helpdesk)
        assert next(iter(news.messages[key_of(2)].values())).message.role is Role.AGENT
        assert desk.calls()["GET users/show_many"] == 1


def test_without_a_users_list_the_requester_is_the_customer() -> None:
    with account(2) as desk:
        desk.stand.faults.server_error(404, times=None, path="/api/v2/users/show_many")
        desk.stand.state.add_comment(2, "Looked into it", author_id=9001)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
        roles = [each.message.role for each in copy.messages[key_of(2)].values()]
        assert roles == [Role.CUSTOMER, Role.AGENT, Role.AGENT, Role.AGENT]


def test_a_rating_is_kept_and_an_offer_is_none() -> None:
    with account(2) as desk:
        desk.stand.state.rate(1, "bad", "Too slow")
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    rating = copy.heads[key_of(1)].rating
    assert rating is not None
    assert (rating.score, rating.comment) == ("bad", "Too slow")
    assert copy.heads[key_of(2)].rating is None


def test_a_closed_ticket_is_not_writable() -> None:
    with account(1) as desk:
        desk.stand.state.close(1)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    state = copy.pages[0].states[key_of(1)]
    assert not state.writable
    assert state.reason == "closed"


def test_a_cursor_that_is_not_ours_is_told() -> None:
    with account(1) as desk, pytest.raises(TellPerson, match="--full"):
        list(desk.connect().pages("nonsense"))


def test_the_calls_of_the_pages_add_up() -> None:
    with account(7, page_limit=3) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        assert sum(page.calls for page in copy.pages) == helpdesk.calls
