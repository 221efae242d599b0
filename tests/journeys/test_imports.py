"""Years of history from a file, then the same helpdesk connected: once each, the richer wins."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.running import RunningSandbox, run_sandbox
from service.cli import run
from service.domain.conversations import (
    Conversation,
    ConversationKey,
    conversation_key,
    is_customer_voice,
)
from service.domain.measurements import SetBy
from service.settings import read_settings, settings_from
from service.workspace import Workspace
from tests import exported
from verbatim import Built

Stored = dict[ConversationKey, Conversation]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Two helpdesks with a history, what they export, and what a sync alone would store."""

    sandbox: RunningSandbox
    tickets: list[dict[str, Any]]
    chats: list[dict[str, Any]]
    synced: Stored


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with run_sandbox(conversations=30) as sandbox:
        workspace = connected(sandbox, tmp_path_factory.mktemp("synced"))
        assert run(workspace, ["sync"]) == 0
        yield Account(
            sandbox=sandbox,
            tickets=exported.zendesk_tickets(sandbox.urls["zendesk"]),
            chats=exported.intercom_conversations(sandbox.urls["intercom"]),
            synced=stored(workspace),
        )


@pytest.fixture
def alone(tmp_path: Path) -> Workspace:
    """A workspace with nothing connected."""
    return Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))


def connected(sandbox: RunningSandbox, home: Path) -> Workspace:
    return Built(read_settings).with_settings(home=home, environment=sandbox.environment)


def stored(workspace: Workspace) -> Stored:
    """Everything stored, without the requester's hash: its key is each workspace's own."""
    store = workspace.database().conversations
    sources = ("zendesk", "intercom", "import")
    keys = [key for source in sources for batch in store.stored_keys(source) for key in batch]
    found = store.get_many(keys)
    return {each.key: replace(each, head=replace(each.head, requester=None)) for each in found}


def of(source: str, found: Stored) -> Stored:
    return {key: each for key, each in found.items() if key.startswith(f"{source}:")}


# --- A file with one bad row ---------------------------------------------------------------------

OURS = [
    {
        "id": str(number),
        "created_at": "2026-11-02T09:14:00Z",
        "messages": [{"role": "customer", "text": f"Invoice {number} is wrong."}],
    }
    for number in range(4)
]
BROKEN = {"created_at": "soon"}
Made = Callable[[Account], str]


def _broken_table(account: Account) -> str:
    """Short descriptions, so that each row is one line."""
    rows = [ticket | {"description": "It fails."} for ticket in account.tickets[:4]]
    rows[1] |= {"created_at": "soon"}
    return exported.table(rows)


