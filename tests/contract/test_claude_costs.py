"""What each way a live call can end leaves in the ledger: counted once, free, or flagged."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from connectors.sandbox.claude_state import Mode
from service.cli import run
from service.custom_metrics import custom_metric
from service.domain.costs import Spending
from service.errors import Unauthorized
from service.progress import Silent
from service.settings import settings_from
from service.stores import Person
from storage.database import SqlDatabase
from tests.builders import Clockwork, a_conversation, a_page
from tests.contract.claude_world import (
    KEY,
    World,
    claude_world,
    every_answer_is_its_own,
    said_by,
)
from verbatim import Built

CREATE = "/v1/messages"
YES_NO = ("yes", "no")


@pytest.fixture
def world(
    sqlite_database: SqlDatabase, clock: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with claude_world(sqlite_database, clock) as made:
        yield made


ASKED = {"title": "Refund demand", "question": "Is money wanted back?", "values": "yes, no"}


@pytest.fixture
def home(world: World, tmp_path: Path) -> Built:
    """A workspace of its own that asks the stand-in."""
    given = {
        "VERBATIM_HOME": str(tmp_path),
        "VERBATIM_CLAUDE__API_KEY": KEY,
        "VERBATIM_CLAUDE__BASE_URL": world.url,
    }
    made = Built(lambda: settings_from(given))
    made.database().conversations.save_page(
        "zendesk", a_page(*(a_conversation(n, said_by(n)) for n in range(12)))
    )
    return made


def test_a_metric_of_ones_own_tells_what_measuring_all_anew_would_cost(
    world: World, home: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--question", ASKED["question"], "--title", ASKED["title"]]
    assert run(home, ["metrics", "add", "refund", *given, "--dry-run"]) == 0
    told = capsys.readouterr().out
    cost = "With Claude, in batches: about 12 conversations, "
    assert cost in told
    assert "Nothing is kept" in told
    assert not home.settings.metrics_file.exists()
    home.database().people.save(Person(email="ana@example.com", name="Ana", role="analyst"))
    client = home.web_app().test_client()
    cookie = home.access().use_sign_in_link(home.access().make_sign_in_link("ana@example.com"))
    client.set_cookie("verbatim", cookie, domain="localhost")
    token = re.search(r'name="form_token" value="([^"]*)"', client.get("/own-metrics").text)
    assert token is not None
    form = {**ASKED, "form_token": unescape(token[1])}
    sent = {"data": form, "headers": {"Origin": "http://localhost"}}
    assert cost in client.post("/own-metrics/try", **sent).text
    world.stand.faults.server_error(401, times=9)
    told = client.post("/own-metrics/try", **sent).text
    assert "What Claude would cost is not known." in told
    assert "Put it in force" in told
    assert today(world).calls == 0


def test_a_metric_that_is_not_in_force_is_part_of_its_own_estimate(world: World) -> None:
    world.fill(20)
    sizes = []
    for question in ("Is money wanted back?", "Is money wanted back? " * 40):
        metric = custom_metric(name="refund", title="Refund", question=question, values=YES_NO)
        estimate = world.at_work().estimate_anew(metric)
        assert estimate is not None
        assert (estimate.conversations, estimate.counted) == (20, 10)
        sizes.append(estimate.tokens)
    assert sizes[0] < sizes[1]


def today(world: World) -> Spending:
    day = world.clock().date()
    return world.database.costs.spending(day, day)


def test_each_answer_is_paid_once(world: World) -> None:
    made = world.fill(5)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert (report.analysed, spent.calls, spent.answers, spent.calls_lost) == (5, 5, 5, 0)
    assert spent.nano / 1e9 == pytest.approx(report.cost_usd, abs=1e-6)
    assert spent.usage.cache_read > spent.usage.cache_written > 0
    assert every_answer_is_its_own(world, made)


def test_an_overloaded_vendor_charges_nothing_and_is_asked_again(world: World) -> None:
    world.fill(1)
    world.stand.faults.server_error(529, times=2, path=CREATE)
    assert world.at_work().run(Silent()).analysed == 1
    assert (today(world).calls, world.calls(f"POST {CREATE}")) == (1, 3)


def test_an_answer_lost_on_its_way_is_flagged_and_stays_counted(world: World) -> None:
    world.fill(1)
    world.stand.faults.drop_after_doing(path=CREATE)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert (report.analysed, report.calls, report.calls_lost) == (1, 1, 1)
    assert (spent.calls, spent.calls_lost, spent.answers) == (2, 1, 1)
    assert spent.counted == spent.nano + spent.lost


@pytest.mark.parametrize("kind", ["html_page", "truncate_json", "cut_transfer"])
def test_an_answer_that_is_none_leaves_the_work_for_later(world: World, kind: str) -> None:
    world.fill(3)
    getattr(world.stand.faults, kind)(times=3, path=CREATE)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.failed, report.left) == (0, 0, 3)
    assert report.stopped is not None
    assert not report.over_budget
    assert today(world).calls_lost == 3
    assert world.at_work().run(Silent()).analysed == 3


def test_a_vendor_that_stays_down_stops_the_run_and_not_the_rest(world: World) -> None:
    world.fill(3)
    world.stand.faults.server_error(529, times=None, path=CREATE)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.left) == (0, 3)
    assert report.stopped == "Claude is overloaded or not ready."
    assert today(world).counted == 0


def test_a_refused_key_stops_at_once(world: World) -> None:
    world.fill(3)
    world.stand.faults.unauthorized(path=CREATE)
    with pytest.raises(Unauthorized):
        world.at_work().run(Silent())
    assert (today(world).counted, world.calls(f"POST {CREATE}")) == (0, 1)


def test_one_that_is_refused_makes_no_other_be_paid_again(world: World) -> None:
    world.fill(6)
    world.stand.state.script(Mode.ANSWER, times=3)
    world.stand.state.script(Mode.REFUSAL)
    report = world.at_work().run(Silent())
    assert (report.analysed, report.failed) == (5, 1)
    assert world.calls(f"POST {CREATE}") == 6


def test_quotes_that_are_nobodys_words_are_counted(world: World) -> None:
    world.fill(2)
    world.stand.state.script(Mode.UNGROUNDED_QUOTE)
    report = world.at_work().run(Silent())
    spent = today(world)
    assert 0 < report.quotes_dropped < report.quotes
    assert (spent.quotes, spent.quotes_dropped) == (report.quotes, report.quotes_dropped)
