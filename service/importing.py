"""Brings conversations in from a file: masked like fetched ones, streamed, one bad row set aside.

Labels that come with a row are taken as measured by "imported" and are not measured again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from service.beginnings import beginning
from service.collecting import few_collections
from service.domain.conversations import Conversation, Page
from service.domain.measurements import Analysis, SetBy
from service.domain.taxonomy import Taxonomy
from service.errors import BadRow
from service.exchange import Row
from service.import_batches import Batch, Prepared, batches_of_rows
from service.labelling import Labeller
from service.masking import Masks
from service.ports import Clock
from service.stores import Database
from service.stores.analyses import Labels

PEOPLE = frozenset({SetBy.AGENT, SetBy.REVIEWER})
_KEPT_ROWS = 1000  # bad rows that are named one by one; all are counted


@dataclass(slots=True, kw_only=True)
class ImportReport:
    conversations: int = 0
    labelled: int = 0
    bad: int = 0
    bad_rows: list[BadRow] = field(default_factory=list)


class Importer:
    """Stores the rows of a file; reading the same file again changes nothing."""

    def __init__(
        self, *, database: Database, taxonomy: Taxonomy, masks: Masks, clock: Clock
    ) -> None:
        self._database = database
        self._labeller = Labeller(taxonomy, clock)
        self._masks = masks
        self._clock = clock

    def run(
        self, rows: Iterable[Row | BadRow], *, source: str, advance: Callable[[int], None]
    ) -> ImportReport:
        """Import rows as they come. `source` names the helpdesk that they are from."""
        return self.take(batches_of_rows(rows, self._masks), source=source, advance=advance)

    def take(
        self, batches: Iterable[Batch], *, source: str, advance: Callable[[int], None]
    ) -> ImportReport:
        """Import rows that are masked."""
        with few_collections():
            report = self._take(batches, source, advance)
        store = self._database.conversations
        if store.cursor(source) is None:  # a connected helpdesk is as fresh as its last sync
            store.sync_finished(source, self._clock())
        return report

    def _take(
        self, batches: Iterable[Batch], source: str, advance: Callable[[int], None]
    ) -> ImportReport:
        report = ImportReport()
        for batch in batches:
            report.bad += len(batch.bad)
            report.bad_rows += batch.bad[: _KEPT_ROWS - len(report.bad_rows)]
            if batch.rows:
                self._store(batch, source)
            report.conversations += len(batch.rows)
            report.labelled += sum(row.labels is not None for row in batch.rows)
            advance(len(batch.rows))
        return report

    def _store(self, batch: Batch, source: str) -> None:
        rows = batch.rows
        page = _page(self._news(rows), last=rows[-1].line)
        self._database.conversations.save_page(f"file:{source}", page, self._labels(rows))
        carried = self._carried(rows)
        if carried:
            self._database.analyses.save(carried)
            self._keep_peoples_values(carried)

    def _labels(self, rows: Sequence[Prepared]) -> Labels:
        """Labels are of the words that are stored: a row may hold none, or fewer."""
        return {
            row.head.key: partial(self._labeller.analysis, row.head.key, row.labels)
            for row in rows
            if row.labels is not None and row.analysis is None
        }

    def _carried(self, rows: Sequence[Prepared]) -> list[Analysis]:
        """What was measured elsewhere, if it is of the words that are stored."""
        found = [row.analysis for row in rows if row.analysis is not None]
        stored = self._database.analyses.fingerprints([one.conversation for one in found])
        return [one for one in found if stored.get(one.conversation) == one.fingerprint]

    def _keep_peoples_values(self, analyses: Sequence[Analysis]) -> None:
        """People win here too, and are not told twice what they said once."""
        store = self._database.analyses
        for one in analyses:
            for measured in one.measurements:
                if measured.set_by not in PEOPLE:
                    continue
                known = {
                    (each.metric, each.value)
                    for each in store.history(one.conversation)
                    if each.set_by in PEOPLE
                }
                if (measured.metric, measured.value) not in known:
                    store.set_by_person(
                        one.conversation, measured.metric, measured.value, set_by=measured.set_by
                    )

    def _news(self, rows: Sequence[Prepared]) -> Sequence[Prepared]:
        keys = [row.head.key for row in rows]
        stored = {each.key: each for each in self._database.conversations.get_many(keys)}
        told = (news_of(row, stored.get(row.head.key)) for row in rows)
        return [row for row in told if row is not None]


def _page(rows: Sequence[Prepared], *, last: int) -> Page:
    return Page(
        cursor=f"line {last}",
        heads=tuple([row.head for row in rows]),
        states={},
        beginnings=tuple([row.begun for row in rows]),
        accounts=tuple({r.account.key: r.account for r in rows if r.account}.values()),
        agents=tuple({r.agent.key: r.agent for r in rows if r.agent}.values()),
        complete=frozenset([row.head.key for row in rows if row.whole]),
    )


def news_of(row: Prepared, stored: Conversation | None) -> Prepared | None:
    """Return what a row adds to a conversation that is stored, or None.

    The newer version wins; of the same version, the one with more messages: an export may be poorer
    than what the helpdesk itself said, or richer than another export.
    """
    if stored is None:
        return row
    told = {one.id for one in row.begun.said}
    there = {message.id for message in stored.messages}
    newer = row.head.updated_at > stored.head.updated_at
    row = replace(row, head=replace(row.head, url=row.head.url or stored.head.url))
    if row.whole and (newer or not told < there):
        return row
    if there <= told:
        return row
    return replace(row, begun=beginning(stored.key, ())) if newer else None
