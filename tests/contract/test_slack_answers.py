"""Questions in Slack, from the signed request to the message in the thread, over loopback HTTP."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from bot.blocks import MAX_BLOCKS, MAX_CHARACTERS, USEFUL, WRONG, size
from bot.precedence import Precedence
from connectors.sandbox.slack_limits import refusal, words_of
from connectors.sandbox.slack_state import BOT_USER
from service.access import viewer
from service.domain.conversations import AccountKey
from service.domain.feedback import Verdict, WrongPart
from service.errors import Forbidden
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork
from tests.contract.slack_answers import a_clarification, a_quote, an_answer
from tests.contract.slack_workspace import CHANNEL, DIRECT, USER, Workspace, slack_workspace


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def test_a_mention_is_acknowledged_at_once_and_answered_in_its_thread(
    workspace: Workspace,
) -> None:
    workspace.gateway.may_answer.clear()
    with workspace.running() as slack:
        assert slack.mention("why did sentiment drop?", ts="7.1").status_code == 200
        assert workspace.posted == []
        workspace.gateway.may_answer.set()
    (answer,) = workspace.posted
    assert (answer.channel, answer.thread_ts) == (CHANNEL, "7.1")
    words = words_of(answer.blocks)
    for number in ("33% (121 of 367)", "24% (87 of 361)", "+9 points", "Show all 121"):
        assert number in words
    assert "charged twice for October" in words
    assert answer.text.startswith("Negative share rose")
    assert len(answer.blocks) <= MAX_BLOCKS
    assert size(answer.blocks) <= MAX_CHARACTERS
    assert workspace.slack.state.statuses == [(CHANNEL, "7.1", "is counting conversations…")]


def test_an_answer_gives_way_to_acknowledgements(workspace: Workspace) -> None:
    at, waited = [100.0], []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        at[0] += seconds

    precedence = Precedence(now=lambda: at[0], pause=wait)  # time goes on for answers alone
    with workspace.running(precedence=precedence) as slack:
        slack.mention("why did sentiment drop?", ts="7.1")
    assert waited
    assert [answer.thread_ts for answer in workspace.posted] == ["7.1"]


def test_a_person_is_linked_by_e_mail_once_and_answered_in_their_own_name(
    workspace: Workspace,
) -> None:
    scoped = replace(workspace.person, role="csm", accounts=frozenset({AccountKey("zendesk:1")}))
    workspace.database.people.save(scoped)
    with workspace.running() as slack:
        slack.direct("help", ts="2.1")
        slack.direct("help", ts="2.2")
    assert len(workspace.posted) == 2
    viewers = {who for _, who, _ in workspace.gateway.asked}
    assert [(v.person, v.accounts) for v in viewers] == [(scoped.email, scoped.accounts)]
    linked = workspace.database.people.by_slack_user(USER)
    assert linked == replace(scoped, slack_user=USER)


def test_a_direct_message_is_answered_where_it_was_asked(workspace: Workspace) -> None:
    with workspace.running() as slack:
        assert slack.direct("how many conversations?", ts="2.5").status_code == 200
    (answer,) = workspace.posted
    assert (answer.channel, answer.thread_ts) == (DIRECT, "2.5")


def test_a_command_is_acknowledged_and_answered_in_the_channel(workspace: Workspace) -> None:
    with workspace.running() as slack:
        reply = slack.command("acme")
        assert (reply.status_code, reply.text) == (200, "")
    (answer,) = workspace.posted
    assert (answer.channel, answer.thread_ts) == (CHANNEL, None)
    assert workspace.gateway.asked[0][0] == "acme"


def test_a_command_where_the_app_is_no_member_is_answered_to_the_person(
    workspace: Workspace,
) -> None:
    workspace.slack.state.channels[CHANNEL].has_bot = False
    with workspace.running() as slack:
        slack.command("acme")
        slack.command("acme", channel="G-PRIVATE", trigger="t2")
    assert [answer.channel for answer in workspace.posted] == [DIRECT, DIRECT]


def test_a_shortcut_asks_what_a_message_says_in_its_thread(workspace: Workspace) -> None:
    reply = {"ts": "3.2", "thread_ts": "3.1", "text": ""}
    with workspace.running() as slack:
        first = slack.shortcut("why did sentiment drop?", ts="3.1", trigger="t1")
        again = slack.shortcut("why did sentiment drop?", ts="3.1", trigger="t1")
        other = slack.shortcut("", trigger="t2", message=reply)
        elsewhere = slack.shortcut("why?", trigger="t3", channel=DIRECT, ts="2.1")
    assert [one.status_code for one in (first, again, other, elsewhere)] == [200] * 4
    assert sorted((one.channel, one.thread_ts) for one in workspace.posted) == [
        (CHANNEL, "3.1"),
        (CHANNEL, "3.1"),
        (DIRECT, "2.1"),
    ]
    asked = sorted(text for text, _, _ in workspace.gateway.asked)
    assert asked == ["help", "why did sentiment drop?", "why?"]
    assert all(who == viewer(workspace.person) for _, who, _ in workspace.gateway.asked)


def test_another_apps_shortcut_is_not_ours(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.shortcut("why?", callback_id="elsewhere")
    assert workspace.gateway.asked == []


def test_a_follow_up_passes_what_was_read_before(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.mention("why did sentiment drop?", ts="1.1")
        workspace.slack.state.wait_for(1)
    with workspace.running() as slack:  # the memory outlives the process
        slack.mention("and for enterprise?", ts="1.2", thread_ts="1.1")
        workspace.slack.state.wait_for(2)
        slack.mention("something else", ts="9.1")
    first, second, third = (thread for _, _, thread in workspace.gateway.asked)
    assert (list(first), list(third)) == ([], [])
    (earlier,) = second
    assert earlier["text"] == "<@U0VERBATIM> why did sentiment drop?"
    assert earlier["reading"] == an_answer().reading
    assert [message.thread_ts for message in workspace.posted] == ["1.1", "1.1", "9.1"]


def test_a_commands_answer_starts_a_thread_that_is_remembered(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.command("acme")
        (answer,) = workspace.slack.state.wait_for(1)
    with workspace.running() as slack:
        slack.mention("since Tuesday?", ts="3.1", thread_ts=answer.ts)
    assert [earlier["text"] for earlier in workspace.gateway.asked[1][2]] == ["acme"]


def test_an_unlinked_person_gets_one_clear_step_and_no_number(workspace: Workspace) -> None:
    stranger = workspace.slack.state.people["U00000002"]
    with workspace.running() as slack:
        slack.mention("why did sentiment drop?", user=stranger.id)
    (told,) = workspace.posted
    assert told.ephemeral_for == stranger.id
    assert f"verbatim link {stranger.email}" in words_of(told.blocks)
    assert workspace.gateway.asked == []


def test_an_unlinked_person_is_told_in_a_direct_message_too(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.direct("hello", user="U00000002", channel="D00000002")
    (told,) = workspace.posted
    assert (told.channel, told.ephemeral_for) == ("D00000002", None)


def test_another_companys_profile_does_not_make_somebody_one_of_us(workspace: Workspace) -> None:
    people = workspace.slack.state.people
    people[USER] = replace(people[USER], team="T0OTHER")
    with workspace.running() as slack:
        slack.mention("why did sentiment drop?")
    (told,) = workspace.posted
    assert told.ephemeral_for == USER
    assert people[USER].email not in words_of(told.blocks)
    assert workspace.gateway.asked == []


def test_a_question_that_may_not_be_answered_gets_a_sentence(workspace: Workspace) -> None:
    def refuse(text: str) -> Any:
        raise Forbidden(f"Your role does not allow this. ({len(text)})")

    workspace.gateway.give = refuse
    with workspace.running() as slack:
        slack.mention("everything")
    (answer,) = workspace.posted
    assert "Your role does not allow this." in words_of(answer.blocks)


def test_a_defect_of_ours_is_told_once_and_not_tried_for_ever(workspace: Workspace) -> None:
    def fail(text: str) -> Any:
        raise KeyError(text)

    workspace.gateway.give = fail
    with workspace.running() as slack:
        slack.mention("why?")
    workspace.clock.advance(minutes=10)
    with workspace.running():
        pass
    (told,) = workspace.posted
    assert told.ephemeral_for == USER
    assert "Something went wrong" in told.text
    assert len(workspace.gateway.asked) == 1


def test_slacks_retries_in_parallel_get_one_answer(workspace: Workspace) -> None:
    with workspace.running() as slack, ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: slack.mention("why?", ts="4.4").status_code, range(4)))
        assert replies == [200] * 4
    assert len(workspace.posted) == 1
    assert len(workspace.gateway.asked) == 1


def test_a_mention_in_a_direct_message_arrives_twice_and_is_answered_once(
    workspace: Workspace,
) -> None:
    with workspace.running() as slack:
        slack.direct("why?", ts="4.5")
        slack.mention("why?", ts="4.5", channel=DIRECT)
    assert len(workspace.posted) == 1


def test_a_wrong_signature_and_an_old_one_are_turned_away(workspace: Workspace) -> None:
    event = {"type": "app_mention", "channel": CHANNEL, "user": USER, "text": "x", "ts": "1.1"}
    with workspace.running() as slack:
        assert slack.event(event, secret="wrong").status_code == 401
        assert slack.event(event, at=time.time() - 600).status_code == 401
        assert slack.client.post(slack.url, json={"event": event}).status_code == 401
    assert workspace.posted == []
    assert workspace.database.work.unfinished("slack") == []


def test_the_address_is_confirmed_to_slack(workspace: Workspace) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc"})
    with workspace.running() as slack:
        reply = slack.send(body, "application/json")
    assert reply.status_code == 200
    assert reply.json() == {"challenge": "abc"}
    assert workspace.slack.faults.calls() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B0VERBATIM", "user": BOT_USER},
        {"subtype": "message_changed"},
        {"channel_type": "channel", "channel": CHANNEL},
        {"type": "tokens_revoked"},
        {"type": "app_home_opened"},
        {"type": "something_new"},
        {"user": ""},
    ],
)
def test_what_is_no_question_is_acknowledged_and_ignored(
    workspace: Workspace, change: dict[str, str]
) -> None:
    with workspace.running() as slack:
        assert slack.direct("hello", **change).status_code == 200
    assert workspace.posted == []
    assert workspace.gateway.asked == []


def test_customers_words_and_names_stay_literal(workspace: Workspace) -> None:
    nasty = "<!channel> *bold* <https://evil.example|Click> `code` @here ~gone~ &amp; \x00"
    answer = an_answer(quotes=(a_quote(1, nasty, account_name="<!channel> *Acme*"),))
    workspace.gateway.give = lambda text: answer
    with workspace.running() as slack:
        slack.mention("why?")
    (posted,) = workspace.posted
    words = words_of(posted.blocks)
    assert "<!channel> *bold* <https://evil.example|Click> `code` @here ~gone~ &amp;" in words
    assert "<!channel> *Acme*" in words
    assert '"mrkdwn"' not in json.dumps(posted.blocks)
    assert "<!channel>" not in posted.text
    assert "evil.example" not in json.dumps(_links(posted.blocks))


def _links(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [str(node["url"])] if "url" in node else []
        return own + [url for value in node.values() for url in _links(value)]
    return [url for item in node for url in _links(item)] if isinstance(node, list) else []


def test_the_fallback_text_is_escaped(workspace: Workspace) -> None:
    workspace.gateway.give = lambda text: an_answer(text=("Understood.", "Rose at <!channel>."))
    with workspace.running() as slack:
        slack.mention("why?")
    assert workspace.posted[0].text == "Rose at &lt;!channel&gt;."


def test_too_much_text_costs_quotes_and_never_counts(workspace: Workspace) -> None:
    long = tuple(
        a_quote(n, "word " * 40_000, url=f"https://verbatim.example/c/{'x' * 900}{n}")
        for n in range(12)
    )
    answer = an_answer(quotes=long)
    workspace.gateway.give = lambda text: answer
    with workspace.running() as slack:
        slack.mention("why?")
    (posted,) = workspace.posted
    words = words_of(posted.blocks)
    assert refusal(posted.text, posted.blocks) is None
    assert size(posted.blocks) <= MAX_CHARACTERS
    assert "33% (121 of 367)" in words
    assert "728 of 731 analysed" in words
    assert "Left out, the message was too long" in words


def test_blocks_that_slack_does_not_take_leave_the_sentence(workspace: Workspace) -> None:
    state = workspace.slack.state
    state.refused_blocks = 1
    with workspace.running() as slack:
        slack.mention("why?")
    (posted,) = workspace.posted
    assert posted.blocks == []
    assert posted.text.startswith("Negative share rose")


def test_a_question_back_offers_buttons_and_a_click_continues_the_thread(
    workspace: Workspace,
) -> None:
    workspace.gateway.give = lambda text: a_clarification() if "acme" in text else an_answer()
    with workspace.running() as slack:
        slack.mention("what about acme?", ts="1.1")
        (asked_back,) = workspace.slack.state.wait_for(1)
        buttons: Any = asked_back.blocks[-1]["elements"]
        assert [button["value"] for button in buttons] == ["Acme Ltd", "Acme GmbH"]
        for _ in range(2):
            reply = slack.click(buttons[1]["action_id"], buttons[1]["value"])
            assert reply.status_code == 200
    assert [text for text, _, _ in workspace.gateway.asked][1:] == ["Acme GmbH"]
    assert [earlier["reading"] for earlier in workspace.gateway.asked[1][2]] == [
        {"intent": "clarify"}
    ]
    assert [message.thread_ts for message in workspace.posted] == ["1.1", "1.1"]


def test_a_verdict_is_kept_with_the_number_that_was_shown(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.mention("why did sentiment drop?", ts="7.1")
        workspace.slack.state.wait_for(1)
        assert slack.click(USEFUL, f"{CHANNEL}:7.1").status_code == 200
        assert slack.click("verbatim_open", "x").status_code == 200
    (kept,) = workspace.database.feedback.since(NOON)
    assert (kept.verdict, kept.person) == (Verdict.USEFUL, workspace.person.email)
    assert kept.receipt == an_answer_receipt()
    assert "Thank you" in workspace.posted[-1].text


def test_wrong_asks_what_was_wrong_and_the_last_word_counts(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.click(WRONG, "C1:1.1")
    (view,) = workspace.slack.state.views
    (kept,) = workspace.database.feedback.since(NOON)
    assert (kept.verdict, kept.what) == (Verdict.WRONG, None)
    chosen = {"what": {"what": {"selected_option": {"value": "quote"}}}}
    with workspace.running() as slack:
        slack.submit(view, {**chosen, "note": {"note": {"value": "That was an agent."}}})
    (kept,) = workspace.database.feedback.since(NOON)
    assert (kept.what, kept.note) == (WrongPart.QUOTE, "That was an agent.")


def test_a_strangers_verdict_is_not_kept(workspace: Workspace) -> None:
    workspace.slack.state.people[USER] = replace(
        workspace.slack.state.people[USER], email="stranger@elsewhere.example"
    )
    with workspace.running() as slack:
        slack.click(USEFUL, "C1:1.1")
    assert workspace.database.feedback.since(NOON) == []


def an_answer_receipt() -> str:
    headline = an_answer().headline
    assert headline is not None
    return headline.current.receipt.rpartition("/")[2]
