"""Deskly, an imaginary helpdesk, connected: the worked example of docs/extend-helpdesk.md."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors._rest import Changes, RestHelpdesk
from connectors._rest_client import Json
from connectors._rest_words import Said, Told, from_seconds, in_seconds
from connectors._signed import fits, hex_hmac, is_fresh, the_header
from service.domain.conversations import Role, Status
from service.domain.writeback import FieldChange, FieldSpec


class Deskly(RestHelpdesk):
    name, who = "deskly", "Deskly"
    fields = frozenset({"sentiment", "churn_risk", "driver"})
    one_path, me_path = "/threads/{id}", "/me"

    def changes(self, cursor: str) -> Changes:
        return self._changes(self.api.get("/changes", after=cursor))

    def _changes(self, page: Json) -> Changes:
        return Changes(rows=page["threads"], following=page["next"], more=page["more"])

    def existing(self, ids: Sequence[str]) -> Sequence[object]:
        return list(self.api.get("/exists", ids=",".join(ids))["ids"])

    def born(self, start: datetime, end: datetime, cursor: str) -> Changes:
        window = {"start": in_seconds(start), "end": in_seconds(end)}
        return self._changes(self.api.get("/created", after=cursor, **window))

    def choices(self) -> Mapping[str, Sequence[str]]:
        return {row["name"]: row["options"] for row in self.api.get("/fields")["fields"]}

    def set_choices(self, spec: FieldSpec) -> None:
        self.api.put(f"/fields/{spec.name}", {"options": list(spec.values)})

    def set_values(self, id_: str, change: FieldChange) -> Json:
        tags = {"add_tags": sorted(change.add_tags), "remove_tags": sorted(change.remove_tags)}
        return self.api.put(f"/threads/{id_}/labels", {"fields": dict(change.fields), **tags})

    def is_genuine(self, headers: Mapping[str, str], body: bytes, *, secret: str) -> bool:
        time, given = (the_header(headers, f"X-Deskly-{each}") for each in ("Time", "Signature"))
        made = hex_hmac(secret, time.encode() + b"." + body)
        return fits(made, given) and is_fresh(time, now=self.clock())

    def ids_in(self, event: Json) -> Sequence[object]:
        return [event["thread"]]

    def is_gone(self, row: Json) -> bool:
        return row.get("deleted") is True

    def told(self, row: Json) -> Told:
        company, agent = row["company"], row["assignee"]
        known = company and {each: company[each] for each in ("name", "segment", "owner")}
        return Told(
            channel=row["channel"],
            subject=row["subject"],
            status=Status(row["status"]),
            created_at=from_seconds(row["created"]),
            updated_at=from_seconds(row["updated"]),
            requester=row["customer"],
            url=f"{self.settings.base_url}/t/{row['id']}",
            messages=[self._said(message) for message in row["messages"]],
            names=[message["name"] for message in row["messages"]],
            tags=row["tags"],
            fields=row["fields"],
            account=company and self.account(company["id"], **known),
            agent=agent and self.agent(agent["id"], name=agent["name"]),
        )

    def _said(self, row: Json) -> Said:
        at, role = from_seconds(row["at"]), Role(row["by"])
        return Said(id=row["id"], role=role, public=row["public"], at=at, body=row["text"])


build = Deskly.build
