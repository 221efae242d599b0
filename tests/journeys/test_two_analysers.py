"""Claude and the local analyser in one workspace, by the command line, against the stand-in."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from connectors.sandbox.claude import ClaudeStand, claude_app
from service.cli import run
from service.settings import settings_from
from service.workspace import Workspace
from verbatim import Built

KEY = "claude-key"
TEXTS = (
    "I was charged twice this month and the invoice is wrong.",
    "Thank you, the export is perfect and works great now.",
    "We will cancel our subscription, your competitor is cheaper.",
    "How do I change the language of my account, please?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    home: Path
    stand: ClaudeStand
    url: str

    def workspace(self, **changed: str) -> Workspace:
        """Built anew each time, as each command is a process of its own."""
        environment = {
            "VERBATIM_HOME": str(self.home),
            "VERBATIM_CLAUDE__API_KEY": KEY,
            "VERBATIM_CLAUDE__BASE_URL": self.url,
        }
        return Built(lambda: settings_from(environment | changed))

    def file(self, count: int = 8, *, labelled: bool = False) -> str:
        path = self.home / "conversations.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [_row(n, labelled=labelled) for n in range(count)]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return str(path)


def _row(number: int, *, labelled: bool) -> dict[str, object]:
    said = {"role": "customer", "text": TEXTS[number % len(TEXTS)]}
    row: dict[str, object] = {
        "id": f"c{number}",
        "created_at": "2026-11-02T09:14:00Z",
        "messages": [said],
    }
    return row | ({"labels": {"sentiment": "negative"}} if labelled else {})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    stand = claude_app(key=KEY)
    with stand.serve() as running:
        yield Desk(home=tmp_path / "home", stand=stand, url=running.url)


def printed(capsys: pytest.CaptureFixture[str], workspace: Workspace, *words: str) -> str:
    capsys.readouterr()
    assert run(workspace, list(words)) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_claude_measures_a_part_and_local_the_rest(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, desk.workspace(), "import", desk.file())
    arguments = ("analyse", "--analyser", "claude", "--limit", "3", "--json")
    part = json.loads(printed(capsys, desk.workspace(), *arguments))
    assert (part["analysed"], part["calls"]) == (3, 3)
    assert part["cost_usd"] > 0
    assert part["tokens_in"] > part["tokens_out"] > 0
    assert part["quotes_dropped"] == 0
    rest = ("analyse", "--analyser", "local", "--rest", "--json")
    assert json.loads(printed(capsys, desk.workspace(), *rest))["analysed"] == 5
    assert json.loads(printed(capsys, desk.workspace(), *rest))["analysed"] == 0


def test_two_analysers_are_compared_conversation_by_conversation(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("evaluate", desk.file(), "--analyser", "local", "--against", "claude")
    found = json.loads(printed(capsys, desk.workspace(), *words, "--json"))["against"]
    assert found["analyser"].startswith("local-")
    assert found["against"].startswith("claude-")
    by_name = {one["metric"]: one for one in found["metrics"]}
    assert {"sentiment", "churn_risk", "effort", "driver"} <= set(by_name)
    assert by_name["sentiment"]["n"] == 8
    assert by_name["effort"]["both_empty"] == 8
    for one in found["differences"]:
        assert one["here"] != one["there"]
        assert one["id"] in {f"c{n}" for n in range(8)}
    apart = [one for one in found["differences"] if one["metric"] == "churn_risk"]
    churn = by_name["churn_risk"]
    assert len(apart) == churn["answered"] - churn["agreed"] + churn["one_empty"]
    assert {one["url"] for one in found["differences"]} == {None}
    printed(capsys, desk.workspace(), "import", desk.file())
    told = printed(capsys, desk.workspace(), *words)
    assert "sentiment:" in told
    assert "No label" not in told
    page = f"{desk.workspace().settings.public_url}/?conversation=import%3Ac"
    assert page in told


def test_labels_and_another_analyser_can_be_compared_at_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("evaluate", desk.file(labelled=True), "--analyser", "local", "--against", "local")
    found = json.loads(printed(capsys, desk.workspace(), *words, "--json"))
    assert found["metrics"][0]["n"] == 8
    assert found["against"]["differences"] == []
    assert {one["agreement"] for one in found["against"]["metrics"]} <= {1.0, None}


def test_a_backfill_tells_its_cost_and_wants_a_yes(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, desk.workspace(), "import", desk.file())
    backfill = ("analyse", "--analyser", "claude", "--batch")
    told = printed(capsys, desk.workspace(), *backfill)
    assert told.startswith("about 8 conversations, ")
    assert "USD by the price table of 2026-10-07; go on with --yes" in told
    asked = json.loads(printed(capsys, desk.workspace(), *backfill, "--json"))
    assert asked["begun"] is False
    assert asked["estimate"]["conversations"] == 8
    assert "POST /v1/messages/batches" not in desk.stand.faults.calls()
    done = json.loads(printed(capsys, desk.workspace(), *backfill, "--yes", "--json"))
    assert (done["analysed"], done["in_batches"]) == (8, 0)
    assert 0 < done["cost_usd"] < 0.01


def test_many_that_wait_go_on_by_themselves_within_the_budget(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, desk.workspace(), "import", desk.file())
    few = {"VERBATIM_CLAUDE__BATCH_FROM": "5"}
    poor = desk.workspace(**few, VERBATIM_CLAUDE__DAILY_BUDGET_USD="0.0001")
    assert "--yes" in printed(capsys, poor, "analyse", "--analyser", "claude")
    told = printed(capsys, desk.workspace(**few), "analyse", "--analyser", "claude")
    assert "8 conversations measured, 0 failed" in told
    assert "USD for" in told


def test_the_budget_holds_across_processes_and_says_what_is_left(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, desk.workspace(), "import", desk.file(40))
    small = {"VERBATIM_CLAUDE__DAILY_BUDGET_USD": "0.003"}
    words = ("analyse", "--analyser", "claude", "--json")
    first = json.loads(printed(capsys, desk.workspace(**small), *words))
    assert 0 < first["analysed"] < 40
    assert first["left"] == 40 - first["analysed"]
    assert first["over_budget"] is True
    second = json.loads(printed(capsys, desk.workspace(**small), *words))
    assert (second["analysed"], second["left"]) == (0, first["left"])
    told = printed(capsys, desk.workspace(**small), "analyse", "--analyser", "claude")
    assert f"{first['left']} are left." in told


def test_doctor_tells_of_the_model_and_of_the_costs(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    printed(capsys, desk.workspace(), "import", desk.file())
    printed(capsys, desk.workspace(), "analyse", "--analyser", "claude")
    good = _doctor(desk, capsys)
    assert good["claude"] == (True, "claude-haiku-5-5 is active")
    assert "of 10.00 USD today" in good["claude costs"][1]
    assert " quotes dropped" in good["claude costs"][1]
    desk.stand.state.lifecycles["claude-haiku-5-5"] = "deprecated"
    assert _doctor(desk, capsys)["claude"] == (
        False,
        "claude-haiku-5-5 is deprecated, ends 2026-11-30",
    )
    unknown = _doctor(desk, capsys, VERBATIM_CLAUDE__MODEL="claude-nova")["claude"]
    assert unknown == (False, "Claude does not know the model: check VERBATIM_CLAUDE__MODEL.")


def _doctor(
    desk: Desk, capsys: pytest.CaptureFixture[str], **changed: str
) -> dict[str, tuple[bool, str]]:
    capsys.readouterr()
    run(desk.workspace(**changed), ["doctor", "--json"])
    found = json.loads(capsys.readouterr().out)
    rows = next(rows for rows in found.values() if isinstance(rows, list))
    return {one["name"]: (one["ok"], one["says"]) for one in rows}
