"""Why a conversation is counted now and was not then, or the other way round.

Knows what is on record of each (values, analyses, versions) and refuses to guess from its words.
"""

from collections.abc import Sequence
from datetime import datetime

from service.domain.answers import Difference, Receipt, Trace, WhyDifferent
from service.domain.measurements import SetBy, ValueChange
from service.measures import rate_named
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Query

_TAGS = frozenset({Dimension.DRIVER, Dimension.TAG, Dimension.RAW_TAG})
_VALUES = frozenset({Dimension.SENTIMENT, Dimension.EFFORT, Dimension.CHURN_RISK})
_OF_THE_HEAD = frozenset(
    {
        *(Dimension.ACCOUNT, Dimension.SEGMENT, Dimension.OWNER, Dimension.AGENT),
        *(Dimension.CHANNEL, Dimension.STATUS),
    }
)
ELSEWHERE = frozenset({WhyDifferent.REMAPPED, WhyDifferent.MOVED})  # where it was counted then
_DRIVER = "driver"  # what a person's choice of one is noted under
_PEOPLE = {SetBy.AGENT: "an agent", SetBy.REVIEWER: "a reviewer"}


def explained(receipt: Receipt, trace: Trace, *, arrived: bool) -> Difference:
    """Say what made one conversation differ from what the receipt counted."""
    since, fields = receipt.published_at or receipt.as_of, _fields(receipt.query)
    if arrived and trace.changes and trace.changes[0].at > since:
        return Difference(
            why=WhyDifferent.LATE, words=f"arrived late: first measured {_on(trace.changes[0].at)}"
        )
    person = _of_people(trace.changes, fields, since)
    if person is not None:
        value = "blank" if person.value is None else person.value
        words = f"relabelled by {_PEOPLE[person.set_by]}: {person.metric} {value} {_on(person.at)}"
        return Difference(why=WhyDifferent.RELABELLED, words=words)
    if trace.analysed_at is None and not arrived:
        return Difference(
            why=WhyDifferent.WAITING, words="its words changed; not measured again yet"
        )
    if trace.analysed_at is not None and trace.analysed_at > since:
        by_import = trace.changes and trace.changes[-1].set_by is SetBy.IMPORTED
        how = "labelled again by an import" if by_import else f"re-analysed by {trace.analyser}"
        words = f"{how} {_on(trace.analysed_at)}"
        return Difference(why=WhyDifferent.ANALYSED_AGAIN, words=words)
    return _unmeasured(receipt, trace, arrived=arrived)


def _unmeasured(receipt: Receipt, trace: Trace, *, arrived: bool) -> Difference:
    """It was neither measured nor relabelled since: it moved on the ladder or in the helpdesk."""
    before, asked = receipt.versions.get("taxonomy"), _dimensions(receipt.query)
    if asked & _TAGS and before and trace.taxonomy and trace.taxonomy != before:
        words = f"remapped: taxonomy {trace.taxonomy}, then {before}"
        return Difference(why=WhyDifferent.REMAPPED, words=words)
    if arrived and not asked & _OF_THE_HEAD:
        return Difference(why=WhyDifferent.LATE, words="arrived late")
    words = "changed in the helpdesk: account, agent, channel, status or date"
    return Difference(why=WhyDifferent.MOVED, words=words)


def was_known(receipt: Receipt, trace: Trace) -> bool:
    """Whether the number's metric had a value when it was published."""
    since = receipt.published_at or receipt.as_of
    return _has_value([one for one in trace.changes if one.at <= since], receipt.query)


def is_known(receipt: Receipt, trace: Trace) -> bool:
    """Whether it has one now."""
    measured = trace.analysed_at is not None
    changes = [one for one in trace.changes if measured or one.set_by in _PEOPLE]
    return _has_value(changes, receipt.query)


def _has_value(changes: Sequence[ValueChange], query: Query) -> bool:
    asked = [one for one in changes if one.metric in _metric(query)]
    people = [one for one in asked if one.set_by in _PEOPLE]
    return bool(asked) and (people or asked)[-1].value is not None


def _of_people(
    changes: Sequence[ValueChange], fields: frozenset[str], since: datetime
) -> ValueChange | None:
    """The last word of a person since then on what the number reads."""
    found = [
        one for one in changes if one.set_by in _PEOPLE and one.metric in fields and one.at > since
    ]
    return found[-1] if found else None


def _fields(query: Query) -> frozenset[str]:
    """What the number reads of a conversation's values."""
    asked = _dimensions(query)
    values = {one.value for one in asked & _VALUES}
    return _metric(query) | values | ({_DRIVER} if asked & _TAGS else set())


def _metric(query: Query) -> frozenset[str]:
    if query.metric in {CONVERSATIONS, ACCOUNTS}:
        return frozenset()
    return frozenset({rate_named(query.metric)[0].name})


def _dimensions(query: Query) -> frozenset[Dimension]:
    return frozenset(one.dimension for one in (*query.filters, *query.exclude))


def _on(at: datetime) -> str:
    return f"on {at.day} {at:%b %Y %H:%M} UTC"