def _spoiled(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [rows[0], rows[1] | BROKEN, *rows[2:4]]


FILES: dict[str, tuple[str, int, Made]] = {
    "conversations": ("conversations", 2, lambda _: exported.ndjson(_spoiled(OURS))),
    "zendesk lines": ("zendesk-json", 2, lambda a: exported.ndjson(_spoiled(a.tickets))),
    "zendesk wrapper": ("zendesk-json", 3, lambda a: exported.wrapped(_spoiled(a.tickets))),
    "zendesk table": ("zendesk-csv", 3, _broken_table),
    "intercom lines": ("intercom-json", 2, lambda a: exported.ndjson(_spoiled(a.chats))),
    "intercom list": ("intercom-json", 1, lambda a: json.dumps(_spoiled(a.chats))),
}


@pytest.fixture(params=FILES)
def spoiled(
    request: pytest.FixtureRequest, account: Account, tmp_path: Path
) -> tuple[Path, str, int]:
    """A file of four conversations, the second of them unreadable; its format and the bad line."""
    name, line, made = FILES[request.param]
    path = tmp_path / "file"
    path.write_text(made(account))
    return path, name, line


def test_one_bad_row_is_named_by_its_line_and_the_others_are_imported(
    spoiled: tuple[Path, str, int], alone: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _, line = spoiled
    assert run(alone, ["import", str(path)]) == 1
    told = capsys.readouterr()
    assert f"left out line {line}: " in told.err
    assert "3 conversations imported" in told.out
    assert len(stored(alone)) == 3


def test_the_same_file_once_more_changes_nothing(
    spoiled: tuple[Path, str, int], alone: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    path, name, line = spoiled
    told = []
    for _ in range(2):
        assert run(alone, ["import", str(path), "--json"]) == 1
        told.append((json.loads(capsys.readouterr().out), stored(alone)))
    assert told[0] == told[1]
    said = told[0][0]
    assert (said["format"], said["conversations"], said["bad"]) == (name, 3, 1)
    assert [row["line"] for row in said["bad_rows"]] == [line]
    assert said["bad_rows"][0]["why"]


def test_a_file_without_a_bad_row_ends_with_nought(account: Account, alone: Workspace) -> None:
    path = Path(alone.settings.home).parent / "chats.json"
    path.write_text(json.dumps(account.chats))
    assert run(alone, ["import", str(path)]) == 0
    assert len(stored(alone)) == len(account.chats)


def test_a_terminal_sees_how_far_an_import_is(account: Account, tmp_path: Path) -> None:
    path = tmp_path / "tickets.json"
    path.write_text(exported.ndjson(account.tickets))
    shown, terminal = pty.openpty()
    home = {"VERBATIM_HOME": str(tmp_path / "home"), "PATH": "", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", "from verbatim import main; main()", "import", str(path)],
        env=home,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=terminal,
        check=False,
    )
    os.close(terminal)
    drawn = os.read(shown, 100_000).decode()
    os.close(shown)
    assert (done.returncode, "Importing" in drawn) == (0, True), drawn
    assert str(len(account.tickets)) in drawn
    assert "Importing" not in done.stdout.decode()


# --- Then the helpdesk is connected --------------------------------------------------------------

HISTORIES: dict[str, tuple[str, Made]] = {
    "zendesk lines": ("zendesk", lambda a: exported.ndjson(a.tickets)),
    "zendesk wrapper": ("zendesk", lambda a: exported.wrapped(a.tickets)),
    "zendesk table": ("zendesk", lambda a: exported.table(a.tickets)),
    "intercom list": ("intercom", lambda a: json.dumps(a.chats)),
}


@pytest.fixture(params=HISTORIES)
def history(request: pytest.FixtureRequest, account: Account, tmp_path: Path) -> tuple[str, Path]:
    source, made = HISTORIES[request.param]
    path = tmp_path / "history"
    path.write_text(made(account))
    return source, path


def test_a_history_and_then_a_sync_give_what_the_sync_alone_would(
    history: tuple[str, Path], account: Account, tmp_path: Path
) -> None:
    source, path = history
    workspace = connected(account.sandbox, tmp_path / "home")
    assert run(workspace, ["import", str(path)]) == 0
    imported = stored(workspace)
    assert imported.keys() == of(source, account.synced).keys()
    assert run(workspace, ["sync"]) == 0
    assert stored(workspace) == account.synced


def test_a_history_after_a_sync_takes_nothing_away(
    history: tuple[str, Path], account: Account, tmp_path: Path
) -> None:
    workspace = connected(account.sandbox, tmp_path / "home")
    assert run(workspace, ["sync"]) == 0
    assert run(workspace, ["import", str(history[1])]) == 0
    assert stored(workspace) == account.synced


def test_what_was_measured_in_a_history_is_measured_again_only_where_words_came(
    history: tuple[str, Path],
    account: Account,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, path = history
    workspace = connected(account.sandbox, tmp_path / "home")
    for command in (["import", str(path)], ["analyse"]):
        assert run(workspace, command) == 0
    before = stored(workspace)
    assert run(workspace, ["sync"]) == 0
    capsys.readouterr()
    assert run(workspace, ["reconcile", "--days", "400", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["sources"]
    (row,) = [each for each in rows if each["source"] == source]
    same = [k for k, each in before.items() if each.messages == account.synced[k].messages]
    assert row["helpdesk"] == row["stored"] == len(before)
    assert (row["analysed"], row["missing"]) == (len(same), 0)
    assert bool(same) == (path.read_text()[:1] in "[{")  # a table holds no message's own id


def test_labels_without_words_stand_for_what_the_helpdesk_told(
    account: Account, tmp_path: Path
) -> None:
    key = next(iter(of("zendesk", account.synced)))
    label = {
        "id": key.partition(":")[2],
        "source": "zendesk",
        "created_at": account.synced[key].head.created_at.isoformat(),
        "labels": {"sentiment": "negative"},
    }
    path = tmp_path / "labels.jsonl"
    path.write_text(exported.ndjson([label]))
    workspace = connected(account.sandbox, tmp_path / "home")
    for command in (["sync"], ["import", str(path)], ["analyse"]):
        assert run(workspace, command) == 0
    assert stored(workspace) == account.synced
    kept = workspace.database().analyses.get(key)
    assert kept is not None
    (sentiment,) = [each for each in kept.measurements if each.metric == "sentiment"]
    assert (sentiment.value, sentiment.set_by) == ("negative", SetBy.IMPORTED)


def test_a_newer_table_brings_its_news_and_leaves_the_words(
    account: Account, tmp_path: Path
) -> None:
    ticket = account.tickets[0]
    key = conversation_key("zendesk", str(ticket["id"]))
    path = tmp_path / "tickets.csv"
    changed = {"status": "pending", "updated_at": "2031-01-01T00:00:00Z"}
    path.write_text(exported.table([ticket | changed]))
    workspace = connected(account.sandbox, tmp_path / "home")
    for command in (["sync"], ["import", str(path)]):
        assert run(workspace, command) == 0
    found = stored(workspace)[key]
    assert (found.head.status, found.head.updated_at.year) == ("pending", 2031)
    assert found.messages == account.synced[key].messages


# --- Whose words they are ------------------------------------------------------------------------


def test_a_private_note_of_a_file_is_never_the_customers_voice(
    account: Account, alone: Workspace, tmp_path: Path
) -> None:
    files = {"tickets.json": exported.ndjson(account.tickets), "chats": json.dumps(account.chats)}
    note = {"role": "customer", "text": "Only for us", "public": False}
    files["ours.jsonl"] = exported.ndjson([OURS[0] | {"messages": [note]}])
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        assert run(alone, ["import", str(tmp_path / name)]) == 0
    found = stored(alone)
    for source, told in (("zendesk", _private_comments), ("intercom", _private_parts)):
        notes = told(account)
        private = {
            (each.key, said.id)
            for each in of(source, found).values()
            for said in each.messages
            if not said.public
        }
        assert notes
        assert notes <= private
    messages = [said for each in found.values() for said in each.messages]
    assert not any(is_customer_voice(said) for said in messages if not said.public)


def _private_comments(account: Account) -> set[tuple[str, str]]:
    return {
        (f"zendesk:{ticket['id']}", str(comment["id"]))
        for ticket in account.tickets
        for comment in ticket["comments"]
        if not comment["public"]
    }


def _private_parts(account: Account) -> set[tuple[str, str]]:
    return {
        (f"intercom:{chat['id']}", str(part["id"]))
        for chat in account.chats
        for part in chat["conversation_parts"]["conversation_parts"]
        if part["part_type"] == "note" and part["body"]
    }
