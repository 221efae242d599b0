"""Which bulk jobs were accepted and what each holds: kept before a job is asked about, so that the
process after a killed one asks for its result instead of guessing from the tickets.

Keeps ids and digests of the changes, no value of a ticket.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.zendesk import mapping
from connectors.zendesk.wanted import Wanted
from service.domain.writeback import FieldChange
from service.errors import Misbehaving
from service.ports import Keeper

_NAME = "jobs"
_NONE = ""  # the digest of a row that is settled
_REMEMBERED = timedelta(days=1)  # as long as Zendesk may remember a job


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that Zendesk accepted, with its rows in their order."""

    id: str
    at: datetime
    tickets: tuple[int, ...]
    digests: tuple[str, ...]  # of what each row was to change

    def holds(self, ticket: int, digest: str) -> bool:
        """Say whether this very change of the ticket was sent with the job."""
        return (ticket, digest) in zip(self.tickets, self.digests, strict=True)

    def without(self, tickets: Collection[int]) -> "Job":
        """Return the job as if these tickets were not asked about; every row keeps its place."""
        pairs = zip(self.tickets, self.digests, strict=True)
        left = tuple(_NONE if ticket in tickets else digest for ticket, digest in pairs)
        return replace(self, digests=left)

    @property
    def is_settled(self) -> bool:
        return not any(self.digests)


def digest_of(change: FieldChange, version: datetime | None) -> str:
    """Return a digest of the change and of the version of the ticket that it was to find.

    With the version, a result is never taken for that of a ticket that was read since.
    """
    parts = [dict(change.fields), sorted(change.add_tags), sorted(change.remove_tags)]
    text = json.dumps([*parts, version.isoformat() if version else None], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _version(row: Wanted) -> datetime | None:
    try:
        return mapping.moment(row.stamp)
    except Misbehaving:
        return None


class KeptJobs:
    """The jobs whose outcome may not be stored yet.

    What `apply` yields is stored by its caller before the next `apply` begins, and not sooner. So
    a job that was read is dropped then; one that was not, for a crash or an error, is kept a day.
    """

    def __init__(self, keeper: Keeper | None, *, clock: Callable[[], datetime]) -> None:
        self._keeper = keeper
        self._clock = clock
        self._unread: list[Job] | None = None  # loaded when the first `apply` begins
        self._read: list[Job] = []

    def begin(self) -> None:
        """Begin an `apply`: what an earlier one yielded is stored by now."""
        unread = self._loaded() if self._unread is None else self._unread
        oldest = self._clock() - _REMEMBERED
        self._unread = [job for job in unread if job.at > oldest]
        self._read = []

    def accepted(self, job_id: str, rows: Sequence[Wanted]) -> Job:
        """Keep a job. It is stored when this returns."""
        job = Job(
            id=job_id,
            at=self._clock(),
            tickets=tuple(row.id for row in rows),
            digests=tuple(digest_of(row.change, _version(row)) for row in rows),
        )
        self._unread = [*(self._unread or ()), job]
        self._save()
        return job

    def holding(self, asked: Mapping[int, str]) -> list[Job]:
        """Return the unread jobs that hold any of these changes, given as digests by ticket."""
        unread = self._unread or ()
        return [job for job in unread if any(job.holds(*each) for each in asked.items())]

    def settled(self, job: Job, tickets: Collection[int]) -> None:
        """Note that the outcomes of these rows were told."""
        others = [each for each in self._unread or () if each.id != job.id]
        rest = job.without(tickets)
        self._unread = others if rest.is_settled else [*others, rest]
        self._read.append(job)  # stays stored, until what was told is

    def _loaded(self) -> list[Job]:
        stored = self._keeper.load(_NAME) if self._keeper else None
        return [
            Job(
                id=row["id"],
                at=datetime.fromisoformat(row["at"]),
                tickets=tuple(row["tickets"]),
                digests=tuple(row["digests"]),
            )
            for row in json.loads(stored or "[]")
        ]

    def _save(self) -> None:
        if self._keeper is None:
            return
        rows = [
            {
                "id": job.id,
                "at": job.at.isoformat(),
                "tickets": job.tickets,
                "digests": job.digests,
            }
            for job in (*(self._unread or ()), *self._read)
        ]
        self._keeper.save(_NAME, json.dumps(rows))
