"""The page of one driver and of one account: how much, how negative over time, in whose words.

It asks the gateway like every other surface.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service import measures
from service.alert_book import AlertBook, sentence
from service.domain.answers import Answer, Intent
from service.domain.conversations import Account, AccountKey
from service.domain.flags import FlagChange, FlagEvent
from service.domain.people import PersonRole, Viewer
from service.domain.taxonomy import UNMAPPED, slug
from service.errors import Forbidden, Misused, NotFound
from service.flags import Flags, ShownFlag
from service.query import CONVERSATIONS, Dimension, Filter, Query, Window
from service.web.explore import withheld_words
from service.web.group import chart, number, rows
from service.web.site import HERE, Site, current_viewer, signed_in, site

WEEKS = 12
TOP = 6
RATES = {
    "negative_rate": "Negative",
    "churn_risk_rate": "Churn risk",
    "high_effort_rate": "High effort",
}
OPEN = ("open", "pending")

_ACTIONS = (FlagEvent.ADDRESSED, FlagEvent.SNOOZED, FlagEvent.NOT_A_RISK)

pages = Blueprint("subjects", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """An account's newest flag, what happened to it, newest first, and the token of its form."""

    shown: ShownFlag
    history: tuple[FlagChange, ...]
    form_token: str


@pages.get("/drivers/<name>")
def driver(name: str) -> str:
    here, viewer = site(), current_viewer()
    found = _driver_named(name, viewer, here)
    ladder = here.taxonomy
    description = next((d.description for d in ladder.drivers if d.name == found), "")
    owner = ladder.owners.get(found)
    query = Query(filters=(Filter.of(Dimension.DRIVER, found),))
    return _page(
        query,
        here,
        viewer,
        kind="Driver",
        title=found,
        lens=Dimension.TAG,
        facts=[("Owner", owner)] if owner else [],
        description=description,
        alerts=_alerts(found, viewer, here),
    )


@pages.get("/accounts/<key>")
def account(key: str) -> str:
    here, viewer = site(), current_viewer()
    found = here.accounts(viewer).get(key)
    if found is None:
        raise NotFound("There is no such account, or it is not one of yours.")
    query = Query(filters=(Filter.of(Dimension.ACCOUNT, AccountKey(key)),))
    return _page(
        query,
        here,
        viewer,
        kind="Account",
        title=found.name,
        lens=Dimension.DRIVER,
        facts=_account_facts(found),
        description="",
        flagged=_flagged(found.key, viewer, here),
        brief=_brief(query, viewer, here),
    )


@pages.post("/accounts/<key>/flag")
def act_on_flag(key: str) -> Response:
    """Address, silence or snooze the flag of an account."""
    here, viewer = site(), current_viewer()
    if viewer.role is PersonRole.LEADER:
        raise Forbidden("Flags are handled by the people who own the accounts.")
    given = request.form.get("event", "")
    event = next((one for one in _ACTIONS if one.value == given), None)
    if event is None:
        raise Misused(f"{given!r} is nothing that can be done about a flag.")
    reason = request.form.get("reason", "")
    _flags(here).act(AccountKey(key), event, viewer=viewer, reason=reason)
    return redirect(HERE.account(AccountKey(key)), code=303)


def _page(
    query: Query,
    here: Site,
    viewer: Viewer,
    *,
    kind: str,
    title: str,
    lens: Dimension,
    facts: Sequence[tuple[str, str]],
    description: str,
    flagged: Flagged | None = None,
    brief: Answer | None = None,
    alerts: Sequence[str] | None = None,
) -> str:
    store = here.database.facts
    weekly = replace(
        query, metric="negative_rate", group_by=(Dimension.WEEK,), window=_recent(here)
    )
    names = here.names(viewer)
    hidden = here.answers.withheld(viewer)
    weekly = _without_rate(weekly, hidden)
    by_lens = _without_rate(replace(query, metric="negative_rate", group_by=(lens,)), hidden)
    quotes = brief
    if quotes is None or not quotes.quotes:
        quotes = here.answers.ask(query, viewer, intent=Intent.QUOTES)
    waiting = replace(
        query, filters=(*query.filters, Filter.of(Dimension.STATUS, *OPEN)), sort="created"
    )
    return render_template(
        "subject.html",
        kind=kind,
        title=title,
        description=description,
        flagged=flagged if flagged is not None and "churn_risk" not in hidden else None,
        actions=() if viewer.role is PersonRole.LEADER else _ACTIONS,
        facts=facts,
        brief=brief,
        brief_lines=_without_quotes(brief) if brief else (),
        alerts=alerts,
        stored=store.days(),
        unvalidated=here.answers.unvalidated(viewer),
        total=number(query, store.count(query, viewer)),
        rates=[
            (RATES.get(rate) or measures.title(rate), number(q, store.count(q, viewer)))
            for rate in (*RATES, *measures.own_rates())
            for q in (replace(query, metric=rate),)
            if not measures.tells(q, hidden)
        ],
        chart=chart(weekly, rows(weekly, store.groups(weekly, viewer), names)),
        shares=weekly.metric != CONVERSATIONS,
        withheld=withheld_words(hidden),
        weekly_url=HERE.group(weekly),
        lens=lens,
        lens_rows=rows(by_lens, store.groups(by_lens, viewer), names)[:TOP],
        lens_url=HERE.group(by_lens),
        quotes=quotes.quotes,
        quote_rule=quotes.quote_rule,
        waiting=store.conversations(waiting, viewer, limit=TOP).rows,
        waiting_url=HERE.explore(waiting),
        list_url=HERE.explore(query),
    )


