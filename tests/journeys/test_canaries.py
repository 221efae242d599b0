"""A secret of each kind is planted: no surface, log, export, model request or cell shows it."""

import io
import json
import logging
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from connectors.sandbox.running import TOKEN, RunningSandbox, run_sandbox
from service.addresses import DEFAULT_PORT, LOOPBACK, free_port
from service.cli import run
from service.demo import run_loop
from service.domain.people import SYSTEM, PersonRole
from service.domain.writeback import TAG_PREFIX
from service.logs import JsonLines
from service.progress import Silent
from service.query import Query
from service.settings import read_settings
from service.stores import Person
from service.web.serving import serving
from service.workspace import Workspace
from verbatim import Built

ANGER = "I was charged twice and I am furious. We will cancel our subscription."
WHO = "Oluwaseun Kowalska"  # the requester, as the helpdesk knows the person
QUESTION = "show me quotes about double charges today"
# What is said, and the part of it that nobody may find anywhere.
SECRETS = {
    "e-mail": ("write to canary.one@mail.example", "canary.one"),
    "phone": ("call me at +1 415 555 2671", "555 2671"),
    "card": ("my card is 4111 1111 1111 1111", "1111 1111"),
    "iban": ("my account is DE89370400440532013000", "0400440532"),
    "national id": ("my SSN is 531-21-7351", "531-21-7351"),
    "id beside its name": ("my PESEL is 44051401359", "44051401359"),
    "network address": ("blocked from 58.74.121.78", "58.74.121.78"),
    "newer network address": ("blocked from 2a02:2f0b:1::5", "2a02:2f0b"),
    "link": ("see https://app.example.com/reset?token=c4n4ry11&page=2", "c4n4ry11"),
    "link without a name": ("see https://app.example.com/reset/c4n4ry22x/now", "c4n4ry22x"),
    "password": ("my password is c4n4ry!33", "c4n4ry!33"),
    "key": ("the key sk_live_c4n4ry44aaaabbbb leaked", "c4n4ry44"),
    "address": ("send it to 12 Canarybird Street, Springfield, IL 62704", "Canarybird"),
    "written name": ("my name is Hamresh Adeyemi", "Hamresh"),
    "signature": ("thank you.\n\nBest regards,\nXiomara Quispe", "Xiomara"),
    "requester": (f"this is {WHO} again", "Kowalska"),
}
ALL = "\n".join(said for said, _ in SECRETS.values())
PAGES = (
    *("/", "/?text=furious", "/group?metric=negative_rate&group=driver", "/trust", "/settings"),
    *("/trust/review/sentiment", "/export.csv"),
)
LINKED = re.compile(r'href="(/(?:drivers|accounts|r)/[\w%.:-]+)"')
API = ("/api/v1/conversations", "/api/v1/group?metric=negative_rate", "/api/v1/flags")
CLAUDE = {
    "VERBATIM_CLAUDE__API_KEY": TOKEN,
    "VERBATIM_ANALYSER": "local",
}
COMMANDS = (
    ("label", "FILE"),
    ("import", "FILE"),
    ("analyse", "--analyser", "claude", "--json"),
    ("cycle", "--json"),
    ("ask", QUESTION),
    ("ask", QUESTION, "--json"),
    ("flags", "--json"),
    ("digest", "--json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    workspace: Workspace
    sandbox: RunningSandbox
    home: Path
    log: io.StringIO
    printed: str

    def reader(self) -> FlaskClient:
        client = self.workspace.web_app().test_client()
        access = self.workspace.access()
        token = access.make_sign_in_link(self.sandbox.visitor)
        own = {"token": token, "form_token": access.form_token(token)}
        origin = {"Origin": self.workspace.settings.public_url}
        assert client.post("/sign-in", data=own, headers=origin).status_code == 303
        return client


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    home, file = tmp_path_factory.mktemp("canaries"), tmp_path_factory.mktemp("file") / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in _rows()), encoding="utf-8")
    with run_sandbox(conversations=10, now=datetime.now(UTC) - timedelta(days=7)) as sandbox:
        _plant_in_zendesk(sandbox)
        _plant_in_intercom(sandbox)
        environment = {
            **sandbox.environment,
            **CLAUDE,
            "VERBATIM_CLAUDE__BASE_URL": sandbox.urls["claude"],
        }
        workspace = Built(read_settings).with_settings(home=home, environment=environment)
        with _log_kept() as log, pytest.MonkeyPatch.context() as patch:
            patch.setenv("NO_PROXY", LOOPBACK)
            run_loop(workspace, Silent())
            printed = "".join(_printed(workspace, words, str(file)) for words in COMMANDS)
            reader = Person(email=sandbox.visitor, name="Reader", role=PersonRole.ADMIN)
            workspace.database().people.save(reader)
            _ask_in_slack(workspace, sandbox)
            yield Planted(workspace=workspace, sandbox=sandbox, home=home, log=log, printed=printed)


