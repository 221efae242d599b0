"""`verbatim token`: a key is made, shown once, listed and revoked."""

import json
from pathlib import Path

import pytest

from service.cli import run
from service.domain.conversations import AccountKey
from service.domain.people import PersonRole
from service.settings import settings_from
from service.workspace import Workspace
from tests.journeys.conftest import Said
from verbatim import Built


@pytest.fixture
def workspace(tmp_path: Path, said: Said) -> Workspace:
    built = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    said.by(built, "link", "ada@example.com")
    return built


def test_a_token_is_shown_once_and_ended_at_will(workspace: Workspace, said: Said) -> None:
    made = json.loads(
        said.by(workspace, "token", "make", "ada@example.com", "--name", "board", "--json")
    )
    assert made["token"].startswith("vbt_")
    listed = said.by(workspace, "token", "list", "--json")
    assert made["token"] not in listed
    assert [one["id"] for one in json.loads(listed)["tokens"]] == [made["id"]]
    assert "never used" in said.by(workspace, "token", "list", "ada@example.com")
    assert made["id"] in said.by(workspace, "token", "revoke", "ADA@example.com")
    assert "revoked" in said.by(workspace, "token", "list")
    assert "Nothing to revoke" in said.by(workspace, "token", "revoke", "ada@example.com")


def test_the_plain_output_is_the_token_alone(workspace: Workspace, said: Said) -> None:
    assert said.by(workspace, "token", "make", "ada@example.com").strip().startswith("vbt_")


def test_one_of_several_tokens_can_be_ended(workspace: Workspace, said: Said) -> None:
    first, second = (
        json.loads(said.by(workspace, "token", "make", "ada@example.com", "--json"))["id"]
        for _ in range(2)
    )
    said.by(workspace, "token", "revoke", "ada@example.com", "--id", first)
    tokens = json.loads(said.by(workspace, "token", "list", "--json"))["tokens"]
    assert {one["id"]: one["revoked_at"] is None for one in tokens} == {first: False, second: True}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["token", "make", "stranger@example.com"], 1),
        (["token", "make", "ada@example.com", "--days", "0"], 2),
        (["token", "revoke", "ada@example.com", "--id", "none"], 1),
    ],
)
def test_a_mistake_is_one_sentence(
    workspace: Workspace,
    arguments: list[str],
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(workspace, arguments) == code
    assert capsys.readouterr().err.startswith("verbatim: ")


def test_a_person_is_given_the_role_that_is_asked_for(workspace: Workspace, said: Said) -> None:
    for role in PersonRole:
        said.by(workspace, "link", f"{role}@example.com", "--role", role.value)
    said.by(workspace, "link", "cap@example.com", "--role", "CSM")
    roles = {one.email.partition("@")[0]: one.role for one in workspace.database().people.all()}
    assert roles == {
        "ada": "admin",
        "cap": "csm",
        **{role.value: role.value for role in PersonRole},
    }


def test_a_person_is_linked_to_the_accounts_that_are_named_and_to_no_unknown_one(
    workspace: Workspace, said: Said, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(
        '{"id": "1", "source": "zendesk", "created_at": "2026-11-02T09:14:00Z", "messages": [],'
        ' "account": {"id": "a1", "name": "Acme"}}'
    )
    said.by(workspace, "import", str(file))
    said.by(workspace, "link", "cara@example.com", "--role", "csm", "--account", "acme")
    cara = workspace.database().people.get("cara@example.com")
    assert cara is not None
    assert cara.accounts == frozenset({AccountKey("zendesk:a1")})
    said.by(workspace, "link", "cara@example.com")  # another link takes nothing away
    assert workspace.database().people.get("cara@example.com") == cara
    said.by(workspace, "link", "cara@example.com", "--account", "*")
    assert [one.accounts for one in workspace.database().people.all()] == [None, None]
    assert run(workspace, ["link", "new@example.com", "--account", "nosuch"]) == 1
    assert run(workspace, ["link", "no-address"]) == 2
    assert "an e-mail address" in capsys.readouterr().err
    assert {one.email for one in workspace.database().people.all()} == {
        "ada@example.com",
        cara.email,
    }


def test_another_role_for_somebody_known_is_said_to_change_nothing(
    workspace: Workspace, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(workspace, ["link", "ada@example.com", "--role", "csm"]) == 0
    told = capsys.readouterr()
    assert told.err == "ada@example.com stays admin: --role is for somebody new.\n"
    assert told.out.startswith("http")
