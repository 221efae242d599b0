"""Rows 36 to 39 of the fault matrix: whatever Slack answers, and however often it sends, there is
one answer and one digest, and nobody hears nothing.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bot.publishing import SlackPublisher
from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.slack_state import BOT_USER, Posted
from service.errors import TellPerson, VerbatimError
from tests.builders import Clockwork
from tests.contract.slack_answers import a_digest, a_quote, an_answer
from tests.contract.slack_workspace import (
    CHANNEL,
    CHANNEL_NAME,
    DIRECT,
    USER,
    Workspace,
    slack_workspace,
)
from tests.databases import SqliteFiles, opened
from tests.faults.trials import Trial
from tests.slack_checker import liberties, problems

POST = "/api/chat.postMessage"
HOME = "https://verbatim.example"
LOOKING = ("channels:history",)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("trouble"))


@pytest.fixture
def here(files: SqliteFiles, clock: Clockwork) -> Iterator[Workspace]:
    database = opened(files.migrated_url(), clock)
    with slack_workspace(database, clock) as found:
        yield found
    database.close()


def _publish(here: Workspace, **changed: Any) -> str:
    publisher = SlackPublisher(
        here.connection(), channel=CHANNEL_NAME, database=here.database, clock=here.clock
    )
    return publisher.publish(a_digest(**changed))


def _later(here: Workspace, **passed: float) -> None:
    """A new process, after the last one's lease, works off what it finds."""
    here.clock.advance(**(passed or {"minutes": 5}))
    with here.running():
        pass


def _said(here: Workspace) -> list[Posted]:
    return [each for each in here.posted if each.ephemeral_for is None]


def _nothing_waits(here: Workspace) -> bool:
    return here.database.work.unfinished("slack") == [] and here.database.work.outbox_open()[0] == 0


# --- Row 36: what Slack sends more than once -----------------------------------------------------


@pytest.mark.fault(36, "an event is sent three times more, in parallel")
@pytest.mark.parametrize("kind", ["mention", "direct", "command", "click"])
def test_an_event_that_comes_four_times_at_once_is_answered_once(
    here: Workspace, kind: str
) -> None:
    with here.running() as slack, ThreadPoolExecutor(4) as pool:
        send: dict[str, Callable[[int], Any]] = {
            "mention": lambda _: slack.mention("why?", ts="4.4"),
            "direct": lambda _: slack.direct("why?", ts="4.4"),
            "command": lambda _: slack.command("why?", trigger="t4"),
            "click": lambda _: slack.click("verbatim_option_0", "Acme Ltd", ts="4.4"),
        }
        assert [each.status_code for each in pool.map(send[kind], range(4))] == [200] * 4
    assert len(_said(here)) == len(here.gateway.asked) == 1
    assert _nothing_waits(here)


@pytest.mark.fault(36, "an event is sent again after a restart, and after the answer")
def test_a_retry_that_comes_to_another_process_is_answered_once(here: Workspace) -> None:
    for _ in range(3):
        with here.running() as slack:
            assert slack.mention("why?", ts="4.4").status_code == 200
        here.clock.advance(minutes=5)
    assert len(_said(here)) == len(here.gateway.asked) == 1


@pytest.mark.fault(36, "the address is asked for again; our own messages come back")
def test_what_is_no_question_has_no_effect_however_often_it_comes(here: Workspace) -> None:
    asked = json.dumps({"type": "url_verification", "challenge": "abc"})
    with here.running() as slack:
        for _ in range(3):
            assert slack.send(asked, "application/json").json() == {"challenge": "abc"}
            own = slack.direct("Conversations: 7.", bot_id="B0VERBATIM", user=BOT_USER)
            assert own.status_code == 200
    assert here.posted == []
    assert here.gateway.asked == []


# --- Row 37: what Slack answers ------------------------------------------------------------------


