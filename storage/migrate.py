"""Brings the schema to the newest revision. Needs no ini file: it finds its own folder."""

from importlib import resources

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.errors import Misused
from storage.engine import Engine


def migrate(engine: Engine, *, to: str = "head") -> str:
    """Run what is missing in one transaction that only one process can be in.

    Raises:
        Misused: A newer Verbatim has upgraded this database; what it changed is not known here.
    """
    config = _config()
    with engine.changing() as connection:
        _refuse_newer(config, connection)
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return newest() if to == "head" else to


def _refuse_newer(config: Config, connection: sa.Connection) -> None:
    current = MigrationContext.configure(connection).get_current_revision()
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise Misused(
            f"This database was upgraded by a newer Verbatim (schema {current}, and this one knows"
            f" up to {scripts.get_current_head()}). Upgrade Verbatim, or restore a backup made"
            " before the upgrade."
        )


def revision(engine: Engine) -> str | None:
    with engine.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return str(head)


def _config() -> Config:
    config = Config()
    folder = str(resources.files("storage") / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
