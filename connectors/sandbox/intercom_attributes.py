"""Conversation attributes of the Intercom stand-in: what they are and which values they take.

Knows names, types and options. Knows nothing of conversations or HTTP.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid5

DATA_TYPES = (
    "string",
    "integer",
    "list",
    "decimal",
    "boolean",
    "datetime",
    "relationship",
    "files",
)


class Refusal(Exception):
    """The stand-in refuses a request, in the vendor's words."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str, *, status: int = 400) -> Refusal:
    return Refusal(status, "parameter_invalid", message)


@dataclass(slots=True, kw_only=True)
class Option:
    id: str
    label: str
    archived: bool = False


@dataclass(slots=True, kw_only=True)
class Attribute:
    id: int
    name: str
    description: str
    data_type: str
    created_at: int
    updated_at: int
    archived: bool = False
    options: list[Option] = field(default_factory=list)

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(each.label for each in self.options if not each.archived)


class Attributes:
    """All conversation attributes; two live ones of one name make every write fail."""

    def __init__(self) -> None:
        self._rows: dict[int, Attribute] = {}

    def all(self) -> list[Attribute]:
        return list(self._rows.values())

    def get(self, id_: int) -> Attribute | None:
        return self._rows.get(id_)

    def create(
        self,
        *,
        name: str,
        data_type: str,
        now: int,
        description: str = "",
        options: list[str] | None = None,
    ) -> Attribute:
        """Add one; a name in use is not refused here, as people can make two by hand."""
        if data_type not in DATA_TYPES:
            allowed = ", ".join(DATA_TYPES)
            told = f"data_type '{data_type}' is not valid. Allowed types: {allowed}"
            raise invalid(told, status=422)
        if not name.strip():
            raise invalid("name is required", status=422)
        made = Attribute(
            id=len(self._rows) + 1,
            name=name,
            description=description,
            data_type=data_type,
            created_at=now,
            updated_at=now,
        )
        self._rows[made.id] = made
        for label in options or ():
            self.add_option(made, label, now=now)
        return made

    def add_option(self, attribute: Attribute, label: str, *, now: int) -> Option:
        if attribute.data_type != "list":
            raise invalid("Options can only be added to list attributes", status=422)
        if not label or label in attribute.labels:
            raise invalid(f"Option '{label}' is blank or already exists", status=422)
        id_ = str(uuid5(NAMESPACE_OID, f"{attribute.id}/{len(attribute.options)}"))
        option = Option(id=id_, label=label)
        attribute.options.append(option)
        attribute.updated_at = now
        return option

    def accepted(self, wanted: dict[str, Any]) -> dict[str, Any]:
        """Return the values as they would be stored, or refuse them all."""
        live = [each for each in self._rows.values() if not each.archived]
        names = [each.name for each in live]
        if len(set(names)) < len(names):
            told = "Multiple custom attributes share a name; rename or archive one"
            raise Refusal(400, "INVALID_PARAMETER", told)
        known = {each.name: each for each in live}
        for name, value in wanted.items():
            if name not in known:
                raise invalid(f"Custom attribute '{name}' does not exist")
            if not _fits(known[name], value):
                raise invalid(f"Custom attribute '{name}' has an invalid value")
        return wanted


def _fits(attribute: Attribute, value: Any) -> bool:
    match attribute.data_type:
        case "list":
            return value is None or (isinstance(value, str) and value in attribute.labels)
        case "string":
            return value is None or isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "decimal":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case _:
            # A null for a number was refused in the vendor's 2.3; it stays so here.
            return isinstance(value, int) and not isinstance(value, bool)