def _in(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


# What is waited for within a worker, and what gives the question back.
SHORT = {"zero": "0", "a float": "0.4", "absent": None, "words": "soon", "negative": "-7",
         "not a number": "nan", "a date that is over": _in(-60)}  # fmt: skip
LONG = {"a minute": "60", "huge": "1e9", "twenty digits": "9" * 20, "endless": "inf",
        "a date tomorrow": _in(90_000)}  # fmt: skip


@pytest.mark.fault(37, "429 with Retry-After in every form")
@pytest.mark.parametrize("retry_after", SHORT.values(), ids=SHORT.keys())
def test_a_busy_slack_is_waited_for_as_it_asks(here: Workspace, retry_after: str | None) -> None:
    here.slack.faults.rate_limit(path=POST, retry_after=retry_after)
    with here.running() as slack:
        slack.mention("why?")
    assert len(_said(here)) == 1
    assert _nothing_waits(here)


@pytest.mark.fault(37, "429 with Retry-After in every form")
@pytest.mark.parametrize("retry_after", LONG.values(), ids=LONG.keys())
def test_a_slack_that_is_busy_for_long_gets_answer_and_digest_later(
    here: Workspace, retry_after: str
) -> None:
    here.slack.faults.rate_limit(times=2, path=POST, retry_after=retry_after)
    with here.running() as slack:
        slack.mention("why?")
    with pytest.raises(VerbatimError):
        _publish(here)
    assert here.posted == []
    _later(here)
    _publish(here)
    assert len(_said(here)) == 2
    assert _nothing_waits(here)


@pytest.mark.fault(37, "more posts to a channel than Slack takes in a second")
def test_questions_that_come_at_once_are_answered_one_by_one(here: Workspace) -> None:
    here.slack.state.pace = 0.4
    with here.running() as slack:
        for number in range(4):
            slack.mention("why?", ts=f"{number}.1")
    assert sorted(each.thread_ts or "" for each in _said(here)) == ["0.1", "1.1", "2.1", "3.1"]
    assert _nothing_waits(here)


@pytest.mark.fault(37, "5xx, a page instead of an answer, a connection that ends: it did nothing")
@pytest.mark.parametrize("place", ["mention", "direct"])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 200])
def test_a_slack_in_trouble_delays_an_answer_and_loses_none(
    here: Workspace, place: str, status: int
) -> None:
    here.slack.state.scopes.update(LOOKING)
    here.slack.faults.html_page(status=status, path=POST)
    with here.running() as slack:
        getattr(slack, place)("why?")
    _later(here)
    assert len(_said(here)) == 1
    assert _nothing_waits(here)


@pytest.mark.fault(37, "5xx, a page instead of an answer, a connection that ends: it did nothing")
@pytest.mark.parametrize("status", [500, 503])
def test_a_digest_that_met_a_slack_in_trouble_is_posted_once(here: Workspace, status: int) -> None:
    here.slack.state.scopes.update(LOOKING)
    here.database.work.remember(f"slack-channel:{CHANNEL_NAME}", CHANNEL)
    here.slack.faults.server_error(status, path=POST)
    with pytest.raises(VerbatimError):
        _publish(here)
    _publish(here)
    _publish(here)
    assert len(_said(here)) == 1


@pytest.mark.fault(37, "nobody listens, or is closed for everybody: nothing was sent")
@pytest.mark.parametrize("how", ["refused", "no such host", "503"])
def test_what_never_reached_slack_is_sent_later_also_where_nobody_may_look(
    here: Workspace, how: str
) -> None:
    away = {"refused": "http://127.0.0.1:9", "no such host": "http://slack.invalid:1"}
    shut = replace(here, slack_url=away.get(how, here.slack_url))
    if how == "503":
        here.slack.faults.server_error(503, times=None)
    with shut.running() as slack:
        assert slack.mention("why?").status_code == 200
    with pytest.raises(VerbatimError):
        _publish(shut)
    here.slack.faults.clear()
    _later(here)
    _publish(here)
    assert len(_said(here)) == 2
    assert _nothing_waits(here)


