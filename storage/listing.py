"""One page of a list of conversations, found by its place and never by counting rows.

Tokens are opaque outside: the day, the creation time and the id of a row, and the direction to go.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Row,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from service.domain.taxonomy import UNMAPPED
from service.errors import Misused
from service.stores import ListedConversation, Listing
from storage.among import among_in, keys_for, rows_among
from storage.heads import ACCOUNT, HEAD, account_of, head_of
from storage.querying import Rows
from storage.tables.accounts import account, agent
from storage.tables.analyses import analysis, assigned_tag, measurement
from storage.tables.conversations import conversation
from storage.tables.facts import NOT_ANALYSED, fact

_FORWARD, _BACK = "n", "p"

_HEADS = (
    select(conversation.c.id, *HEAD, *ACCOUNT, agent.c.name.label("agent_name"), analysis.c.summary)
    .select_from(conversation)
    .outerjoin(account, account.c.key == conversation.c.account)
    .outerjoin(agent, agent.c.key == conversation.c.agent)
    .outerjoin(analysis, analysis.c.conversation_id == conversation.c.id)
)
_LABEL, _DRIVER, _TAG = range(3)


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
    if not ids:
        return ()
    heads = {row.id: row for row in rows_among(connection, _HEADS, conversation.c.id, ids)}
    labels: dict[int, dict[str, str | None]] = {one: {} for one in ids}
    several: dict[tuple[int, int], dict[str, None]] = {}
    said = connection.execute(_said(connection.dialect.name), keys_for(connection, ids))
    for one, what, metric, value, *_ in said:
        if what != _LABEL:
            several.setdefault((one, what), {})[value] = None
        elif metric in metrics:
            labels[one][metric] = value
    return tuple(
        ListedConversation(
            head=head_of(row),
            account=None if row.account_key is None else account_of(row),
            agent_name=row.agent_name,
            labels=labels[one],
            drivers=tuple(several.get((one, _DRIVER), ())),
            tags=tuple(several.get((one, _TAG), ())),
            summary=row.summary or "",
        )
        for one in ids
        if (row := heads.get(one)) is not None
    )


@cache
def _said(dialect: str) -> CompoundSelect[Any]:
    """What was said of conversations, in one statement: the values in force, drivers and tags.

    Of a metric's values the last is in force: a person's comes after the analyser's.
    """
    m, f, tag = measurement.c, fact.c, assigned_tag.c
    parts = (
        select(
            *(m.conversation_id, literal(_LABEL).label("what"), m.metric),
            *(m.value, m.origin, m.nth),
        ),
        select(
            *(f.conversation_id, literal(_DRIVER), literal_column("''")),
            *(f.driver, literal_column("0"), f.rank),
        ).where(f.driver.not_in([NOT_ANALYSED, UNMAPPED])),
        select(
            *(tag.conversation_id, literal(_TAG), literal_column("''")),
            *(tag.canonical, literal_column("0"), tag.nth),
        ).where(tag.canonical.is_not(None)),
    )
    each = [one.where(among_in(dialect, one.selected_columns.conversation_id)) for one in parts]
    return union_all(*each).order_by("origin", "nth", "metric")