def _plant_in_zendesk(sandbox: RunningSandbox) -> None:
    """In words, subjects, a note, the requester's name, tags, a rating and a foreign field."""
    state = sandbox.stands["zendesk"].state
    requester = next(iter(state.tickets.values())).requester_id
    state.edit_user(requester, name=WHO)
    for said, _ in SECRETS.values():
        ticket = state.open_ticket(
            requester_id=requester, subject=f"Charged twice, {said}", text=f"{ANGER} {said}"
        )
        state.add_comment(ticket.id, f"The customer says: {said}", public=False)
        state.rate(ticket.id, "bad", f"Still broken, {said}")
        state.set_tags_as_agent(ticket.id, ("vip", "canary.one@mail.example", "58.74.121.78"))
        ticket.custom_fields[360_000_777] = said


def _plant_in_intercom(sandbox: RunningSandbox) -> None:
    state = sandbox.stands["intercom"].state
    contact = next(iter(state.conversations.values())).contact
    state.contacts[contact].name = WHO
    for said, _ in SECRETS.values():
        chat = state.open_conversation(
            contact_id=contact, title=f"Charged twice, {said}", text=f"{ANGER} {said}"
        )
        state.reply_as_admin(chat.id, f"The customer says: {said}", public=False)
        state.rate(chat.id, 1, f"Still broken, {said}")
        state.put_tag(chat, state.tag_id("canary.one@mail.example"))
        chat.custom_attributes["Internal reference"] = said


def _rows() -> Iterator[dict[str, object]]:
    for number, (said, _) in enumerate(SECRETS.values()):
        yield {
            "id": f"c{number}",
            "created_at": datetime.now(UTC).isoformat(),
            "subject": f"Charged twice, {said}",
            "channel": "email" if "\n" in said else said,
            "requester": {"id": "canary.one@mail.example", "name": WHO},
            "tags": ["vip", "canary.one@mail.example"],
            "rating": {"score": "bad", "comment": f"Still broken, {said}"},
            "messages": [{"role": "customer", "text": f"{ANGER} {said}"}],
            "labels": {"tags": [f"double charge {said}"]} if number % 2 else None,
        }


@contextmanager
def _log_kept() -> Iterator[io.StringIO]:
    """Every line of the log, also what other libraries say, at its most talkative."""
    kept = io.StringIO()
    ours, whole = logging.StreamHandler(kept), logging.StreamHandler(kept)
    ours.setFormatter(JsonLines())
    loggers = (logging.getLogger("verbatim"), logging.getLogger())
    levels = [each.level for each in loggers]
    for each, handler in zip(loggers, (ours, whole), strict=True):
        each.addHandler(handler)
        each.setLevel("DEBUG")
    try:
        yield kept
    finally:
        for each, handler, level in zip(loggers, (ours, whole), levels, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)


def _printed(workspace: Workspace, words: Sequence[str], file: str) -> str:
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = run(workspace, [file if word == "FILE" else word for word in words])
    assert code == 0, out.getvalue()
    return out.getvalue()


def _ask_in_slack(workspace: Workspace, sandbox: RunningSandbox) -> None:
    slack = sandbox.stands["slack"].state
    before, port = len(slack.messages), free_port(DEFAULT_PORT)
    with serving(workspace.web_app(), host=LOOPBACK, port=port):
        sandbox.mention(f"http://{LOOPBACK}:{port}/slack/events", QUESTION)
        slack.wait_for(before + 1)


def found_in(shown: str) -> list[str]:
    """Return the kinds of secrets that a text shows."""
    return [kind for kind, (_, secret) in SECRETS.items() if secret in shown]