@pytest.mark.fault(37, "a channel is archived, or the app is removed from it")
@pytest.mark.parametrize("code", ["archived", "has_bot"])
def test_a_closed_channel_is_told_another_way_and_gets_its_digest_when_it_opens(
    here: Workspace, code: str
) -> None:
    channel = here.slack.state.channels[CHANNEL]
    setattr(channel, code, code == "archived")
    with here.running() as slack:
        slack.mention("why?")
    assert [each.channel for each in _said(here)] == [DIRECT]
    with pytest.raises(TellPerson, match=r"unarchive|invite"):
        _publish(here)
    setattr(channel, code, code != "archived")
    _publish(here)
    _publish(here)
    assert [each.channel for each in _said(here)].count(CHANNEL) == 1


@pytest.mark.fault(37, "a token is revoked and the app installed again")
@pytest.mark.parametrize("code", ["token_revoked", "invalid_auth", "account_inactive"])
def test_a_revoked_token_delays_and_loses_nothing(here: Workspace, code: str) -> None:
    here.slack.state.token_error = code
    with here.running() as slack:
        assert slack.mention("why?").status_code == 200
    with pytest.raises(TellPerson, match="install the app again"):
        _publish(here)
    _later(here)
    here.slack.state.token_error = None
    _later(here)
    _publish(here)
    assert len(_said(here)) == 2
    assert _nothing_waits(here)


@pytest.mark.fault(37, "a question of 200 kB, quotes of 200 kB that call everybody")
@pytest.mark.parametrize("words", ["<!channel> ", "<https://evil.example|x> ", "🙂", "\x00a "])
def test_oversize_words_are_cut_and_call_nobody(here: Workspace, words: str) -> None:
    giant = words * (200_000 // len(words))
    quotes = tuple(a_quote(n, giant, account_name=giant, channel=giant) for n in range(3))
    here.gateway.give = lambda text: an_answer(quotes=quotes, options=(giant,))
    with here.running() as slack:
        assert slack.mention(giant, ts="1.1").status_code == 200
        assert slack.direct(giant, ts="2.1").status_code == 200
    assert len(_said(here)) == 2
    for posted in _said(here):
        assert posted.is_literal
        assert problems(posted.text, posted.blocks) == []
        assert liberties(posted.text, posted.blocks, home=HOME) == []


@pytest.mark.fault(37, "Slack does not take the blocks")
def test_blocks_that_slack_does_not_take_leave_the_sentence(here: Workspace) -> None:
    here.slack.state.refused_blocks = 1
    with here.running() as slack:
        slack.mention("why?")
    (posted,) = _said(here)
    assert (posted.text != "", posted.blocks) == (True, [])


# --- Row 38: the post stands there, and its answer was lost --------------------------------------


@pytest.mark.fault(38, "the answer to a post was lost: looked up, not posted twice")
@pytest.mark.parametrize("place", ["mention", "direct", "command"])
@pytest.mark.parametrize(
    "kind", [FaultKind.DROP_AFTER, FaultKind.CUT_TRANSFER, FaultKind.TRUNCATE_JSON]
)
def test_a_post_whose_answer_was_lost_is_found(
    here: Workspace, kind: FaultKind, place: str
) -> None:
    here.slack.state.scopes.update(LOOKING)
    here.slack.faults.add(Fault(kind=kind, path=POST))
    with here.running() as slack:
        getattr(slack, place)("why?")
    for _ in range(3):
        _later(here)
    assert len(_said(here)) == 1
    assert _nothing_waits(here)


@pytest.mark.fault(38, "the answer to a post was lost: looked up, not posted twice")
@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.CUT_TRANSFER])
def test_a_digest_whose_answer_was_lost_is_found_and_brought_up_to_date(
    here: Workspace, kind: FaultKind
) -> None:
    here.slack.state.scopes.update(LOOKING)
    here.database.work.remember(f"slack-channel:{CHANNEL_NAME}", CHANNEL)
    here.slack.faults.add(Fault(kind=kind, path=POST))
    with pytest.raises(VerbatimError):
        _publish(here)
    _publish(here, trust="Later.")
    (posted,) = _said(here)
    assert "Later." in str(posted.blocks)


