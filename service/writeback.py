"""Decides what a helpdesk should show: desired fields and tags minus current ones.

Everything here is pure; observing and acting happen elsewhere.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from service.domain.conversations import Status
from service.domain.measurements import CUSTOM, Analysis
from service.domain.taxonomy import UNMAPPED
from service.domain.writeback import (
    TAG_PREFIX,
    Desired,
    FieldChange,
    FieldName,
    LedgerEntry,
    WriteRules,
    tag_of,
    takes,
)
from service.links import Links

NOT_QUIET = "not quiet yet"
JUST_WRITTEN = "written to a short while ago"

_MEASURED = (FieldName.SENTIMENT, FieldName.CHURN_RISK, FieldName.EFFORT)
_FLAG_TAGS = frozenset({tag_of(FieldName.CHURN_RISK, "yes")})


def desired(analysis: Analysis, links: Links, *, fields: Collection[str]) -> Desired:
    """Return what the analysis says the helpdesk should show, limited to the fields it is given."""
    values = {name.value: _measured_value(analysis, name) for name in _MEASURED}
    values |= {m.metric: m.value for m in analysis.measurements if m.metric.startswith(CUSTOM)}
    values[FieldName.DRIVER] = next(iter(analysis.drivers()), UNMAPPED)
    values[FieldName.TOPIC] = next((t.canonical for t in analysis.tags if t.canonical), None)
    values[FieldName.EVIDENCE] = evidence_url(analysis, links)
    shown = {name: value for name, value in values.items() if takes(fields, name)}
    return Desired(fields=shown, tags=_tags(shown))


def evidence_url(analysis: Analysis, links: Links) -> str:
    """The conversation, opened at the quote that says most: churn, then sentiment, then any."""
    rank = {FieldName.CHURN_RISK.value: 0, FieldName.SENTIMENT.value: 1}
    quotes = sorted(analysis.quotes, key=lambda quote: rank.get(quote.shows, 2))
    if not quotes:
        return links.conversation(analysis.conversation)
    best = quotes[0]
    return links.words(analysis.conversation, message=best.message, start=best.start, end=best.end)


def ours_by_now(entry: LedgerEntry) -> dict[str, str | None]:
    """Return values that stand there and are ours, although the ledger does not say so.

    They were on their way when we died, or an earlier installation wrote them: then an
    evidence link stands beside them that is not of this one.
    """
    evidence = entry.state.fields.get(FieldName.EVIDENCE)
    is_from_before = (
        evidence is not None
        and FieldName.EVIDENCE not in entry.written
        and evidence not in entry.under_way.get(FieldName.EVIDENCE, ())
    )
    return {
        name: read
        for name, read in entry.state.fields.items()
        if name not in entry.kept
        and (
            (read in entry.under_way.get(name, ()) and (name, read) not in entry.written.items())
            or (is_from_before and read is not None and name not in entry.written)
        )
    }


def agents_edits(entry: LedgerEntry) -> dict[str, str | None]:
    """Return our fields that a person changed since we wrote or read them, with their values.

    A value in a field that we never wrote is a person's too, also when it is the one that we want.
    The evidence link is nobody's opinion.
    """
    edits: dict[str, str | None] = {}
    for name, read in entry.state.fields.items():
        if name == FieldName.EVIDENCE:
            continue
        if name in entry.kept:
            is_edit = read != entry.kept[name]  # they changed their mind
        elif name in entry.written:
            is_edit = read != entry.written[name]
        else:
            is_edit = read is not None
        if is_edit:
            edits[name] = read
    return edits


def waits_for(
    entry: LedgerEntry, made: FieldChange, rules: WriteRules, *, now: datetime
) -> str | None:
    """Return why the change should not be made yet, or None.

    A time in the future is a wrong clock somewhere and holds nothing up.
    """
    is_done = entry.status in {Status.SOLVED, Status.CLOSED}
    if not is_done and entry.last_said is not None and abs(now - entry.last_said) < rules.quiet:
        return NOT_QUIET
    wrote = entry.written_at
    if wrote is not None and abs(now - wrote) < rules.again and not _shows_wrong(made):
        return JUST_WRITTEN
    return None


def _shows_wrong(made: FieldChange) -> bool:
    """Say whether people act on what stands there now, and should not.

    A churn flag that comes or goes, and a value that must be blank. Any other is only not new.
    """
    tags = made.add_tags | made.remove_tags
    blanks = any(value is None for value in made.fields.values())
    return blanks or FieldName.CHURN_RISK in made.fields or bool(tags & _FLAG_TAGS)


def change(
    wanted: Desired,
    entry: LedgerEntry,
    *,
    kept: Mapping[str, str | None],
    flag_tags_only: bool,
) -> FieldChange | None:
    """Return the difference to make, or None.

    `kept` holds the fields that people set, as they are.
    """
    fields = {
        name: value
        for name, value in wanted.fields.items()
        if name not in kept and entry.state.fields.get(name) != value
    }
    # Also what people set in the field of a metric that is not asked any more.
    settled = {**wanted.fields, **kept}
    tags = _tags(settled)
    if flag_tags_only:
        tags &= _FLAG_TAGS
    mine = frozenset(tag for tag in entry.state.tags if tag.startswith(TAG_PREFIX))
    made = FieldChange(
        conversation=entry.conversation,
        fields=fields,
        add_tags=tags - entry.state.tags,
        remove_tags=mine - tags,
    )
    return made if made.fields or made.add_tags or made.remove_tags else None


def _measured_value(analysis: Analysis, name: FieldName) -> str | None:
    found = analysis.measured(name.value)
    return found.value if found else None


def _tags(fields: Mapping[str, str | None]) -> frozenset[str]:
    return frozenset(
        tag_of(name, value)
        for name, value in fields.items()
        if value is not None and name not in {FieldName.EVIDENCE, FieldName.TOPIC}
    )
