"""Copies a PostgreSQL database with its own tools, pg_dump and pg_restore, where there are any.

The password goes to them through the environment, never as an argument.
"""

import os
import shutil
import subprocess
from contextlib import ExitStack, closing
from pathlib import Path

from service.backups import Backup, Restored
from service.errors import Misused, TellPerson
from service.ports import Clock
from storage import migrate
from storage.carrying import Carried, carry, keep_still
from storage.engine import Engine
from storage.whole_files import appearing, unused

_ALL = ("--no-owner", "--no-privileges")
_REPLACING = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error", *_ALL)


class PostgresBackups:
    """Implements Backups for PostgreSQL."""

    def __init__(self, engine: Engine, *, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def make(self, file: Path) -> Backup:
        with appearing(file) as partial:
            self._run("pg_dump", "--format=custom", *_ALL, f"--file={partial}", self._database())
            found = self.check(partial)
        with closing(self._engine):
            revision = migrate.revision(self._engine)
        return Backup(
            file=str(file),
            made_at=self._clock(),
            revision=revision,
            conversations=None,
            size=found.size,
            same_key=True,
        )

    def check(self, file: Path) -> Backup:
        if not file.is_file():
            raise Misused(f"There is no file {file}.")
        told = self._run("pg_restore", "--list", str(file))
        if " conversation " not in told:
            raise TellPerson(f"{file} is no backup of Verbatim.")
        return Backup(
            file=str(file),
            made_at=None,
            revision=None,
            conversations=None,
            size=file.stat().st_size,
            same_key=True,
        )

    def restore(self, file: Path) -> Restored:
        found = self.check(file)
        still = Engine(self._engine.url.render_as_string(hide_password=False))
        with closing(self._engine), closing(still), ExitStack() as held:
            stands = migrate.revision(self._engine) is not None
            known = keep_still(still, held) if stands else Carried()
            kept = self._keep(file.parent) if stands else None
            self._engine.close()
            self._run("pg_restore", *_REPLACING, self._database(), str(file))
            migrate.migrate(self._engine)
            with self._engine.changing() as connection:
                posts = carry(connection, known)
        return Restored(
            backup=found,
            kept=None if kept is None else str(kept),
            erasures=len(known.erasures),
            posts=posts,
            beside_its_past=kept is not None,
        )

    def _keep(self, folder: Path) -> Path:
        kept = unused(folder, f"before-{self._clock():%Y%m%d-%H%M%S}", ".dump")
        self.make(kept)
        return kept

    def _database(self) -> str:
        url = self._engine.url.set(drivername="postgresql", password=None)
        return f"--dbname={url.render_as_string(hide_password=False)}"

    def _run(self, tool: str, *arguments: str) -> str:
        """Run one of PostgreSQL's tools; raises TellPerson with its own sentence."""
        path = shutil.which(tool)
        if path is None:
            raise TellPerson(f"{tool} is not installed: install PostgreSQL's client programs.")
        password = self._engine.url.password
        environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
        done = subprocess.run(
            [path, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            said = next(iter(done.stderr.strip().splitlines()), f"exit code {done.returncode}")
            raise TellPerson(said)
        return done.stdout
