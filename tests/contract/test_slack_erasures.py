"""What stands in Slack after somebody was erased on request, over loopback HTTP."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from bot.flagging import SlackFlagMessenger
from bot.withdrawing import SENTENCE, SlackWithdrawer
from connectors.sandbox.slack_limits import words_of
from service.alerting import Alerting
from service.domain.conversations import Account, account_key
from service.domain.erasures import Subject, SubjectKind
from service.domain.flags import FlagState, flag_of
from service.flags import Flags
from service.forgetting import Forgetting
from storage.database import SqlDatabase
from tests.builders import Clockwork, a_conversation, a_page, a_risk
from tests.contract.slack_workspace import LINKS, Workspace, slack_workspace

THREAT, OTHER = "We will cancel our contract.", "We are leaving for a competitor."
PERSON, COLLEAGUE = "r-1", "r-2"


@pytest.fixture
def workspace(sqlite_database: SqlDatabase, clock: Clockwork) -> Iterator[Workspace]:
    clock.advance(hours=1)
    with slack_workspace(sqlite_database, clock) as found:
        yield found


def _company(workspace: Workspace) -> Account:
    key = account_key("zendesk", "a9")
    return Account(key=key, name="Harbor Ltd", owner=workspace.person.email)


def _threat(workspace: Workspace, number: int, words: str, requester: str) -> None:
    company = _company(workspace)
    one = a_conversation(number, words, account=company.key, requester=requester)
    workspace.database.conversations.save_page("zendesk", a_page(one, accounts=(company,)))
    workspace.database.analyses.save([a_risk(one)])


def _flags(workspace: Workspace) -> Flags:
    return Flags(database=workspace.database, links=LINKS, clock=workspace.clock)


def _tell(workspace: Workspace) -> None:
    _flags(workspace).update()
    messenger = SlackFlagMessenger(
        workspace.connection(),
        channel="churn-risk",
        database=workspace.database,
        links=LINKS,
        clock=workspace.clock,
    )
    Alerting(
        database=workspace.database,
        flags=_flags(workspace),
        messenger=messenger,
        zone=ZoneInfo("UTC"),
        clock=workspace.clock,
    ).run()


def _forgetting(workspace: Workspace) -> Forgetting:
    return Forgetting(
        database=workspace.database,
        flags=_flags(workspace),
        withdrawer=SlackWithdrawer(
            workspace.connection(), database=workspace.database, clock=workspace.clock
        ),
        clock=workspace.clock,
    )


def test_a_card_shows_no_words_of_an_erased_person(workspace: Workspace) -> None:
    _threat(workspace, 1, THREAT, PERSON)
    _tell(workspace)
    (card,) = workspace.posted
    assert THREAT in words_of(card.blocks)
    done = _forgetting(workspace).forget(Subject(kind=SubjectKind.REQUESTER, id=PERSON))
    assert (done.conversations, done.posts_changed, done.posts_left) == (1, 1, ())
    (card,) = workspace.posted
    assert SENTENCE in words_of(card.blocks)
    assert THREAT not in f"{card.text}{words_of(card.blocks)}"
    flag = flag_of(workspace.database.flags.changes()[_company(workspace).key])
    assert flag is not None
    assert flag.state is FlagState.CLEARED


def test_a_card_that_still_stands_is_written_again_without_them(workspace: Workspace) -> None:
    _threat(workspace, 1, THREAT, PERSON)
    _threat(workspace, 2, OTHER, COLLEAGUE)
    _tell(workspace)
    _forgetting(workspace).forget(Subject(kind=SubjectKind.REQUESTER, id=PERSON))
    _tell(workspace)
    (card,) = workspace.posted
    assert OTHER in words_of(card.blocks)
    assert THREAT not in words_of(card.blocks)


def test_an_erased_accounts_name_leaves_its_card(workspace: Workspace) -> None:
    _threat(workspace, 1, THREAT, PERSON)
    _tell(workspace)
    _forgetting(workspace).forget(Subject(kind=SubjectKind.ACCOUNT, id=_company(workspace).key))
    _tell(workspace)
    (card,) = workspace.posted
    assert "Harbor" not in f"{card.text}{words_of(card.blocks)}"


def test_a_message_that_slack_did_not_take_is_changed_by_the_next_run(
    workspace: Workspace,
) -> None:
    _threat(workspace, 1, THREAT, PERSON)
    _tell(workspace)
    subject = Subject(kind=SubjectKind.REQUESTER, id=PERSON)
    workspace.slack.state.token_error = "token_revoked"
    assert len(_forgetting(workspace).forget(subject).posts_left) == 1
    workspace.slack.state.token_error = None
    assert _forgetting(workspace).forget(subject).posts_changed == 1
    assert SENTENCE in words_of(workspace.posted[0].blocks)
