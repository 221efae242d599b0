"""Quotes of the newest conversations that a question finds, with what stands around them."""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from service.domain.conversations import ConversationKey
from service.domain.taxonomy import UNMAPPED
from service.stores import QuoteRow
from storage.among import among_in, keys_for
from storage.analysis_rows import SPOKEN_BY_CUSTOMER, quote_of
from storage.heads import ACCOUNT, account_of
from storage.moments import from_ms
from storage.querying import ONCE, Rows
from storage.tables.accounts import account
from storage.tables.analyses import assigned_tag, quote
from storage.tables.conversations import conversation, message
from storage.tables.facts import fact

_FEW = 5 / 4  # times the wanted quotes: so many conversations are looked at first


def newest(rows: Rows, also: Sequence[ColumnElement[bool]], limit: int) -> Select[Any]:
    """The places of the newest conversations."""
    return (
        select(*rows.place)
        .select_from(rows.source)
        .where(rows.once, *rows.wanted, *also)
        .order_by(*(one.desc() for one in rows.place))
        .limit(limit)
    )


def quotes_of(
    connection: Connection, rows: Rows, shows: Sequence[str], limit: int
) -> list[QuoteRow]:
    """Newest first; without any `shows`, quotes of every kind."""
    # Most conversations hold a quote: among the newest few are nearly always enough, and
    # otherwise every one is asked for its quotes before it is taken.
    statement = _quotes(connection.dialect.name, tuple(shows), limit)
    some = _ids(connection, newest(rows, [], ceil(_FEW * limit)))
    found = connection.execute(statement, keys_for(connection, some)).all()
    if len(found) < limit and len(some) >= _FEW * limit:
        every = _ids(connection, newest(rows, [_quoted(_fit(shows))], limit))
        found = connection.execute(statement, keys_for(connection, every)).all()
    return [one for row in found if (one := _quote_row(row)) is not None]


def _fit(shows: Sequence[str]) -> list[ColumnElement[bool]]:
    return [quote.c.nth_of_kind == 0, *([quote.c.shows.in_(list(shows))] if shows else [])]


def _ids(connection: Connection, newest: Select[Any]) -> list[int]:
    return [one for *_, one in connection.execute(newest).all()]


@lru_cache
def _quotes(dialect: str, shows: tuple[str, ...], limit: int) -> Select[Any]:
    """Quotes of some conversations, newest first."""
    of = conversation.c
    return (
        select(
            quote,
            message.c.text,
            of.key.label("conversation_key"),
            of.created_at.label("begun_at"),
            of.channel,
            of.requester,
            of.url,
            *ACCOUNT,
            _first_driver(of.id).label("first_driver"),
            _first_tag(of.id).label("first_tag"),
        )
        .select_from(quote)
        .join(message, SPOKEN_BY_CUSTOMER)
        .join(conversation, of.id == quote.c.conversation_id)
        .outerjoin(account, account.c.key == of.account)
        .where(among_in(dialect, quote.c.conversation_id), *_fit(shows))
        .order_by(of.day.desc(), of.created_at.desc(), of.id.desc(), quote.c.nth)
        .limit(limit)
    )


def _first_driver(of: ColumnElement[Any]) -> ColumnElement[str]:
    said = select(fact.c.driver).where(fact.c.conversation_id == of, ONCE)
    return said.correlate_except(fact).scalar_subquery()


def _first_tag(of: ColumnElement[Any]) -> ColumnElement[str]:
    tag = assigned_tag.c
    said = select(tag.canonical).where(tag.conversation_id == of, tag.canonical.is_not(None))
    return said.order_by(tag.nth).limit(1).correlate_except(assigned_tag).scalar_subquery()


def _quoted(fit: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether a conversation has such a quote that a customer said."""
    said = select(quote.c.nth).join(message, SPOKEN_BY_CUSTOMER)
    of_one = quote.c.conversation_id == fact.c.conversation_id
    return said.where(of_one, *fit).correlate(fact).exists()


def _quote_row(row: Row[Any]) -> QuoteRow | None:
    found = quote_of(row)
    if found is None:
        return None
    return QuoteRow(
        quote=found,
        conversation=ConversationKey(row.conversation_key),
        message_text=row.text,
        created_at=from_ms(row.begun_at),
        channel=row.channel,
        account=None if row.account_key is None else account_of(row),
        requester=row.requester,
        helpdesk_url=row.url,
        driver=row.first_driver or UNMAPPED,
        tag=row.first_tag,
    )