@pytest.mark.fault(38, "the answer was lost, and the thread is long")
def test_a_lost_answer_is_found_behind_many_others(here: Workspace) -> None:
    here.slack.state.scopes.update(LOOKING)
    for _ in range(450):
        here.slack.state.post(_noise(here))
    here.slack.faults.drop_after_doing(path=POST)
    with here.running() as slack:
        slack.mention("why?", ts="1.1")
    for _ in range(250):
        here.slack.state.post(_noise(here))
    _later(here)
    ours = [each for each in _said(here) if each.metadata is not None]
    assert len(ours) == 1


def _noise(here: Workspace) -> Posted:
    ts = here.slack.state.next_ts()
    return Posted(channel=CHANNEL, ts=ts, text="Hello", blocks=[], thread_ts="1.1")


@pytest.mark.fault(38, "the answer was lost where nobody may look: never two, and it is said")
@pytest.mark.parametrize("stored", [True, False], ids=["stored", "not stored"])
def test_where_nobody_may_look_the_person_is_told(here: Workspace, stored: bool) -> None:
    kind = FaultKind.DROP_AFTER if stored else FaultKind.DROP_BEFORE
    here.slack.faults.add(Fault(kind=kind, path=POST))
    with here.running() as slack:
        slack.mention("why?")
    for _ in range(3):
        _later(here)
    assert len(_said(here)) == int(stored)
    (told,) = [each for each in here.posted if each.ephemeral_for == USER]
    assert "did not confirm my answer" in told.text
    here.slack.faults.add(Fault(kind=kind, path=POST))
    with pytest.raises(VerbatimError):
        _publish(here)
    for _ in range(3):
        with pytest.raises(TellPerson, match="we may not look"):
            _publish(here)
    here.slack.state.scopes.update(LOOKING)  # as the sentence asks
    here.database.work.remember(f"slack-channel:{CHANNEL_NAME}", CHANNEL)
    _publish(here)
    assert len(_said(here)) == int(stored) + 1


# --- Row 39: Slack is away for an hour -----------------------------------------------------------


@pytest.mark.fault(39, "Slack is away for an hour")
@pytest.mark.parametrize("how", ["503", "500", "no answer", "busy"])
def test_after_an_hour_without_slack_every_question_is_answered_once(
    here: Workspace, trial: Trial, how: str
) -> None:
    """The app may look; the last question comes shortly before Slack is back."""
    here.slack.state.scopes.update(LOOKING)
    {
        "503": lambda: here.slack.faults.server_error(503, times=None),
        "500": lambda: here.slack.faults.server_error(500, times=None),
        "no answer": lambda: here.slack.faults.drop_before_answering(times=None),
        "busy": lambda: here.slack.faults.rate_limit(times=None, retry_after="600"),
    }[how]()
    with here.running() as slack:
        for number in range(3):
            assert slack.mention("why?", ts=f"{number}.1").status_code == 200
    for _ in range(5):
        _later(here, minutes=11)
    with suppress(VerbatimError):
        _publish(here)
    here.slack.faults.clear()
    here.database.work.remember(f"slack-channel:{CHANNEL_NAME}", CHANNEL)
    _later(here, minutes=4)
    _publish(here)

    def answered(thread: str) -> bool:
        found = [each for each in _said(here) if each.thread_ts == thread]
        assert len(found) == 1
        return True

    for number in range(3):
        trial.attempt(f"{how} {number}", lambda number=number: answered(f"{number}.1"))  # type: ignore[misc]  # bound at once
    assert trial.lost == []
    assert len(_said(here)) == 4
    assert _nothing_waits(here)


@pytest.mark.fault(39, "Slack is away for two hours")
def test_a_question_that_waited_too_long_is_told_so(here: Workspace) -> None:
    here.slack.faults.server_error(503, times=None)
    with here.running() as slack:
        slack.mention("why?", ts="1.1")
    _later(here, hours=2)
    here.slack.faults.clear()
    _later(here)
    _later(here)
    (told,) = _said(here)
    assert (told.thread_ts, "could not answer this in time" in told.text) == ("1.1", True)
    assert _nothing_waits(here)
