"""Row 8 of the fault matrix: killed while somebody is erased, the next run leaves nothing."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from service.measures import all_metrics
from storage.database import open_database
from tests.builders import Clockwork
from tests.databases import ZONE, opened
from tests.faults.homes import copy
from tests.faults.invariants import check
from tests.faults.killing import SECRET_KEY, DiesAt, Moment, Town, town
from tests.faults.trials import Steps, Trial
from tests.forgotten import CANARY, PERSON, fill


@pytest.fixture(scope="module")
def here() -> Iterator[Town]:
    with town(1) as found:
        yield found


@pytest.fixture(scope="module")
def filled(here: Town, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds a person's words wherever they can be."""
    home = tmp_path_factory.mktemp("erasing") / "filled"
    here.run(home, "migrate")
    database = open_database(
        f"sqlite:///{home / 'verbatim.sqlite'}",
        metrics=all_metrics,
        zone=ZONE,
        secret=SECRET_KEY.encode(),
        clock=Clockwork(),
    )
    fill(database)
    database.close()
    return home


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(8, "kill -9 before the Nth SQL statement or commit of an erasure", thin=5)
def test_an_erasure_killed_at_any_step_is_whole_after_the_next_run(
    here: Town, filled: Path, steps: Steps, trial: Trial, moment: Moment
) -> None:
    numbers = count()

    def killed(number: int) -> bool:
        home = copy(filled, filled.parent / f"{moment.name} {steps.first} {next(numbers)}")
        command = ("forget", "--requester", PERSON, "--json")
        struck = here.run_until(home, *command, end=DiesAt(moment=moment, number=number))
        here.run(home, *command)
        assert left(home) == {"waiting_message"}  # nobody knows yet whose conversation 9 is
        check(home, here.helpdesks, written=False)
        shutil.rmtree(home)
        return struck

    trial.every(steps, killed)


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.fault(8, "kill -9 before the Nth SQL statement or commit of a purge", thin=5)
def test_a_purge_killed_at_any_step_is_whole_after_the_next_run(
    here: Town, filled: Path, steps: Steps, trial: Trial, moment: Moment
) -> None:
    folder = filled.parent / f"purging {moment.name} {steps.first}"
    folder.mkdir()
    (folder / ".env").write_text("VERBATIM_RETENTION_DAYS=1\n")  # where the processes run
    numbers = count()

    def killed(number: int) -> bool:
        home = copy(filled, folder / str(next(numbers)))
        _make_old(home)
        struck = here.run_until(home, "purge", end=DiesAt(moment=moment, number=number))
        here.run(home, "purge")
        assert _conversations_with(home) == 0
        check(home, here.helpdesks, written=False)
        shutil.rmtree(home)
        return struck

    trial.every(steps, killed)


def _make_old(home: Path) -> None:
    """Let what was said lie a while back, and something be news, so that the clock is believed."""
    path = home / "verbatim.sqlite"
    ago = 10 * 24 * 3600 * 1000
    now = int(datetime.now(UTC).timestamp() * 1000)
    with closing(sqlite3.connect(path)) as connection:
        for column in ("created_at", "updated_at"):
            connection.execute(f"UPDATE conversation SET {column} = ? WHERE id = 1", (now - ago,))  # noqa: S608 -- two names
            others = f"UPDATE conversation SET {column} = ? WHERE id <> 1"  # noqa: S608 -- two names
            connection.execute(others, (now,))
        connection.execute("UPDATE message SET created_at = ?", (now - ago,))
        connection.execute("UPDATE waiting_message SET created_at = ?", (now - ago,))
        connection.commit()
    database = opened(f"sqlite:///{path}")
    database.analyses.rebuild()
    database.close()


def _conversations_with(home: Path) -> int:
    with closing(sqlite3.connect(home / "verbatim.sqlite")) as connection:
        said = connection.execute("SELECT text FROM message UNION SELECT summary FROM analysis")
        waiting = connection.execute("SELECT text FROM waiting_message")
        return sum(CANARY in str(row) for row in [*said.fetchall(), *waiting.fetchall()])


def left(home: Path) -> set[str]:
    """Return the tables that hold a word; what the file holds outside of them is looked at too."""
    path = home / "verbatim.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        found = {
            name
            for (name,) in names
            if CANARY in str(connection.execute(f"SELECT * FROM {name}").fetchall())  # noqa: S608 -- names of the schema
        }
    if found <= {"waiting_message"}:
        whole = b"".join(each.read_bytes() for each in sorted(home.glob("verbatim.sqlite*")))
        assert whole.count(CANARY.encode()) == 1
    return found
