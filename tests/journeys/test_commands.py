"""The command line as people and scripts use it: names, exit codes, shapes, sentences."""

import json
import os
from pathlib import Path

import click
import pytest

from service.cli import commands, run
from service.settings import settings_from
from service.workspace import Workspace
from tests.journeys.conftest import Ran
from verbatim import Built

NAMES = [
    "demo",
    "init",
    "doctor",
    "migrate",
    "setup",
    "sync",
    "import",
    "analyse",
    "label",
    "evaluate",
    "cycle",
    "write-back",
    "ask",
    "why",
    "read",
    "brief",
    "rollup",
    "reconcile",
    "digest",
    "taxonomy",
    "serve",
    "bot",
    "worker",
    "sandbox",
]
GOOD = {
    "id": "1",
    "created_at": "2026-11-02T09:14:00Z",
    "messages": [{"role": "customer", "text": "I was charged twice, mail me at jo@corp.example."}],
}
LABELLED = {
    "id": "2",
    "created_at": "2026-11-03T09:14:00Z",
    "labels": {"sentiment": "negative", "drivers": ["Billing"]},
}


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    """A workspace with nothing connected."""
    return Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    captured = capsys.readouterr()
    return captured.out, captured.err


def all_commands() -> list[tuple[str, click.Command]]:
    context = click.Context(commands)
    found: list[tuple[str, click.Command]] = []
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None
        found.append((name, command))
    return found


@pytest.mark.parametrize(("name", "command"), all_commands())
def test_every_command_has_a_line_of_help_and_an_example(name: str, command: click.Command) -> None:
    assert command.help
    assert f"verbatim {name}" in command.help or "verbatim bot" in command.help
    assert "Example:" in command.help or name == "demo"


@pytest.mark.parametrize("name", NAMES)
def test_the_names_that_others_rely_on_are_there(name: str) -> None:
    assert name in dict(all_commands())


