"""The gateway: every surface asks here, so roles, receipts and wording are decided once.

It reads through the ports, renders through service.wording, and knows no surface.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from service import measures, wording
from service.answering import breakdown, more, otherwise, telling
from service.answering.brief import account_brief
from service.answering.churn import churn_list
from service.answering.desk import Desk, numerator_query
from service.answering.gaps import gaps
from service.answering.grouping import Grouping, grouped
from service.answering.telling import Asked
from service.answering.whole_table import WhyResult, why
from service.catalogue import Catalogue
from service.domain.answers import Answer, Intent, Recount
from service.domain.conversations import ConversationKey
from service.domain.governing import EarlierNames, earlier_names, in_force
from service.domain.people import SYSTEM, Viewer
from service.domain.taxonomy import Taxonomy
from service.errors import Forbidden, Misused
from service.links import Links
from service.ports import Clock
from service.query import Query
from service.questions import assumptions, sides_of, to_query, undefined
from service.reading.model import Baseline, BaselineKind, Reading
from service.receipts import Receipts
from service.second_reading import SecondReader, read_twice
from service.stores import Database

Teller = Callable[[Desk, Asked], Answer]

_TELLERS: Mapping[Intent, Teller] = {
    Intent.WHY_CHANGE: telling.why_change,
    Intent.COUNT: breakdown.count,
    Intent.TREND: breakdown.trend,
    Intent.TOP: breakdown.top,
    Intent.COMPARE: breakdown.compare,
    Intent.QUOTES: breakdown.quotes,
    Intent.CHURN_LIST: churn_list,
    Intent.ACCOUNT_BRIEF: account_brief,
}
_NOT_ON_RECORD: Mapping[Intent, str] = {
    Intent.FIX_IMPACT: "No fix or release is on record here, so nothing can be judged.",
    Intent.FUNNEL: "No funnel is connected here, so there is nothing to count.",
}

_VIEWERS = 64  # whose names are kept; each is as large as the accounts he may see


class Answers:
    """Answers questions about the stored conversations, within what a viewer may see."""

    def __init__(
        self,
        *,
        database: Database,
        taxonomy: Taxonomy,
        links: Links,
        clock: Clock,
        zone: ZoneInfo,
        analyser_version: Callable[[], str],
        date_order: str = "DMY",
        masking_version: str = "1",
        second: SecondReader | None = None,
    ) -> None:
        self._database = database
        self._file = taxonomy
        self._links = links
        self._clock = clock
        self._zone = zone
        self._analyser = analyser_version
        self._date_order = date_order
        self._masking = masking_version
        self._second = second
        self._receipts = Receipts(database, clock)
        self._catalogues: dict[Viewer, Catalogue] = {}
        self._renamed = ("", EarlierNames())  # by the ladder's version

    @property
    def _taxonomy(self) -> Taxonomy:
        """The ladder in force now: another process may have changed it since the last question."""
        return in_force(self._file, self._database.taxonomies.latest())

    def ask(
        self,
        query: Query,
        viewer: Viewer,
        *,
        intent: Intent,
        reading: Reading | None = None,
        assumed: Sequence[str] = (),
        sides: Sequence[tuple[str, ...]] = (),
        beyond: frozenset[ConversationKey] = frozenset(),
    ) -> Answer:
        """Answer a Query. `reading` is what it was read from, when it was read from words.

        Quotes come from other conversations than those of `beyond`.
        """
        asked = Asked(
            query=query,
            intent=intent,
            reading=reading or _reading_of(query, intent),
            assumed=tuple(assumed),
            sides=tuple(sides),
            beyond=beyond,
        )
        desk = self._desk(viewer)
        if desk.withheld(query):
            return telling.withheld(desk, asked, query)
        teller = _TELLERS.get(intent)
        if teller is None:
            raise Misused(f"{intent.value} is no question about a number.")
        return teller(desk, asked)

    def ask_text(
        self,
        text: str,
        viewer: Viewer,
        thread: Sequence[Mapping[str, object]] = (),
        today: date | None = None,
    ) -> Answer:
        """Read a message and answer it. `thread` holds earlier messages with their readings."""
        catalogue = self.catalogue(viewer, today=today)
        try:
            chosen = otherwise.chosen(text, thread, catalogue)
            if chosen is not None:
                return self.ask_reading(chosen, viewer, catalogue)
            reading = self.read(text, catalogue, thread)
            if reading.intent is Intent.QUOTES and more.asks_for_more(text):
                return self._more_quotes(reading, viewer, catalogue, thread)
            return self.ask_reading(reading, viewer, catalogue)
        except OverflowError as error:  # "the last 999999999 weeks" begin before any calendar
            raise Misused("That period reaches beyond the calendar; name a shorter one.") from error

    def read(
        self, text: str, catalogue: Catalogue, thread: Sequence[Mapping[str, object]] = ()
    ) -> Reading:
        """Return what a message asks, and count nothing."""
        return read_twice(text, catalogue, thread, second=self._second)

    def ask_reading(self, reading: Reading, viewer: Viewer, catalogue: Catalogue) -> Answer:
        """Answer what was understood, or ask back, explain or refuse."""
        said = _without_numbers(reading, catalogue)
        if said is not None:
            return said
        query = to_query(reading, catalogue, person=viewer.person)
        answer = self.ask(
            query,
            viewer,
            intent=reading.intent,
            reading=reading,
            assumed=assumptions(reading),
            sides=sides_of(reading, catalogue),
        )
        person = viewer.person
        others = otherwise.alternatives(reading, catalogue, self._links, person=person)
        return replace(answer, alternatives=others) if others else answer

    def _more_quotes(
        self,
        reading: Reading,
        viewer: Viewer,
        catalogue: Catalogue,
        thread: Sequence[Mapping[str, object]],
    ) -> Answer:
        """Quotes that the thread has not shown, of what its last number counted."""
        query = to_query(reading, catalogue, person=viewer.person)
        counted = more.last_counted(thread)
        if counted is not None:
            before = to_query(Reading.from_dict(counted), catalogue, person=viewer.person)
            query = numerator_query(replace(query, metric=before.metric))
        return self.ask(
            query,
            viewer,
            intent=reading.intent,
            reading=reading,
            assumed=assumptions(reading),
            beyond=more.already_quoted(thread),
        )

    def why(self, query: Query, viewer: Viewer) -> WhyResult:
        """Return the whole decomposition of a change of a share."""
        desk = self._desk(viewer)
        if desk.withheld(query):
            raise Forbidden(f"{measures.title(query.metric)}: {wording.WITHHELD}.")
        return why(desk, query)

    def groups(self, query: Query, viewer: Viewer, *, most: int) -> Grouping:
        """Count a question's groups, every number with its receipt."""
        desk = self._desk(viewer)
        if desk.withheld(query):
            raise Forbidden(f"{measures.title(query.metric)}: {wording.WITHHELD}.")
        return grouped(desk, query, most=most)

    def gaps(self, query: Query) -> list[str]:
        """What a period's numbers cannot hold: conversations that are missing or set aside."""
        return gaps(self._desk(SYSTEM), query)

    def withheld(self, viewer: Viewer) -> frozenset[str]:
        """Return the names of the metrics that this viewer is not shown."""
        return self._desk(viewer).hidden()

    def unvalidated(self, viewer: Viewer) -> str:
        """Which of the metrics that this viewer is shown have not passed validation; or blank."""
        return self._desk(viewer).unvalidated()

    def recount(self, receipt_id: str, viewer: Viewer) -> Recount:
        """Run a published number again."""
        return self._receipts.recount(receipt_id, viewer)

    def recount_told(self, recount: Recount) -> tuple[str, ...]:
        """A recount in lines: then, now, and every conversation that makes the difference."""
        return self._receipts.told(recount)

    def recount_all(self, viewer: Viewer) -> Iterator[Recount]:
        """Run every published number again that can be."""
        return self._receipts.recount_all(viewer)

    def gone(self) -> Mapping[str, Sequence[str]]:
        """The receipts of numbers that are defined no more, by the number."""
        return self._receipts.gone()

    def catalogue(self, viewer: Viewer = SYSTEM, *, today: date | None = None) -> Catalogue:
        """The names that this viewer's questions may use."""
        self._analyser()  # asked first: it notices metrics that another process defined meanwhile
        taxonomy = self._taxonomy
        fresh = Catalogue.from_database(
            self._database,
            taxonomy,
            today=today or self._clock().astimezone(self._zone).date(),
            timezone=str(self._zone),
            date_order=self._date_order,
            viewer=viewer,
            before=self._called_before(taxonomy),
        )
        kept = self._catalogues.get(viewer)
        if kept == fresh:
            return kept  # with the index of its names, which takes longest
        if len(self._catalogues) >= _VIEWERS:
            self._catalogues.clear()
        self._catalogues[viewer] = fresh
        return fresh

    def _called_before(self, taxonomy: Taxonomy) -> EarlierNames:
        """What was renamed; every version is read again only when the ladder changed."""
        if taxonomy == self._file:
            return EarlierNames()
        version, names = self._renamed
        if version != taxonomy.version:
            names = earlier_names(self._file, self._database.taxonomies.versions())
            self._renamed = (taxonomy.version, names)
        return names

    def _desk(self, viewer: Viewer) -> Desk:
        return Desk(
            database=self._database,
            taxonomy=self._taxonomy,
            links=self._links,
            clock=self._clock,
            zone=self._zone,
            analyser=self._analyser(),
            masking=self._masking,
            receipts=self._receipts,
            viewer=viewer,
        )


