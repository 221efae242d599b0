"""Churn-risk flags: the customers' words that they rest on, their history, and how accounts ended.

Which words raise a flag is decided elsewhere.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select
from sqlalchemy.exc import IntegrityError

from service.domain.conversations import AccountKey, ConversationKey, Role
from service.domain.flags import FlagChange, FlagEvent, Outcome, OutcomeKind, Signal, Stay
from service.domain.measurements import ChurnTier, YesNo
from service.query import NO_VALUE
from storage.analysis_rows import SPOKEN_BY_CUSTOMER
from storage.bulk import chunks, insert, upsert
from storage.engine import Engine
from storage.heads import dumped
from storage.moments import from_ms, to_ms
from storage.querying import ONCE
from storage.tables.analyses import ANALYSER, measurement, quote
from storage.tables.conversations import conversation, message
from storage.tables.facts import fact
from storage.tables.flags import account_outcome, flag_change

_CHURN = "churn_risk"
_TAKEN_BACK = "withdrawn%"


class SqlFlags:
    """Implements FlagStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def signals(self, since: datetime) -> list[Signal]:
        with self._engine.reading() as connection:
            return [_signal(row) for row in connection.execute(_signals(since))]

    def stays(self, since: datetime) -> list[Stay]:
        with self._engine.reading() as connection:
            return [
                Stay(
                    account=AccountKey(row.account),
                    conversation=ConversationKey(row.key),
                    at=from_ms(row.said_at),
                )
                for row in connection.execute(_stays(since))
            ]

    def changes(
        self, accounts: Collection[AccountKey] | None = None
    ) -> Mapping[AccountKey, tuple[FlagChange, ...]]:
        found: dict[AccountKey, list[FlagChange]] = defaultdict(list)
        ordered = select(flag_change).order_by(flag_change.c.account, flag_change.c.nth)
        with self._engine.reading() as connection:
            if accounts is None:
                rows = list(connection.execute(ordered))
            else:
                rows = [
                    row
                    for some in chunks(sorted(accounts))
                    for row in connection.execute(ordered.where(flag_change.c.account.in_(some)))
                ]
        for row in rows:
            found[AccountKey(row.account)].append(_change(row))
        return {account: tuple(changes) for account, changes in found.items()}

    def add(self, change: FlagChange) -> bool:
        row = {
            "account": change.account,
            "nth": change.nth,
            "event": change.event.value,
            "at": to_ms(change.at),
            "by": change.by,
            "reason": change.reason,
            "signals": dumped(list(change.signals)),
            "tier": None if change.tier is None else change.tier.value,
            "until": None if change.until is None else to_ms(change.until),
        }
        try:
            with self._engine.writing() as connection:
                insert(connection, flag_change, [row])
        except IntegrityError:  # somebody else's change is the nth already
            return False
        return True

    def record_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        rows = [
            {"account": one.account, "day": one.day.toordinal(), "outcome": one.kind.value}
            for one in outcomes
        ]
        with self._engine.writing() as connection:
            upsert(connection, account_outcome, ["account", "day"], rows)

    def outcomes(self) -> list[Outcome]:
        query = select(account_outcome).order_by(account_outcome.c.day, account_outcome.c.account)
        with self._engine.reading() as connection:
            return [
                Outcome(
                    account=AccountKey(row.account),
                    day=date.fromordinal(row.day),
                    kind=OutcomeKind(row.outcome),
                )
                for row in connection.execute(query)
            ]


def _signals(since: datetime) -> Select[Any]:
    """Words that state a risk, of conversations in which it is in force: an agent's "no" wins."""
    found = and_(
        measurement.c.conversation_id == fact.c.conversation_id,
        measurement.c.metric == _CHURN,
        measurement.c.origin == ANALYSER,
    )
    return (
        select(
            fact.c.account,
            fact.c.driver,
            conversation.c.key,
            quote.c.message,
            quote.c.start_at,
            quote.c.end_at,
            message.c.created_at.label("said_at"),
            measurement.c.detail,
        )
        .select_from(fact)
        .join(quote, quote.c.conversation_id == fact.c.conversation_id)
        .join(message, SPOKEN_BY_CUSTOMER)
        .join(measurement, found)
        .join(conversation, conversation.c.id == fact.c.conversation_id)
        .where(
            ONCE,
            fact.c.churn_risk == YesNo.YES.value,
            fact.c.account != NO_VALUE,
            quote.c.shows == _CHURN,
            message.c.created_at >= to_ms(since),
        )
        .order_by(message.c.created_at, conversation.c.key, quote.c.nth)
    )


def _stays(since: datetime) -> Select[Any]:
    """Conversations in which a customer took a threat back, with when they last wrote there."""
    said_at = func.max(message.c.created_at).label("said_at")
    return (
        select(fact.c.account, conversation.c.key, said_at)
        .select_from(fact)
        .join(measurement, measurement.c.conversation_id == fact.c.conversation_id)
        .join(message, message.c.conversation_id == fact.c.conversation_id)
        .join(conversation, conversation.c.id == fact.c.conversation_id)
        .where(
            ONCE,
            fact.c.churn_risk == YesNo.NO.value,
            fact.c.account != NO_VALUE,
            measurement.c.metric == _CHURN,
            measurement.c.origin == ANALYSER,
            measurement.c.detail.like(_TAKEN_BACK),
            message.c.role == Role.CUSTOMER.value,
            message.c.public,
        )
        .group_by(fact.c.account, conversation.c.key)
        .having(said_at >= to_ms(since))
        .order_by(said_at, conversation.c.key)
    )


def _signal(row: Row[Any]) -> Signal:
    return Signal(
        account=AccountKey(row.account),
        conversation=ConversationKey(row.key),
        message=row.message,
        start=row.start_at,
        end=row.end_at,
        at=from_ms(row.said_at),
        tier=ChurnTier.EXPLICIT if row.detail == ChurnTier.EXPLICIT else ChurnTier.EARLY,
        driver=row.driver or None,
    )


def _change(row: Row[Any]) -> FlagChange:
    return FlagChange(
        account=AccountKey(row.account),
        nth=row.nth,
        event=FlagEvent(row.event),
        at=from_ms(row.at),
        by=row.by,
        reason=row.reason,
        signals=tuple(json.loads(row.signals)),
        tier=None if row.tier is None else ChurnTier(row.tier),
        until=None if row.until is None else from_ms(row.until),
    )
