"""Row 48 and what belongs to it: a copy made while others write, put back here or elsewhere."""

import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.publishing import SlackPublisher
from service.backups import Backups
from service.domain.erasures import Subject, SubjectKind
from service.domain.people import SYSTEM
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import Misused, RetryLater, TellPerson
from service.query import Dimension, Query
from storage.backup import backups
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork, a_conversation, a_page, a_quote, an_analysis
from tests.contract.slack_answers import a_digest
from tests.contract.slack_workspace import CHANNEL_NAME, slack_workspace
from tests.databases import SECRET, PostgresServer, opened
from tests.forgotten import CANARY, PERSON, fill

LATER = NOON + timedelta(hours=1)
REQUESTER = Subject(kind=SubjectKind.REQUESTER, id=PERSON)


@pytest.fixture
def clock() -> Clockwork:
    return Clockwork(now=LATER)


@pytest.fixture
def here(tmp_path: Path, clock: Clockwork) -> Iterator[SqlDatabase]:
    made = opened(_url(tmp_path / "here"), clock)
    made.migrate()
    yield made
    made.close()


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'verbatim.sqlite'}"


def _of(database: SqlDatabase, clock: Clockwork, *, secret: bytes = SECRET) -> Backups:
    return backups(str(database.engine.url), secret=secret, clock=clock)


def _elsewhere(tmp_path: Path, clock: Clockwork) -> Backups:
    return backups(_url(tmp_path / "elsewhere"), secret=SECRET, clock=clock)


def _aggregates(database: SqlDatabase) -> list[Any]:
    groupings = [(), (Dimension.DRIVER,), (Dimension.DAY, Dimension.SEGMENT)]
    rates = ("conversations", "negative_rate")
    facts = database.facts
    return [
        *(facts.groups(Query(metric=r, group_by=by), SYSTEM) for r in rates for by in groupings),
        facts.count(Query(text=("charged",)), SYSTEM),
        facts.quotes(Query(), SYSTEM, shows=(), limit=500),
        database.conversations.cursor("zendesk"),
    ]


def _write(database: SqlDatabase, number: int) -> None:
    one = a_conversation(number)
    database.conversations.save_page("zendesk", a_page(one, cursor=f"c{number}"))
    database.analyses.save([an_analysis(one, sentiment="negative", quotes=(a_quote(one),))])


def test_a_copy_made_while_others_write_is_of_one_moment(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 0)
    stop = threading.Event()

    def go_on() -> None:
        number = 1
        while not stop.is_set():
            _write(here, number)
            number += 1

    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        made = [_of(here, clock).make(tmp_path / f"copy {n}") for n in range(5)]
    finally:
        stop.set()
        writer.join()
    counted = [one.conversations for one in made]
    assert counted == sorted(counted, key=lambda n: n or 0)
    for n, one in enumerate(made):
        folder = tmp_path / f"elsewhere {n}"
        back = backups(_url(folder), secret=SECRET, clock=clock)
        assert back.restore(tmp_path / f"copy {n}").kept is None
        database = opened(_url(folder), clock)
        database.migrate()
        found = _aggregates(database)
        assert database.facts.count(Query(), SYSTEM).total == one.conversations
        database.analyses.rebuild()  # the rollups of that moment are those of its rows
        assert _aggregates(database) == found
        database.close()


