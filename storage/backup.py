"""Copies a SQLite database as of one moment while it is in use, and puts a copy back.

A file appears under its name when it is whole and looked at; a restore happens at once or not.
"""

import hmac
import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from service.backups import Backup, Backups, Restored
from service.errors import Misused, RetryLater, TellPerson
from service.ports import Clock
from storage import migrate
from storage.carrying import Carried, carry, keep_still
from storage.engine import Engine
from storage.inbox import INBOX
from storage.postgres_backup import PostgresBackups
from storage.tables.work import inbox
from storage.whole_files import appearing, unused

_ABOUT = "storage:backup"  # state inside a copy that says what it is


def backups(url: str, *, secret: bytes, clock: Clock) -> Backups:
    engine = Engine(url)
    if engine.is_sqlite:
        return SqliteBackups(engine, secret=secret, clock=clock)
    return PostgresBackups(engine, clock=clock)


class SqliteBackups:
    """Implements Backups for a SQLite file."""

    def __init__(self, engine: Engine, *, secret: bytes, clock: Clock) -> None:
        self._engine = engine
        self._path = Path(engine.url.database or "")
        self._mark = hmac.digest(secret, b"verbatim backup", "sha256").hex()[:16]
        self._clock = clock

    def make(self, file: Path) -> Backup:
        if not self._path.is_file():
            raise Misused(f"There is no database at {self._path} yet.")
        with appearing(file) as partial:
            self._copy_out(partial)
            found = self.check(partial)
        return replace(found, file=str(file))

    def check(self, file: Path) -> Backup:
        if not file.is_file():
            raise Misused(f"There is no file {file}.")
        try:
            with _opened(file) as copy:
                wrong = copy.execute("PRAGMA quick_check").fetchone()[0]
                revision = copy.execute("SELECT version_num FROM alembic_version").fetchone()[0]
                held = copy.execute("SELECT count(*) FROM conversation").fetchone()[0]
                query = "SELECT value FROM memory WHERE name = ?"
                told = copy.execute(query, (_ABOUT,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise TellPerson(f"{file} is damaged, or no backup of Verbatim ({error}).") from error
        if wrong != "ok":
            raise TellPerson(f"{file} is damaged: {wrong}")
        if revision > migrate.newest():
            raise TellPerson(f"{file} was made by a newer release ({revision}): install that one.")
        about = json.loads(told[0]) if told else {}
        return Backup(
            file=str(file),
            made_at=datetime.fromisoformat(about["at"]) if about else None,
            revision=revision,
            conversations=held,
            size=file.stat().st_size,
            same_key=about.get("key") == self._mark,
        )

    def restore(self, file: Path) -> Restored:
        found = self.check(file)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            known = self._known(held)
            kept = self._keep(damaged=known is None) if self._path.is_file() else None
            folder = held.enter_context(tempfile.TemporaryDirectory(dir=self._path.parent))
            coming = Path(folder) / "coming.sqlite"
            _copy(file, coming)
            posts = self._prepare(coming, known or Carried())
            _copy(coming, self._path)
        return Restored(
            backup=found,
            kept=None if kept is None else str(kept),
            erasures=len(known.erasures) if known else 0,
            posts=posts,
            beside_its_past=known is not None and kept is not None,
        )

    def _copy_out(self, partial: Path) -> None:
        with _opened(self._path) as here, closing(sqlite3.connect(partial)) as copy:
            here.backup(copy)  # in one step: a snapshot, beside which others go on writing
            self._add_inbox(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, and no log beside it
            about = json.dumps({"at": self._clock().isoformat(), "key": self._mark})
            query = "INSERT OR REPLACE INTO memory(name, value) VALUES (?, ?)"
            copy.execute(query, (_ABOUT, about))
            copy.commit()

    def _add_inbox(self, copy: sqlite3.Connection) -> None:
        """Put what waits to be answered into the copy's own table, where it is taken over from.

        Read after the rest: an event that was handled in between is handled again, never lost.
        """
        file = self._engine.beside(INBOX).url.database or ""
        if not Path(file).is_file():
            return
        columns = ", ".join(f'"{column.name}"' for column in inbox.columns)
        copy.execute("ATTACH DATABASE ? AS beside", (file,))
        with suppress(sqlite3.OperationalError):  # it was opened this moment and holds no table
            copy.execute(
                f"INSERT OR IGNORE INTO main.inbox ({columns})"  # noqa: S608  # names of ours
                f" SELECT {columns} FROM beside.inbox"
            )
        copy.commit()
        copy.execute("DETACH DATABASE beside")

    def _known(self, held: ExitStack) -> Carried | None:
        """Read what must not be undone, and keep others from working; None: it is damaged."""
        if not self._path.is_file():
            return Carried()
        try:
            return keep_still(self._engine, held)
        except DatabaseError:
            return None

    def _keep(self, *, damaged: bool) -> Path:
        """Keep what stands here under another name."""
        word = "damaged" if damaged else "before"
        name = f"{self._path.name}.{word}-{self._clock():%Y%m%d-%H%M%S}"
        kept = unused(self._path.parent, name)
        if not damaged:
            self.make(kept)
            return kept
        self._engine.close()
        for end in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self._path}{end}").rename(f"{kept}{end}")
        return kept

    def _prepare(self, coming: Path, known: Carried) -> int:
        """Bring a copy to this release, and add what must not be undone."""
        engine = Engine(f"sqlite:///{coming}")
        try:
            migrate.migrate(engine)
            with engine.changing() as connection:
                posts = carry(connection, known)
            engine.empty_log()
        finally:
            engine.close()
        return posts


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that is there; never make one."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=5)) as connection:
        yield connection


def _copy(file: Path, to: Path) -> None:
    """Copy all of a database into another in one transaction of that one."""
    try:
        with _opened(file) as copy, closing(sqlite3.connect(to, timeout=5)) as there:
            copy.backup(there)
    except sqlite3.OperationalError as error:
        raise RetryLater(f"{to} could not be written ({error}): stop what uses it.") from error
