"""Brings the schema to the newest revision. Needs no ini file: it finds its own folder.

Alembic is loaded only where there is something to do: each command opens the database.
"""

import re
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from service.errors import Misused
from storage.engine import Engine

if TYPE_CHECKING:
    from alembic.config import Config

_REVISION = re.compile(r"r(\d+)_\w+\.py")  # the name of a revision's file


def migrate(engine: Engine, *, to: str = "head") -> str:
    """Run what is missing in one transaction that only one process can be in.

    Raises:
        Misused: A newer Verbatim has upgraded this database; what it changed is not known here.
    """
    if to == "head" and revision(engine) == newest():
        return newest()
    from alembic import command

    config = _config()
    with engine.changing() as connection:
        _refuse_newer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return newest() if to == "head" else to


def _refuse_newer(connection: sa.Connection) -> None:
    current = _revision(connection)
    if current is not None and current not in _known():
        raise Misused(
            f"This database was upgraded by a newer Verbatim (schema {current}, and this one knows"
            f" up to {newest()}). Upgrade Verbatim, or restore a backup made"
            " before the upgrade."
        )


def revision(engine: Engine) -> str | None:
    with engine.reading() as connection:
        return _revision(connection)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
    return found.scalar_one_or_none()


def newest() -> str:
    return max(_known())


def _known() -> set[str]:
    """The revisions that have a file; each is numbered by it, and the next is the next number."""
    files = (_REVISION.fullmatch(one.name) for one in (_folder() / "versions").iterdir())
    return {found[1] for found in files if found}


def _folder() -> Traversable:
    return resources.files("storage") / "migrations"


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
