"""Somebody asks to be forgotten: from the command to the next sync, over the stand-ins."""

import json
from collections import Counter
from pathlib import Path

from tests.journeys.conftest import Ran, Said

CANARY = "qzyxwvut"
WORDS = f"My {CANARY} invoice was charged twice and nobody answers me, this is terrible."


def _somebody(small: Ran) -> int:
    """Return a person who has written more than once, and writes again."""
    state = small.sandbox.stands["zendesk"].state
    asked = Counter(ticket.requester_id for ticket in state.tickets.values())
    person, _ = asked.most_common(1)[0]
    state.open_ticket(requester_id=person, subject=f"A {CANARY}", text=WORDS)
    return int(person)


def _bytes(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(home.glob("verbatim.sqlite*")))


def test_a_forgotten_person_is_nowhere_and_no_sync_brings_them_back(small: Ran, said: Said) -> None:
    person = _somebody(small)
    state = small.sandbox.stands["zendesk"].state
    theirs = sum(ticket.requester_id == person for ticket in state.tickets.values())
    said.by(small.workspace, "cycle")
    assert CANARY.encode() in _bytes(small.home)

    would = json.loads(
        said.by(small.workspace, "forget", "--requester", str(person), "--dry-run", "--json")
    )
    assert would["would_erase"]["conversations"] == theirs
    done = json.loads(said.by(small.workspace, "forget", "--requester", str(person), "--json"))
    assert done["conversations"] == theirs
    assert done["removed"]["messages"] == would["would_erase"]["removed"]["messages"] > 0
    assert CANARY.encode() not in _bytes(small.home)

    newest = max(state.tickets.values(), key=lambda each: each.created_at)
    state.add_comment(newest.id, f"Still no answer about my {CANARY} invoice!", author_id=person)
    said.by(small.workspace, "cycle")
    said.by(small.workspace, "sync", "zendesk", "--full")
    said.by(small.workspace, "cycle")
    assert CANARY.encode() not in _bytes(small.home)
    told = said.by(small.workspace, "reconcile", "--repair")
    assert f"erased here {theirs}" in told
    assert "missing" not in told
    assert CANARY.encode() not in _bytes(small.home)


def test_an_account_is_named_by_its_id_and_erased_with_its_name(small: Ran, said: Said) -> None:
    database = small.workspace.database()
    counted = {
        one.key: one.name for one in database.conversations.accounts() if one.key.startswith("zen")
    }
    key, name = next(iter(sorted(counted.items())))
    short = key.partition(":")[2]
    told = said.by(small.workspace, "forget", "--account", short)
    assert told.startswith("Erased ")
    said.by(small.workspace, "sync", "--full")
    assert name not in {one.name for one in database.conversations.accounts()}
    assert "0 conversations" in said.by(small.workspace, "forget", "--account", key, "--dry-run")


def test_who_is_to_be_forgotten_has_to_be_said(small: Ran, said: Said) -> None:
    said.by(small.workspace, "forget", code=2)
    said.by(small.workspace, "forget", "--requester", "1", "--account", "2", code=2)
    said.by(small.workspace, "forget", "--account", "no-such-account", code=2)


def test_who_is_not_known_is_told_apart_from_who_has_nothing(small: Ran, said: Said) -> None:
    accounts = [one.key for one in small.workspace.database().conversations.accounts()]
    known = min(key for key in accounts if key.startswith("zendesk:"))
    for arguments in (["--account", "zendesk:1", "--dry-run"], ["--account", "zendesk:1"]):
        told = said.by(small.workspace, "forget", *arguments)
        assert "No account zendesk:1 is known" in told
        assert f"written as {known}" in told
    for arguments in (["--requester", "Ada", "--dry-run"], ["--requester", "Ada"]):
        told = said.by(small.workspace, "forget", *arguments)
        assert "No requester Ada is known" in told
    assert "is known" not in said.by(small.workspace, "forget", "--account", known, "--dry-run")
