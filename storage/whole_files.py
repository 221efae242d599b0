"""Makes files that appear under their name when they are whole, and names that nothing has yet."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from service.errors import TellPerson


@contextmanager
def appearing(file: Path) -> Iterator[Path]:
    """Give a private file of another name, which takes this one when it is whole and on disk."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        yield partial
        _to_disk(partial)
        partial.replace(file)
        _to_disk(file.parent)
    except (OSError, sqlite3.OperationalError) as error:
        raise TellPerson(f"{file} could not be written: {error}.") from error
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            Path(f"{partial}{end}").unlink(missing_ok=True)


def unused(folder: Path, name: str, end: str = "") -> Path:
    """Return a path of this name, with a number behind it when there is such a file already."""
    names = (f"{name}-{n}{end}" if n else f"{name}{end}" for n in count())
    return next(path for each in names if not (path := folder / each).exists())


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
