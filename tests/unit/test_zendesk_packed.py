"""What a run remembers of a hundred thousand tickets and people, and how little room it takes."""

from dataclasses import replace
from random import Random

import pytest

from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.noted import Notes
from connectors.zendesk.notes import Note
from connectors.zendesk.packed import LARGEST, Packed
from connectors.zendesk.packed_users import PackedUsers
from connectors.zendesk.seconds import second_of, stamp_of

MANY = 5_000  # more than are kept as objects
NOON = 1_780_000_000


def note(**given: object) -> Note:
    return Note(**{"requester": 7, "assignee": None, "created": NOON, "updated": NOON} | given)  # type: ignore[arg-type]


def test_packed_records_are_found_as_in_a_dictionary() -> None:
    dice, packed, plain = Random(5), Packed("qI"), {}  # noqa: S311 - nothing secret is drawn
    for _ in range(20_000):
        id_ = dice.choice(
            (dice.randint(1, 3_000), dice.randint(1, LARGEST), 2 ** dice.randint(1, 62))
        )
        record = (dice.randint(-9, 9), dice.randint(0, 9))
        packed.put(id_, *record)
        plain[id_] = record
        other = dice.randint(1, 6_000)
        assert packed.get(other) == plain.get(other)
    assert dict(packed.items()) == plain
    assert len(packed) == len(plain)


def test_every_note_comes_back_as_it_was_left() -> None:
    notes, plain = Notes(), {}
    for number in range(1, MANY):
        one = note(
            requester=None if number % 7 == 0 else number,
            assignee=LARGEST if number % 5 == 0 else None,
            updated=NOON + number,
            stamp=stamp_of(NOON + number) if number % 3 == 0 else "",
            messaging=number % 3 == 0,
            by_log=number % 4 == 0,
            log_waits=number % 6 == 0,
            last_write=number,
            stored=number if number % 2 else None,
            comments=None if number % 9 == 0 else number,
            seen=number % 11,
            events=number % 13,
        )
        notes[number], plain[number] = one, replace(one)
        if number % 1_000 == 0:
            notes.settle()
    assert dict(notes.items()) == plain
    assert {number: notes[number] for number in plain} == plain


def test_a_note_that_was_changed_keeps_its_change() -> None:
    notes = Notes()
    for number in range(1, MANY):
        notes[number] = note()
    notes.settle()
    notes[3].seen += 2
    notes.settle()
    for number in range(10, MANY):
        assert number in notes
        notes[number].events += 1
    notes.settle()
    assert notes[3].seen == 2
    assert {one.events for number, one in notes.items() if number >= 10} == {1}
    assert len(dict(notes.items())) == MANY - 1


@pytest.mark.parametrize(
    "odd",
    [
        note(requester="somebody"),
        note(assignee=2**70),
        note(fetched=frozenset({"1"})),
        note(stamp="2026-11-22T10:00:00+00:00", messaging=True),
        note(created=-5),
        note(comments=2**40),
        note(requester=True),
    ],
    ids=lambda odd: repr(odd)[5:40],
)
def test_a_note_that_cannot_be_packed_is_kept_as_it_is(odd: Note) -> None:
    notes, before = Notes(), replace(odd)
    for number in range(1, MANY):
        notes[number] = odd if number == 4 else note()
    notes.settle()
    assert notes[4] == before
    assert dict(notes.items())[4] == before


@pytest.mark.parametrize("number", [1, 4_000, -1, 0, 2**80])
def test_a_note_that_was_taken_out_is_gone(number: int) -> None:
    notes = Notes()
    for each in (*range(1, MANY), -1, 0, 2**80):
        notes[each] = note()
    notes.settle()
    notes.pop(number)
    assert number not in notes
    assert notes.get(number) is None
    assert number not in dict(notes.items())
    with pytest.raises(KeyError):
        notes[number]
    notes[number] = note(seen=9)
    assert notes[number].seen == 9


def test_users_come_back_with_their_names_and_roles() -> None:
    users, plain = PackedUsers(), {}
    for number in range(1, 12_000):
        plain[number] = {
            "id": number,
            "name": f"N\u00e9 \ud800 {number}",
            "role": ("end-user", "agent", "admin", None)[number % 4],
        }
        users.put(number, plain[number])
    assert {number: users.get(number) for number in plain} == plain


@pytest.mark.parametrize("name", ["", "A", "A much longer name than before", None, 77, ["x"]])
def test_a_user_who_changed_is_read_as_he_is_now(name: object) -> None:
    users = PackedUsers()
    for _ in range(2):
        users.put(5, {"id": 5, "name": "Anna", "role": "agent"})
        users.put(5, {"id": 5, "name": name, "role": "odd" if name == "A" else "end-user"})
        found = users.get(5)
        assert found is not None
        assert (found["name"] or "") == (name or "")


def test_a_user_whom_the_server_does_not_know_is_not_asked_for_again() -> None:
    users = PackedUsers()
    for user in (5, -5, 2**70):
        assert user not in users
        users.put(user, None)
        assert user in users
        assert users.get(user) is None


@pytest.mark.parametrize(
    "stamp",
    [
        *("2026-11-22T10:00:00+00:00", "2026-11-22 10:00:00Z", "2026-11-22T10:00:00.5Z", "soon"),
        *("", "2200-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+20:00"),
    ],
)
def test_a_version_is_kept_to_the_letter(stamp: str) -> None:
    already = AlreadyRead()
    already.ticket(1, stamp, {})
    already.ticket(2, "2026-11-22T10:00:00Z", {})
    first, second = already.version(1), already.version(2)
    assert first is not None
    assert second is not None
    assert (first.stamp, second.stamp) == (stamp, "2026-11-22T10:00:00Z")
    assert second_of(stamp) is None


def test_the_newest_version_is_the_one_that_is_known() -> None:
    already = AlreadyRead()
    already.ticket(1, "2026-11-22T10:00:00Z", {})
    already.ticket(1, "2026-11-22T11:00:00Z", {5: "x"})
    already.written(1, {6: "y"}, stamp=None)
    written = already.version(1)
    assert written is not None
    assert (written.stamp, dict(written.values)) == (None, {5: "x", 6: "y"})
    already.ticket(1, "2026-11-22T12:00:00Z", {})
    blank = already.version(1)
    assert blank is not None
    assert (blank.stamp, dict(blank.values)) == ("2026-11-22T12:00:00Z", {})


def test_counts_of_this_process_win_over_those_of_another() -> None:
    already = AlreadyRead()
    already.comments(1, 4)
    already.recall_comments([(1, 3), (2, 6), (-3, 1), (2**70, 1)])
    assert [already.comment_count(id_) for id_ in (1, 2, 3, -3, 2**70)] == [4, 6, None, None, None]
