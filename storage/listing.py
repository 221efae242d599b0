"""One page of a list of conversations, found by its place and never by counting rows.

Tokens are opaque outside: the day, the creation time and the id of a row, and the direction to go.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.stores import ListedConversation, Listing
from storage.among import rows_among
from storage.heads import account_of, head_of
from storage.querying import Rows
from storage.tables.accounts import account, agent
from storage.tables.analyses import analysis, assigned_tag, measurement
from storage.tables.conversations import conversation
from storage.tables.facts import NOT_ANALYSED, fact

_FORWARD, _BACK = "n", "p"

_HEADS = (
    select(conversation, agent.c.name.label("agent_name"), analysis.c.summary)
    .outerjoin(agent, agent.c.key == conversation.c.agent)
    .outerjoin(analysis, analysis.c.conversation_id == conversation.c.id)
)
_ACCOUNTS = select(account)
_LABELS = select(measurement.c.conversation_id, measurement.c.metric, measurement.c.value).order_by(
    *(measurement.c[name] for name in ("conversation_id", "origin", "nth", "metric"))
)
_DRIVERS = (
    select(fact.c.conversation_id, fact.c.driver)
    .where(fact.c.driver.not_in([NOT_ANALYSED, UNMAPPED]))
    .order_by(fact.c.conversation_id, fact.c.rank)
)
_TAGS = (
    select(assigned_tag.c.conversation_id, assigned_tag.c.canonical)
    .where(assigned_tag.c.canonical.is_not(None))
    .order_by(assigned_tag.c.conversation_id, assigned_tag.c.nth)
)


@dataclass(frozen=True, slots=True)
class _Token:
    day: int
    created_at: int
    id: int
    direction: str

    @staticmethod
    def read(text: str) -> "_Token":
        try:
            plain = base64.urlsafe_b64decode(text.encode("ascii") + b"==").decode("ascii")
            direction, *place = plain.split(".")
            day, created_at, number = map(int, place)
            token = _Token(day, created_at, number, direction)
        except (ValueError, binascii.Error) as error:
            raise Misused("This page of the list cannot be found; start at its first.") from error
        if direction not in {_FORWARD, _BACK} or max(map(abs, token.place)) >= 2**63:
            raise Misused("This page of the list cannot be found; start at its first.")
        return token

    @property
    def place(self) -> tuple[int, int, int]:
        return (self.day, self.created_at, self.id)

    def __str__(self) -> str:
        plain = f"{self.direction}.{self.day}.{self.created_at}.{self.id}"
        return base64.urlsafe_b64encode(plain.encode("ascii")).decode("ascii").rstrip("=")


def list_page(
    connection: Connection,
    rows: Rows,
    *,
    sort: str,
    after: str | None,
    limit: int,
    metrics: Sequence[str],
) -> Listing:
    if limit < 1:
        raise Misused("A page of a list has one row at least.")
    token = None if after is None else _Token.read(after)
    back = token is not None and token.direction == _BACK
    places = _places(connection, rows, token, falling=(sort == "-created") != back, limit=limit)
    more, places = len(places) > limit, places[:limit]
    if back:
        places.reverse()
    return Listing(
        rows=_rows(connection, [row.conversation_id for row in places], metrics),
        next=_towards(_FORWARD, places[-1]) if places and (more or back) else None,
        previous=_towards(_BACK, places[0]) if places and (more if back else token) else None,
    )


def _places(
    connection: Connection,
    rows: Rows,
    token: _Token | None,
    *,
    falling: bool,
    limit: int,
) -> list[Row[Any]]:
    query = select(*rows.place).select_from(rows.source).where(rows.once, *rows.wanted)
    if token is not None:
        here = tuple_(*rows.place)
        query = query.where(here < token.place if falling else here > token.place)
    order = [column.desc() if falling else column.asc() for column in rows.place]
    return list(connection.execute(query.order_by(*order).limit(limit + 1)))


def _towards(direction: str, row: Row[Any]) -> str:
    return str(_Token(row.day, row.created_at, row.conversation_id, direction))


def _rows(
    connection: Connection, ids: Sequence[int], metrics: Sequence[str]
) -> tuple[ListedConversation, ...]:
    heads = {row.id: row for row in rows_among(connection, _HEADS, conversation.c.id, ids)}
    keys = {row.account for row in heads.values() if row.account}
    accounts = {
        row.key: account_of(row) for row in rows_among(connection, _ACCOUNTS, account.c.key, keys)
    }
    labels = _labels(connection, ids, metrics)
    drivers = _collected(rows_among(connection, _DRIVERS, fact.c.conversation_id, ids))
    tags = _collected(rows_among(connection, _TAGS, assigned_tag.c.conversation_id, ids))
    return tuple(
        ListedConversation(
            head=head_of(row),
            account=accounts.get(row.account),
            agent_name=row.agent_name,
            labels=labels.get(one, {}),
            drivers=drivers.get(one, ()),
            tags=tags.get(one, ()),
            summary=row.summary or "",
        )
        for one in ids
        if (row := heads.get(one)) is not None
    )


def _labels(
    connection: Connection, ids: Sequence[int], metrics: Sequence[str]
) -> Mapping[int, dict[str, str | None]]:
    """The values in force: a person's come after the analyser's."""
    found: dict[int, dict[str, str | None]] = {}
    wanted = frozenset(metrics)
    for row in rows_among(connection, _LABELS, measurement.c.conversation_id, ids):
        if row.metric in wanted:
            found.setdefault(row.conversation_id, {})[row.metric] = row.value
    return found


def _collected(rows: Sequence[Row[Any]]) -> dict[int, tuple[str, ...]]:
    found: dict[int, dict[str, None]] = {}
    for row in rows:
        one, value = tuple(row)
        found.setdefault(one, {})[value] = None
    return {one: tuple(values) for one, values in found.items()}
