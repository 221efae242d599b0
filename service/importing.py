"""Brings conversations in from a file: masked like fetched ones, streamed, one bad row set aside.

Labels that come with a row are taken as measured by "imported" and are not measured again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from service.collecting import few_collections
from service.domain.conversations import (
    Conversation,
    ConversationHead,
    IncomingMessage,
    Message,
    Page,
)
from service.domain.measurements import Analysis, SetBy, quote_is_true
from service.domain.taxonomy import Taxonomy
from service.errors import BadRow
from service.exchange import Row
from service.import_batches import Batch, batches_of_rows
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
        page = _page(self._news(rows), last=rows[-1].line, words=batch.words)
        self._database.conversations.save_page(f"file:{source}", page, self._labels(rows))
        carried = list(self._carried([row for row in rows if row.analysis is not None]))
        if carried:
            self._database.analyses.save(carried)
            self._keep_peoples_values(carried)

    def _labels(self, rows: Sequence[Row]) -> Labels:
        """Labels are of the words that are stored: a row may hold none, or fewer."""
        return {
            row.conversation.key: partial(self._labeller.analysis, row.conversation.key, row.labels)
            for row in rows
            if row.labels is not None and row.analysis is None
        }

    def _carried(self, rows: Sequence[Row]) -> Iterator[Analysis]:
        """What was measured elsewhere, if it is of these very words; without untrue quotes."""
        stored = self._database.analyses.fingerprints([row.conversation.key for row in rows])
        for row in rows:
            one, fingerprint = row.conversation, row.conversation.fingerprint()
            if row.analysis is not None and stored.get(one.key) == fingerprint:
                quotes = tuple(q for q in row.analysis.quotes if quote_is_true(q, one))
                yield replace(row.analysis, fingerprint=fingerprint, quotes=quotes)

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

    def _news(self, rows: Sequence[Row]) -> Sequence[Row]:
        keys = [row.conversation.key for row in rows]
        stored = {each.key: each for each in self._database.conversations.get_many(keys)}
        told = (news_of(row, stored.get(row.conversation.key)) for row in rows)
        return [row for row in told if row is not None]


def _page(rows: Sequence[Row], *, last: int, words: Mapping[str, str]) -> Page:
    return Page(
        cursor=f"line {last}",
        heads=tuple(row.conversation.head for row in rows),
        states={},
        messages=tuple(
            IncomingMessage(conversation=row.conversation.key, message=message)
            for row in rows
            for message in row.conversation.messages
        ),
        accounts=tuple({r.account.key: r.account for r in rows if r.account}.values()),
        agents=tuple({r.agent.key: r.agent for r in rows if r.agent}.values()),
        complete=frozenset(row.conversation.key for row in rows if row.whole),
        words=words,
    )


def news_of(row: Row, stored: Conversation | None) -> Row | None:
    """Return what a row adds to a conversation that is stored, or None.

    The newer version wins; of the same version, the one with more messages: an export may be poorer
    than what the helpdesk itself said, or richer than another export.
    """
    if stored is None:
        return row
    head = row.conversation.head
    told, there = _messages_in(row.conversation), _messages_in(stored)
    newer = head.updated_at > stored.head.updated_at
    row = _with(row, replace(head, url=head.url or stored.head.url), row.conversation.messages)
    if row.whole and (newer or not told < there):
        return row
    if there <= told:
        return row
    return _with(row, row.conversation.head, ()) if newer else None


def _with(row: Row, head: ConversationHead, messages: tuple[Message, ...]) -> Row:
    return replace(row, conversation=Conversation(head=head, messages=messages))


def _messages_in(conversation: Conversation) -> frozenset[str]:
    return frozenset(message.id for message in conversation.messages)
