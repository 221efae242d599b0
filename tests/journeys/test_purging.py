"""Retention by the command line: counted first, then purged, and never read again."""

import json
from pathlib import Path

import pytest

from service.settings import settings_from
from service.workspace import Workspace
from tests.journeys.conftest import Said
from verbatim import Built

CANARY = "qzyxwvut"
OLD = {
    "id": "old",
    "created_at": "2020-03-01T09:00:00Z",
    "messages": [{"role": "customer", "text": f"I was charged {CANARY} times."}],
}


@pytest.fixture
def aged(tmp_path: Path, said: Said) -> Workspace:
    """A workspace that keeps words for a hundred days and was given an old conversation."""
    home = {"VERBATIM_HOME": str(tmp_path / "home"), "VERBATIM_RETENTION_DAYS": "100"}
    workspace = Built(lambda: settings_from(home))
    now = workspace.now().isoformat()
    new = {**OLD, "id": "new", "created_at": now, "messages": [{"role": "customer", "text": "Hi."}]}
    file = tmp_path / "conversations.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in (OLD, new)))
    said.by(workspace, "import", str(file))
    return workspace


def test_without_a_setting_it_says_which_one_is_missing(said: Said, tmp_path: Path) -> None:
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))
    for arguments in ([], ["--dry-run"]):
        assert "set VERBATIM_RETENTION_DAYS" in said.by(workspace, "purge", *arguments)


def test_old_words_are_counted_then_purged_and_an_import_brings_none_back(
    aged: Workspace, said: Said, tmp_path: Path
) -> None:
    would = json.loads(said.by(aged, "purge", "--dry-run", "--json"))
    assert (would["dry_run"], would["conversations"], would["held_back"]) == (True, 1, False)
    assert said.by(aged, "purge").startswith("Purged: 1 conversations silent since ")
    assert json.loads(said.by(aged, "purge", "--json"))["conversations"] == 0
    said.by(aged, "import", str(tmp_path / "conversations.jsonl"))
    whole = b"".join(path.read_bytes() for path in (tmp_path / "home").glob("verbatim.sqlite*"))
    assert CANARY.encode() not in whole
    said.by(aged, "rollup", "--full")
    left = [key for batch in aged.database().conversations.stored_keys("import") for key in batch]
    assert left == ["import:new"]
