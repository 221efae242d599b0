"""One workspace on the stand-ins with its loop run once, shared by the journeys that only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.sandbox.running import RunningSandbox, run_sandbox
from service.cli import run
from service.demo import DemoReport, run_loop
from service.progress import Silent
from service.settings import read_settings
from service.workspace import Workspace
from verbatim import Built

CONVERSATIONS = 500  # the two weeks that the demo compares are whole from 400 on


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A workspace after its first loop, and the stand-ins it talks to."""

    workspace: Workspace
    sandbox: RunningSandbox
    report: DemoReport
    home: Path


@pytest.fixture(scope="package")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The demo, somewhat smaller; for journeys that only read."""
    with _run(tmp_path_factory.mktemp("demo"), conversations=CONVERSATIONS) as found:
        yield found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Ran]:
    """A few conversations of one test's own, to change at will."""
    with _run(tmp_path, conversations=60) as found:
        yield found


Fresh = tuple[Workspace, RunningSandbox]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Fresh]:
    """A workspace that has read nothing yet, and the stand-ins it will read."""
    with run_sandbox(conversations=60) as sandbox:
        built = Built(read_settings).with_settings(home=tmp_path, environment=sandbox.environment)
        built.database().migrate()
        yield built, sandbox


class Said:
    """Runs commands and keeps what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def by(self, workspace: Workspace, *arguments: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert run(workspace, list(arguments)) == code
        return self._capsys.readouterr().out


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return Said(capsys)


@contextmanager
def _run(home: Path, *, conversations: int | None) -> Iterator[Ran]:
    with run_sandbox(conversations=conversations) as sandbox:
        workspace = Built(read_settings).with_settings(home=home, environment=sandbox.environment)
        report = run_loop(workspace, Silent())
        yield Ran(workspace=workspace, sandbox=sandbox, report=report, home=home)
