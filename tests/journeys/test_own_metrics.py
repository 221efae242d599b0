"""A metric that a workspace defines, from one command to the helpdesk, the explorer and answers."""

import json
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from connectors.sandbox.running import RunningSandbox
from service import measures
from service.analysis import claude, local
from service.domain.people import SYSTEM, PersonRole
from service.domain.writeback import tag_of
from service.query import Dimension, Query
from service.settings import read_settings
from service.stores import Person
from service.workspace import Workspace
from tests.journeys.conftest import Fresh, Said
from verbatim import Built

OWN = Dimension("custom_legal_threat")
EXAMPLES = (
    "yes=I will contact my lawyer",
    "yes=We will take legal action against you",
    "no=Where is my order?",
    "no=I was charged twice this month",
    "no=I cannot sign in to my account",
)
ADA = Person(email="ada@example.com", name="Ada", role=PersonRole.ADMIN)


@pytest.fixture(autouse=True)
def own_metrics() -> Iterator[None]:
    yield
    measures.define(())


def add(workspace: Workspace, said: Said) -> None:
    given = [part for text in EXAMPLES for part in ("--example", text)]
    question = "Does the customer threaten legal action?"
    said.by(workspace, "metrics", "add", "legal_threat", "--question", question, *given)


def started_again(workspace: Workspace, sandbox: RunningSandbox) -> Workspace:
    """Return the workspace as the next command finds it: its own metrics are read at the start."""
    home = workspace.settings.folder
    return Built(read_settings).with_settings(home=home, environment=sandbox.environment)


def reader(workspace: Workspace) -> FlaskClient:
    access = workspace.access()
    workspace.database().people.save(ADA)
    client = workspace.web_app().test_client()
    cookie = access.use_sign_in_link(access.make_sign_in_link(ADA.email))
    name = "__Host-verbatim" if workspace.settings.public_url.startswith("https") else "verbatim"
    client.set_cookie(name, cookie, domain="localhost")
    return client


def test_a_metric_of_ones_own_appears_wherever_a_built_in_one_does(
    fresh: Fresh, said: Said
) -> None:
    workspace, sandbox = fresh
    said.by(workspace, "setup", "zendesk")
    add(workspace, said)
    workspace = started_again(workspace, sandbox)
    assert "created: Verbatim Legal threat" in said.by(workspace, "setup", "intercom")
    said.by(workspace, "cycle")

    rows = (
        workspace.database()
        .facts.conversations(
            Query().narrowed(Dimension.SOURCE, "intercom").narrowed(OWN, "no"), SYSTEM, limit=100
        )
        .rows
    )
    there = sandbox.stands["intercom"].state.conversations
    shown = [there[int(row.head.key.split(":")[1])].custom_attributes for row in rows]
    assert shown
    assert {one.get("Verbatim Legal threat") for one in shown} == {"no"}

    stand = sandbox.stands["zendesk"].state
    made = [each for each in stand.fields.custom() if each.title == "Verbatim Legal threat"]
    assert len(made) == 1
    known = Query().narrowed(Dimension.SOURCE, "zendesk").narrowed(OWN, "no")
    rows = workspace.database().facts.conversations(known, SYSTEM, limit=100).rows
    writable = [row.head.key for row in rows if row.head.status != "closed"]
    assert writable
    for key in writable:
        ticket = stand.tickets[int(key.split(":")[1])]
        assert ticket.custom_fields[made[0].id] == tag_of(OWN, "no")
        assert tag_of(OWN, "no") in ticket.tags
    again = json.loads(said.by(workspace, "cycle", "--json"))
    assert {(one["source"], one["written"]) for one in again["written"]} == {
        ("intercom", 0),
        ("zendesk", 0),
    }

    client = reader(workspace)
    assert "Legal threat" in client.get(f"/?{OWN}=no").text
    asked = f"/group?metric={OWN}_no_rate&group=driver"
    assert "Legal threat" in client.get(asked).text
    assert OWN in client.get(f"/export.csv?{OWN}=no").text.splitlines()[0]
    assert "<dt>Legal threat, share</dt>" in client.get("/drivers/billing").text
    told = said.by(workspace, "ask", "How many legal threats were there?")
    assert "egal threat" in told
    names = {one.key: one.name for one in workspace.database().conversations.accounts()}
    theirs = next(row.head.account for row in rows if row.head.account is not None)
    told = said.by(workspace, "ask", f'tell me about "{names[theirs]}" since January')
    assert re.search(r"Legal threat \d+ of \d+, before .* \(not validated\)", told)


def test_a_metric_of_ones_own_is_a_new_question_to_both_analysers(fresh: Fresh, said: Said) -> None:
    workspace, _ = fresh
    settings = workspace.settings
    before = (claude.version(settings), workspace.analyser("local").version)
    add(workspace, said)
    after = claude.version(settings)
    assert after != before[0]
    assert local.version(settings) != before[1]
