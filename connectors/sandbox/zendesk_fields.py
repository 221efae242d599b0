"""Ticket fields of the Zendesk stand-in: options, and the rule that a dropdown value is a tag.

Knows fields and tags. Knows nothing of tickets' history or HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

TYPES = frozenset(
    {
        "text",
        "textarea",
        "checkbox",
        "date",
        "integer",
        "decimal",
        "regexp",
        "partialcreditcard",
        "multiselect",
        "tagger",
        "lookup",
    }
)
_WITH_OPTIONS = frozenset({"tagger", "multiselect"})
_SYSTEM_FIELDS = ("subject", "description", "status", "tickettype", "priority", "group", "assignee")
_FIRST_SYSTEM_ID = 350_000_000_001
_FIRST_CUSTOM_ID = 360_000_000_001
MOST_OPTIONS = 2000


class Refusal(Exception):
    """The stand-in refuses a request, in the vendor's words."""

    def __init__(self, status: int, error: str, description: str, details: Any = None) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description
        self.details = details


def invalid(where: str, description: str) -> Refusal:
    """Return the 422 that the vendor gives for a record that does not validate."""
    details = {where: [{"description": description, "error": "InvalidValue"}]}
    return Refusal(422, "RecordInvalid", "Record validation errors", details)


@dataclass(slots=True, kw_only=True)
class Option:
    id: int
    name: str
    value: str


@dataclass(slots=True, kw_only=True)
class TicketField:
    id: int
    type: str
    title: str
    description: str
    tag: str | None
    created_at: datetime
    updated_at: datetime
    removable: bool = True
    visible_in_portal: bool = False
    editable_in_portal: bool = False
    active: bool = True
    options: list[Option] = field(default_factory=list)

    @property
    def values(self) -> frozenset[str]:
        return frozenset(option.value for option in self.options)


def as_tag(text: str) -> str:
    return "_".join(text.lower().split())


