"""Alert rules by the command line: made, tried on what has been, looked at and ended."""

import json

import pytest

from service.cli import run
from service.domain.alerts import Alert, AlertState, Reading
from service.workspace import Workspace
from tests.journeys.conftest import Ran, Said


def _json(said: Said, workspace: Workspace, *arguments: str, code: int = 0) -> dict[str, object]:
    found: dict[str, object] = json.loads(said.by(workspace, *arguments, "--json", code=code))
    return found


def test_a_rule_is_made_tried_looked_at_and_ended(small: Ran, said: Said) -> None:
    workspace = small.workspace
    rules = _json(said, workspace, "alerts")["rules"]
    assert [one["id"] for one in rules] == ["negative-by-driver"]  # type: ignore[attr-defined]  # a list
    made = _json(
        said, workspace, "alerts", "add", "billing", "--driver", "Billing", "--above", "10"
    )
    assert made["rule"]["threshold"] == 0.1  # type: ignore[index]  # a dict
    assert isinstance(made["would_have_fired"], int)
    said.by(workspace, "alerts", "add", "billing", code=2)
    said.by(workspace, "alerts", "add", "volume", "--metric", "conversations", code=2)
    said.by(workspace, "alerts", "add", "both", "--above", "10", "--z", "3", code=2)
    said.by(workspace, "alerts", "add", "odd", "--over", "weather", code=2)
    assert "billing: negative share" in said.by(workspace, "alerts")
    looked = _json(said, workspace, "alerts", "run")
    assert "billing" in looked["withheld"]  # type: ignore[operator]  # nobody validated sentiment
    said.by(workspace, "alerts", "end", "billing")
    said.by(workspace, "alerts", "end", "billing", code=1)


def test_an_alert_is_listed_and_taken_up(small: Ran, said: Said) -> None:
    workspace = small.workspace
    today = workspace.watch().today()
    reading = Reading(value="Billing", n0=280, x0=56, n1=70, x1=35, z=5.0)
    alert = Alert(
        rule="negative-by-driver",
        opened_on=today,
        seen_on=today,
        state=AlertState.OPEN,
        reading=reading,
        told_excess=21.0,
    )
    workspace.database().alerts.save(alert)
    told = said.by(workspace, "alerts")
    assert "rose from 20% (56 of 280)" in told
    assert "50% (35 of 70)" in told
    said.by(workspace, "alerts", "acknowledge", alert.key)
    assert "(acknowledged)" in said.by(workspace, "alerts", "history")
    said.by(workspace, "alerts", "acknowledge", "alert:none", code=1)


def test_a_rule_that_cannot_fire_is_told_why(
    small: Ran, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = small.workspace
    withheld = "Negative share of a driver: withheld: not validated"
    assert withheld in said.by(workspace, "alerts")
    assert withheld in said.by(workspace, "alerts", "run", "--dry-run")
    assert _json(said, workspace, "alerts", "run", "--dry-run")["withheld"]
    assert run(workspace, ["alerts", "add", "typo", "--driver", "Biling"]) == 0
    assert "No conversation has the driver Biling; there is Billing" in capsys.readouterr().err
    said.by(workspace, "alerts", "end", "typo")
