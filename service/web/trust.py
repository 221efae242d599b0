"""Trust: of all conversations, how many were analysed, and why the others were not.

It shows the ledger and hides no exception.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service import wording
from service.domain.conversations import Conversation, ConversationKey
from service.domain.feedback import Feedback, QuoteReport, Verdict
from service.domain.installations import Installation
from service.domain.measurements import EmptyReason, Metric
from service.domain.people import ANALYSTS, Viewer
from service.errors import Forbidden
from service.measures import all_metrics, metric_named
from service.proof import last_proof
from service.query import (
    EMPTY_BECAUSE,
    EMPTY_VALUE,
    UNMEASURED_VALUE,
    Dimension,
    Filter,
    Query,
    Window,
)
from service.spotchecks import SpotChecks, Standing
from service.stores import CoverageCounts, DayCoverage
from service.web.site import HERE, Site, current_viewer, signed_in, site

FAILURES = 50
LISTED = 500
LEDGER_DAYS = 28
CANNOT_TELL = "cannot tell"
VERDICT_DAYS = timedelta(days=90)

_UNMEASURED = Filter.of(Dimension.SENTIMENT, UNMEASURED_VALUE)

pages = Blueprint("trust", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One metric measured as empty: how often, and why."""

    metric: Metric
    reasons: Mapping[str, int]
    total: int
    unmeasured: int  # a new metric is asked with the next cycle
    query: Query

    def listed(self, value: str = EMPTY_VALUE) -> str:
        return HERE.explore(self.query.narrowed(Dimension(self.metric.name), value))

    def because(self, reason: str) -> str:
        return self.listed(f"{EMPTY_BECAUSE}{reason}")

    def not_measured(self) -> str:
        return self.listed(UNMEASURED_VALUE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    name: str
    synced: datetime | None
    counts: CoverageCounts
    waiting: int
    query: Query
    told_apart: bool  # whether a filter lists just what was analysed
    blanks: tuple[Blank, ...]
    languages: str  # how many are not read because of theirs, in words
    not_written: Mapping[str, int]
    days: tuple[DayCoverage, ...]  # newest first

    def stored(self, day: date | None = None) -> str:
        return HERE.explore(self._on(day))

    def analysed(self, day: date | None = None) -> str:
        return HERE.explore(replace(self._on(day), exclude=(_UNMEASURED,)))

    def unmeasured(self) -> str:
        return HERE.explore(self.query.narrowed(Dimension.SENTIMENT, UNMEASURED_VALUE))

    def _on(self, day: date | None) -> Query:
        return self.query if day is None else self.query.narrowed(Dimension.DAY, day.isoformat())


@pages.get("/trust")
def page() -> str:
    here, viewer = site(), current_viewer()
    synced = here.database.conversations.synced_at()
    names = sorted({*here.database.facts.values(Dimension.SOURCE, viewer), *synced})
    everything = viewer.accounts is None  # else the ledgers, which know no viewer, stay closed
    failures = here.database.analyses.failures() if everything else []
    set_aside = here.database.conversations.quarantined() if everything else []
    checks = _spot_checks(here)
    return render_template(
        "trust.html",
        sources=[_source(name, viewer, here, synced.get(name)) for name in names],
        failures=failures[:FAILURES],
        more_failures=max(0, len(failures) - FAILURES),
        set_aside=set_aside[:FAILURES],
        more_set_aside=max(0, len(set_aside) - FAILURES),
        verdicts=_verdicts(here) if everything else None,
        standing=checks.standing() if everything else (),
        reports=checks.reports() if everything else {},
        taxonomy=here.taxonomy.version,
        everything=everything,
        ended=_ended(here) if everything else (),
        proof=last_proof(here.database.work) if everything else None,
        checked=_checked,
        not_written_address=_not_written_address,
    )


def _checked(found: Standing, measured: str = "", answered: str = "") -> str:
    """The list of the conversations that people were asked about, by what was said of them."""
    keys = [
        one.conversation
        for one in found.answered
        if measured in {"", one.measured} and answered in {"", one.answer}
    ]
    return HERE.explore_if_short(Query().narrowed(Dimension.CONVERSATION, *keys)) if keys else ""


def _not_written_address(source: str, reason: str) -> str:
    return f"/trust/not-written/{quote(source, safe='')}?{urlencode({'reason': reason})}"


@pages.get("/trust/not-written/<source>")
def not_written(source: str) -> str:
    """The conversations that were not written for one reason."""
    if current_viewer().accounts is not None:
        raise Forbidden("The ledger of writes is for those who may see every account.")
    store, reason = site().database.write_back, request.args.get("reason", "")
    keys = store.keys_not_written(source, reason, limit=LISTED)
    total = store.not_written(source).get(reason, 0)
    return render_template("not_written.html", source=source, reason=reason, keys=keys, total=total)


def _ended(here: Site) -> tuple[Installation, ...]:
    """Slack workspaces that no longer hear of us."""
    return tuple(one for one in here.database.installations.all() if not one.stands)


def _spot_checks(here: Site) -> SpotChecks:
    return SpotChecks(database=here.database, analyser=here.analyser, clock=here.clock)


@pages.get("/trust/review/<metric>")
def review(metric: str) -> str:
    """A conversation to read, without what was measured: a reviewer who sees it agrees with it."""
    here, viewer = site(), current_viewer()
    checks = _spot_checks(here)
    report = checks.report(metric, viewer)
    key = report.quote.conversation if report is not None else checks.next(metric, viewer)
    stored = here.database.conversations.get(key) if key is not None else None
    return render_template(
        "review.html",
        metric=metric_named(metric),
        conversation=stored,
        report=report,
        doubted=_words(report, stored),
        form_token=here.access.form_token(signed_in().id_hash),
    )


def _words(report: QuoteReport | None, stored: Conversation | None) -> str:
    """What stands now where somebody named words wrong; blank when the message is gone."""
    if report is None or stored is None:
        return ""
    quote = report.quote
    text = next((one.text for one in stored.messages if one.id == quote.message), "")
    return text[quote.start : quote.end]


@pages.post("/trust/review/<metric>")
def answer(metric: str) -> Response:
    value = request.form.get("value", "")
    _spot_checks(site()).answer(
        ConversationKey(request.form.get("conversation", "")),
        metric,
        None if value == CANNOT_TELL else value,
        viewer=current_viewer(),
    )
    return redirect(HERE.review(metric), code=303)


@pages.post("/trust/draw/<metric>")
def draw(metric: str) -> Response:
    if current_viewer().role not in ANALYSTS:
        raise Forbidden("Drawing conversations for review is for analysts.")
    _spot_checks(site()).draw(metric)
    return redirect(HERE.review(metric), code=303)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What people thought of answers lately."""

    useful: int
    wrong: Mapping[str, int]  # what was wrong -> answers
    listed: tuple[Feedback, ...]  # the wrong ones, newest first


def _verdicts(here: Site) -> Verdicts:
    found = here.database.feedback.since(here.clock() - VERDICT_DAYS)
    wrong = [one for one in found if one.verdict is Verdict.WRONG]
    parts = Counter(one.what.value if one.what else "not said" for one in wrong)
    return Verdicts(
        useful=len(found) - len(wrong),
        wrong=dict(parts.most_common()),
        listed=tuple(wrong[:FAILURES]),
    )


def _source(name: str, viewer: Viewer, here: Site, synced: datetime | None) -> Source:
    query = Query(filters=(Filter.of(Dimension.SOURCE, name),))
    counts = here.database.facts.coverage(query, viewer)
    measured = here.database.facts.count(replace(query, metric="negative_rate"), viewer)
    return Source(
        name=name,
        synced=synced,
        counts=counts,
        waiting=max(0, counts.total - counts.analysed - counts.failed),
        query=query,
        # An imported label may say nothing of sentiment, and is analysed for all that.
        told_apart=measured.unmeasured == counts.total - counts.analysed,
        blanks=(blanks := tuple(_blank(one, query, viewer, here) for one in all_metrics())),
        languages=wording.languages(
            max(one.reasons.get(EmptyReason.LANGUAGE, 0) for one in blanks),
            counts.total,
            here.database.facts.languages(query, viewer),
        ),
        # The ledger of writes knows no viewer, so only those who see everything see it.
        not_written=here.database.write_back.not_written(name) if viewer.accounts is None else {},
        days=_days(name, here) if viewer.accounts is None else (),
    )


def _days(name: str, here: Site) -> tuple[DayCoverage, ...]:
    """The coverage ledger of the last weeks; a day is proven when the helpdesk was asked."""
    today = here.clock().astimezone(here.zone).date()
    window = Window(today - timedelta(days=LEDGER_DAYS - 1), today + timedelta(days=1))
    return tuple(reversed(here.database.coverage.days(name, window)))


def _blank(metric: Metric, query: Query, viewer: Viewer, here: Site) -> Blank:
    asked = Query(metric=metric.rates[0].name, filters=query.filters)
    reasons = here.database.facts.coverage(asked, viewer).empty
    return Blank(
        metric=metric,
        reasons=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        total=sum(reasons.values()),
        unmeasured=here.database.facts.count(asked, viewer).unmeasured,
        query=query,
    )
