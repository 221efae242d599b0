"""What recurs: the table of scheduled jobs, each a use case that may be repeated."""

from datetime import datetime, timedelta

from service.digest import week_of
from service.progress import Silent
from service.schedule import Cron, Every, Job
from service.workspace import Workspace

_DIGEST_LATE = timedelta(days=3)  # a digest that is older than this is no news


def jobs(workspace: Workspace) -> tuple[Job, ...]:
    settings = workspace.settings
    every = timedelta(minutes=settings.sync_minutes)

    def cycle(_due: datetime) -> str:
        report = workspace.pipeline().cycle(Silent())
        written = sum(one.written for one in report.written)
        return f"{report.analysed.analysed} measured, {written} written"

    def digest(due: datetime) -> str:
        digests = workspace.digests()
        local = due.astimezone(settings.zone).date()
        made = digests.make(week_of(local - timedelta(days=7)))
        return f"{made.week} posted at {digests.post(made)}"

    return (
        Job(name="cycle", timing=Every(every), run=cycle, late=every),
        Job(
            name="digest",
            timing=Cron(settings.digest_cron, settings.zone, look_back=timedelta(days=8)),
            run=digest,
            late=_DIGEST_LATE,
        ),
    )
