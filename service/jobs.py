"""What recurs: the table of scheduled jobs, each a use case that may be repeated."""

from datetime import datetime, timedelta

from service.digesting import week_of
from service.errors import VerbatimError
from service.in_turn import InTurn
from service.logs import logger
from service.progress import Silent
from service.proof import Proving
from service.reconcile import Reconciliation
from service.schedule import Cron, Every, Job
from service.workspace import Workspace

_PROVE = "30 2 * * *"  # compare with the helpdesks' counts while few people work
_PROVE_LEASE = timedelta(hours=3)  # a night with much to repair takes as long
_SWEEP = "30 3 * * 0"
_PURGE = "30 4 * * *"
_ALERTS = "30 7 * * *"
_DIGEST_LATE = timedelta(days=3)  # a digest that is older than this is no news


def reconciliation(workspace: Workspace) -> Reconciliation:
    return Reconciliation(
        database=workspace.database(),
        helpdesks=workspace.helpdesks(),
        zone=workspace.settings.zone,
        clock=workspace.now,
    )


def proving(workspace: Workspace) -> Proving:
    return Proving(
        database=workspace.database(),
        helpdesks=workspace.helpdesks(),
        reconciliation=reconciliation(workspace),
        pipeline=workspace.pipeline(),
        clock=workspace.now,
    )


def jobs(workspace: Workspace) -> tuple[Job, ...]:
    settings = workspace.settings
    every = timedelta(minutes=settings.sync_minutes)

    def cycle(_due: datetime) -> str:
        report = workspace.pipeline().cycle(Silent())
        written = sum(one.written for one in report.written)
        told = _tell_flags(workspace)
        return f"{report.analysed.analysed} measured, {written} written, {told}"

    def digest(due: datetime) -> str:
        digests = workspace.digests()
        local = due.astimezone(settings.zone).date()
        made = digests.make(week_of(local - timedelta(days=7)))
        return f"{made.week} posted at {digests.post(made)}"

    def sweep(_due: datetime) -> str:
        pipeline, turn = workspace.pipeline(), InTurn()
        purged = turn.each(workspace.helpdesks(), lambda name: pipeline.sweep(name, Silent()))
        turn.raise_first()
        return ", ".join(f"{name}: {count} purged" for name, count in purged.items()) or "nothing"

    def prove(_due: datetime) -> str:
        turn = InTurn()
        proof = proving(workspace).run(turn)
        turn.raise_first()
        return proof.result

    def purge(_due: datetime) -> str:
        return workspace.retention().run().sentence

    def alerts(due: datetime) -> str:
        return workspace.watch().run(due.astimezone(settings.zone).date()).sentence

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
        Job(
            name="prove",
            timing=nightly(_PROVE),
            run=prove,
            late=timedelta(hours=20),
            lease=_PROVE_LEASE,
        ),
        Job(name="alerts", timing=nightly(_ALERTS), run=alerts, late=timedelta(hours=12)),
        Job(name="purge", timing=nightly(_PURGE), run=purge, late=timedelta(hours=20)),
        Job(name="sweep", timing=nightly(_SWEEP), run=sweep, late=timedelta(days=6)),
    )


def _tell_flags(workspace: Workspace) -> str:
    """A cycle that did its work is done, also when Slack does not take what there is to say."""
    try:
        return f"{workspace.alerting().run()} flags told"
    except VerbatimError as error:
        logger.warning("flags.not_told", extra={"error": type(error).__name__})
        return f"flags not told: {error}"
