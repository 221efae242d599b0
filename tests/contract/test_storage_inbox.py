"""The inbox: what came in is stored at once, whatever else is being written."""

from contextlib import closing
from datetime import UTC, datetime

from sqlalchemy import func, insert, select

from storage.database import SqlDatabase
from storage.tables.work import inbox
from tests.databases import opened

NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)


def _of_an_older_release(database: SqlDatabase) -> None:
    row = {"source": "zendesk", "payload": "a", "received_at": 1, "finished": False}
    with database.engine.writing() as connection:
        connection.execute(insert(inbox), [row | {"event_id": "e1"}])
        connection.execute(insert(inbox), [row | {"event_id": "e2", "finished": True}])


def test_an_event_is_stored_while_somebody_is_at_a_long_page(database: SqlDatabase) -> None:
    with database.engine.changing() as connection:
        connection.exec_driver_sql("UPDATE source SET cursor = cursor")
        assert database.work.accept("zendesk", "e1", "{}", at=NOON)
        assert not database.work.accept("zendesk", "e1", "{}", at=NOON)
    assert database.work.unfinished("zendesk") == [("e1", "{}")]


def test_what_one_process_accepts_another_follows(database: SqlDatabase) -> None:
    url = database.engine.url.render_as_string(hide_password=False)
    with closing(opened(url)) as web:
        web.work.accept("zendesk", "e1", "{}", at=NOON)
    assert database.work.unfinished("zendesk") == [("e1", "{}")]


def test_events_of_an_older_release_are_taken_over(database: SqlDatabase) -> None:
    _of_an_older_release(database)
    assert database.work.unfinished("zendesk") == [("e1", "a")]
    assert not database.work.accept("zendesk", "e2", "b", at=NOON)
    database.work.finish("zendesk", "e1")
    assert database.work.unfinished("zendesk") == []
    with database.engine.reading() as connection:
        left = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
    assert left == (0 if database.engine.is_sqlite else 2)


def test_a_taking_over_that_was_cut_off_is_finished_by_the_next(database: SqlDatabase) -> None:
    database.work.accept("zendesk", "e1", "a", at=NOON)
    if not database.engine.is_sqlite:
        return  # PostgreSQL has one place for them
    database.work.finish("zendesk", "e1")
    _of_an_older_release(database)
    url = database.engine.url.render_as_string(hide_password=False)
    with closing(opened(url)) as later:
        assert later.work.unfinished("zendesk") == []
