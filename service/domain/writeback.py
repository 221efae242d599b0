"""What Verbatim shows in a helpdesk: our fields and tags, declared once, and the changes that
bring them up to date.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.conversations import ConversationKey, HelpdeskState, Status
from service.domain.measurements import CUSTOM, Effort, Metric, Sentiment, YesNo
from service.domain.taxonomy import slug

TAG_PREFIX = "vb_"  # only tags with this prefix are ever removed


class FieldName(StrEnum):
    SENTIMENT = "sentiment"
    CHURN_RISK = "churn_risk"
    EFFORT = "effort"
    DRIVER = "driver"
    TOPIC = "topic"
    EVIDENCE = "evidence"


class FieldKind(StrEnum):
    CHOICE = "choice"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """A field to create or adopt. A CHOICE's `values` may grow with the taxonomy."""

    name: str  # a FieldName's value, or "custom_<id>"
    title: str
    kind: FieldKind
    values: tuple[str, ...] = ()


def field_specs(
    drivers: tuple[str, ...], topics: tuple[str, ...], metrics: Sequence[Metric] = ()
) -> tuple[FieldSpec, ...]:
    """Every field of ours, with today's drivers and canonical tags as choices.

    `metrics` are the workspace's own: each has a field too.
    """
    choice = FieldKind.CHOICE
    return (
        FieldSpec(
            name=FieldName.SENTIMENT,
            title="Verbatim Sentiment",
            kind=choice,
            values=tuple(Sentiment),
        ),
        FieldSpec(
            name=FieldName.CHURN_RISK, title="Verbatim Churn risk", kind=choice, values=tuple(YesNo)
        ),
        FieldSpec(
            name=FieldName.EFFORT, title="Verbatim Effort", kind=choice, values=tuple(Effort)
        ),
        *(
            FieldSpec(name=m.name, title=f"Verbatim {m.title}", kind=choice, values=m.values)
            for m in metrics
        ),
        FieldSpec(name=FieldName.DRIVER, title="Verbatim Driver", kind=choice, values=drivers),
        FieldSpec(name=FieldName.TOPIC, title="Verbatim Topic", kind=choice, values=topics),
        FieldSpec(name=FieldName.EVIDENCE, title="Verbatim Evidence", kind=FieldKind.TEXT),
    )


def takes(fields: Collection[str], name: str) -> bool:
    """Whether a helpdesk with these fields shows this one; CUSTOM stands for all own metrics."""
    return name in fields or (name.startswith(CUSTOM) and CUSTOM in fields)


_TAG_WORD = {"churn_risk": "churn"}  # "vb_churn__yes", not "vb_churn_risk__yes"


def tag_of(field_name: str, value: str) -> str:
    """Return the tag that goes with a field's value: ("driver", "Account Access") ->
    vb_driver__...
    """
    return f"{TAG_PREFIX}{_TAG_WORD.get(field_name, field_name)}__{slug(value)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What one conversation's fields and our tags should say. A field with None should be blank."""

    fields: Mapping[str, str | None]
    tags: frozenset[str]  # all with TAG_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """What is known of one conversation's fields: as last read, and as we last wrote them."""

    conversation: ConversationKey
    status: Status
    updated_at: datetime
    state: HelpdeskState  # as last read from the helpdesk
    written: Mapping[str, str | None]  # our last written values; a missing name was never written
    # Fields that an agent set, with the values as last seen: never overwritten.
    kept: Mapping[str, str | None] = field(default_factory=dict)
    last_said: datetime | None = None  # when the last message of the conversation was written
    written_at: datetime | None = None  # our last write
    refused: int = 0  # how often it was refused since
    reason: str | None = None  # why it was not written the last time
    # Values that we began to write and did not learn the outcome of: they count as ours.
    under_way: Mapping[str, Collection[str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRules:
    """When a helpdesk may be written to. A conversation that waits is looked at in every cycle."""

    switched_on: bool = True
    quiet: timedelta = timedelta(minutes=10)  # without a message, unless it is solved or closed
    again: timedelta = timedelta(hours=1)  # between two writes, unless what is shown is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """The difference for one conversation; only our own fields and tags occur in it."""

    conversation: ConversationKey
    fields: Mapping[str, str | None]
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOutcome:
    """What became of one change.

    `state` and `updated_at` are set when the helpdesk said how it stands now.
    """

    change: FieldChange
    written: bool
    reason: str | None = None  # why not: "closed", or the helpdesk's words
    permanent: bool = False  # trying the same again cannot work
    refused: bool = False  # it said no to this very change; said often enough, that is believed
    state: HelpdeskState | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupReport:
    created: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()  # fields that got new options
    by_hand: tuple[str, ...] = ()  # what a person has to click, in words
