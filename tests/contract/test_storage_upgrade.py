"""A database of an older release, filled, becomes one of this release with the same numbers."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, inspect, select, text

from service.domain.conversations import conversation_key
from service.domain.people import SYSTEM
from service.query import Dimension, Query
from storage import migrate
from storage.database import SqlDatabase
from tests.builders import a_conversation, a_page, a_quote, an_analysis
from tests.databases import Databases, opened

FIRST = "0001"
NOT_COPIED = {"alembic_version", "fact", "touch", "rollup_day"}  # the last three are derived
WITH_IDS = ("conversation", "message", "measurement_history")


@pytest.fixture
def old(databases: Databases, database: SqlDatabase) -> Iterator[SqlDatabase]:
    """A database as the first release left it, with the rows of `database`."""
    _fill(database)
    made = opened(databases.url())
    assert migrate.migrate(made.engine, to=FIRST) == FIRST
    _copy(database, made)
    with made.engine.writing() as writing:  # an edit, after which no word of it was found any more
        writing.execute(text("UPDATE message SET words = words WHERE words LIKE '%charged%'"))
    yield made
    made.close()


def _fill(database: SqlDatabase) -> None:
    many = [a_conversation(n, "I was charged twice.", f"wörd{n}") for n in range(30)]
    database.conversations.save_page("zendesk", a_page(*many, cursor="c9"))
    measured = [
        an_analysis(
            one,
            sentiment=["negative", "positive", None][n % 3],
            drivers=("Billing", "Bugs")[: n % 3],
            quotes=(a_quote(one),),
        )
        for n, one in enumerate(many[:25])
    ]
    database.analyses.save(measured)
    database.analyses.set_by_person(many[1].key, "sentiment", "negative")
    gone = (many[3].key, conversation_key("zendesk", "unknown"))
    database.conversations.save_page("zendesk", a_page(cursor="c9", gone=gone))


def _copy(source: SqlDatabase, target: SqlDatabase) -> None:
    tables = MetaData()
    with target.engine.writing() as writing, source.engine.reading() as reading:
        names = [name for name in inspect(writing).get_table_names() if "search" not in name]
        tables.reflect(writing, only=[name for name in names if name not in NOT_COPIED])
        for table in tables.sorted_tables:
            kept = [one for one in table.c if (table.name, one.name) != ("message", "words")]
            rows = [dict(row._mapping) for row in reading.execute(select(*kept))]
            if table.name == "message":
                rows = [row | {"words": _words_of_before(row)} for row in rows]
            if rows:
                writing.execute(table.insert(), rows)
        if not target.engine.is_sqlite:
            _hand_out_higher_ids(writing)


def _words_of_before(row: dict[str, Any]) -> str | None:
    """Each of a customer's messages had its words, in whatever letters."""
    return (
        " ".join(re.findall(r"\w+", row["text"].casefold())) if row["role"] == "customer" else None
    )


def _hand_out_higher_ids(connection: Connection) -> None:
    for table in WITH_IDS:
        highest = f"(SELECT max(id) FROM {table})"  # noqa: S608 -- names of ours
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {highest})")
        )


def _aggregates(database: SqlDatabase) -> list[Any]:
    facts = database.facts
    rates = ("conversations", "negative_rate", "high_effort_rate", "churn_risk_rate")
    groupings = [(), (Dimension.DRIVER,), (Dimension.TAG,), (Dimension.DAY, Dimension.SEGMENT)]
    return [
        *(
            facts.groups(Query(metric=rate, group_by=by), SYSTEM)
            for rate in rates
            for by in groupings
        ),
        *(facts.count(Query(text=(words,)), SYSTEM) for words in ("charged twice", "Wörd7", "rd7")),
        facts.quotes(Query(), SYSTEM, shows=(), limit=50),
        facts.coverage(Query(metric="negative_rate"), SYSTEM),
        database.conversations.cursor("zendesk"),
    ]


def test_an_upgraded_database_gives_the_same_numbers(
    database: SqlDatabase, old: SqlDatabase
) -> None:
    current, newest = old.revision()
    assert (current, newest != FIRST) == (FIRST, True)
    assert old.migrate() == newest
    assert _aggregates(old) == _aggregates(database)
    old.analyses.rebuild()
    assert _aggregates(old) == _aggregates(database)


def test_an_upgraded_database_goes_on_where_it_stopped(old: SqlDatabase) -> None:
    old.migrate()
    back = a_conversation(3)
    assert old.conversations.save_page("zendesk", a_page(back)).conversations == 0
    assert old.conversations.save_page("zendesk", a_page(a_conversation(99))).conversations == 1
    assert old.conversations.purge([conversation_key("zendesk", "5")], why="retention") == 1
    assert old.conversations.quarantined() == []
    assert old.facts.count(Query(), SYSTEM).total == 29
