"""Changes tickets in hundreds, and finds out what became of each one.

Sends only our own fields and tags of a ticket: a list of fields or tags that is sent whole would
undo what people did meanwhile. A bulk update is a job; "completed" says nothing of its rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors._http import Refused
from connectors.zendesk import mapping
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Client, Json, rows_of
from connectors.zendesk.fields import OurFields
from connectors.zendesk.people import in_hundreds
from service.domain.conversations import split_key
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import Misbehaving, Unreachable

_FIRST_POLL = 0.25
_LONGEST_POLL = 5.0
_PATIENCE = 180.0  # 100 tickets take about 10 seconds; the job's data is kept for an hour or more
_FINISHED = frozenset(("completed", "failed", "killed"))
_CLOSED = "closed prevents"  # "Status: closed prevents ticket update"
_FINAL_ERRORS = frozenset(("RecordInvalid", "RecordNotFound", "TicketNotFound"))


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
        values = {each.get("id"): each.get("value") for each in rows_of(ticket, "custom_fields")}
        tags = frozenset(ticket.get("tags") or ())
        return (
            all((values.get(i) or None) == v for i, v in self.custom_fields.items())
            and self.add_tags <= tags
            and not self.remove_tags & tags
        )


class Writing:
    def __init__(self, client: Client, fields: OurFields, already: AlreadyRead) -> None:
        self._client = client
        self._fields = fields
        self._already = already

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        """Make the changes; nothing is sent twice unless it was certainly not carried out."""
        by_id: dict[int, FieldChange] = {}
        for change in changes:
            by_id[int(split_key(change.conversation)[1])] = change
        for ids in in_hundreds(list(by_id)):
            yield from self._apply_some([self._wanted(i, by_id[i]) for i in ids])

    def _wanted(self, ticket_id: int, change: FieldChange) -> Wanted:
        values: dict[int, str | None] = {}
        own_tags: set[str] = set()
        for name, value in change.fields.items():
            ours, raw = self._fields.raw_value(name, value)
            values[ours.id] = raw
            # Setting a dropdown adds its option's tag and takes its siblings' tags off.
            own_tags.update(ours.options)
        return Wanted(
            id=ticket_id,
            change=change,
            custom_fields=values,
            add_tags=change.add_tags - own_tags,
            remove_tags=change.remove_tags - own_tags,
            stamp=self._already.stamp_for_write(ticket_id),
        )

    def _apply_some(self, wanted: Sequence[Wanted]) -> Iterator[WriteOutcome]:
        try:
            results = self._run([each.row() for each in wanted])
        except Refused as refusal:
            yield from (_not_written(each.change, str(refusal)) for each in wanted)
            return
        unknown = []
        for each in wanted:
            result = results.get(each.id)
            if result is None:
                unknown.append(each)
            else:
                outcome = _outcome(each.change, result)
                if outcome.written and each.stamp:
                    self._already.written(each.id)
                yield outcome
        yield from self._as_shown(unknown)

    def _run(self, rows: list[Json]) -> Mapping[int, Json]:
        """Return the result rows by ticket; a ticket without one has an unknown outcome."""
        try:
            answer = self._client.put("tickets/update_many", {"tickets": rows})
            return _by_id(self._finished(_job(answer)), rows)
        except Refused:
            raise
        except (Unreachable, Misbehaving):
            # The answer was lost, the work perhaps not: look before doing it again.
            return {}

    def _finished(self, job: Json) -> Json:
        """Poll until the job is over; return it as it stands when patience runs out."""
        waited, pause = 0.0, _FIRST_POLL
        while job.get("status") not in _FINISHED and waited < _PATIENCE:
            self._client.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _LONGEST_POLL)
            job = _job(self._client.get(f"job_statuses/{job.get('id')}"))
        return job

    def _as_shown(self, unknown: Sequence[Wanted]) -> Iterator[WriteOutcome]:
        """Decide by what the tickets show now."""
        if not unknown:
            return
        ids = ",".join(str(each.id) for each in unknown)
        answer = self._client.get("tickets/show_many", ids=ids)
        shown = {row.get("id"): row for row in rows_of(answer, "tickets")}
        for each in unknown:
            ticket = shown.get(each.id)
            if ticket is None:
                yield _not_written(each.change, "deleted", permanent=True)
            else:
                yield self._outcome_by(each, ticket)

    def _outcome_by(self, wanted: Wanted, ticket: Json) -> WriteOutcome:
        status = mapping.status_of(ticket)
        written = wanted.is_shown_by(ticket)
        closed = not written and ticket.get("status") == "closed"
        reason = None if written else "closed" if closed else "the answer was lost"
        return WriteOutcome(
            change=wanted.change,
            written=written,
            reason=reason,
            permanent=closed,
            state=self._fields.state_of(ticket, status),
            updated_at=mapping.moment(ticket.get("updated_at")),
        )


def _job(answer: Json) -> Json:
    job = answer.get("job_status")
    if not isinstance(job, dict):
        raise Misbehaving("Zendesk answered no job for a bulk update.")
    return job


def _by_id(job: Json, rows: Sequence[Json]) -> dict[int, Json]:
    found: dict[int, Json] = {}
    for result in rows_of(job, "results"):
        ticket_id = result.get("id")
        if not isinstance(ticket_id, int):
            ticket_id = _id_at(result.get("index"), rows)
        if ticket_id is not None:
            found[ticket_id] = result
    return found


def _id_at(index: object, rows: Sequence[Json]) -> int | None:
    """Return the ticket of a result row that names only its place, as failures may."""
    if isinstance(index, int) and 0 <= index < len(rows):
        return int(rows[index]["id"])
    return None


def _outcome(change: FieldChange, result: Json) -> WriteOutcome:
    error = str(result.get("error") or "")
    if not error and result.get("success", True) is not False:
        return WriteOutcome(change=change, written=True)
    details = str(result.get("details") or result.get("errors") or error or "refused")
    if _CLOSED in details:
        return _not_written(change, "closed", permanent=True)
    if "Conflict" in error:
        return _not_written(change, "changed meanwhile")
    if "NotFound" in error:
        return _not_written(change, "deleted", permanent=True)
    return _not_written(change, details[:200], permanent=error in _FINAL_ERRORS)


def _not_written(change: FieldChange, reason: str, *, permanent: bool = False) -> WriteOutcome:
    return WriteOutcome(change=change, written=False, reason=reason, permanent=permanent)
