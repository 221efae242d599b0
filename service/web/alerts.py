"""Alert rules, what stands, what was, and how often the rules cry for nothing.

It shows counts and leads to the conversations behind them; it looks at no day itself.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.alert_book import HISTORY, MEASURED, AlertBook, condition, sentence
from service.answering.desk import numerator_query
from service.domain import alerts
from service.domain.alerts import BUDGET, Alert, Rule
from service.domain.feedback import Verdict
from service.domain.people import ANALYSTS, Viewer
from service.errors import Forbidden
from service.measures import tells
from service.web.site import HERE, Site, current_viewer, signed_in, site

pages = Blueprint("alerts", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRule:
    rule: Rule
    words: str
    fired_before: int | None  # over the last 90 days; None: withheld


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownAlert:
    alert: Alert
    rule: Rule | None  # None: it is not known any more
    sentence: str
    url: str | None
    useful: int
    wrong: int


@pages.get("/alerts")
def page() -> str:
    here, viewer = site(), _viewer()
    book = _book(here)
    withheld = here.answers.withheld(viewer)
    shown = _shown(here, book, withheld)
    return render_template(
        "alerts.html",
        rules=[_rule(book, rule, here.names(viewer), withheld) for rule in book.rules()],
        blind=book.blind(),
        standing=[one for one in shown if one.alert.stands],
        over=[one for one in shown if not one.alert.stands],
        told=sum(one.alert.told_excess is not None for one in shown),
        useful=sum(one.useful > 0 for one in shown),
        wrong=sum(one.wrong > 0 for one in shown),
        measured=MEASURED,
        budget=BUDGET,
        may_act=viewer.role in ANALYSTS,
        form_token=here.access.form_token(signed_in().id_hash),
    )


@pages.post("/alerts/acknowledge")
def acknowledge() -> Response:
    if _viewer().role not in ANALYSTS:
        raise Forbidden("Alerts are taken up by analysts and administrators.")
    _book(site()).acknowledge(request.form.get("key", ""))
    return redirect("/alerts", code=303)


def _viewer() -> Viewer:
    """Alerts count every account, so they are for those who may see every account."""
    viewer = current_viewer()
    if viewer.accounts is not None:
        raise Forbidden("Alerts count all accounts; yours are on their own pages.")
    return viewer


def _book(here: Site) -> AlertBook:
    return AlertBook(database=here.database, clock=here.clock, zone=here.zone)


def _rule(
    book: AlertBook, rule: Rule, names: Mapping[str, str], withheld: Collection[str]
) -> ShownRule:
    fired = None if tells(rule.query, withheld) else len(book.fired_before(rule))
    return ShownRule(rule=rule, words=condition(rule, names), fired_before=fired)


def _shown(here: Site, book: AlertBook, withheld: Collection[str]) -> list[ShownAlert]:
    rules = book.every_rule()
    since = datetime.combine(book.today() - HISTORY, time.min, here.zone)
    said = Counter((one.answer, one.verdict) for one in here.database.feedback.since(since))
    shown = []
    for one in book.history():
        rule = rules.get(one.rule)
        if rule is not None and tells(rule.query, withheld):
            continue
        shown.append(
            ShownAlert(
                alert=one,
                rule=rule,
                sentence=sentence(rule, one.reading) if rule else "its rule is not known any more",
                url=_list_of(rule, one) if rule else None,
                useful=said[one.key, Verdict.USEFUL],
                wrong=said[one.key, Verdict.WRONG],
            )
        )
    return shown


def _list_of(rule: Rule, alert: Alert) -> str:
    """The address of the conversations that the rate counts in its last seven days."""
    recent, _ = alerts.windows(alert.seen_on)
    asked = replace(rule.query, window=recent)
    if rule.over is not None:
        asked = asked.narrowed(rule.over, alert.reading.value)
    return HERE.explore(numerator_query(asked))
