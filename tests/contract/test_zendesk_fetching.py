"""Tickets asked for by their keys: whole as they are now, or only whether they are still there."""

from service.domain.conversations import ConversationKey
from tests.contract.zendesk_stand import Copy, account, conversation, key_of

MANY = "GET tickets/show_many"
COMMENTS = "GET tickets/<int:ticket_id>/comments"
LOG = "GET tickets/<int:ticket_id>/conversation_log"


def test_a_ticket_is_fetched_whole() -> None:
    with account(3) as desk:
        copy = Copy()
        for page in desk.connect().fetch([key_of(2)]):
            copy.take(page)
        assert copy.cursor == ""
        assert set(copy.heads) == copy.pages[0].complete == {key_of(2)}
        assert len(copy.texts(key_of(2))) == 3
        assert copy.pages[0].accounts
        assert copy.pages[0].agents
        assert copy.pages[0].calls == sum(desk.calls().values())


def test_fetched_and_synced_tickets_read_alike() -> None:
    chat = conversation(1, channel="messaging")
    with account(conversations=[conversation(0), chat]) as desk:
        synced, fetched = Copy(), Copy()
        synced.read(desk.connect())
        for page in desk.connect().fetch([key_of(1), key_of(2)]):
            fetched.take(page)
        assert fetched.heads == synced.heads
        assert fetched.messages == synced.messages


def test_a_hundred_tickets_are_asked_for_in_one_call_and_their_comments_in_one_each() -> None:
    with account(101) as desk:
        pages = list(desk.connect().fetch([key_of(n) for n in range(1, 102)]))
        assert len(pages) == 2
        calls = desk.calls()
        assert (calls[MANY], calls[COMMENTS]) == (2, 101)


def test_a_messaging_ticket_is_read_from_its_log() -> None:
    with account(conversations=[conversation(0, channel="messaging")]) as desk:
        page = next(iter(desk.connect().fetch([key_of(1)])))
        assert "We are on it" in [each.message.text for each in page.messages]
        assert desk.calls()[LOG] == 1
        assert COMMENTS not in desk.calls()


def test_what_is_not_there_any_more_is_gone() -> None:
    with account(6) as desk:
        state = desk.stand.state
        state.delete_ticket(1)
        state.delete_ticket(2)
        state.scrub_ticket(2)
        state.merge(3, 4)
        state.delete_ticket(5)
        state.vanish_ticket(5)
        asked = [*(key_of(n) for n in range(1, 8)), ConversationKey("zendesk:none")]
        page = next(iter(desk.connect().fetch(asked)))
        gone = {key_of(n) for n in (1, 2, 3, 5, 7)} | {ConversationKey("zendesk:none")}
        assert set(page.gone) == gone
        assert {head.key for head in page.heads} == page.complete == {key_of(4), key_of(6)}
        assert desk.connect().missing(asked) == gone


def test_a_ticket_that_goes_while_its_words_are_read_is_gone() -> None:
    with account(2) as desk:
        desk.stand.faults.server_error(404, path="/api/v2/tickets/1/comments")
        page = next(iter(desk.connect().fetch([key_of(1), key_of(2)])))
    assert page.gone == (key_of(1),)
    assert [head.key for head in page.heads] == [key_of(2)]
    assert {each.conversation for each in page.messages} == {key_of(2)}


def test_the_sweep_costs_a_call_per_hundred() -> None:
    with account(250) as desk:
        helpdesk = desk.connect()
        desk.stand.state.delete_ticket(9)
        desk.stand.state.vanish_ticket(9)
        assert helpdesk.missing([key_of(n) for n in range(1, 251)]) == {key_of(9)}
        assert desk.calls() == {MANY: 3}
        assert helpdesk.missing([]) == frozenset()
        assert list(helpdesk.fetch([])) == []


def test_a_server_that_lists_nothing_by_id_does_not_make_every_ticket_missing() -> None:
    with account(3) as desk:
        desk.stand.faults.server_error(404, times=None, path="/api/v2/tickets/show_many")
        desk.stand.state.delete_ticket(2)
        keys = [key_of(n) for n in (1, 2, 3)]
        assert desk.connect().missing(keys) == {key_of(2)}
        page = next(iter(desk.connect().fetch(keys)))
        assert page.gone == (key_of(2),)
        assert page.complete == {key_of(1), key_of(3)}


def test_a_fetch_moves_no_cursor_and_spares_the_next_run_nothing_it_needs() -> None:
    with account(3) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        cursor = copy.cursor
        desk.stand.state.add_comment(2, "Any news?")
        for page in helpdesk.fetch([key_of(2)]):
            assert page.cursor == ""
        copy.cursor = cursor
        desk.clock.go(minutes=5)
        assert copy.read(helpdesk).texts(key_of(2)) == ["Any news?"]