def test_no_helpdesk_is_one_sentence_and_exit_code_two(
    empty: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(empty, ["sync"]) == 2
    out, err = said(capsys)
    assert out == ""
    assert err.count("\n") == 1
    assert "No helpdesk is connected" in err


def test_a_digest_without_slack_stands_on_the_terminal_once(
    empty: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(empty, ["digest", "--week", "2026-W46"]) == 0
    out, err = said(capsys)
    assert (out.count("Week 2026-W46"), err) == (1, "")
    assert out.endswith("Not posted (Slack is not connected).\n")


def test_a_helpdesk_that_cannot_be_reached_is_one_sentence_and_exit_code_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    workspace = Built(
        lambda: settings_from(
            {
                "VERBATIM_HOME": str(tmp_path),
                "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN": "acme",
                "VERBATIM_HELPDESKS__ZENDESK__BASE_URL": "http://127.0.0.1:9",
                "VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN": "a-secret-token",
            }
        )
    )
    assert run(workspace, ["sync", "zendesk"]) == 1
    out, err = said(capsys)
    assert out == ""
    assert err.count("\n") == 1
    assert "Zendesk could not be reached" in err
    assert "a-secret-token" not in err


def test_a_wrong_token_names_the_helpdesk_and_not_the_token(
    ran: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, setting in (("zendesk", "OAUTH_TOKEN"), ("intercom", "ACCESS_TOKEN")):
        environment = {
            **ran.sandbox.environment,
            f"VERBATIM_HELPDESKS__{name.upper()}__{setting}": "not-the-token",
        }
        workspace = ran.workspace.with_settings(home=tmp_path / name, environment=environment)
        assert run(workspace, ["sync", name]) == 1
        out, err = said(capsys)
        assert name in err.lower()
        assert "not-the-token" not in out + err
        assert err.count("\n") == 1


def test_of_two_helpdesks_that_fail_in_a_cycle_both_are_named(
    ran: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = {
        "VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN": "wrong",
        "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN": "wrong",
    }
    environment = {**ran.sandbox.environment, **wrong}
    assert run(ran.workspace.with_settings(home=tmp_path, environment=environment), ["cycle"]) == 1
    named = [line for line in said(capsys)[1].splitlines() if line.startswith("verbatim: ")]
    assert [line.split()[1] for line in named] == ["Intercom", "Zendesk"]


def test_a_broken_line_is_named_and_everything_else_is_kept(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\nnot json\n{json.dumps(LABELLED)}\n", encoding="utf-8")

    assert run(empty, ["import", str(file)]) == 1
    out, err = said(capsys)
    assert "2 conversations imported, 1 with labels" in out
    assert "line 2: it is not JSON" in err

    assert run(empty, ["analyse", "--json"]) == 0
    assert json.loads(said(capsys)[0])["analysed"] == 1  # the labelled one came measured

    question = "how many negative conversations from 1 Nov to 5 Nov 2026"
    assert run(empty, ["ask", question, "--json"]) == 0
    assert json.loads(said(capsys)[0])["headline"]["current"]["n"] == 2
    assert run(empty, ["ask", "how many conversations about pineapples?"]) == 0
    line, address = said(capsys)[0].splitlines()[-2:]
    assert line == "Or did you mean the word “pineapples”?"
    assert "text=pineapples" in address


def test_label_prints_one_line_a_row_in_order_and_masks_first(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.jsonl"
    rows = [{**GOOD, "id": str(number)} for number in range(5)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    assert run(empty, ["label", str(file)]) == 0
    lines = [json.loads(line) for line in said(capsys)[0].splitlines()]

    assert [line["id"] for line in lines] == ["0", "1", "2", "3", "4"]
    assert lines[0]["sentiment"]["value"] == "negative"
    assert lines[0]["driver"]["value"] == "Billing"
    assert "jo@corp.example" not in json.dumps(lines)
    assert "[email]" in json.dumps(lines)


def test_evaluate_compares_with_human_labels(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.jsonl"
    row = {**GOOD, "labels": {"sentiment": "negative", "drivers": ["Billing"]}}
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")

    assert run(empty, ["evaluate", str(file), "--json"]) == 0
    assert "sentiment" in said(capsys)[0]


def test_the_command_answers_as_json_with_receipts(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(ran.workspace, ["ask", "why did sentiment drop last week?", "--json"]) == 0
    answer = json.loads(said(capsys)[0])

    assert answer["headline"]["current"]["receipt"].startswith("http")
    total = sum(part["points"] for part in answer["parts"])
    assert total == pytest.approx(answer["headline"]["change"]["points"])


def test_why_prints_lenses_that_each_sum_to_the_change(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    window = (
        ran.report.answer.query.window if ran.report.answer and ran.report.answer.query else None
    )
    assert window is not None
    assert run(ran.workspace, ["why", "--period", f"{window.start}..{window.end}", "--json"]) == 0
    result = json.loads(said(capsys)[0])

    for rows in result["lenses"].values():
        total = result["composition"] + sum(row["rate"] + row["mix"] for row in rows)
        assert total == pytest.approx(result["delta"], abs=1e-12)


def test_a_dry_run_of_the_write_back_changes_nothing(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = ran.sandbox.stands["zendesk"].faults.calls()

    assert run(ran.workspace, ["write-back", "zendesk", "--dry-run", "--json"]) == 0

    assert json.loads(said(capsys)[0]) == {"changes": []}
    assert ran.sandbox.stands["zendesk"].faults.calls() == calls


def test_setup_adopts_what_is_there(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ran.workspace, ["setup", "zendesk", "--json"]) == 0
    report = json.loads(said(capsys)[0])
    assert report["created"] == []
    assert len(report["adopted"]) == 6


def test_doctor_says_what_is_wrong_and_what_to_do(
    empty: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(empty, ["doctor", "--json"]) == 1
    checks = {c["name"]: c for c in json.loads(said(capsys)[0])["checks"]}
    assert checks["helpdesks"]["do"]
    assert checks["database"]["ok"]


def test_init_writes_a_commented_file_and_never_over_another(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ".env"
    assert run(empty, ["init", "--yes", "--file", str(path)]) == 0
    assert "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN" in path.read_text(encoding="utf-8")
    assert run(empty, ["init", "--yes", "--file", str(path)]) == 2
    assert "is there already" in said(capsys)[1]


def test_a_reader_who_has_seen_enough_is_no_failure(
    empty: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdout", os.fdopen(writer, "wb", buffering=0))
        assert run(empty, ["taxonomy", "export"]) == 0


def test_every_setting_is_explained_in_the_example_file() -> None:
    from service.settings import ClaudeSettings, Settings, SlackSettings

    text = Path(".env.example").read_text(encoding="utf-8")
    names = {f"VERBATIM_{name.upper()}" for name in Settings.model_fields} - {
        "VERBATIM_SLACK",
        "VERBATIM_CLAUDE",
        "VERBATIM_HELPDESKS",
    }
    names |= {f"VERBATIM_SLACK__{name.upper()}" for name in SlackSettings.model_fields}
    names |= {f"VERBATIM_CLAUDE__{name.upper()}" for name in ClaudeSettings.model_fields}
    assert sorted(name for name in names if name not in text) == []


def test_an_unknown_time_zone_is_one_clear_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def settings() -> object:
        from service.settings import read_settings

        return read_settings(timezone="Berlin", secret_key="do-not-print")

    assert run(Built(settings), ["doctor"]) == 2  # type: ignore[arg-type]  # raises before it returns
    err = said(capsys)[1]
    assert "VERBATIM_TIMEZONE" in err
    assert "do-not-print" not in err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{broken", "line 2: it is not JSON"),
        ('{"text": 5}', "line 2: it is not a JSON object with a `text`"),
        ('{"text": "why", "thread": "x"}', "line 2: its `thread` is not a list of readings"),
        ("\udcff", "line 2: it is not JSON"),
    ],
)
def test_a_question_that_cannot_be_read_is_named_by_its_line(
    line: str, sentence: str, empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = tmp_path / "questions.jsonl"
    good = json.dumps({"text": "why did sentiment drop last week?"})
    questions.write_text(f"{good}\n{line}\n", encoding="utf-8", errors="surrogateescape")

    assert run(empty, ["read", "--file", str(questions)]) == 1
    out, err = said(capsys)
    assert json.loads(out)["intent"] == "why_change"
    assert err.strip() == f"verbatim: {sentence}"


def test_the_demo_says_how_to_open_what_it_left(
    empty: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "kept here"
    arguments = ["demo", "--no-serve", "--conversations", "10", "--port", "8799"]

    assert run(empty, [*arguments, "--keep", str(home)]) == 0

    lines = said(capsys)[0].splitlines()
    typed = f"VERBATIM_HOME='{home}' VERBATIM_PUBLIC_URL=http://127.0.0.1:"
    assert any(line.startswith(f"Open it: {typed}") and line.endswith(" serve") for line in lines)
    assert any(typed in line and line.endswith(" link you@ledgerly.example") for line in lines)


def test_a_port_that_cannot_be_is_refused(
    empty: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(empty, ["serve", "--port", "99999"]) == 2
    assert "99999 is not in the range" in said(capsys)[1]


def test_a_database_that_does_not_answer_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://me:do-not-print@127.0.0.1:1/nothing"
    settings = {"VERBATIM_HOME": str(tmp_path), "VERBATIM_DATABASE_URL": url}
    assert run(Built(lambda: settings_from(settings)), ["ask", "how many?"]) == 1
    err = said(capsys)[1]
    assert err.count("\n") == 1
    assert "check VERBATIM_DATABASE_URL" in err
    assert "do-not-print" not in err


def test_a_home_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    settings = {"VERBATIM_HOME": str(tmp_path / "file" / "home")}
    assert run(Built(lambda: settings_from(settings)), ["ask", "how many?"]) == 2
    assert "set VERBATIM_HOME" in said(capsys)[1]


def test_doctor_finds_misspelt_names_and_values_that_cannot_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERBATIM_SLACK__TOKN", "x")
    settings = {
        "VERBATIM_HOME": str(tmp_path),
        "VERBATIM_ANALYSER": "gpt",
        "VERBATIM_DIGEST_CRON": "every monday",
        "VERBATIM_PUBLIC_URL": "example",
    }
    assert run(Built(lambda: settings_from(settings)), ["doctor", "--offline", "--json"]) == 1
    checks = {check["name"]: check for check in json.loads(said(capsys)[0])["checks"]}
    assert "VERBATIM_SLACK__TOKN" in checks["settings"]["says"]
    assert [checks[n]["ok"] for n in ("analyser", "digest", "public URL")] == [False] * 3
