"""Our ticket fields in a Zendesk account: which they are, what their options mean, and making them.

A dropdown's option value is a tag of the ticket, and a tag may belong to one field only, account
wide. So our options are named like our tags, and our tags are never written a second time.
Options are only ever added: a PUT of the list would wipe the left-out ones from every ticket.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from connectors._http import Refused
from connectors.zendesk.client import Client, Json, rows_of
from service.domain.conversations import HelpdeskState, Status
from service.domain.writeback import (
    FieldKind,
    FieldName,
    FieldSpec,
    SetupReport,
    field_specs,
    tag_of,
)
from service.errors import NotWritable, TellPerson
from service.measures import own_metrics

logger = logging.getLogger(__name__)

_TYPES = {FieldKind.CHOICE: ("tagger",), FieldKind.TEXT: ("text", "textarea")}
_OUR_OPTION = re.compile(r"vb_(.+?)__.")
_STANDARD = {str(spec.name): spec for spec in field_specs((), ())}
_NAME_OF_WORD = {tag_of(name, "x")[3:-3]: str(name) for name in FieldName}  # "churn": "churn_risk"
_IN_WORDS = {FieldKind.CHOICE: "a drop-down", FieldKind.TEXT: "a text"}
MOST_OPTIONS = 2000  # of one field
_FRESH = 60.0  # seconds that a list of the fields is believed while writing


@dataclass(slots=True, kw_only=True)
class OurField:
    """A field of ours as the account has it."""

    id: int
    name: str
    kind: FieldKind
    title: str
    active: bool
    options: dict[str, str] = field(default_factory=dict)  # option value -> name shown
    option_ids: dict[str, int] = field(default_factory=dict)

    def plain(self, raw: object) -> str | None:
        """Return our plain value for what the ticket holds."""
        if raw in (None, "", False):
            return None
        if self.kind is FieldKind.TEXT:
            return str(raw)
        shown = self.options.get(str(raw), str(raw))
        spec = _STANDARD.get(self.name)
        same = (
            value
            for value in (spec.values if spec else ())
            if tag_of(self.name, value) == raw or value.casefold() == shown.casefold()
        )
        return next((str(value) for value in same), shown)

    def option_for(self, value: str) -> str | None:
        """Return the option value that shows this plain value; None when there is none yet."""
        if tag_of(self.name, value) in self.options:
            return tag_of(self.name, value)
        shown = value.casefold()
        return next((raw for raw, name in self.options.items() if name.casefold() == shown), None)


class OurFields:
    """Finds, reads and makes our fields; asks the account once and remembers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._found: dict[str, OurField] | None = None
        self._rows: list[Json] = []
        self._asked_at = 0.0
        self._titles: dict[str, str] = {}  # of every field of ours that was ever seen

    def all(self) -> Mapping[str, OurField]:
        if self._found is None:
            self._rows = list(self._client.listed("ticket_fields", "ticket_fields"))
            self._found = recognised(self._rows)
            self._asked_at = self._client.now()
            self._titles |= {name: each.title for name, each in self._found.items()}
        return self._found

    def refresh(self) -> None:
        """Ask the account again at the next use: people add options and rename them."""
        self._found = None

    def refresh_old(self) -> None:
        """Ask again unless it was just done: a value for a removed field vanishes in silence."""
        if self._client.now() - self._asked_at > _FRESH:
            self.refresh()

    def lacks_option(self, name: str, value: str | None) -> bool:
        ours = self.all().get(name)
        choice = ours is not None and ours.kind is FieldKind.CHOICE
        return ours is not None and choice and bool(value) and not ours.option_for(value or "")

    def state_of(self, ticket: Json, status: Status) -> HelpdeskState:
        """Return what a ticket shows of ours, and all its tags but the topic option's shadow.

        The topic has no tag of its own beside its option; told as a tag, it would be taken off
        again, and the field with it.
        """
        values = {row.get("id"): row.get("value") for row in rows_of(ticket, "custom_fields")}
        fields = self.all()
        topic = fields.get(FieldName.TOPIC)
        shadows = frozenset(topic.options) if topic else frozenset()
        tags = frozenset(str(tag) for tag in ticket.get("tags") or ())
        return HelpdeskState(
            fields={name: each.plain(values.get(each.id)) for name, each in fields.items()},
            tags=tags - shadows,
            writable=status is not Status.CLOSED,
            reason="closed" if status is Status.CLOSED else None,
        )

    def values_of(self, ticket: Json) -> dict[int, object]:
        """Return what our fields hold in a ticket, without the blank ones."""
        ours = {each.id for each in self.all().values()}
        values = {row.get("id"): row.get("value") for row in rows_of(ticket, "custom_fields")}
        return {id_: value for id_, value in values.items() if id_ in ours and value}

    def raw_value(self, name: str, value: str | None) -> tuple[OurField, str | None]:
        """Return the field and what to write there; makes an option that is missing."""
        ours = self._needed(name, value)
        if value is None or ours.kind is FieldKind.TEXT:
            return ours, value
        return ours, ours.option_for(value) or self._add_option(ours, value)

    def setup(self, specs: Sequence[FieldSpec], *, dry_run: bool) -> SetupReport:
        """Create what is missing, adopt what is there, add new options. Twice changes nothing."""
        self.refresh()
        report = SetupReport()
        for spec in specs:
            try:
                report = self._settle(spec, report, dry_run=dry_run)
            except Refused as refusal:
                by_hand = (*report.by_hand, f"{spec.title}: {refusal}")
                report = replace(report, by_hand=by_hand)
        if report.created:
            report = replace(report, by_hand=(*report.by_hand, _PUT_ON_FORMS))
        return report

    def _settle(self, spec: FieldSpec, report: SetupReport, *, dry_run: bool) -> SetupReport:
        ours = self.all().get(spec.name) or self._by_title(spec)
        if ours is None:
            blocked = self._of_wrong_type(spec)
            if blocked is not None:
                return replace(report, by_hand=(*report.by_hand, blocked))
            if spec.kind is FieldKind.CHOICE and not spec.values:
                told = f"{spec.title} is made with its first value; there is none yet."
                return replace(report, by_hand=(*report.by_hand, told))
            if not dry_run:
                self._create(spec)
            return replace(report, created=(*report.created, spec.title))
        adopted = replace(report, adopted=(*report.adopted, ours.title))
        if not ours.active:
            told = f"{ours.title} is inactive: activate it in Zendesk."
            adopted = replace(adopted, by_hand=(*adopted.by_hand, told))
        missing = _missing(ours, spec)
        room = max(MOST_OPTIONS - len(ours.options), 0)
        if len(missing) > room:
            told = _full(ours, len(missing) - room)
            adopted = replace(adopted, by_hand=(*adopted.by_hand, told))
            missing = missing[:room]
        if not missing:
            return adopted
        if not dry_run:
            for value in missing:
                self._add_option(ours, value)
        return replace(adopted, extended=(*adopted.extended, ours.title))

    def _by_title(self, spec: FieldSpec) -> OurField | None:
        """Find a metric's own field, whose title only its spec knows, before it has options."""
        rows = self._rows if _is_custom(spec) else []
        found = next((row for row in rows if _fits(row, spec)), None)
        if found is None:
            return None
        ours = _our_field(found, spec.name, spec.kind)
        self._remember(ours)
        return ours

    def _of_wrong_type(self, spec: FieldSpec) -> str | None:
        """Say what is in the way: Zendesk would make a second field of the same title."""
        found = next((row for row in self._rows if _has_title(row, spec)), None)
        if found is None:
            return None
        return (
            f'{spec.title} is a field of type "{found.get("type")}" in Zendesk and must be '
            f"{_IN_WORDS[spec.kind]}: rename or remove it, then run setup again."
        )

    def _create(self, spec: FieldSpec) -> OurField:
        from zenpy.lib.api_objects import TicketField

        wanted = {
            "type": _TYPES[spec.kind][0],
            "title": spec.title,
            "description": "Filled in by Verbatim. Change it freely: your value stays.",
            # Customers must neither see nor set what was measured of them.
            "visible_in_portal": False,
            "editable_in_portal": False,
            "required": False,
        }
        if spec.kind is FieldKind.CHOICE:
            wanted["custom_field_options"] = [_option(spec.name, str(v)) for v in spec.values]
        body = _without_id(TicketField(**wanted).to_dict(serialize=True))
        answer = self._client.post("ticket_fields", {"ticket_field": body})
        ours = _our_field(answer.get("ticket_field") or {}, spec.name, spec.kind)
        self._remember(ours)
        return ours

    def _add_option(self, ours: OurField, value: str) -> str:
        from zenpy.lib.api_objects import CustomFieldOption

        wanted = _option(ours.name, value)
        if wanted["value"] not in ours.options and len(ours.options) >= MOST_OPTIONS:
            raise NotWritable(f"{ours.title} is full: Zendesk allows {MOST_OPTIONS:,} options.")
        body = _without_id(CustomFieldOption(**wanted).to_dict(serialize=True))
        if wanted["value"] in ours.option_ids:
            body["id"] = ours.option_ids[wanted["value"]]  # renames the option
        path = f"ticket_fields/{ours.id}/options"
        answer = self._client.post(path, {"custom_field_option": body})
        _learn_options(ours, [answer.get("custom_field_option") or wanted])
        return wanted["value"]

    def _needed(self, name: str, value: str | None) -> OurField:
        found = self.all().get(name)
        if found is not None:
            return found
        if name in self._titles:
            raise TellPerson(
                f"The field {self._titles[name]} is no longer in Zendesk: "
                "run `verbatim setup zendesk`."
            )
        spec = _STANDARD.get(name) or _own_spec(name)
        if not self.all() or spec is None or not _is_made_later(spec):
            raise TellPerson(
                f"Our field {spec.title if spec else name} is not in Zendesk yet: "
                "run `verbatim setup zendesk` first."
            )
        values = spec.values or ((value,) if value else ())
        made = self._by_title(spec) or self._create(replace(spec, values=values))
        logger.info("zendesk.field_made", extra={"field": name})
        return made

    def _remember(self, ours: OurField) -> None:
        self._found = {**self.all(), ours.name: ours}
        self._titles[ours.name] = ours.title


