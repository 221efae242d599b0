"""Whatever customers type goes through the whole loop: stored, measured, shown, exported, told."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from connectors.sandbox.running import RunningSandbox, run_sandbox
from connectors.sandbox.slack_limits import refusal
from service.addresses import DEFAULT_PORT, LOOPBACK, free_port
from service.cli import run
from service.commands.terminal import say_answer
from service.demo import DemoReport, run_loop
from service.domain.conversations import Conversation, ConversationKey
from service.domain.people import PersonRole
from service.progress import Silent
from service.settings import read_settings
from service.stores import Person
from service.web.serving import serving
from service.workspace import Workspace
from verbatim import Built

PAGE = 100  # what one page of either helpdesk holds
WORDS = "I was charged twice and I am furious."
QUESTION = "show me quotes about double charges today"
MARKED = re.compile(f'class="linked"[^>]*>{WORDS}</mark>')
ODD = {
    "a null character": f"\x00{WORDS}\x00",
    "half a character": f"\ud83d {WORDS} \udc00",
    "text from right to left": f"\u202e{WORDS}\u202c לא קיבלתי את ההחזר שלי",
    "joined emoji": f"👩‍👩‍👧‍👦🏳️‍🌈👍🏽 {WORDS}",
    "a word of ten thousand letters": f"{WORDS} {'ü' * 10_000}",
    "terminal colours": f"\x1b[31m{WORDS}\x1b[0m\x07\x08",
    "odd line ends": f"{WORDS}\u2028one\u2029two\x85three\x0bfour\r\nfive",
    "five hundred accents": f"z{chr(0x301) * 500} {WORDS}",
    "no characters at all": f"\ufffe\uffff{WORDS}\U0010ffff",
    "markup and a formula": f"=HYPERLINK(1)</script><b>&amp;{WORDS} <!channel>",
}
STEERING = "\x00\x1b\x07\x08\x0b"  # what could steer a terminal, a spreadsheet or a chat


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A workspace after its loop over a page of oddities in each helpdesk."""

    workspace: Workspace
    sandbox: RunningSandbox
    report: DemoReport
    keys: dict[str, list[ConversationKey]]  # what is odd -> the conversations that say so

    def stored(self, oddity: str) -> list[Conversation]:
        found = [self.workspace.database().conversations.get(key) for key in self.keys[oddity]]
        return [each for each in found if each is not None]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with run_sandbox(conversations=10, now=datetime.now(UTC) - timedelta(days=7)) as sandbox:
        keys = say_all(sandbox)
        workspace = Built(read_settings).with_settings(
            home=tmp_path_factory.mktemp("odd"),
            environment={**sandbox.environment, "VERBATIM_QUIET_MINUTES": "0"},
        )
        report = run_loop(workspace, Silent())
        workspace.database().people.save(
            Person(email=sandbox.visitor, name="Reader", role=PersonRole.ADMIN)
        )
        yield Told(workspace=workspace, sandbox=sandbox, report=report, keys=keys)


@pytest.fixture
def reader(told: Told) -> FlaskClient:
    client = told.workspace.web_app().test_client()
    access = told.workspace.access()
    token = access.make_sign_in_link(told.sandbox.visitor)
    own = {"token": token, "form_token": access.form_token(token)}
    origin = {"Origin": told.workspace.settings.public_url}
    assert client.post("/sign-in", data=own, headers=origin).status_code == 303
    return client


