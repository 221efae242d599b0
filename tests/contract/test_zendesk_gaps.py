"""Words that the export of events leaves out are found by Zendesk's own counts, also later on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from connectors.sandbox.faults import Call
from connectors.zendesk.gaps import MOST_DOUBTS
from connectors.zendesk.position import MOST_REMEMBERED, decode, newest_counts
from service.domain.conversations import ConversationKey
from service.ports import Known
from tests.contract.zendesk_stand import Account, Copy, account, conversation, key_of

COMMENTS = "GET tickets/<int:ticket_id>/comments"
LOG = "GET tickets/<int:ticket_id>/conversation_log"


def stored_in(copy: Copy) -> Known:
    def known(keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return {key: copy.heads[key].updated_at for key in keys if key in copy.heads}

    return known


def lose_event(desk: Account, ticket_id: int) -> None:
    """The last event of the ticket never shows in the export."""
    desk.stand.state.events.discard(desk.stand.state.tickets[ticket_id].audits[-1].id)


def comment(desk: Account, ticket_id: int, text: str) -> None:
    desk.clock.go(minutes=1)
    desk.stand.state.add_comment(ticket_id, text)


def forget_counts(copy: Copy) -> None:
    """As for a ticket beyond the thousand whose counts the cursor remembers."""
    copy.cursor = json.dumps({**json.loads(copy.cursor or ""), "counts": []})


def test_a_comment_lost_to_an_old_ticket_is_found_by_its_count() -> None:
    with account(4) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        comment(desk, 2, "Lost")
        lose_event(desk, 2)
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert copy.texts(key_of(2))[-1] == "Lost"
        assert desk.calls()[COMMENTS] == 1


def test_another_process_finds_it_by_the_counts_in_the_cursor() -> None:
    with account(4) as desk:
        copy = Copy()
        copy.read(desk.connect())
        comment(desk, 2, "Lost")
        lose_event(desk, 2)
        comment(desk, 2, "Seen")
        comment(desk, 3, "Seen, and nothing is missing here")
        desk.clock.go(minutes=5)
        copy.read(desk.connect(known=stored_in(copy)))
        assert copy.texts(key_of(2))[-2:] == ["Lost", "Seen"]
        assert desk.calls()[COMMENTS] == 1


def test_without_a_count_new_comments_raise_a_doubt_that_is_settled() -> None:
    with account(4) as desk:
        copy = Copy()
        copy.read(desk.connect())
        comment(desk, 2, "Lost")
        lose_event(desk, 2)
        comment(desk, 2, "Seen")
        desk.clock.go(minutes=5)
        forget_counts(copy)
        copy.read(desk.connect(known=stored_in(copy)))
        assert copy.texts(key_of(2))[-2:] == ["Lost", "Seen"]


def test_without_a_count_a_change_that_no_event_explains_raises_a_doubt() -> None:
    with account(4) as desk:
        copy = Copy()
        copy.read(desk.connect())
        comment(desk, 2, "Lost")
        lose_event(desk, 2)
        desk.clock.go(minutes=5)
        forget_counts(copy)
        copy.read(desk.connect(known=stored_in(copy)))
        assert copy.texts(key_of(2))[-1] == "Lost"


def test_upkeep_and_changes_without_words_raise_no_doubt() -> None:
    with account(4) as desk:
        copy = Copy()
        copy.read(desk.connect())
        desk.clock.go(minutes=1)
        desk.stand.state.touch_by_system(desk.stand.state.tickets[1])
        desk.stand.state.set_status(2, "solved")
        desk.clock.go(minutes=5)
        forget_counts(copy)
        news = copy.read(desk.connect(known=stored_in(copy)))
        assert set(news.heads) == {key_of(1), key_of(2)}
        assert COMMENTS not in desk.calls()


def test_doubts_beyond_a_run_wait_in_the_cursor_and_none_is_forgotten() -> None:
    count = MOST_DOUBTS + 30
    with account(count) as desk:
        copy = Copy()
        copy.read(desk.connect())
        for number in range(1, count + 1):
            desk.stand.state.add_comment(number, "Lost")
            lose_event(desk, number)
        desk.clock.go(minutes=5)
        forget_counts(copy)
        copy.read(desk.connect(known=stored_in(copy)))
        assert desk.calls()[COMMENTS] == MOST_DOUBTS
        assert len(decode(copy.cursor).owed) == 30
        copy.read(desk.connect(known=stored_in(copy)))
        assert desk.calls()[COMMENTS] == count
        assert decode(copy.cursor).owed == ()
        assert all(copy.texts(key)[-1] == "Lost" for key in copy.heads)


def test_what_is_certain_is_repaired_at_once_however_much_it_is() -> None:
    count = MOST_DOUBTS + 30
    with account(count) as desk:
        for number in range(1, count + 1):
            lose_event(desk, number)
        copy = Copy()
        copy.read(desk.connect())
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)


def test_a_restored_ticket_comes_back_with_all_its_words() -> None:
    with account(3) as desk:
        copy = Copy()
        helpdesk = desk.connect(known=stored_in(copy))
        copy.read(helpdesk)
        desk.clock.go(minutes=1)
        desk.stand.state.delete_ticket(2)
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert key_of(2) not in copy.heads
        desk.stand.state.restore_ticket(2)
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert len(copy.texts(key_of(2))) == 3


def test_the_cursor_remembers_the_counts_of_the_tickets_that_changed_last() -> None:
    before = tuple((number, 3) for number in range(MOST_REMEMBERED))
    after = newest_counts(before, {5: 4, 2000: 1}, without=[7])
    assert len(after) == MOST_REMEMBERED
    assert after[-2:] == ((5, 4), (2000, 1))
    assert 7 not in dict(after)


def test_a_cursor_of_an_older_release_is_read() -> None:
    older = '{"tickets":"c","events":5,"seen":[1],"owed":[2],"each_ticket":false}'
    assert (decode(older).owed, decode(older).counts) == ((2,), ())


def test_a_second_that_is_too_full_for_a_small_page_is_read_by_a_large_one() -> None:
    begun = conversation(0).created_at
    crowd = [
        replace(
            conversation(n),
            created_at=begun,
            messages=tuple(replace(each, created_at=begun) for each in conversation(n).messages),
        )
        for n in range(20)
    ]
    with account(conversations=crowd) as desk:
        desk.stand.faults.server_error(504, times=5, path="/api/v2/incremental/ticket_events")
        copy = Copy()
        copy.read(desk.connect())
        assert all(len(copy.texts(key)) == 3 for key in copy.heads)
        assert COMMENTS not in desk.calls()


def test_a_word_of_an_overfull_second_that_changed_again_later_is_not_lost() -> None:
    begun = conversation(0).created_at
    crowd = [
        replace(
            conversation(n),
            created_at=begun,
            messages=tuple(replace(each, created_at=begun) for each in conversation(n).messages),
        )
        for n in range(8)
    ]
    with account(conversations=crowd, page_limit=5) as desk:
        for number in range(1, 9):
            comment(desk, number, "Later")
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
        assert all(len(copy.texts(key)) == 4 for key in copy.heads)


def test_what_was_redacted_before_the_first_run_is_not_kept() -> None:
    with account(3) as desk:
        comment_id = desk.stand.state.tickets[1].comments[0].id
        desk.clock.go(minutes=1)
        desk.stand.state.redact(1, comment_id, "wrong")
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
        assert "wrong" not in copy.texts(key_of(1))[0]


def test_redacted_and_private_words_of_a_messaging_ticket_are_read_again() -> None:
    chats = [conversation(n, channel="messaging") for n in range(2)]
    with account(conversations=chats) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        first = desk.stand.state.tickets[1].comments[1]
        desk.clock.go(minutes=1)
        desk.stand.state.redact(1, first.id, "wrong")
        desk.stand.state.make_private(1, first.id)
        desk.clock.go(minutes=5)
        news = copy.read(helpdesk)
        assert key_of(1) in {key for page in news.pages for key in page.complete}
        words = [each.message for each in copy.messages[key_of(1)].values()]
        assert not any("wrong" in each.text for each in words)
        assert not next(each for each in words if "▇" in each.text).public


def test_a_made_private_and_then_redacted_comment_costs_one_reading() -> None:
    with account(2) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        first = desk.stand.state.tickets[1].comments[0]
        desk.clock.go(minutes=1)
        desk.stand.state.make_private(1, first.id)
        desk.stand.state.redact(1, first.id, "wrong")
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert desk.calls()[COMMENTS] == 1
        message = copy.messages[key_of(1)][str(first.id)].message
        assert (message.public, "wrong" in message.text) == (False, False)


def test_words_said_between_the_two_exports_are_there_without_asking_twice() -> None:
    with account(3, hide=timedelta(0)) as desk:
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        desk.clock.go(minutes=1)
        desk.stand.state.add_comment(1, "First")

        def write_in_between(call: Call) -> None:
            if call.path.endswith("/tickets/cursor"):
                desk.stand.faults.after_answering = None
                desk.stand.state.add_comment(2, "In between")

        desk.stand.faults.after_answering = write_in_between
        copy.read(helpdesk)
        desk.clock.go(minutes=1)
        copy.read(helpdesk)
        assert copy.texts(key_of(2))[-1] == "In between"
        assert COMMENTS not in desk.calls()
