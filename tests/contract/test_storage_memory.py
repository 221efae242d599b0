"""How much of the file SQLite keeps in memory: a lot for questions, little for what is changed."""

from sqlalchemy import Connection

from storage.database import SqlDatabase


def _kept(connection: Connection) -> int:
    """Return the bound in KiB; SQLite gives it as less than nothing."""
    return -int(connection.exec_driver_sql("PRAGMA cache_size").scalar_one())


def test_changes_keep_a_fraction_of_what_questions_keep(database: SqlDatabase) -> None:
    if not database.engine.is_sqlite:
        return  # PostgreSQL keeps its pages in its own processes
    with database.engine.changing() as connection:
        least = _kept(connection)
    with database.engine.reading() as connection:
        most = _kept(connection)
    with database.engine.changing() as connection:
        assert _kept(connection) == least
    assert 10 * least < most
