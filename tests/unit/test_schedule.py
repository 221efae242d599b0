"""When jobs are due: in the workspace's time zone, over clock changes, once."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from service.errors import Misused, Unreachable
from service.schedule import Cron, Every, Job, Schedule
from service.stores import Database

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = timedelta(days=8)


def cron(fields: str, zone: ZoneInfo = BERLIN) -> Cron:
    return Cron(fields, zone, look_back=WEEK)


def test_weekday_one_is_monday() -> None:
    # 16 November 2026 is a Monday.
    due = cron("0 9 * * 1").latest(datetime(2026, 11, 18, tzinfo=UTC))

    assert due == datetime(2026, 11, 16, 8, tzinfo=UTC)


def test_nine_in_the_morning_stays_nine_over_the_clock_change() -> None:
    before = cron("0 9 * * 1").latest(datetime(2026, 10, 20, tzinfo=UTC))
    after = cron("0 9 * * 1").latest(datetime(2026, 10, 27, tzinfo=UTC))

    assert before == datetime(2026, 10, 19, 7, tzinfo=UTC)
    assert after == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_half_hour_zones_work() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    due = cron("0 9 * * 1", lord_howe).latest(datetime(2026, 11, 17, tzinfo=UTC))

    assert due is not None
    assert due.astimezone(lord_howe).hour == 9


def test_a_broken_cron_line_is_named() -> None:
    with pytest.raises(Misused, match="'every monday' is not a cron line"):
        cron("every monday")


def test_intervals_are_due_at_whole_multiples() -> None:
    due = Every(timedelta(minutes=5)).latest(datetime(2026, 11, 16, 9, 7, 31, tzinfo=UTC))

    assert due == datetime(2026, 11, 16, 9, 5, tzinfo=UTC)


class _Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def _schedule(database: Database, clock: _Clock, ran: list[datetime], owner: str) -> Schedule:
    def run(due: datetime) -> str:
        ran.append(due)
        return "fine"

    job = Job(name="digest", timing=cron("0 9 * * 1"), run=run, late=timedelta(days=3))
    return Schedule([job], work=database.work, clock=clock, owner=owner)


def test_a_due_job_runs_once_whoever_asks(database: Database) -> None:
    clock = _Clock(datetime(2026, 11, 16, 8, 0, 5, tzinfo=UTC))
    ran: list[datetime] = []
    first = _schedule(database, clock, ran, "first")
    second = _schedule(database, clock, ran, "second")

    lines = [*first.tick(), *second.tick(), *first.tick()]

    assert lines == ["digest: fine"]
    assert ran == [datetime(2026, 11, 16, 8, tzinfo=UTC)]


def test_a_worker_that_was_down_runs_late_within_the_allowed_delay(database: Database) -> None:
    ran: list[datetime] = []
    clock = _Clock(datetime(2026, 11, 18, 20, tzinfo=UTC))

    _schedule(database, clock, ran, "late").tick()

    assert ran == [datetime(2026, 11, 16, 8, tzinfo=UTC)]


def test_a_job_that_is_too_late_is_skipped(database: Database) -> None:
    ran: list[datetime] = []
    clock = _Clock(datetime(2026, 11, 20, tzinfo=UTC))

    assert _schedule(database, clock, ran, "too late").tick() == []
    assert ran == []


def test_a_job_that_failed_is_tried_again_after_its_lease(database: Database) -> None:
    clock = _Clock(datetime(2026, 11, 16, 8, 0, 5, tzinfo=UTC))
    tries: list[datetime] = []

    def fail_once(due: datetime) -> str:
        tries.append(due)
        if len(tries) == 1:
            raise Unreachable
        return "fine"

    job = Job(name="digest", timing=cron("0 9 * * 1"), run=fail_once, late=timedelta(days=3))
    schedule = Schedule([job], work=database.work, clock=clock, owner="me")

    assert schedule.tick() == [
        "digest: The other side could not be reached, also after several tries."
    ]
    assert schedule.tick() == []
    clock.now += timedelta(minutes=31)
    assert schedule.tick() == ["digest: fine"]
