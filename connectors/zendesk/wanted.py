"""One ticket's row of a bulk update: what we want there, and whether it is there already. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.zendesk.already_read import Version
from connectors.zendesk.client import Json, rows_of
from service.domain.writeback import FieldChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One ticket's row of a bulk update, with the change it stands for."""

    id: int
    change: FieldChange
    custom_fields: Mapping[int, str | None]
    add_tags: frozenset[str]
    remove_tags: frozenset[str]
    stamp: str | None = None  # the version of the ticket that this must find

    def row(self) -> Json:
        """Return a fresh ticket that holds our own keys and nothing that was read before."""
        from zenpy.lib.api_objects import Ticket

        keys: dict[str, Any] = {}
        if self.custom_fields:
            keys["custom_fields"] = [{"id": i, "value": v} for i, v in self.custom_fields.items()]
        if self.add_tags:
            keys["additional_tags"] = sorted(self.add_tags)
        if self.remove_tags:
            keys["remove_tags"] = sorted(self.remove_tags)
        if self.stamp:
            # The text as Zendesk wrote it: zenpy would make a mere date of a datetime.
            keys |= {"safe_update": True, "updated_stamp": self.stamp}
        ticket: Json = Ticket(id=self.id, **keys).to_dict(serialize=True)
        return {name: ticket[name] for name in ("id", *keys)}

    def is_shown_by(self, ticket: Json) -> bool:
        values = values_in(ticket)
        tags = frozenset(ticket.get("tags") or ())
        return (
            all((values.get(i) or None) == v for i, v in self.custom_fields.items())
            and self.add_tags <= tags
            and not self.remove_tags & tags
        )

    def was_edited(self, ticket: Json, before: Version) -> bool:
        """Say whether somebody set one of these fields since that version."""
        values = values_in(ticket)
        return any(
            (now := values.get(id_) or None) != wanted and now != before.values.get(id_)
            for id_, wanted in self.custom_fields.items()
        )

    def replaces(self, ticket: Json) -> bool:
        """Say whether this would take the place of another value."""
        values = values_in(ticket)
        return any(
            values.get(id_) and values[id_] != wanted for id_, wanted in self.custom_fields.items()
        )


def values_in(ticket: Json) -> dict[object, object]:
    return {each.get("id"): each.get("value") for each in rows_of(ticket, "custom_fields")}
