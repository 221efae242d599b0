"""Churn-risk cards, the App Home and unfurled receipts, over loopback HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.calling import web_client
from bot.cards import ADDRESSED, NOT_A_RISK, SNOOZE, flag_card
from bot.checking import standing
from bot.flagging import SlackFlagMessenger
from bot.home import FOLLOW, WISH, Mine, home_view
from bot.listeners.links import receipt_in
from bot.manifest import EVENTS, SCOPES, Transport, manifest
from connectors.sandbox.slack_limits import refusal, texts, words_of
from connectors.sandbox.slack_state import SCOPES as STANDARD_SCOPES
from service.alert_book import STARTER, AlertBook
from service.alerting import Alerting
from service.domain.answers import Receipt, Recount
from service.domain.conversations import Account, AccountKey, account_key, conversation_key
from service.domain.flags import FlagEvent, FlagState
from service.domain.follows import Wish
from service.domain.people import SYSTEM
from service.errors import Unauthorized
from service.flag_json import flag_json
from service.flags import Flags
from service.query import Dimension, Query, Window
from service.reachability import Part, Reachability
from service.stores import Person
from storage.database import SqlDatabase
from tests.builders import NOON, Clockwork, a_conversation, a_page, a_risk
from tests.contract.slack_workspace import LINKS, USER, Workspace, slack_workspace

WORDS = "We will cancel our contract, <!channel> & <https://evil.example|click>."
CHURN_CHANNEL = "C00000003"


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    clock.advance(hours=1)
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _flags(workspace: Workspace) -> Flags:
    return Flags(database=workspace.database, links=LINKS, clock=workspace.clock)


def _alerting(workspace: Workspace, *, channel: str | None = "churn-risk") -> Alerting:
    messenger = SlackFlagMessenger(
        workspace.connection(),
        channel=channel,
        database=workspace.database,
        links=LINKS,
        clock=workspace.clock,
    )
    return Alerting(
        database=workspace.database,
        flags=_flags(workspace),
        messenger=messenger,
        zone=ZoneInfo("Europe/Berlin"),
        clock=workspace.clock,
    )


def _account(number: int, owner: str | None) -> Account:
    return Account(key=account_key("zendesk", f"a{number}"), name=f"Company {number}", owner=owner)


def _threat(
    workspace: Workspace, number: int, account: Account, *, at: datetime | None = None
) -> None:
    """Store a conversation in which a customer of the account threatens to leave."""
    created = at or workspace.clock.now - timedelta(minutes=30)
    one = a_conversation(number, WORDS, account=account.key, created_at=created)
    workspace.database.conversations.save_page("zendesk", a_page(one, accounts=(account,)))
    workspace.database.analyses.save([a_risk(one)])
    _flags(workspace).update()


def test_the_owner_is_told_first_with_the_customers_words_as_they_stand(
    workspace: Workspace,
) -> None:
    _threat(workspace, 1, _account(1, workspace.person.email))
    assert _alerting(workspace).run() == 1
    assert _alerting(workspace).run() == 0
    (card,) = workspace.posted
    assert card.channel.startswith("D")
    assert WORDS in words_of(card.blocks)
    assert "<!channel>" not in card.text
    assert "Explicit, open" in words_of(card.blocks)
    assert refusal(card.text, card.blocks) is None


def test_a_card_says_what_to_do_and_until_when_while_it_is_open(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    (shown,) = _flags(workspace).standing(SYSTEM)
    assert "No playbook: decision needed. Due 20 Nov 2026." in words_of(
        flag_card(shown, LINKS).blocks
    )
    query = Query(metric="negative_rate").narrowed(Dimension.DRIVER, *shown.drivers)
    rule = replace(STARTER, id="own", query=query, over=None, playbook="Call them.")
    AlertBook(database=workspace.database, clock=workspace.clock, zone=ZoneInfo("UTC")).add(rule)
    (shown,) = _flags(workspace).standing(SYSTEM)
    assert "Playbook: Call them. Due 20 Nov 2026." in words_of(flag_card(shown, LINKS).blocks)
    assert flag_json(shown)["due"] == "2026-11-20"
    _flags(workspace).act(account.key, FlagEvent.ADDRESSED, viewer=SYSTEM)
    (shown,) = _flags(workspace).standing(SYSTEM)
    assert "Due" not in words_of(flag_card(shown, LINKS).blocks)


def test_the_channel_hears_of_it_after_two_working_days(workspace: Workspace) -> None:
    _threat(workspace, 1, _account(1, workspace.person.email))
    _alerting(workspace).run()
    workspace.clock.advance(days=2)  # Friday
    assert _alerting(workspace).run() == 0
    workspace.clock.advance(days=3)  # Monday
    assert _alerting(workspace).run() == 1
    assert [message.channel[0] for message in workspace.posted] == ["D", "C"]
    assert workspace.posted[1].channel == CHURN_CHANNEL


def test_an_addressed_flag_never_reaches_the_channel(workspace: Workspace) -> None:
    _threat(workspace, 1, _account(1, workspace.person.email))
    _alerting(workspace).run()
    _flags(workspace).act(_account(1, None).key, FlagEvent.ADDRESSED, viewer=SYSTEM)
    workspace.clock.advance(days=9)
    _alerting(workspace).run()
    (card,) = workspace.posted
    assert "addressed by system" in words_of(card.blocks)
    assert card.edited == 1


def test_new_signals_ping_once_a_day_and_a_cleared_flag_says_why(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    _alerting(workspace).run()
    for number in (2, 3):
        _threat(workspace, number, account)
        _alerting(workspace).run()
    card, reply = workspace.posted
    assert reply.thread_ts == card.ts
    assert card.edited == 2
    workspace.clock.advance(days=46)
    _flags(workspace).update()
    _alerting(workspace).run()
    assert "no signal for 45 days" in workspace.posted[-1].text
    assert not any(block["type"] == "actions" for block in card.blocks)


def test_whoever_has_no_slack_is_told_through_the_channel(workspace: Workspace) -> None:
    _threat(workspace, 1, _account(1, "nobody@elsewhere.example"))
    _threat(workspace, 2, _account(2, None))
    assert _alerting(workspace).run() == 2
    assert {message.channel for message in workspace.posted} == {CHURN_CHANNEL}


def test_a_channel_that_is_gone_sends_the_card_to_administrators(workspace: Workspace) -> None:
    channel = workspace.slack.state.channels[CHURN_CHANNEL]
    reachability = Reachability(workspace.database.work, workspace.clock)
    channel.archived = True
    _threat(workspace, 1, _account(1, None))
    assert _alerting(workspace).run() == 1
    (card,) = workspace.posted
    assert workspace.slack.state.channels[card.channel].member == USER  # the administrator
    assert [one.part for one in reachability.troubles()] == [Part.FLAGS]
    channel.archived = False
    _threat(workspace, 2, _account(2, None))
    _alerting(workspace).run()
    assert workspace.posted[-1].channel == CHURN_CHANNEL
    assert reachability.troubles() == []


def test_many_flags_at_once_are_one_list(workspace: Workspace) -> None:
    for number in range(1, 41):
        _threat(workspace, number, _account(number, workspace.person.email))
    assert _alerting(workspace).run() == 40
    assert _alerting(workspace).run() == 0
    (message,) = workspace.posted
    assert "40 accounts are flagged" in message.text
    assert "and 10 more" in words_of(message.blocks)
    assert refusal(message.text, message.blocks) is None


def test_a_lost_answer_posts_no_second_card(workspace: Workspace) -> None:
    _threat(workspace, 1, _account(1, workspace.person.email))
    workspace.slack.faults.drop_after_doing(path="/api/chat.postMessage")
    with pytest.raises(Exception, match="did not answer"):
        _alerting(workspace).run()
    assert _alerting(workspace).run() == 1  # found in the direct messages with the owner
    assert len(workspace.posted) == 1


def test_a_click_addresses_the_flag_as_the_person_and_redraws_the_card(
    workspace: Workspace,
) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    _alerting(workspace).run()
    (card,) = workspace.posted
    with workspace.running() as slack:
        slack.click(ADDRESSED, account.key, ts=card.ts, channel=card.channel)
    flag, history = _flags(workspace).of(account.key, SYSTEM)
    assert flag is not None
    assert flag.flag.state is FlagState.ADDRESSED
    assert history[-1].by == workspace.person.email
    assert "addressed by" in words_of(workspace.posted[0].blocks)


def test_snoozing_lasts_a_week(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    with workspace.running() as slack:
        slack.click(SNOOZE, account.key)
    flag, _ = _flags(workspace).of(account.key, SYSTEM)
    assert flag is not None
    assert flag.flag.until == workspace.clock.now + timedelta(days=7)


def test_not_a_risk_asks_why_and_keeps_the_reason(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    with workspace.running() as slack:
        slack.click(NOT_A_RISK, account.key)
    (view,) = workspace.slack.state.views
    with workspace.running() as slack:
        slack.submit(view, {"reason": {"reason": {"value": "They meant another vendor."}}})
    _, history = _flags(workspace).of(account.key, SYSTEM)
    assert (history[-1].event, history[-1].reason) == (
        FlagEvent.NOT_A_RISK,
        "They meant another vendor.",
    )


def test_a_click_on_another_persons_account_changes_nothing(workspace: Workspace) -> None:
    account = _account(1, "other@example.com")
    _threat(workspace, 1, account)
    scoped = replace(workspace.person, role="csm", accounts=frozenset())
    workspace.database.people.save(scoped)
    with workspace.running() as slack:
        slack.click(ADDRESSED, account.key)
    _, history = _flags(workspace).of(account.key, SYSTEM)
    assert [change.event for change in history] == [FlagEvent.RAISED]
    assert "Nothing was changed" in workspace.posted[-1].text


def test_the_home_shows_a_persons_own_accounts_and_flags(workspace: Workspace) -> None:
    _threat(workspace, 1, _account(1, workspace.person.email))
    _threat(workspace, 2, _account(2, "other@example.com"))
    with workspace.running() as slack:
        slack.event({"type": "app_home_opened", "user": USER, "tab": "home", "ts": "1"})
    (view,) = workspace.slack.state.views
    said = words_of(view["blocks"])  # type: ignore[arg-type]  # as it was sent
    assert "Open flags on your accounts (1)" in said
    assert "Other open flags (1)" in said
    assert "Your accounts (1)" in said


def _pick(workspace: Workspace, action: str, value: str) -> None:
    """Choose something in the App Home, and wait for what becomes of it."""
    with workspace.running() as slack:
        assert slack.pick(action, value).status_code == 200


def test_a_muted_account_is_told_to_the_channel_and_pings_nobody(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    _pick(workspace, f"{WISH}_mute_0", f"mute:{account.key}")
    view: Any = workspace.slack.state.views[-1]
    assert "Open flags on your accounts (0)" in words_of(view["blocks"])
    assert "muted" in words_of(view["blocks"])
    assert refusal("Home", view["blocks"]) is None
    _alerting(workspace).run()
    (card,) = workspace.posted
    assert card.channel == CHURN_CHANNEL


def test_muting_a_card_that_stands_keeps_it_true_and_quiet(workspace: Workspace) -> None:
    account = _account(1, workspace.person.email)
    _threat(workspace, 1, account)
    _alerting(workspace).run()
    workspace.database.follows.wish(workspace.person.email, account.key, Wish.MUTE)
    _threat(workspace, 2, account)
    _alerting(workspace).run()
    (card,) = workspace.posted
    assert card.edited == 1
    workspace.database.follows.wish(workspace.person.email, account.key, None)
    workspace.clock.advance(days=1)
    _threat(workspace, 3, account)
    _alerting(workspace).run()
    assert "A customer said so again" in workspace.posted[-1].text


def test_who_follows_an_account_gets_its_card_too_if_they_may_see_it(
    workspace: Workspace,
) -> None:
    account = _account(1, "U00000002@nowhere.example")
    others = list(workspace.slack.state.people.values())[1:4]
    owner, follower, outsider = others
    account = replace(account, owner=owner.email)
    for person, accounts in ((follower, None), (outsider, frozenset[AccountKey]())):
        workspace.database.people.save(
            Person(email=person.email, name=person.name, role="csm", accounts=accounts)
        )
        workspace.database.follows.wish(person.email, account.key, Wish.FOLLOW)
    _threat(workspace, 1, account)
    _alerting(workspace).run()
    direct = {one.channel: one for one in workspace.posted}
    told = {workspace.slack.state.channels[name].member for name in direct}
    assert told == {owner.id, follower.id}


def test_following_from_the_home_finds_only_what_a_person_may_see(workspace: Workspace) -> None:
    for number in range(1, 4):
        _threat(workspace, number, _account(number, "other@example.com"))
    two = _account(2, None)
    scoped = replace(workspace.person, role="csm", accounts=frozenset({two.key}))
    workspace.database.people.save(scoped)
    with workspace.running() as slack:
        found = slack.type_into(FOLLOW, "comp").json()["options"]
        assert [one["text"]["text"] for one in found] == ["Company 2"]
        assert slack.type_into(FOLLOW, "nothing of that name").json()["options"] == []
    _pick(workspace, FOLLOW, found[0]["value"])
    _pick(workspace, FOLLOW, str(_account(3, None).key))
    view: Any = workspace.slack.state.views[-1]
    assert "Accounts you follow (1)" in words_of(view["blocks"])
    assert "Company 2" in words_of(view["blocks"])
    assert dict(workspace.database.follows.of_person(scoped.email)) == {two.key: Wish.FOLLOW}
    _pick(workspace, f"{WISH}_mute_0", f"forget:{two.key}")
    assert workspace.database.follows.of_person(scoped.email) == {}


def test_a_home_with_many_accounts_fits_and_leads_to_the_explorer() -> None:
    accounts = [
        Account(key=account_key("zendesk", f"{number}{'x' * 140}"), name="<!channel>" * 40)
        for number in range(60)
    ]
    mine = Mine(owned=accounts, followed=accounts[30:], muted={accounts[0].key})
    view: Any = home_view(name="A" * 500, mine=mine, flags=[], links=LINKS)
    assert len(view["blocks"]) <= 100
    assert all(len(str(piece)) <= 150 for block in view["blocks"] for piece in texts(block))
    assert "and 40 more" in words_of(view["blocks"])
    urls = str(view)
    assert f"{LINKS.account(accounts[0].key)}" in urls
    for block in view["blocks"]:
        for option in block.get("accessory", {}).get("options", ()):
            assert len(option["value"]) <= 150


def test_somebody_unknown_is_told_the_one_step_that_helps(workspace: Workspace) -> None:
    with workspace.running() as slack:
        slack.event({"type": "app_home_opened", "user": "U00000002", "tab": "home", "ts": "1"})
    (view,) = workspace.slack.state.views
    assert "verbatim link " in words_of(view["blocks"])  # type: ignore[arg-type]  # as it was sent


def _published(receipt_id: str) -> Recount:
    week = Window(date(2026, 11, 9), date(2026, 11, 16))
    receipt = Receipt(
        id=receipt_id, query=Query(window=week), as_of=NOON, versions={}, n=36, of=36, members=()
    )
    return Recount(receipt=receipt, now_n=36, now_of=36, arrived=(), left=(), erased=0)


def _shared(url: str) -> dict[str, Any]:
    link = {"domain": "verbatim.example", "url": url}
    return {
        "type": "link_shared",
        "user": USER,
        "channel": "C00000001",
        "message_ts": "9.9",
        "links": [link],
        "ts": "9.9",
    }


def test_a_link_to_a_receipt_unfurls_to_its_question_then_and_now(workspace: Workspace) -> None:
    workspace.gateway.published = _published("abc")
    with workspace.running() as slack:
        slack.event(_shared("https://verbatim.example/r/abc"))
        slack.event(_shared("https://verbatim.example/r/unknown"))
        slack.event(_shared("https://verbatim.example/conversations/zendesk:1"))
    (unfurled,) = workspace.slack.state.unfurls
    said = str(unfurled["unfurls"])
    assert "Then 36, now 36." in said
    assert "2026" in said


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/r/abc",
        "http://verbatim.example/r/abc",
        "https://verbatim.example/r/",
        "https://verbatim.example/r/a/b",
        "https://verbatim.example/conversations/zendesk:1",
    ],
)
def test_only_our_own_receipts_are_unfurled(url: str) -> None:
    assert receipt_in(url, "https://verbatim.example") is None
    assert receipt_in("https://verbatim.example/r/abc", "https://verbatim.example") == "abc"


def test_the_manifest_asks_for_what_is_used_and_no_more() -> None:
    made = manifest("https://verbatim.example/")
    assert set(SCOPES) == set(STANDARD_SCOPES)
    assert "channels:history" not in str(made)
    assert "https://verbatim.example/slack/events" in str(made)
    assert all(event in str(made) for event in EVENTS)
    over_socket = manifest("https://verbatim.example/", Transport.SOCKET)
    assert made["settings"] != over_socket["settings"]
    assert "'socket_mode_enabled': True" in str(over_socket)


def test_a_card_with_giant_words_fits(workspace: Workspace) -> None:
    account = _account(1, None)
    one = a_conversation(1, "We will cancel. " * 9_000, account=account.key, created_at=NOON)
    giant = replace(account, name="A" * 900)
    workspace.database.conversations.save_page("zendesk", a_page(one, accounts=(giant,)))
    workspace.database.analyses.save([a_risk(one)])
    _flags(workspace).update()
    shown = _flags(workspace).shown_of(account.key)
    assert shown is not None
    card = flag_card(shown, LINKS)
    assert refusal(card.text, card.blocks) is None
    assert conversation_key("zendesk", "1") in words_of(card.blocks)


def test_missing_rights_and_a_wrong_clock_are_seen(workspace: Workspace) -> None:
    connection = workspace.connection()
    client = web_client(connection)
    now = datetime.now(UTC)
    assert standing(connection, client, clock=lambda: now).missing_scopes == ()
    workspace.slack.state.scopes -= {"files:write", "links:read"}
    found = standing(connection, client, clock=lambda: now + timedelta(minutes=9))
    assert found.missing_scopes == ("files:write", "links:read")
    assert 500 < found.seconds_off < 600
    workspace.slack.state.token_error = "token_revoked"
    with pytest.raises(Unauthorized, match="install the app again"):
        standing(connection, client, clock=lambda: now)
