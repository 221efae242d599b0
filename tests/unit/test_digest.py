"""The weekly digest: what clearly changed, what is withheld, and first of all what is missing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest

from bot.blocks import digest_message
from bot.policy import Shows, shared_digest
from service.alert_book import STARTER, AlertBook
from service.answer_json import digest_as_json
from service.answering.counts import SURE, counts_p
from service.chart_image import draw
from service.charting import weekly
from service.digest import MOST_LINES, Digest
from service.digesting import Digests
from service.domain.alerts import Alert, AlertState, Reading
from service.domain.answers import Intent
from service.domain.conversations import Account, account_key
from service.domain.feedback import Feedback, Verdict
from service.domain.people import SYSTEM
from service.flags import Flags
from service.links import Links
from service.query import Dimension, Query
from service.spotchecks import SpotChecks
from storage.database import SqlDatabase
from tests.builders import VERSION, a_conversation, a_page, a_quote, a_risk, an_analysis
from tests.unit.answering_world import TODAY, answers_over
from tests.unit.test_answers import opened

UTC_ZONE = ZoneInfo("UTC")
WEEK, THIS, BEFORE = "2026-W46", date(2026, 11, 9), date(2026, 11, 2)


class Nowhere:
    prints: ClassVar[bool] = False

    def publish(self, digest: Digest) -> str:
        return digest.week


@pytest.fixture
def database(tmp_path: Path) -> Iterator[SqlDatabase]:
    made = opened(tmp_path / "digest.db")
    yield made
    made.close()


def store(database: SqlDatabase, monday: date, drivers: Mapping[str, int]) -> None:
    """Store so many conversations of each driver in one week, each of another customer."""
    moment = datetime(monday.year, monday.month, monday.day, 10, tzinfo=UTC)
    names = [name for name, n in drivers.items() for _ in range(n)]
    stored, accounts, analyses = [], [], []
    for number, driver in enumerate(names):
        key = f"{monday:%m%d}{number}"
        accounts.append(Account(key=account_key("zendesk", key), name=f"Company {key}"))
        one = a_conversation(
            key,
            f"The {driver} page shows the wrong amount in row {number}",
            account=accounts[-1].key,
            requester=key,
            created_at=moment + timedelta(days=number % 7),
        )
        stored.append(one)
        analyses.append(an_analysis(one, drivers=(driver,), quotes=(a_quote(one, "driver"),)))
    page = a_page(*stored, cursor=f"{monday}", accounts=tuple(accounts))
    database.conversations.save_page("zendesk", page)
    database.analyses.save(analyses)
    database.conversations.sync_finished("zendesk", TODAY)


def made(database: SqlDatabase, **beside: Any) -> Digest:
    """The digest; `beside` is what a workspace has on record beside its answers."""
    digests = Digests(
        answers=answers_over(database),
        links=Links("https://verbatim.example"),
        publisher=Nowhere(),
        clock=lambda: TODAY,
        zone=UTC_ZONE,
        **beside,
    )
    assert digests.last_week() == WEEK
    return digests.make(WEEK)


def test_what_clearly_changed_is_told_with_both_counts_and_a_quote(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 6, "Login": 9, "Shipping": 20})
    store(database, THIS, {"Billing": 24, "Login": 10, "Shipping": 5})
    digest = made(database)
    assert [one.name for one in digest.drivers] == ["Billing"]
    place = next(i for i, line in enumerate(digest.lines) if line.startswith("Billing rose"))
    assert (
        "from 6 to 24 conversations (+44 points of all). No owner on record."
        " No playbook: decision needed. https://verbatim.example/r/" in digest.lines[place]
    )
    assert "The Billing page shows the wrong amount" in digest.lines[place + 1]
    improved = "Improved: Shipping fell from 20 to 5 conversations (-44 points of all). https://"
    assert any(line.startswith(improved) for line in digest.lines)


def test_a_driver_that_changed_has_its_owner_and_its_playbook(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 6, "Login": 9})
    store(database, THIS, {"Billing": 24, "Login": 10})
    book = AlertBook(database=database, clock=lambda: TODAY, zone=UTC_ZONE)
    for name, query in (("all", Query()), ("own", Query().narrowed(Dimension.DRIVER, "Billing"))):
        query = replace(query, metric="negative_rate")
        over = Dimension.DRIVER if name == "all" else None
        book.add(replace(STARTER, id=name, query=query, over=over, playbook=f"{name}: call them."))
    (told,) = made(database, owners={"Billing": "Maya"}, alerts=book).drivers
    assert told.care == "Owner: Maya. Playbook: own: call them."
    assert book.playbook("Login") == "all: call them."
    digest = made(database, owners={"Billing": "Maya"}, alerts=book)
    assert told.care in _words(digest_message(digest).blocks)
    (as_json,) = json.loads(json.dumps(digest_as_json(digest)))["drivers"]
    assert (as_json["owner"], as_json["playbook"]) == ("Maya", "own: call them.")
    assert (as_json["baseline"]["n"], as_json["current"]["n"]) == (6, 24)
    assert as_json["current"]["receipt"] == told.current.receipt


def test_the_trust_line_tells_agreement_late_reviews_and_what_became_of_alerts(
    database: SqlDatabase,
) -> None:
    store(database, BEFORE, {"Billing": 7})
    store(database, THIS, {"Billing": 7})
    book = AlertBook(database=database, clock=lambda: TODAY, zone=UTC_ZONE)
    drawn = [datetime(2026, 11, day, tzinfo=UTC) for day in (8, 10)]
    for at, metric in zip(drawn, ("sentiment", "effort"), strict=True):
        SpotChecks(database=database, analyser=VERSION, clock=lambda at=at: at).draw(metric, size=3)
    reading = Reading(value="Billing", n0=40, x0=4, n1=40, x1=20, z=4.0)
    for day in (8, 12, 13, 14):
        one = Alert(
            rule=STARTER.id,
            opened_on=date(2026, 11, day),
            seen_on=date(2026, 11, 14),
            state=AlertState.OPEN,
            reading=reading,
            told_excess=None if day == 14 else 16.0,
        )
        database.alerts.save(one)
        if day == 12:
            useful = Feedback(answer=one.key, person="a@b.c", verdict=Verdict.USEFUL, at=TODAY)
            database.feedback.note(useful)
    checks = SpotChecks(database=database, analyser=VERSION, clock=lambda: TODAY)
    digest = made(database, checks=checks, alerts=book)
    assert digest.trust.endswith(
        ". Agreement: no metric is validated. 3 reviews overdue."
        " 2 alerts sent, 1 of 2 marked useful."
    )
    assert digest.lines[-1].endswith("/trust · Alerts: https://verbatim.example/alerts")
    told = made(database, checks=checks, validated=("sentiment",)).trust
    assert told.endswith("Agreement: Sentiment no checks yet. 3 reviews overdue.")


def test_the_headline_gives_last_week_and_the_usual_range(database: SqlDatabase) -> None:
    for back in range(1, 5):
        store(database, THIS - timedelta(days=7 * back), {"Billing": 10 + back})
    store(database, THIS, {"Billing": 12})
    assert made(database).headline.startswith(
        "Conversations: 12 vs 11 before, no clear change."
        " Inside the range of the 4 weeks before: 11 to 14. https://"
    )


def test_a_quiet_week_is_called_quiet(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 10})
    store(database, THIS, {"Billing": 11})
    digest = made(database)
    assert digest.drivers == ()
    assert "A quiet week: no driver clearly changed." in digest.lines


def test_a_week_outside_the_usual_range_is_not_called_quiet(database: SqlDatabase) -> None:
    for back in range(1, 5):
        store(database, THIS - timedelta(days=7 * back), {"Billing": 10})
    store(database, THIS, {"Billing": 13})
    digest = made(database)
    assert "no clear change. Above the range of the 4 weeks before: 10 to 10." in digest.headline
    assert "No driver clearly changed." in digest.lines


def test_a_driver_that_would_be_sure_alone_is_chance_among_twelve(database: SqlDatabase) -> None:
    still = dict.fromkeys((f"Driver {letter}" for letter in "ABCDEFGHIJK"), 4)
    store(database, BEFORE, {"Billing": 4, **still})
    store(database, THIS, {"Billing": 14, **still})
    assert counts_p(4, 14, (7, 7)) < SURE
    assert made(database).drivers == ()


def test_a_driver_that_went_away_is_what_improved(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 10, "Login": 12})
    store(database, THIS, {"Billing": 10})
    improved = "Improved: Login fell from 12 to 0 conversations. https://verbatim.example/r/"
    assert any(line.startswith(improved) for line in made(database).lines)


def test_unvalidated_metrics_are_withheld_in_one_line(database: SqlDatabase) -> None:
    store(database, THIS, {"Billing": 3})
    assert made(database).withheld == ("Sentiment, Churn risk, Effort: withheld, not validated",)
    some = made(database, validated=("sentiment",))
    assert some.withheld == ("Churn risk, Effort: withheld, not validated",)
    assert some.shares[0].startswith("Negative share")


def test_the_same_week_gives_the_same_digest(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 6, "Login": 30})
    store(database, THIS, {"Billing": 24, "Login": 9})
    assert made(database) == made(database)


def test_a_digest_has_fifteen_lines_at_most_and_keeps_its_numbers(database: SqlDatabase) -> None:
    names = [f"Driver {letter}" for letter in "ABCDEF"]
    store(database, BEFORE, {"Login": 40, **dict.fromkeys(names, 2)})
    store(database, THIS, {"Login": 5, **dict.fromkeys(names, 20)})
    validated = ("sentiment", "effort", "churn_risk")
    digest = made(database, validated=validated)
    assert len(digest.lines) <= MOST_LINES
    assert len(digest.drivers) == 3
    assert sum(" rose from 2 to 20 " in line for line in digest.lines) == 3
    assert digest.lines[-1].startswith("Report: ")


def test_a_sync_that_ended_before_the_week_did_is_said_first(database: SqlDatabase) -> None:
    store(database, THIS, {"Billing": 3})
    database.conversations.sync_finished("zendesk", datetime(2026, 11, 14, 6, tzinfo=UTC))
    assert made(database).lines[0] == (
        "The week is not complete here: the last sync ended 14 Nov 2026 06:00."
    )


def test_slack_shows_what_the_lines_say(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 6, "Shipping": 20})
    store(database, THIS, {"Billing": 24, "Shipping": 5})
    database.conversations.sync_finished("zendesk", datetime(2026, 11, 14, 6, tzinfo=UTC))
    digest = made(database)
    whole = _words(digest_message(digest).blocks)
    assert digest.first[0] in whole
    assert "29 vs 26 before, no clear change" in whole
    assert "Improved: " in whole
    assert "6 the week before" in whole
    assert whole.index(digest.first[0]) < whole.index("29 vs 26") < whole.index("Improved: ")
    assert digest.withheld[0] in whole


def _words(part: object) -> str:
    """What a reader sees of blocks: a number that is a link is a part of its own there."""
    if isinstance(part, str):
        return part
    if isinstance(part, list | tuple):
        return "".join(map(_words, part))
    inner = part if isinstance(part, dict) else {}
    return "".join(_words(inner[name]) for name in ("text", "elements") if name in inner)


def test_missing_conversations_are_said_first(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 7})
    store(database, THIS, {"Billing": 7})
    database.coverage.record("zendesk", {THIS: 1, date(2026, 11, 11): 4}, at=TODAY)
    digest = made(database)
    assert digest.lines[0] == (
        "3 conversations of Zendesk are missing since 11 Nov 2026: run verbatim reconcile."
    )
    assert digest.volume.query is not None
    answer = answers_over(database).ask(digest.volume.query, SYSTEM, intent=Intent.COUNT)
    assert answer.text[-1].startswith(
        "3 conversations of Zendesk are missing since 11 Nov 2026: run verbatim reconcile. 7 of 7"
    )


def test_the_chart_holds_the_weeks_before_and_this_one(database: SqlDatabase) -> None:
    for back in (4, 3, 1):
        store(database, THIS - timedelta(days=7 * back), {"Billing": 5 + back})
    store(database, THIS, {"Billing": 9})
    digest = made(database)
    assert [(week.label, week.n) for week in digest.weeks] == [
        ("12 Oct", 9), ("19 Oct", 8), ("26 Oct", 0), ("2 Nov", 6), ("9 Nov", 9)
    ]  # fmt: skip
    assert "the range of the 4 weeks before: 0 to 9" in digest.headline
    chart = weekly(digest.weeks)
    assert chart is not None
    assert chart.alternative().endswith("26 Oct 0, 2 Nov 6, 9 Nov 9.")
    assert draw(chart) == draw(chart)


def test_two_weeks_are_no_range(database: SqlDatabase) -> None:
    store(database, BEFORE, {"Billing": 5})
    store(database, THIS, {"Billing": 9})
    assert "range" not in made(database).headline


def test_flags_are_told_once_churn_risk_is_validated(database: SqlDatabase) -> None:
    one = a_conversation("7", "We will cancel.", created_at=datetime(2026, 11, 10, tzinfo=UTC))
    database.conversations.save_page("zendesk", a_page(one))
    database.analyses.save([a_risk(one)])
    at = datetime(2026, 11, 10, 12, tzinfo=UTC)
    flags = Flags(database=database, links=Links(""), clock=lambda: at)
    assert len(flags.update()) == 1
    told = (
        "Churn-risk flags: 1 new, 1 overdue (open for more than two working days); 1 stands."
        " New: Acme. Overdue: Acme. https://verbatim.example/?conversation=zendesk%3A7"
    )
    digest = made(database, validated=("churn_risk",), flags=flags)
    assert told in digest.lines
    unnamed = shared_digest(digest, Shows.QUOTES)
    assert "Acme" not in _words(digest_message(unnamed).blocks)
    assert any("not named" in line for line in unnamed.withheld)
    assert not any("flags" in line for line in made(database, flags=flags).lines)