def _reading_of(query: Query, intent: Intent) -> Reading:
    """The reading of a Query that no words led to."""
    filters = {one.dimension.value: one.values for one in query.filters}
    baseline = query.compare_to
    return Reading(
        intent=intent,
        metric=query.metric,
        filters=filters,
        period=query.window,
        baseline=Baseline(kind=BaselineKind.NAMED, window=baseline) if baseline else None,
        group_by=tuple(dimension.value for dimension in query.group_by),
    )


def _without_numbers(reading: Reading, catalogue: Catalogue) -> Answer | None:
    """Answer what needs no count: help, a definition, a question back, a refusal."""
    lines: tuple[str, ...]
    options: tuple[str, ...] = ()
    if reading.intent is Intent.HELP:
        lines = wording.HELP
    elif reading.intent is Intent.DEFINITION:
        lines = (wording.definition(reading.term or "", _metric_words(reading.term or "")),)
    elif reading.intent is Intent.REFUSE:
        lines = (wording.REFUSALS.get(reading.refuse or "", ""), wording.ASKABLE)
    elif reading.intent is Intent.CLARIFY and reading.clarify is not None:
        slot = reading.clarify.slot
        options = tuple(catalogue.name(slot, one) for one in reading.clarify.options)
        lines = (wording.clarify(slot, reading.clarify.reason, options),)
    elif reading.intent in _NOT_ON_RECORD:
        lines = (_NOT_ON_RECORD[reading.intent],)
    elif undefined(reading, catalogue):
        lines = ("That is no metric of this workspace: verbatim metrics list.",)
    else:
        return None
    return Answer(
        intent=reading.intent,
        query=None,
        reading=reading.as_dict(),
        understood=lines[0],
        options=options,
        text=lines,
    )


def _metric_words(term: str) -> str | None:
    """The question a metric asks and when it stays empty, for its definition."""
    for metric in measures.all_metrics():
        if term == metric.name:
            return f"{metric.question} It is empty when {metric.empty_when}."
        if term == f"{metric.name}_empty":
            return f"{metric.title} is empty when {metric.empty_when}."
    return None


__all__ = ["Answers", "WhyResult"]