class TicketFields:
    """All fields of the account. Titles may repeat, as with the vendor; tags may not."""

    def __init__(self, now: datetime) -> None:
        self._fields: dict[int, TicketField] = {}
        self._last_field = _FIRST_CUSTOM_ID - 1
        self._last_option = _FIRST_CUSTOM_ID + 900_000
        for number, kind in enumerate(_SYSTEM_FIELDS):
            self._fields[_FIRST_SYSTEM_ID + number] = TicketField(
                id=_FIRST_SYSTEM_ID + number,
                type=kind,
                title=kind.capitalize(),
                description="",
                tag=None,
                created_at=now,
                updated_at=now,
                removable=False,
            )

    def all(self) -> list[TicketField]:
        return list(self._fields.values())

    def custom(self) -> list[TicketField]:
        return [each for each in self._fields.values() if each.removable]

    def get(self, id_: int) -> TicketField | None:
        return self._fields.get(id_)

    def remove(self, id_: int) -> None:
        del self._fields[id_]

    def create(self, wanted: dict[str, Any], now: datetime) -> TicketField:
        kind, title = wanted.get("type"), wanted.get("title")
        if kind not in TYPES:
            raise invalid("type", f"Type: {kind} is not a valid field type")
        if not title:
            raise invalid("title", "Title: cannot be blank")
        self._last_field += 1  # the id of a field that was removed never comes back
        made = TicketField(
            id=self._last_field,
            type=str(kind),
            title=str(title),
            description=str(wanted.get("description") or ""),
            tag=wanted.get("tag"),
            created_at=now,
            updated_at=now,
            visible_in_portal=bool(wanted.get("visible_in_portal", False)),
            editable_in_portal=bool(wanted.get("editable_in_portal", False)),
        )
        if made.tag is not None:
            self._claim([made.tag], made)
        self._replace_options(made, wanted.get("custom_field_options") or [])
        self._fields[made.id] = made
        return made

    def update(self, field_: TicketField, wanted: dict[str, Any], now: datetime) -> frozenset[str]:
        """Change the field and return the option values that this removed."""
        before = field_.values
        if "custom_field_options" in wanted:
            self._replace_options(field_, wanted["custom_field_options"])
        for name in ("title", "description", "active", "visible_in_portal", "editable_in_portal"):
            if name in wanted:
                setattr(field_, name, wanted[name])
        field_.updated_at = now
        return before - field_.values

    def put_option(self, field_: TicketField, wanted: dict[str, Any]) -> tuple[Option, bool]:
        """Create the option, or update the one whose id is given; say whether it is new."""
        if field_.type not in _WITH_OPTIONS:
            raise invalid("base", f"{field_.title}: this field takes no options")
        given = wanted.get("id")
        known = next((each for each in field_.options if each.id == given), None)
        name, value = self._name_and_value(wanted)
        if known is not None:
            known.name, known.value = name, value
            return known, False
        if len(field_.options) >= MOST_OPTIONS:
            raise invalid("base", f"A field takes at most {MOST_OPTIONS} options")
        self._claim([value], field_)
        if value in field_.values:
            raise invalid("value", f"Value: {value} has already been taken")
        option = Option(id=self._next_option(), name=name, value=value)
        field_.options.append(option)
        return option, True

    def owner_of(self, tag: str) -> TicketField | None:
        """Return the field that a tag belongs to, if it belongs to one."""
        for each in self.custom():
            if each.tag == tag or tag in each.values:
                return each
        return None

    def _replace_options(self, field_: TicketField, wanted: Iterable[dict[str, Any]]) -> None:
        """Make these the field's only options, as a PUT of the vendor does."""
        pairs = [self._name_and_value(each) for each in wanted]
        values = [value for _, value in pairs]
        if len(set(values)) < len(values):
            raise invalid("custom_field_options", "Field options: values must be unique")
        self._claim(values, field_)
        ids = {each.value: each.id for each in field_.options}
        field_.options = [
            Option(id=ids.get(value) or self._next_option(), name=name, value=value)
            for name, value in pairs
        ]

    def _claim(self, tags: Iterable[str], field_: TicketField) -> None:
        for tag in tags:
            owner = self.owner_of(tag)
            if owner is not None and owner.id != field_.id:
                raise invalid("base", f"Tag {tag} is already used by the field {owner.title}")

    def _name_and_value(self, wanted: dict[str, Any]) -> tuple[str, str]:
        name = str(wanted.get("name") or wanted.get("raw_name") or "")
        value = as_tag(str(wanted.get("value") or name))
        if not name or not value:
            raise invalid("custom_field_options", "Name: cannot be blank")
        return name, value

    def _next_option(self) -> int:
        self._last_option += 1
        return self._last_option


def follow_tags(
    fields: Iterable[TicketField], values: dict[int, Any], tags: set[str]
) -> dict[int, Any]:
    """Return the values after the tags changed: a dropdown shows the option whose tag is set."""
    followed = dict(values)
    for each in fields:
        current = followed.get(each.id)
        if each.type == "tagger" and current not in tags:
            followed[each.id] = next((value for value in sorted(each.values & tags)), None)
        elif each.type == "checkbox" and each.tag:
            followed[each.id] = each.tag in tags
    return followed


def follow_value(field_: TicketField, value: Any, tags: set[str]) -> set[str]:
    """Return the tags after the field took the value: the sibling options' tags go."""
    if field_.type == "tagger":
        return (tags - field_.values) | ({value} if value else set())
    if field_.type == "multiselect":
        return (tags - field_.values) | set(value or ())
    if field_.type == "checkbox" and field_.tag:
        return tags | {field_.tag} if value else tags - {field_.tag}
    return tags


def accepted_value(field_: TicketField, value: Any) -> Any:
    """Return the value as the vendor would store it, or refuse it."""
    if value is None or (value == "" and field_.type != "checkbox"):
        return False if field_.type == "checkbox" else None
    if not _fits(field_, value):
        raise invalid("base", f"{field_.title}: {value} is invalid")
    return value


def _fits(field_: TicketField, value: Any) -> bool:
    match field_.type:
        case "tagger":
            return isinstance(value, str) and value in field_.values
        case "multiselect":
            return isinstance(value, list) and set(value) <= field_.values
        case "checkbox":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            return isinstance(value, str)
