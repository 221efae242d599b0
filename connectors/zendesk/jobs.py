"""Bulk updates: Zendesk queues a job of up to a hundred tickets and tells each row's fate in it.

Runs a few jobs at a time. "completed" says nothing of the rows, and a job is forgotten after an
hour or a day. Whatever is not known of a row is left out of the result, for the caller to look at
the ticket itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connectors._http import Refused
from connectors.zendesk.client import Client, Json, rows_of
from connectors.zendesk.kept_jobs import Job, KeptJobs
from connectors.zendesk.wanted import Wanted
from service.errors import Misbehaving, RateLimited, Unreachable, VerbatimError

MOST_IN_A_JOB = 100
MOST_AT_ONCE = 5  # of the thirty that an account may have waiting, for all its integrations
MOST_A_SECOND = 500  # tickets: an export cannot page through more changes of one second
FULL = "Zendesk's queue of jobs is full; it waits for the next run"
_FIRST_POLL = 0.25
_LONGEST_POLL = 5.0
_PATIENCE = 300.0  # 100 tickets take about 10 seconds, when no others wait before them
_FINISHED = frozenset(("completed", "failed", "killed"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is known of a batch: result rows by ticket, or why none of it was done."""

    rows: Mapping[int, Json] = field(default_factory=dict)
    refused: str | None = None


@dataclass(slots=True, kw_only=True)
class _Running:
    job: Job
    rows: Sequence[Wanted]
    shown: Json
    begun: float
    due: float
    pause: float = _FIRST_POLL


Done = tuple[Sequence[Wanted], Told]


class Jobs:
    """Runs batches as jobs. Time is what the clock shows or what was slept, whichever is more."""

    def __init__(self, client: Client, kept: KeptJobs) -> None:
        self._client = client
        self._kept = kept
        self._time = client.now()
        self._busy: list[tuple[float, int]] = []  # until when, how many tickets

    def run(self, rows: Sequence[Wanted]) -> Iterator[Done]:
        """Update the tickets once, a hundred a job; yield each job's rows with what became of them.

        An error that concerns us and not a row is raised when all that was begun has been read.
        """
        waiting = deque(_hundreds(rows))
        running: list[_Running] = []
        problem: VerbatimError | None = None
        while waiting or running:
            while waiting and self._has_room(running, len(waiting[0])):
                batch = waiting.popleft()
                try:
                    begun = self._begin(batch)
                except RateLimited:
                    if running:
                        waiting.appendleft(batch)
                        break
                    yield from ((each, Told(refused=FULL)) for each in (batch, *waiting))
                    waiting.clear()
                except VerbatimError as error:
                    problem = error
                    waiting.clear()
                else:
                    if isinstance(begun, Told):
                        yield batch, begun
                    else:
                        running.append(begun)
            yield from self._look_after(running)
        if problem is not None:
            raise problem

    def resume(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Mapping[int, Json]]]:
        """Yield each job that was begun before with what is known of its rows."""
        now = self._now()
        running = [
            _Running(job=job, rows=(), shown={"id": job.id}, begun=now, due=now) for job in jobs
        ]
        while running:
            for each, told in self._over(running):
                yield each.job, told.rows

    # --- Beginning -------------------------------------------------------------------------------

    def _begin(self, batch: Sequence[Wanted]) -> _Running | Told:
        try:
            answer = self._client.put(
                "tickets/update_many", {"tickets": [row.row() for row in batch]}
            )
            shown = _job_in(answer)
        except Refused as refusal:
            return Told(refused=str(refusal))
        except (Misbehaving, Unreachable):
            # The answer was lost, the work perhaps not: look before doing it again.
            return Told()
        job = self._kept.accepted(str(shown.get("id")), batch)
        now = self._now()
        return _Running(job=job, rows=batch, shown=shown, begun=now, due=now + _FIRST_POLL)

    def _has_room(self, running: Sequence[_Running], count: int) -> bool:
        """Say whether a job may begin: a ticket is changed at any time until its job has ended."""
        if len(running) >= MOST_AT_ONCE:
            return False
        self._busy = [(until, n) for until, n in self._busy if until > self._now()]
        busy = sum(n for _, n in self._busy) + sum(len(each.rows) for each in running)
        return busy + count <= MOST_A_SECOND

    # --- Reading ---------------------------------------------------------------------------------

    def _look_after(self, running: list[_Running]) -> Iterator[Done]:
        for each, told in self._over(running):
            yield each.rows, told
            self._kept.settled(each.job, each.job.tickets)

    def _over(self, running: list[_Running]) -> Iterator[tuple[_Running, Told]]:
        """Wait until something may have happened; take out and yield the jobs that are over."""
        until = [each.due for each in running] or [until for until, _ in self._busy]
        if until:
            self._sleep(min(until) - self._now())
        for each in [each for each in running if each.due <= self._now()]:
            told = self._told(each)
            if told is not None:
                running.remove(each)
                self._busy.append((self._now() + 1.0, len(each.rows)))
                yield each, told

    def _told(self, running: _Running) -> Told | None:
        """Ask once about a job; return None while it goes on."""
        try:
            if running.shown.get("status") not in _FINISHED:
                running.shown = _job_in(self._client.get(f"job_statuses/{running.job.id}"))
        except (Misbehaving, Unreachable, RateLimited):
            # Refused with 404, too: the job is forgotten. Its work was accepted all the same.
            return Told()
        over = running.shown.get("status") in _FINISHED
        if over or self._now() - running.begun > _PATIENCE:
            return Told(rows=_by_id(running.shown, running.job))
        running.pause = min(running.pause * 2, _LONGEST_POLL)
        running.due = self._now() + running.pause
        return None

    def _now(self) -> float:
        self._time = max(self._time, self._client.now())
        return self._time

    def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._client.sleep(seconds)
            self._time += seconds


def _hundreds(rows: Sequence[Wanted]) -> Iterator[Sequence[Wanted]]:
    for start in range(0, len(rows), MOST_IN_A_JOB):
        yield rows[start : start + MOST_IN_A_JOB]


def _job_in(answer: Json) -> Json:
    job = answer.get("job_status")
    if not isinstance(job, dict):
        raise Misbehaving("Zendesk answered no job for a bulk update.")
    return job


def _by_id(shown: Json, job: Job) -> dict[int, Json]:
    found: dict[int, Json] = {}
    for result in rows_of(shown, "results"):
        ticket_id = result.get("id")
        if not isinstance(ticket_id, int):
            ticket_id = _id_at(result.get("index"), job)
        if ticket_id is not None:
            found[ticket_id] = result
    return found


def _id_at(index: object, job: Job) -> int | None:
    """Return the ticket of a result row that names only its place, as failures may."""
    if isinstance(index, int) and 0 <= index < len(job.tickets):
        return job.tickets[index]
    return None
