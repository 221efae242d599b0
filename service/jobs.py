"""What recurs: the table of scheduled jobs, each a use case that may be repeated."""

from datetime import datetime, timedelta

from service.digest import week_of
from service.progress import Silent
from service.reconcile import Reconciliation
from service.schedule import Cron, Every, Job
from service.workspace import Workspace

_PROVE = "30 2 * * *"  # compare with the helpdesks' counts while few people work
_SWEEP = "30 3 * * 0"
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

    def sweep(_due: datetime) -> str:
        pipeline = workspace.pipeline()
        purged = {name: pipeline.sweep(name, Silent()) for name in workspace.helpdesks()}
        return ", ".join(f"{name}: {count} purged" for name, count in purged.items()) or "nothing"

    def prove(_due: datetime) -> str:
        rows = Reconciliation(
            database=workspace.database(),
            helpdesks=workspace.helpdesks(),
            zone=settings.zone,
            clock=workspace.now,
        ).run()
        workspace.pipeline().retry_quarantined()
        missing = {row.source: row.missing for row in rows if row.missing}
        return f"missing: {missing}" if missing else "nothing is missing"

    def nightly(line: str) -> Cron:
        return Cron(line, settings.zone, look_back=timedelta(days=8))

    return (
        Job(name="cycle", timing=Every(every), run=cycle, late=every),
        Job(
            name="digest",
            timing=Cron(settings.digest_cron, settings.zone, look_back=timedelta(days=8)),
            run=digest,
            late=_DIGEST_LATE,
        ),
        Job(name="prove", timing=nightly(_PROVE), run=prove, late=timedelta(hours=20)),
        Job(name="sweep", timing=nightly(_SWEEP), run=sweep, late=timedelta(days=6)),
    )
