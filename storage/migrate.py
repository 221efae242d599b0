"""Brings the schema to the newest revision. Needs no ini file: it finds its own folder."""

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage.engine import Engine


def migrate(engine: Engine, *, to: str = "head") -> str:
    """Run what is missing in one transaction that only one process can be in."""
    config = _config()
    with engine.changing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    return newest() if to == "head" else to


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
