"""The nightly proof: counts every day, repairs what differs, counts those days again.

Puts reconciliation and repairs in order for every source, and keeps what came of it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from service.in_turn import InTurn
from service.pipeline import Pipeline
from service.ports import Clock, Helpdesk
from service.reconcile import PROVEN_DAYS, Asked, Reconciliation, SourceCoverage
from service.repair import Repair, Repairs
from service.stores import Database, WorkStore

_MEMORY = "proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How it stands after the repairs, and what they were."""

    rows: tuple[SourceCoverage, ...]
    repairs: tuple[Repair, ...]

    def lines(self) -> list[str]:
        done = [line for repair in self.repairs for line in repair.lines()]
        return [*done, *(line for row in self.rows for line in row.lines())]

    @property
    def result(self) -> str:
        """In one sentence, for the job's ledger and the page about trust."""
        told = [_shortfall(row) for row in self.rows if row.missing or row.lacking]
        told = told or ["nothing is missing"]
        fetched = sum(repair.fetched for repair in self.repairs)
        differ = sum(len(repair.differ) for repair in self.repairs)
        told += [f"{fetched} fetched"] if fetched else []
        told += [f"{differ} differed by content"] if differ else []
        told += [f"{row.source} could not be asked" for row in self.rows if row.problem]
        return ", ".join(told)


def _shortfall(row: SourceCoverage) -> str:
    if not row.missing:
        return f"{row.source}: some days differ"
    word = "missing" if row.missing > 0 else "more than there"
    return f"{row.source}: {abs(row.missing)} {word}"


class Proving:
    def __init__(
        self,
        *,
        database: Database,
        helpdesks: Mapping[str, Helpdesk],
        reconciliation: Reconciliation,
        pipeline: Pipeline,
        clock: Clock,
    ) -> None:
        self._database = database
        self._helpdesks = helpdesks
        self._reconciliation = reconciliation
        self._pipeline = pipeline
        self._repairs = Repairs(database=database, helpdesks=helpdesks, pipeline=pipeline)
        self._clock = clock

    def run(self, turn: InTurn, *, days: int = PROVEN_DAYS) -> Proof:
        """Prove every source; what fails is in `turn` and in its row, and hinders no other."""
        repairs = {name: Repair(source=name) for name in sorted(self._helpdesks)}
        asked = turn.each(sorted(self._helpdesks), lambda name: self._prove(repairs[name], days))
        rows = [
            self._reconciliation.row(each, asked.get(each), turn)
            for each in self._reconciliation.sources()
        ]
        proof = Proof(rows=tuple(rows), repairs=tuple(repairs.values()))
        remember(self._database.work, proof, at=self._clock())
        return proof

    def _prove(self, report: Repair, days: int) -> Asked:
        source, ledger = report.source, self._reconciliation
        before = self._helpdesks[source].calls
        try:
            self._retry(source)
            asked = ledger.ask(source, days)
            if source not in self._database.conversations.synced_at():
                return asked  # the first walk is still under way: it brings what is missing
            wrong = ledger.wrong_days(source, asked.window)
            for day in wrong:
                self._repairs.walk(day, ledger.bounds(day), report)
            self._repairs.bury(report, now=self._clock())
            self._repairs.compare(report, day=self._clock().date())
            if not (wrong or report.deleted or report.gone):
                return asked
            ledger.ask_days(source, wrong)
            return Asked(total=ledger.ask_total(source), window=asked.window)
        finally:
            report.calls = self._helpdesks[source].calls - before

    def _retry(self, source: str) -> None:
        """What was set aside may be readable by now."""
        waiting = self._database.conversations.quarantined()
        keys = {one.key for one in waiting if one.source == source}
        if keys:
            self._pipeline.retry_quarantined(keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastProof:
    at: datetime
    result: str


def last_proof(work: WorkStore) -> LastProof | None:
    """Return when the last proof ended and what it said, for people."""
    kept = work.recall(_MEMORY)
    if kept is None:
        return None
    read = json.loads(kept)
    return LastProof(at=datetime.fromisoformat(read["at"]), result=read["result"])


def remember(work: WorkStore, proof: Proof, *, at: datetime) -> None:
    """Keep what it said for the page about trust."""
    work.remember(_MEMORY, json.dumps({"at": at.isoformat(), "result": proof.result}))