def test_restored_elsewhere_the_numbers_are_those_of_then(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    for number in range(4):
        _write(here, number)
    then = _aggregates(here)
    made = _of(here, clock).make(tmp_path / "copy")
    _write(here, 9)
    assert (made.conversations, made.same_key, made.made_at) == (4, True, LATER)
    _elsewhere(tmp_path, clock).restore(tmp_path / "copy")
    there = opened(_url(tmp_path / "elsewhere"), clock)
    there.migrate()
    assert _aggregates(there) == then
    there.close()
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0


def test_a_question_that_waits_for_its_answer_is_in_the_copy(
    here: SqlDatabase, clock: Clockwork, tmp_path: Path
) -> None:
    here.work.accept("slack", "Ev1", "why did sentiment drop?", at=NOON)
    here.work.accept("slack", "Ev2", "and for Acme?", at=NOON)
    here.work.finish("slack", "Ev1")
    made = _of(here, clock).make(tmp_path / "copy.backup")
    _elsewhere(tmp_path, clock).restore(Path(made.file))
    there = opened(_url(tmp_path / "elsewhere"), clock)
    assert there.work.unfinished("slack") == [("Ev2", "and for Acme?")]
    assert not there.work.accept("slack", "Ev1", "again", at=LATER)
    there.close()


def test_a_digest_that_was_posted_since_is_not_posted_again(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    with slack_workspace(here, clock) as workspace:

        def publish() -> None:
            publisher = SlackPublisher(
                workspace.connection(), channel=CHANNEL_NAME, database=here, clock=clock
            )
            publisher.publish(a_digest())

        _of(here, clock).make(tmp_path / "copy")
        publish()
        restored = _of(here, clock).restore(tmp_path / "copy")
        assert (restored.posts, restored.beside_its_past) == (1, True)
        publish()
        assert len(workspace.posted) == 1


def test_who_was_erased_since_the_copy_stays_erased(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    fill(here)
    _of(here, clock).make(tmp_path / "copy")
    here.erasures.erase(REQUESTER, at=LATER)
    restored = _of(here, clock).restore(tmp_path / "copy")
    assert restored.erasures == 1
    here.migrate()
    assert here.erasures.resume().conversations == 1
    assert here.erasures.resume().conversations == 0
    with closing(sqlite3.connect(here.engine.url.database or "")) as connection:
        messages = connection.execute("SELECT text FROM message").fetchall()
    assert CANARY not in str(messages)
    back = a_page(a_conversation(1, CANARY, requester=PERSON, updated_at=NOON + timedelta(days=9)))
    assert here.conversations.save_page("zendesk", back).conversations == 0


def test_what_we_wrote_since_the_copy_is_still_known_as_ours(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    _of(here, clock).make(tmp_path / "copy")
    key = a_conversation(1).key
    change = FieldChange(conversation=key, fields={"sentiment": "negative"})
    here.write_back.record([WriteOutcome(change=change, written=True)])
    _of(here, clock).restore(tmp_path / "copy")
    entry = here.write_back.get(key)
    assert entry is not None
    assert entry.written == {"sentiment": "negative"}


def test_what_stood_here_is_kept_and_others_see_the_copy_at_once(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    _of(here, clock).make(tmp_path / "copy")
    _write(here, 2)
    beside = opened(str(here.engine.url), clock)
    assert beside.facts.count(Query(), SYSTEM).total == 2
    restored = _of(here, clock).restore(tmp_path / "copy")
    assert beside.facts.count(Query(), SYSTEM).total == 1
    beside.close()
    assert restored.kept is not None
    _of(here, clock).restore(Path(restored.kept))
    assert here.facts.count(Query(), SYSTEM).total == 2
    with closing(sqlite3.connect(here.engine.url.database or "")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_nothing_is_restored_beside_a_process_at_work(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    _of(here, clock).make(tmp_path / "copy")
    _write(here, 2)
    with here.work.alone("zendesk"), pytest.raises(RetryLater, match="stop the worker"):
        _of(here, clock).restore(tmp_path / "copy")
    assert here.facts.count(Query(), SYSTEM).total == 2


@pytest.mark.parametrize("how", ["cut", "garbage", "another database", "newer", "nothing"])
def test_a_file_that_is_no_whole_backup_is_refused_with_a_sentence(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork, how: str
) -> None:
    _write(here, 1)
    file = tmp_path / "copy"
    _of(here, clock).make(file)
    if how == "cut":
        file.write_bytes(file.read_bytes()[:-8192])
    elif how == "garbage":
        file.write_bytes(b"no database at all" * 1000)
    elif how == "another database":
        file.unlink()
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE other (x)")
    elif how == "newer":
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
            connection.commit()
    else:
        file.unlink()
    for use in (_of(here, clock).check, _of(here, clock).restore):
        with pytest.raises((TellPerson, Misused)):
            use(file)
    assert here.facts.count(Query(), SYSTEM).total == 1


def test_a_damaged_database_is_set_aside_and_replaced(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    _of(here, clock).make(tmp_path / "copy")
    here.close()
    path = Path(here.engine.url.database or "")
    path.write_bytes(b"garbage" * 5000)
    restored = backups(_url(path.parent), secret=SECRET, clock=clock).restore(tmp_path / "copy")
    assert restored.kept is not None
    assert ".damaged-" in restored.kept
    assert opened(_url(path.parent), clock).facts.count(Query(), SYSTEM).total == 1


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "copy").mkdir()
    with pytest.raises(TellPerson, match="could not be written"):
        _of(here, clock).make(tmp_path / "there" / "copy")
    with pytest.raises(TellPerson, match="could not be written"):
        _of(here, clock).make(tmp_path / "nowhere" / "copy")
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["copy"]


def test_a_copy_made_with_another_key_says_so(
    here: SqlDatabase, tmp_path: Path, clock: Clockwork
) -> None:
    _write(here, 1)
    _of(here, clock, secret=b"another").make(tmp_path / "copy")
    assert not _of(here, clock).check(tmp_path / "copy").same_key
    about = sqlite3.connect(tmp_path / "copy").execute("SELECT value FROM memory").fetchall()
    assert b"another".hex() not in json.dumps(about)


def test_postgres_is_copied_by_its_own_tools_or_says_which_are_missing(
    postgres: PostgresServer, tmp_path: Path, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.migrated_url()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TellPerson, match="pg_dump is not installed"):
        backups(url, secret=SECRET, clock=clock).make(tmp_path / "copy")
    failing = tmp_path / "pg_dump"
    failing.write_text("#!/bin/sh\necho 'pg_dump: error: server version mismatch' >&2\nexit 1\n")
    failing.chmod(0o700)
    shutil.copy("/bin/sh", tmp_path / "sh")
    with pytest.raises(TellPerson, match="server version mismatch"):
        backups(url, secret=SECRET, clock=clock).make(tmp_path / "copy")
    assert not (tmp_path / "copy.partial").exists()


@pytest.mark.parametrize("place", ["where it was made", "where nothing stands yet"])
def test_a_copy_of_postgres_is_put_back(
    postgres: PostgresServer,
    tmp_path: Path,
    clock: Clockwork,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    monkeypatch.setenv("PATH", str(postgres.tools), prepend=os.pathsep)
    url = postgres.migrated_url()
    there = url if place == "where it was made" else postgres.url()
    with closing(opened(url, clock)) as database:
        fill(database)
        then = _aggregates(database)
        backups(url, secret=SECRET, clock=clock).make(tmp_path / "copy")
        database.erasures.erase(REQUESTER, at=LATER)
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    restored = backups(there, secret=SECRET, clock=clock).restore(tmp_path / "copy")
    known = int(there == url)  # only there the erasure is known
    assert (restored.kept is not None, restored.beside_its_past) == (known, known)
    assert restored.erasures == known
    with closing(opened(there, clock)) as database:
        assert _aggregates(database) == then
        assert database.erasures.resume().conversations == known


def test_nothing_of_postgres_is_restored_beside_a_process_at_work(
    postgres: PostgresServer, tmp_path: Path, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(postgres.tools), prepend=os.pathsep)
    url = postgres.migrated_url()
    with closing(opened(url, clock)) as database:
        _write(database, 1)
        backups(url, secret=SECRET, clock=clock).make(tmp_path / "copy")
        _write(database, 2)
        with database.work.alone("zendesk"), pytest.raises(RetryLater, match="stop the worker"):
            backups(url, secret=SECRET, clock=clock).restore(tmp_path / "copy")
        assert database.facts.count(Query(), SYSTEM).total == 2
    assert list(tmp_path.glob("before-*")) == []
