"""Changes tickets in hundreds, and finds out what became of each one.

Sends only our own fields and tags of a ticket, and only against the version that was read
(safe_update): what people changed meanwhile is looked at before anything is replaced.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from connectors._http import Refused
from connectors.zendesk import mapping
from connectors.zendesk.already_read import AlreadyRead
from connectors.zendesk.client import Client, Json
from connectors.zendesk.fetching import number_in
from connectors.zendesk.fields import OurFields
from connectors.zendesk.intake import shown
from connectors.zendesk.jobs import Jobs
from connectors.zendesk.kept_jobs import KeptJobs, digest_of
from connectors.zendesk.update_budget import UpdateBudget
from connectors.zendesk.wanted import Wanted
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import NotWritable
from service.ports import Known

MOST_LOOKED_AT = 500  # tickets whose changes are sent before the next ones are looked at
MOST_ROUNDS = 3  # a write, and two more against the newer version that a conflict told of
_CLOSED = "closed prevents"  # "Status: closed prevents ticket update"
_INVALID = "RecordInvalid"
_FINAL_ERRORS = frozenset((_INVALID, "RecordNotFound", "TicketNotFound"))
_MEANWHILE = "changed meanwhile"


class Writing:
    def __init__(
        self,
        client: Client,
        fields: OurFields,
        already: AlreadyRead,
        updates: UpdateBudget,
        kept: KeptJobs,
        jobs: Jobs,
        *,
        known: Known | None = None,
    ) -> None:
        self._client = client
        self._fields = fields
        self._already = already
        self._updates = updates
        self._kept = kept
        self._jobs = jobs
        self._known = known

    def apply(self, changes: Sequence[FieldChange]) -> Iterator[WriteOutcome]:
        """Make the changes; nothing is sent twice unless it was certainly not carried out."""
        self._fields.refresh_old()
        self._kept.begin()
        wanted: dict[int, Wanted] = {}
        for change in changes:
            made = self._made(change)
            if isinstance(made, Wanted):
                wanted[made.id] = made
            else:
                yield made
        left = yield from self._resumed(list(wanted.values()))
        for start in range(0, len(left), MOST_LOOKED_AT):
            yield from self._apply_some(left[start : start + MOST_LOOKED_AT])

    def _made(self, change: FieldChange) -> Wanted | WriteOutcome:
        ticket_id = number_in(change.conversation)
        if ticket_id is None:
            return _not_written(change, "deleted", permanent=True)
        return self._wanted(ticket_id, change)

    def _wanted(self, ticket_id: int, change: FieldChange) -> Wanted | WriteOutcome:
        values: dict[int, str | None] = {}
        own_tags: set[str] = set()
        try:
            for name, value in change.fields.items():
                ours, raw = self._fields.raw_value(name, value)
                values[ours.id] = raw
                # Setting a dropdown adds its option's tag and takes its siblings' tags off.
                own_tags.update(ours.options)
        except (NotWritable, Refused) as refusal:
            return _not_written(change, str(refusal))
        return Wanted(
            id=ticket_id,
            change=change,
            custom_fields=values,
            add_tags=change.add_tags - own_tags,
            remove_tags=change.remove_tags - own_tags,
        )

    def _apply_some(self, wanted: Sequence[Wanted]) -> Iterator[WriteOutcome]:
        """Observe, decide, act; a conflict is observed again, a few times at most."""
        unseen = []
        ready = []
        for each in wanted:
            version = self._already.version(each.id)
            if version is None or version.stamp is None:
                unseen.append(each)
            else:
                ready.append(replace(each, stamp=version.stamp))
        for _ in range(MOST_ROUNDS):
            for decided in self._decided(unseen):
                if isinstance(decided, Wanted):
                    ready.append(decided)
                else:
                    yield decided
            unseen = yield from self._sent(ready)
            ready = []
            if not unseen:
                return
        yield from (_not_written(each.change, _MEANWHILE) for each in unseen)

    # --- What a killed process left --------------------------------------------------------------

    def _resumed(self, wanted: Sequence[Wanted]) -> Generator[WriteOutcome, None, Sequence[Wanted]]:
        """Settle by its result what was sent and not heard of; return what is still to be done.

        Where no result is to be had any more, the ticket is looked at like any that is not known.
        """
        left = {each.id: each for each in wanted}
        asked = self._digests(wanted)
        for job, results in self._jobs.resume(self._kept.holding(asked)):
            sent = {id_ for id_, digest in asked.items() if job.holds(id_, digest)}
            told = [each for id_, each in left.items() if id_ in sent & results.keys()]
            again = yield from self._settled(told, results)
            left = {id_: each for id_, each in left.items() if each not in told}
            left |= {each.id: each for each in again}
            self._kept.settled(job, asked.keys())
        return list(left.values())

    def _digests(self, wanted: Sequence[Wanted]) -> dict[int, str]:
        """Return what each change would be known by if it was sent to the stored version."""
        keys = [each.change.conversation for each in wanted]
        stored = self._known(keys) if self._known is not None else {}
        return {
            each.id: digest_of(each.change, stored[each.change.conversation])
            for each in wanted
            if each.change.conversation in stored
        }

    # --- Observe and decide ----------------------------------------------------------------------

    def _decided(self, unseen: Sequence[Wanted]) -> Iterator[Wanted | WriteOutcome]:
        tickets = self._look(unseen)
        for each in unseen:
            ticket = tickets.get(each.id)
            if ticket is None:
                yield _not_written(each.change, "deleted", permanent=True)
            else:
                yield self._decide(each, ticket)

    def _look(self, wanted: Sequence[Wanted]) -> dict[int, Json]:
        pages = shown(self._client, [each.id for each in wanted])
        return {row["id"]: row for _, rows in pages for row in rows if not mapping.is_gone(row)}

    def _decide(self, wanted: Wanted, ticket: Json) -> Wanted | WriteOutcome:
        edited = self._was_edited(wanted, ticket)
        stamp = str(ticket.get("updated_at"))
        self._already.ticket(wanted.id, stamp, self._fields.values_of(ticket))
        if wanted.is_shown_by(ticket):
            return self._outcome_by(wanted, ticket, written=True)
        if ticket.get("status") == "closed":
            return self._outcome_by(wanted, ticket, reason="closed", permanent=True)
        if edited:
            # With the state told, the next run sees whose value it is, and keeps a person's.
            return self._outcome_by(wanted, ticket, reason=_MEANWHILE)
        return replace(wanted, stamp=stamp)

    def _was_edited(self, wanted: Wanted, ticket: Json) -> bool:
        """Say whether a person may have set what this would replace.

        Without a memory of our own the stored time tells: what was decided upon is older.
        """
        before = self._already.version(wanted.id)
        if before is not None:
            return wanted.was_edited(ticket, before)
        if self._known is None or not wanted.replaces(ticket):
            return False
        stored = self._known([wanted.change.conversation]).get(wanted.change.conversation)
        return stored is not None and stored < mapping.moment(ticket.get("updated_at"))

    # --- Act -------------------------------------------------------------------------------------

    def _sent(self, ready: Sequence[Wanted]) -> Generator[WriteOutcome, None, list[Wanted]]:
        """Send the rows; yield their outcomes and return those to look at and send again."""
        sendable = [each for each in ready if self._updates.spend(each.id)]
        left = {each.id for each in ready} - {each.id for each in sendable}
        yield from (
            _not_written(each.change, "updated too often; it waits ten minutes")
            for each in ready
            if each.id in left
        )
        again: list[Wanted] = []
        for rows, told in self._jobs.run(sendable):
            if told.refused is not None:
                yield from (_not_written(each.change, told.refused) for each in rows)
            else:
                again += yield from self._settled(rows, told.rows)
        return again

    def _settled(
        self, sent: Sequence[Wanted], results: Mapping[int, Json]
    ) -> Generator[WriteOutcome, None, list[Wanted]]:
        again: list[Wanted] = []
        unknown: list[Wanted] = []
        if any(_error_of(row) == _INVALID for row in results.values()):
            self._fields.refresh()  # once: somebody may have removed options meanwhile
        for each in sent:
            result = results.get(each.id)
            if result is None:
                unknown.append(each)
                continue
            error = _error_of(result)
            if "Conflict" in error:
                again.append(each)
                continue
            if not error:
                self._already.written(each.id, each.custom_fields, stamp=each.stamp)
            elif self._option_vanished(each, error):
                remade = self._wanted(each.id, each.change)
                if isinstance(remade, Wanted):
                    again.append(remade)
                    continue
            yield _outcome(each.change, result)
        yield from self._as_shown(unknown)
        return again

    def _option_vanished(self, wanted: Wanted, error: str) -> bool:
        """Say whether somebody removed an option between our list of them and the write."""
        return error == _INVALID and any(
            self._fields.lacks_option(name, value) for name, value in wanted.change.fields.items()
        )

    def _as_shown(self, unknown: Sequence[Wanted]) -> Iterator[WriteOutcome]:
        """Decide by what the tickets show now what became of rows whose answer was lost."""
        tickets = self._look(unknown)
        for each in unknown:
            ticket = tickets.get(each.id)
            if ticket is None:
                yield _not_written(each.change, "deleted", permanent=True)
                continue
            stamp = str(ticket.get("updated_at"))
            self._already.ticket(each.id, stamp, self._fields.values_of(ticket))
            if each.is_shown_by(ticket):
                yield self._outcome_by(each, ticket, written=True)
            elif ticket.get("status") == "closed":
                yield self._outcome_by(each, ticket, reason="closed", permanent=True)
            else:
                yield self._outcome_by(each, ticket, reason="the answer was lost")

    def _outcome_by(
        self,
        wanted: Wanted,
        ticket: Json,
        *,
        written: bool = False,
        reason: str | None = None,
        permanent: bool = False,
    ) -> WriteOutcome:
        return WriteOutcome(
            change=wanted.change,
            written=written,
            reason=reason,
            permanent=permanent,
            state=self._fields.state_of(ticket, mapping.status_of(ticket)),
            updated_at=mapping.moment(ticket.get("updated_at")),
        )


def _error_of(result: Json) -> str:
    error = str(result.get("error") or "")
    return error or ("refused" if result.get("success", True) is False else "")


def _outcome(change: FieldChange, result: Json) -> WriteOutcome:
    error = _error_of(result)
    if not error:
        return WriteOutcome(change=change, written=True)
    details = str(result.get("details") or result.get("errors") or error)
    if _CLOSED in details:
        return _not_written(change, "closed", permanent=True)
    if "NotFound" in error:
        return _not_written(change, "deleted", permanent=True)
    if error in _FINAL_ERRORS:
        return _not_written(change, details[:200], permanent=True)
    return WriteOutcome(change=change, written=False, reason=details[:200], refused=True)


def _not_written(change: FieldChange, reason: str, *, permanent: bool = False) -> WriteOutcome:
    return WriteOutcome(change=change, written=False, reason=reason, permanent=permanent)
