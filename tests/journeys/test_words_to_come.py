"""A process that measures while another one's sync is half way: only what is told to the end."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.faults import Call
from service.cli import run
from service.domain.conversations import ConversationKey
from service.errors import Unauthorized
from service.progress import Silent
from service.settings import settings_from
from service.workspace import Workspace
from tests.contract.zendesk_stand import TOKEN, Account, account
from verbatim import Built

TICKETS = 6
WORDS = 3  # comments of each
_EVENTS = "/incremental/ticket_events"
_LOOKS = (2, 3)  # pages of events before which another process measures; the first comes first


class Desk:
    """A workspace whose sync is on its way, and another process beside it."""

    def __init__(self, here: Account, home: Path) -> None:
        self.stand = here.stand
        self.environment = {
            "VERBATIM_HOME": str(home),
            "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN": "acme",
            "VERBATIM_HELPDESKS__ZENDESK__BASE_URL": here.url,
            "VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN": TOKEN,
        }
        self.workspace = self.opened()
        self.reports: list[dict[str, Any]] = []
        self._pages = 0

    def opened(self) -> Workspace:
        """Built anew each time, as each command is a process of its own."""
        return Built(lambda: settings_from(self.environment))

    def measure_beside(self, call: Call) -> None:
        if _EVENTS not in call.path:
            return
        self._pages += 1
        if self._pages in _LOOKS:
            self.reports.append(json.loads(self.by_another_process("analyse", "--json")))

    def by_another_process(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", "from verbatim import main; main()", *words],
            env=self.environment,
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def measured(self) -> dict[ConversationKey, int]:
        """Return how many messages each conversation has that is measured."""
        database = self.workspace.database()
        keys = [key for some in database.conversations.stored_keys("zendesk") for key in some]
        known = [key for key in keys if database.analyses.get(key) is not None]
        found = database.conversations.get_many(known)
        return {one.key: len(one.messages) for one in found}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with account(TICKETS, page_limit=4) as here:
        yield Desk(here, tmp_path / "home")


def test_a_process_beside_a_first_sync_measures_nothing_twice(desk: Desk) -> None:
    desk.stand.faults.before_answering = desk.measure_beside
    pipeline = desk.workspace.pipeline()
    pipeline.sync("zendesk", Silent())

    assert [report["failed"] for report in desk.reports] == [0, 0]
    assert all(report["awaiting"] > 0 for report in desk.reports)
    beside = sum(report["analysed"] for report in desk.reports)
    last = pipeline.analyse(Silent())
    assert (beside + last.analysed, last.awaiting) == (TICKETS, 0)
    assert set(desk.measured().values()) == {WORDS}


def test_a_sync_that_breaks_off_leaves_what_is_half_told_to_the_next(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*words: str) -> str:
        capsys.readouterr()
        assert run(desk.opened(), list(words)) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    desk.stand.faults.unauthorized(path=f"/api/v2{_EVENTS}", skip=2)
    pipeline = desk.workspace.pipeline()
    with pytest.raises(Unauthorized):
        pipeline.sync("zendesk", Silent())

    told = printed("analyse")
    assert "are waiting for their messages, which a sync is fetching" in told
    before = desk.measured()
    assert len(before) < TICKETS
    assert set(before.values()) <= {WORDS}
    assert "waiting for their messages" in printed("reconcile")

    desk.stand.faults.clear()
    pipeline.sync("zendesk", Silent())
    rest = TICKETS - len(before)
    assert printed("analyse").startswith(f"{rest} conversations measured")
    assert "waiting" not in printed("reconcile")
    assert list(desk.measured().values()) == [WORDS] * TICKETS


def test_a_walk_from_the_start_measures_nothing_again(desk: Desk) -> None:
    pipeline = desk.workspace.pipeline()
    pipeline.sync("zendesk", Silent())
    assert pipeline.analyse(Silent()).analysed == TICKETS
    reports = []

    def measure_meanwhile(_: Call) -> None:
        reports.append(desk.opened().pipeline().analyse(Silent()))

    desk.stand.faults.before_answering = measure_meanwhile
    pipeline.sync("zendesk", Silent(), full=True)
    assert len(reports) > len(_LOOKS)
    assert {(each.analysed, each.awaiting) for each in reports} == {(0, 0)}