def say_all(sandbox: RunningSandbox) -> dict[str, list[ConversationKey]]:
    """Fill a page in each helpdesk: every oddity as a subject and as words."""
    zendesk, intercom = sandbox.stands["zendesk"].state, sandbox.stands["intercom"].state
    requester = next(iter(zendesk.tickets.values())).requester_id
    contact = next(iter(intercom.conversations.values())).contact
    keys: dict[str, list[ConversationKey]] = {oddity: [] for oddity in ODD}
    for _ in range(PAGE // len(ODD)):
        for oddity, text in ODD.items():
            ticket = zendesk.open_ticket(requester_id=requester, subject=text, text=text)
            chat = intercom.open_conversation(contact_id=contact, title=text, text=text)
            keys[oddity].append(ConversationKey(f"zendesk:{ticket.id}"))
            keys[oddity].append(ConversationKey(f"intercom:{chat.id}"))
    return keys


def clean(text: str) -> bool:
    text.encode()  # half a character cannot be encoded
    return not any(odd in text for odd in STEERING)


def test_all_are_stored_measured_and_written_back(told: Told) -> None:
    assert told.report.conversations == told.report.measured == 10 + 2 * PAGE
    assert told.report.failed == 0
    assert told.report.written >= PAGE
    # Intercom's wait a while: for quiet, or for the pass that reads what changed this second.
    waits = {"closed", "not quiet yet", "changed since it was read"}
    assert set(told.report.not_written) <= waits
    assert not told.workspace.database().conversations.quarantined()


def test_the_second_cycle_changes_nothing(told: Told) -> None:
    assert told.report.second_cycle["analysed"] == 0
    assert told.report.second_cycle["written"] == 0


@pytest.mark.parametrize("oddity", ODD)
def test_the_words_around_the_oddity_are_kept(told: Told, oddity: str) -> None:
    stored = told.stored(oddity)
    assert len(stored) == 2 * PAGE // len(ODD)
    for conversation in stored:
        text = conversation.messages[0].text
        assert WORDS in text
        text.encode()


@pytest.mark.parametrize("oddity", ODD)
def test_its_page_opens_with_the_words_highlighted(
    told: Told, reader: FlaskClient, oddity: str
) -> None:
    for key in (told.keys[oddity][0], told.keys[oddity][1]):
        conversation = told.workspace.database().conversations.get(key)
        assert conversation is not None
        message = conversation.messages[0]
        start = message.text.index(WORDS)
        page = reader.get(
            f"/conversations/{key}?quote={message.id}:{start}-{start + len(WORDS)}"
        ).get_data(as_text=True)
        assert MARKED.search(page)
        assert "\0" not in page


def test_lists_and_groups_show_them(reader: FlaskClient) -> None:
    for address in ("/", "/?text=furious", "/group?metric=negative_rate&group=driver", "/trust"):
        answer = reader.get(address)
        assert answer.status_code == 200
        assert "\0" not in answer.get_data(as_text=True)


def test_the_export_is_csv_that_starts_no_formula(told: Told, reader: FlaskClient) -> None:
    text = reader.get("/export.csv").get_data(as_text=True)
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))

    assert clean(text)
    assert len(rows) == 1 + told.report.conversations
    assert len({len(row) for row in rows}) == 1
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_slack_takes_an_answer_that_quotes_them(told: Told) -> None:
    workspace, slack = told.workspace, told.sandbox.stands["slack"].state
    port = free_port(DEFAULT_PORT)
    with serving(workspace.web_app(), host=LOOPBACK, port=port):
        told.sandbox.mention(f"http://{LOOPBACK}:{port}/slack/events", QUESTION)
        posted = slack.wait_for(2)[-1]  # the digest was the first
    blocks = json.dumps(posted.blocks, ensure_ascii=False)

    assert refusal(posted.text, posted.blocks) is None
    assert "charged twice" in blocks
    assert clean(blocks)


def test_a_terminal_is_not_steered_by_what_a_customer_wrote(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(told.workspace, ["ask", QUESTION]) == 0
    say_answer([each.messages[0].text for each in told.stored("terminal colours")])
    shown = capsys.readouterr().out

    assert WORDS in shown
    assert clean(shown)


def test_a_program_gets_json_that_can_be_read(
    told: Told, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(told.workspace, ["ask", QUESTION, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)

    assert answer["quotes"]
    for quote in answer["quotes"]:
        conversation = told.workspace.database().conversations.get(quote["conversation"])
        assert conversation is not None
        texts = {message.id: message.text for message in conversation.messages}
        assert texts[quote["message"]][quote["start"] : quote["end"]] == quote["text"]
