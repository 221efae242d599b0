"""What must be true after every run, however it went. See the lines of `check`.

Reads the database as the product does, and the file and the helpdesks beside it.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.domain.conversations import ConversationKey
from service.domain.people import SYSTEM
from service.ports import Helpdesk
from service.query import Dimension, Query
from storage.costs import LOST_AFTER
from storage.database import SqlDatabase
from tests.databases import opened

_SINGLE = (
    Dimension.SOURCE,
    Dimension.CHANNEL,
    Dimension.STATUS,
    Dimension.ACCOUNT,
    Dimension.SENTIMENT,
    Dimension.EFFORT,
    Dimension.CHURN_RISK,
    Dimension.DAY,
)
_MANY = (Dimension.DRIVER, Dimension.TAG)
_ONE_RESULT = """
    SELECT conversation_id, metric, count(*) FROM measurement WHERE origin = 0
    GROUP BY conversation_id, metric HAVING count(*) > 1
"""
_REBUILDABLE = ("fact", "touch", "rollup_day")


def check(home: Path, helpdesks: Mapping[str, Helpdesk], *, written: bool) -> None:
    """Look at everything; `written` when the helpdesks were brought up to date as well."""
    path = home / "verbatim.sqlite"
    _file_is_whole(path)
    database = opened(f"sqlite:///{path}")
    try:
        _numbers_agree(database)
        _quotes_are_true(database)
        _rollups_are_those_of_the_rows(database, path)
        if written:
            _nothing_is_under_way(path)
            _helpdesks_show_the_ledger(path, helpdesks)
    finally:
        database.close()


def paid_once(home: Path, arrived: int, *, killed: bool) -> None:
    """Each call that reached the vendor is in the ledger once, or flagged: nobody saw its end.

    One that a killed process noted and had not sent yet is counted too: nobody can tell.
    """
    later = datetime.now(UTC) + LOST_AFTER
    database = opened(f"sqlite:///{home / 'verbatim.sqlite'}", lambda: later)
    try:
        counted = database.costs.spending(later.date() - timedelta(days=1), later.date())
    finally:
        database.close()
    assert counted.calls - counted.calls_lost <= arrived <= counted.calls
    assert counted.calls_lost <= killed
    assert counted.reserved == 0


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _file_is_whole(path: Path) -> None:
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(path, "PRAGMA foreign_key_check") == []
    assert rows(path, _ONE_RESULT) == []
    orphans = "conversation_id NOT IN (SELECT id FROM conversation)"
    for table in ("message", "analysis", "measurement", "quote", "fact", "ledger"):
        assert rows(path, f"SELECT * FROM {table} WHERE {orphans}") == []  # noqa: S608 -- our names


def _numbers_agree(database: SqlDatabase) -> None:
    """A total is the sum of its buckets, and each number opens a list of that length."""
    everything = Query()
    total = database.facts.count(everything, SYSTEM).total
    assert _listed(database, everything) == total
    for dimension in (*_SINGLE, *_MANY):
        groups = database.facts.groups(Query(group_by=(dimension,)), SYSTEM)
        for (value,), tally in groups:
            assert _listed(database, everything.narrowed(dimension, value)) == tally.total
        if dimension in _SINGLE:
            assert sum(tally.total for _, tally in groups) == total, dimension


def _listed(database: SqlDatabase, query: Query) -> int:
    return len(database.facts.conversations(query, SYSTEM, limit=500).rows)


def _quotes_are_true(database: SqlDatabase) -> None:
    for row in database.facts.quotes(Query(), SYSTEM, shows=(), limit=500):
        assert row.message_text[row.quote.start : row.quote.end] == row.quote.text
        assert row.quote.text


def _rollups_are_those_of_the_rows(database: SqlDatabase, path: Path) -> None:
    before = _rebuildable(path)
    database.analyses.rebuild()
    assert _rebuildable(path) == before


def _rebuildable(path: Path) -> list[list[tuple[Any, ...]]]:
    found = [rows(path, f"SELECT * FROM {table}") for table in _REBUILDABLE]  # noqa: S608 -- our names
    return [sorted((row for row in each if row[-1] != 0), key=repr) for each in found]


def _nothing_is_under_way(path: Path) -> None:
    assert rows(path, "SELECT * FROM inbox") == []  # they are in a file of their own
    if (beside := Path(f"{path}-inbox")).exists():
        assert rows(beside, "SELECT * FROM inbox WHERE NOT finished") == []
    assert rows(path, "SELECT * FROM outbox WHERE state <> 'sent'") == []
    assert rows(path, "SELECT * FROM waiting_message") == []
    assert rows(path, "SELECT key FROM conversation WHERE pending <> 0") == []
    assert rows(path, "SELECT * FROM ledger WHERE under_way IS NOT NULL") == []


def _helpdesks_show_the_ledger(path: Path, helpdesks: Mapping[str, Helpdesk]) -> None:
    """Each value that we noted as written stands there, and none stands there that we did not."""
    noted = rows(
        path,
        "SELECT key, written, kept FROM conversation "
        "LEFT JOIN ledger ON ledger.conversation_id = conversation.id",
    )
    for name, helpdesk in helpdesks.items():
        mine = {ConversationKey(row[0]): row[1:] for row in noted if row[0].startswith(name)}
        for page in helpdesk.fetch(sorted(mine)):
            for key, state in page.states.items():
                written = {k: v for k, v in _read(mine[key], 0).items() if v is not None}
                shown = {k: v for k, v in state.fields.items() if v is not None}
                assert shown == written | _read(mine[key], 1), key


def _read(row: Sequence[str | None], place: int) -> dict[str, str | None]:
    return dict(json.loads(row[place] or "{}"))