def test_the_canaries_were_read_and_measured(planted: Planted) -> None:
    """Else the absence of secrets would prove nothing."""
    everything = planted.workspace.database().facts.coverage(Query(), SYSTEM)
    assert everything.total == everything.analysed == 10 + 3 * len(SECRETS)
    assert "charged twice" in planted.printed
    assert len(planted.sandbox.stands["claude"].state.requests) >= 2 * len(SECRETS)
    assert found_in(ALL) == list(SECRETS)


def test_no_command_prints_a_secret(planted: Planted) -> None:
    assert not found_in(planted.printed)


def test_no_request_to_the_model_has_a_secret(planted: Planted) -> None:
    asked = json.dumps(planted.sandbox.stands["claude"].state.requests, ensure_ascii=False)
    assert "charged twice" in asked
    assert not found_in(asked)


def test_slack_is_told_no_secret(planted: Planted) -> None:
    slack = planted.sandbox.stands["slack"].state
    told = "".join(f"{each.text}{json.dumps(each.blocks)}" for each in slack.messages)
    assert "charged twice" in told
    assert not found_in(told)


def test_no_line_of_the_log_has_a_secret(planted: Planted) -> None:
    assert planted.log.getvalue()
    assert not found_in(planted.log.getvalue())


def test_no_page_and_no_export_shows_a_secret(planted: Planted) -> None:
    reader, shown = planted.reader(), {}
    waiting = list(PAGES)
    while waiting:
        address = waiting.pop()
        answer = reader.get(address)
        assert answer.status_code == 200, address
        shown[address] = answer.text
        waiting += set(LINKED.findall(answer.text)) - shown.keys() - set(waiting)
    assert "charged twice" in shown["/export.csv"]
    assert {at: found_in(text) for at, text in shown.items() if found_in(text)} == {}


def test_no_conversation_page_shows_a_secret(planted: Planted) -> None:
    reader = planted.reader()
    keys = [f"zendesk:{n}" for n in planted.sandbox.stands["zendesk"].state.tickets]
    keys += [f"intercom:{n}" for n in planted.sandbox.stands["intercom"].state.conversations]
    keys += [f"import:c{n}" for n in range(len(SECRETS))]
    pages = [reader.get(f"/conversations/{key}").text for key in keys]
    assert sum("charged twice" in page for page in pages) >= 3 * len(SECRETS)
    assert [found_in(page) for page in pages if found_in(page)] == []


def test_the_api_tells_no_secret(planted: Planted) -> None:
    made = _printed(
        planted.workspace, ("token", "make", planted.sandbox.visitor, "--json"), file=""
    )
    bearer = {"Authorization": f"Bearer {json.loads(made)['token']}"}
    client = planted.workspace.web_app().test_client()
    answers = [client.get(address, headers=bearer) for address in API]
    answers.append(client.post("/api/v1/ask", json={"text": QUESTION}, headers=bearer))
    assert [answer.status_code for answer in answers] == [200] * len(answers)
    assert not found_in("".join(answer.text for answer in answers))


def test_no_cell_of_the_database_has_a_secret(planted: Planted) -> None:
    texts = list(_cells(planted.home / "verbatim.sqlite"))
    assert any("charged twice" in text for _, text in texts)
    assert {where: found_in(text) for where, text in texts if found_in(text)} == {}


def test_no_file_of_the_workspace_has_a_secret(planted: Planted) -> None:
    """Also what SQLite has not yet moved from its log, and what it has overwritten."""
    files = [path for path in planted.home.rglob("*") if path.is_file()]
    assert planted.home / "verbatim.sqlite" in files
    for path in files:
        assert not found_in(path.read_bytes().decode("utf-8", "replace")), path.name


def test_no_tag_that_is_written_back_has_a_secret(planted: Planted) -> None:
    """Our own fields and tags come from rules: no word of a customer gets among them."""
    tickets = planted.sandbox.stands["zendesk"].state.tickets.values()
    tags = {tag for ticket in tickets for tag in ticket.tags if tag.startswith(TAG_PREFIX)}
    assert tags
    assert not found_in(" ".join(tags))


def _cells(file: Path) -> Iterator[tuple[str, str]]:
    """Yield where and what for every cell of every table, whatever its type."""
    with closing(sqlite3.connect(file)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            cursor = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608  # our own names
            names = [column[0] for column in cursor.description]
            for row in cursor:
                for name, value in zip(names, row, strict=True):
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    yield f"{table}.{name}", str(text)
