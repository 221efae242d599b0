"""A backup by the command line, put back on another machine while the first one goes on."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from service.settings import settings_from
from service.workspace import Workspace
from tests.journeys.conftest import Ran, Said
from verbatim import Built


class _At(Built):
    """A workspace at another time."""

    def __init__(self, settings: Mapping[str, str], now: datetime) -> None:
        super().__init__(lambda: settings_from(settings))
        self._now = now

    def now(self) -> datetime:
        return self._now


def _aggregates(workspace: Workspace, said: Said) -> list[object]:
    asked = ("why did sentiment drop last week?", "how many conversations in the last 60 days")
    answers = [json.loads(said.by(workspace, "ask", text, "--json")) for text in asked]
    return [(each["headline"], each["parts"], each["quotes"]) for each in answers]


def test_a_workspace_goes_on_elsewhere_with_the_same_numbers_and_no_second_digest(
    small: Ran, said: Said, tmp_path: Path
) -> None:
    file = tmp_path / "copy"
    then = _aggregates(small.workspace, said)
    made = json.loads(said.by(small.workspace, "backup", str(file), "--json"))
    assert made["conversations"] == 60
    assert "Whole: " in said.by(small.workspace, "restore", str(file), "--check")

    key = (small.home / "secret_key").read_text()
    home = {"VERBATIM_HOME": str(tmp_path / "elsewhere"), "VERBATIM_SECRET_KEY": key}
    week_later = small.workspace.now() + timedelta(days=8)
    there = _At(home, week_later)
    restored = json.loads(said.by(there, "restore", str(file), "--json"))
    assert restored["digest_skipped"] is True
    assert (restored["erased_again"], restored["restored"]["kept"]) == (0, None)
    assert "digest" not in {line.partition(":")[0] for line in there.schedule().tick()}
    same_day = Built(lambda: settings_from(home))
    assert _aggregates(same_day, said) == then


def test_put_back_at_home_a_digest_that_was_not_posted_is_still_due(
    small: Ran, said: Said, tmp_path: Path
) -> None:
    said.by(small.workspace, "backup", str(tmp_path / "copy"))
    home = {"VERBATIM_HOME": str(small.home)}
    later = _At(home, small.workspace.now() + timedelta(days=8))
    restored = json.loads(said.by(later, "restore", str(tmp_path / "copy"), "--json"))
    assert restored["digest_skipped"] is False
    assert restored["restored"]["kept"].startswith(str(small.home / "verbatim.sqlite.before-"))


def test_a_file_that_is_no_backup_is_one_sentence(small: Ran, said: Said, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("hello")
    said.by(small.workspace, "restore", str(tmp_path / "other"), code=1)
    said.by(small.workspace, "restore", str(tmp_path / "nothing"), "--check", code=2)
    said.by(small.workspace, "backup", str(tmp_path / "no folder" / "copy"), code=1)