def _brief(query: Query, viewer: Viewer, here: Site) -> Answer | None:
    """The brief as in Slack; where metrics are withheld the page says so once, without it."""
    if not {"sentiment", "churn_risk"}.isdisjoint(here.answers.withheld(viewer)):
        return None
    return here.answers.ask(query, viewer, intent=Intent.ACCOUNT_BRIEF)


def _without_quotes(brief: Answer) -> Sequence[str]:
    """The lines of a brief below its question and the account's name; its quotes stand apart."""
    urls = tuple(quote.url for quote in brief.quotes)
    return [line for line in brief.text[2:] if not (line.startswith('"') and line.endswith(urls))]


def _alerts(driver: str, viewer: Viewer, here: Site) -> Sequence[str] | None:
    """What stands of the alerts on a driver; None for whom alerts are not."""
    if viewer.accounts is not None:
        return None
    book = AlertBook(database=here.database, clock=here.clock, zone=here.zone)
    hidden, rules = here.answers.withheld(viewer), book.every_rule()
    return [
        sentence(rule, one.reading)
        for one in book.history()
        for rule in (rules.get(one.rule),)
        if one.stands and rule is not None and not measures.tells(rule.query, hidden)
        if driver in {one.reading.value, *rule.query.values_of(Dimension.DRIVER)}
    ]


def _flags(here: Site) -> Flags:
    return Flags(database=here.database, links=HERE, clock=here.clock)


def _flagged(key: AccountKey, viewer: Viewer, here: Site) -> Flagged | None:
    shown, history = _flags(here).of(key, viewer)
    if shown is None:
        return None
    token = here.access.form_token(signed_in().id_hash)
    return Flagged(shown=shown, history=tuple(reversed(history)), form_token=token)


def _driver_named(name: str, viewer: Viewer, here: Site) -> str:
    known = [d.name for d in here.taxonomy.drivers]
    known += here.database.facts.values(Dimension.DRIVER, viewer)
    for candidate in (*known, UNMAPPED):
        if slug(candidate) == slug(name):
            return candidate
    raise NotFound("There is no driver of that name in the taxonomy.")


def _account_facts(found: Account) -> list[tuple[str, str]]:
    return [
        ("Segment", found.segment or "not known"),
        ("Owner", found.owner or "nobody"),
        ("Renewal", found.renewal or "not connected"),
    ]


def _recent(here: Site) -> Window | None:
    """Return the last weeks that hold a conversation, in whole weeks."""
    days = here.database.facts.days()
    if days is None:
        return None
    last = days.end - timedelta(days=1)
    end = last - timedelta(days=last.weekday()) + timedelta(days=7)
    return Window(end - timedelta(weeks=WEEKS), end)


def driver_address(name: str) -> str:
    return url_for("subjects.driver", name=slug(name))


def driver_listing(name: str) -> str:
    return HERE.explore(Query(filters=(Filter.of(Dimension.DRIVER, name),)))


def tag_address(name: str) -> str:
    return HERE.explore(Query(filters=(Filter.of(Dimension.TAG, name),)))


def _without_rate(query: Query, hidden: Collection[str]) -> Query:
    """Return the question as it may be asked: a withheld share becomes a plain count."""
    return replace(query, metric=CONVERSATIONS) if measures.tells(query, hidden) else query
