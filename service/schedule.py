"""The table of recurring jobs, and the heartbeat that starts what is due.

The only importer of apscheduler. The heartbeat may fire twice or late: the ledger in the database
decides what is due and who does it, so that a job runs once a due time, also after a restart.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger

from service.errors import Misused, VerbatimError
from service.logs import logger
from service.ports import Clock
from service.stores import WorkStore

HEARTBEAT = timedelta(seconds=15)
_LARGEST_GAP = timedelta(hours=3)  # the most that a zone's clock is set by, in our days
_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Timing(Protocol):
    def latest(self, now: datetime) -> datetime | None:
        """The last scheduled time that is not after `now`, aware UTC, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Due at each whole multiple of the interval since 1970, whoever asks."""

    interval: timedelta

    def latest(self, now: datetime) -> datetime | None:
        seconds = self.interval.total_seconds()
        return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)


class Cron:
    """Five cron fields in the workspace's time zone; weekday 1 is Monday, as in crontab(5).

    The fields are matched on the wall's clock, where each time stands once: one that the clock
    skips is due that much later, one that it repeats is due the first time.
    """

    def __init__(self, fields: str, zone: ZoneInfo, *, look_back: timedelta) -> None:
        self._zone = zone
        self._look_back = look_back
        try:
            minute, hour, day, month, weekday = fields.split()
            self._trigger = CronTrigger(
                minute=minute,
                hour=hour,
                day=day,
                month=month,
                day_of_week=_named_weekdays(weekday),
                timezone=UTC,  # stands for the wall's clock: the trigger never ends at a gap
            )
        except ValueError as error:
            raise Misused(
                f"{fields!r} is not a cron line of five fields, such as '0 9 * * 1'."
            ) from error

    def latest(self, now: datetime) -> datetime | None:
        wall = now.astimezone(self._zone).replace(tzinfo=UTC)
        due: list[datetime] = []
        upcoming = self._trigger.get_next_fire_time(None, wall - self._look_back)
        while upcoming is not None and upcoming <= wall + _LARGEST_GAP:
            due.append(upcoming.replace(tzinfo=self._zone, fold=0).astimezone(UTC))
            upcoming = self._trigger.get_next_fire_time(upcoming, upcoming + timedelta(seconds=1))
        return max((at for at in due if at <= now), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    name: str
    timing: Timing
    run: Callable[[datetime], str]  # takes the scheduled time, returns what happened in words
    late: timedelta  # a run that is more overdue than this is skipped
    lease: timedelta = timedelta(minutes=30)


class Schedule:
    """Starts each job once per due time, whichever process asks first."""

    def __init__(self, jobs: Sequence[Job], *, work: WorkStore, clock: Clock, owner: str) -> None:
        self._jobs = tuple(jobs)
        self._work = work
        self._clock = clock
        self._owner = owner
        self._looked_at: dict[str, datetime] = {}  # by job, the late time that was looked at

    @property
    def jobs(self) -> tuple[Job, ...]:
        return self._jobs

    def tick(self) -> list[str]:
        """Run what is due and unclaimed; return one line a job that ran."""
        return [line for job in self._jobs if (line := self._run_if_due(job)) is not None]

    def skip_due(self, name: str, *, since: datetime, why: str) -> bool:
        """Close a job's last due time unrun when it is later than `since`; say whether it was."""
        now = self._clock()
        job = next(each for each in self._jobs if each.name == name)
        due = job.timing.latest(now)
        if due is None or due <= since:
            return False
        lease = job.lease.total_seconds()
        if not self._work.claim(name, due, self._owner, at=now, lease=lease):
            return False
        return self._work.done(name, due, self._owner, why)

    def run_until(self, stop: threading.Event) -> None:
        """Beat until `stop` is set; the run in progress is finished first."""
        scheduler = BackgroundScheduler(timezone=UTC)
        scheduler.add_job(
            self.tick,
            "interval",
            seconds=HEARTBEAT.total_seconds(),
            next_run_time=self._clock(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        scheduler.start()
        stop.wait()
        scheduler.shutdown(wait=True)

    def _run_if_due(self, job: Job) -> str | None:
        now = self._clock()
        due = job.timing.latest(now)
        if due is None:
            return None
        if now - due > job.late:
            return self._skipped(job, due)
        lease = job.lease.total_seconds()
        if not self._work.claim(job.name, due, self._owner, at=now, lease=lease):
            return None
        try:
            result = job.run(due)
        except VerbatimError as error:
            # Not closed: the lease runs out and the same due time is tried again.
            logger.warning("job.failed", extra={"job": job.name, "error": type(error).__name__})
            return f"{job.name}: {error}"
        self._work.done(job.name, due, self._owner, result)
        logger.info("job.done", extra={"job": job.name})
        return f"{job.name}: {result}"

    def _skipped(self, job: Job, due: datetime) -> str | None:
        """Note once that a time passed without its run; a workspace that is new missed none."""
        if self._looked_at.get(job.name) == due:
            return None
        self._looked_at[job.name] = due
        last, name = self._work.last_done(job.name), f"job-skipped:{job.name}"
        if last is None or last >= due or self._work.recall(name) == due.isoformat():
            return None
        self._work.remember(name, due.isoformat())
        logger.warning("job.skipped", extra={"job": job.name, "due": due.isoformat()})
        return f"{job.name}: skipped, it was due {due:%Y-%m-%d %H:%M} UTC and is too late now"


def _named_weekdays(field: str) -> str:
    """APScheduler counts weekdays from Monday = 0, cron from Sunday = 0: names mean one thing."""
    return "".join(
        _WEEKDAYS[int(character)] if character in "01234567" else character for character in field
    )