_PUT_ON_FORMS = (
    "Put the new fields on the ticket forms that your agents use "
    "(Admin Center, Objects and rules, Tickets, Forms)."
)


def recognised(rows: Iterable[Json]) -> dict[str, OurField]:
    """Return our fields by name: known by an option's prefix, else by a standard title.

    An active field comes before an inactive one, an older before a younger.
    """
    found: dict[str, OurField] = {}
    by_prefix: dict[str, OurField] = {}
    for row in sorted(rows, key=lambda row: (not row.get("active", True), row.get("id") or 0)):
        name = _name_by_options(row)
        if name is not None:
            by_prefix.setdefault(name, _our_field(row, name, FieldKind.CHOICE))
            continue
        spec = next((each for each in _STANDARD.values() if _fits(row, each)), None)
        if spec is not None:
            found.setdefault(str(spec.name), _our_field(row, spec.name, spec.kind))
    return {**found, **by_prefix}


def _name_by_options(row: Json) -> str | None:
    if row.get("type") not in _TYPES[FieldKind.CHOICE]:
        return None
    for option in rows_of(row, "custom_field_options"):
        ours = _OUR_OPTION.match(str(option.get("value")))
        if ours:
            return _NAME_OF_WORD.get(ours.group(1), ours.group(1))
    return None


