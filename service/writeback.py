"""Decides what a helpdesk should show: desired fields and tags minus current ones.

Everything here is pure; observing and acting happen elsewhere.
"""

from collections.abc import Collection, Mapping

from service.domain.measurements import CUSTOM, Analysis
from service.domain.taxonomy import UNMAPPED
from service.domain.writeback import (
    TAG_PREFIX,
    Desired,
    FieldChange,
    FieldName,
    LedgerEntry,
    tag_of,
    takes,
)
from service.links import Links

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


def agents_edits(entry: LedgerEntry, wanted: Desired) -> dict[str, str | None]:
    """Return our fields that a person changed since we wrote or read them, with their values.

    A value in a field that we never wrote is a person's too, unless our evidence link stands beside
    it: then an earlier installation of ours wrote it. The evidence link itself is nobody's opinion,
    and neither is the value that we want: a write whose outcome was lost looks like that.
    """
    edits: dict[str, str | None] = {}
    ours_from_before = bool(entry.state.fields.get(FieldName.EVIDENCE))
    for name, read in entry.state.fields.items():
        if name == FieldName.EVIDENCE:
            continue
        if name in entry.kept:
            if read != entry.kept[name]:  # they changed their mind
                edits[name] = read
            continue
        if name in wanted.fields and read == wanted.fields[name]:
            continue
        if name in entry.written:
            if read != entry.written[name]:
                edits[name] = read
        elif read is not None and not ours_from_before:
            edits[name] = read
    return edits


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
    settled = {name: kept.get(name, value) for name, value in wanted.fields.items()}
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
