"""The whole loop on stand-in helpdesks: what a newcomer sees before connecting anything.

Runs the same steps as a real workspace; only the addresses differ. Knows no terminal.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from service.domain.answers import Answer
from service.domain.people import SYSTEM
from service.domain.taxonomy import UNMAPPED
from service.domain.writeback import field_specs, takes
from service.measures import all_metrics, own_metrics
from service.pipeline import CycleReport
from service.progress import Progress
from service.query import Dimension, Query
from service.workspace import Workspace

QUESTION = "why did sentiment drop last week?"


@dataclass(slots=True, kw_only=True)
class DemoReport:
    conversations: int = 0
    measured: int = 0
    empty: dict[str, Mapping[str, int]] = field(default_factory=dict)  # metric -> reason -> n
    unmapped: int = 0
    failed: int = 0
    written: int = 0
    not_written: dict[str, int] = field(default_factory=dict)  # reason -> conversations
    calls: int = 0
    second_cycle: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    answer: Answer | None = None
    digest_posted: str | None = None
    flags_told: int = 0

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[stage] = round(time.perf_counter() - start, 2)


def run_loop(workspace: Workspace, progress: Progress) -> DemoReport:
    """Set up, sync, measure, write back; the same again, which changes nothing; then ask."""
    report = DemoReport()
    with report.timed("setup"):
        _prepare(workspace)
    _first_cycle(workspace, progress, report)
    with report.timed("second_cycle"):
        report.second_cycle = _again(workspace.pipeline().cycle(progress))
    _count(workspace, report)
    with report.timed("ask"):
        report.answer = workspace.answers().ask_text(QUESTION, SYSTEM)
    with report.timed("digest"):
        digests = workspace.digests()
        report.digest_posted = digests.post(digests.make(digests.last_week()))
        report.flags_told = workspace.alerting().run()
    return report


def _prepare(workspace: Workspace) -> None:
    taxonomy = workspace.taxonomy()
    for helpdesk in workspace.helpdesks().values():
        wanted = [
            spec
            for spec in field_specs(*taxonomy.choices(), own_metrics())
            if takes(helpdesk.fields, spec.name)
        ]
        helpdesk.setup(wanted, dry_run=False)


def _first_cycle(workspace: Workspace, progress: Progress, report: DemoReport) -> None:
    pipeline = workspace.pipeline()
    names = list(workspace.helpdesks())
    with report.timed("sync"):
        report.calls += sum(pipeline.sync(name, progress).calls for name in names)
    with report.timed("analyse"):
        report.failed = pipeline.analyse(progress).failed
    with report.timed("write_back"):
        for name in names:
            done = pipeline.write_back(name, progress)
            report.written += done.written
            report.calls += done.calls
            for reason, count in done.not_written.items():
                report.not_written[reason] = report.not_written.get(reason, 0) + count


def _again(cycle: CycleReport) -> dict[str, int]:
    return {
        "fetched": sum(one.fetched for one in cycle.synced),
        "analysed": cycle.analysed.analysed,
        "written": sum(one.written for one in cycle.written),
    }


def _count(workspace: Workspace, report: DemoReport) -> None:
    facts = workspace.database().facts
    everything = facts.coverage(Query(), SYSTEM)
    report.conversations, report.measured = everything.total, everything.analysed
    for metric in all_metrics():
        counts = facts.coverage(Query(metric=metric.rates[0].name), SYSTEM)
        report.empty[metric.name] = dict(counts.empty)
    unmapped = Query().narrowed(Dimension.DRIVER, UNMAPPED)
    report.unmapped = facts.count(unmapped, SYSTEM).total