def _fits(row: Json, spec: FieldSpec) -> bool:
    return _has_title(row, spec) and row.get("type") in _TYPES[spec.kind]


def _has_title(row: Json, spec: FieldSpec) -> bool:
    title = str(row.get("raw_title") or row.get("title") or "")
    return title.strip().casefold() == spec.title.casefold()


def _full(ours: OurField, left_out: int) -> str:
    return (
        f"{ours.title} is full: Zendesk allows {MOST_OPTIONS:,} options, and {left_out:,} values "
        "have none. Merge values, or remove options that are not used any more."
    )


def _our_field(row: Mapping[str, Any], name: str, kind: FieldKind) -> OurField:
    ours = OurField(
        id=int(row["id"]),
        name=str(name),
        kind=kind,
        title=str(row.get("title") or name),
        active=bool(row.get("active", True)),
    )
    _learn_options(ours, row.get("custom_field_options") or ())
    return ours


def _learn_options(ours: OurField, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        value = str(row.get("value"))
        ours.options[value] = str(row.get("raw_name") or row.get("name") or value)
        if isinstance(row.get("id"), int):
            ours.option_ids[value] = int(row["id"])


def _missing(ours: OurField, spec: FieldSpec) -> list[str]:
    """Return values without an option, and those whose option shows another name."""
    if ours.kind is FieldKind.TEXT:
        return []
    values = [str(value) for value in spec.values]
    return [
        value
        for value in values
        if (raw := ours.option_for(value)) is None or ours.plain(raw) != value
    ]


def _option(name: str, value: str) -> dict[str, str]:
    return {"name": value, "value": tag_of(name, value)}


def _without_id(body: Json) -> Json:
    """Drop the empty id that zenpy gives a new object."""
    return {name: value for name, value in body.items() if name != "id"}


def _is_custom(spec: FieldSpec) -> bool:
    return spec.name not in _STANDARD


def _own_spec(name: str) -> FieldSpec | None:
    """Return the field of a metric that the workspace defines today."""
    specs = field_specs((), (), own_metrics())
    return next((spec for spec in specs if spec.name == name and _is_custom(spec)), None)


def _is_made_later(spec: FieldSpec) -> bool:
    """Say whether setup may have had no chance to make this field.

    It cannot make a drop-down without values, and a metric may be defined after it ran.
    """
    return _is_custom(spec) or (not spec.values and spec.kind is FieldKind.CHOICE)
