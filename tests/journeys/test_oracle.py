"""The worked example of the decomposition, brought in as labels and asked for by command."""

import json
from pathlib import Path

import pytest

from service.cli import run
from service.settings import settings_from
from verbatim import Built

BASELINE, CURRENT = "2026-10-05", "2026-10-12"  # both Mondays, so that no weekday differs
CONVERSATIONS = (
    (BASELINE, ("billing",), 120, 36),
    (BASELINE, ("login",), 160, 24),
    (BASELINE, ("billing", "login"), 40, 16),
    (BASELINE, ("shipping",), 60, 12),
    (BASELINE, (), 20, 2),
    (CURRENT, ("billing",), 150, 75),
    (CURRENT, ("login",), 190, 30),
    (CURRENT, ("billing", "login"), 60, 33),
    (CURRENT, ("outage",), 75, 45),
    (CURRENT, (), 25, 2),
)
PARTS = {  # value: rate and mix in points
    "Billing": (6.8887, 0.1138),  # as the taxonomy spells it
    "login": (1.4946, 0.1029),
    "outage": (0.0, 4.5375),
    "shipping": (0.0, 1.4625),
    "Unmapped": (-0.1, 0.0),
}


def labelled_rows() -> list[str]:
    rows = []
    for day, drivers, n, negative in CONVERSATIONS:
        for number in range(n):
            identifier = f"{day}-{'-'.join(drivers)}-{number}"
            labels = {
                "sentiment": "negative" if number < negative else "neutral",
                "drivers": list(drivers),
            }
            rows.append(
                json.dumps({"id": identifier, "created_at": f"{day}T12:00:00Z", "labels": labels})
            )
    return rows


def test_imported_labels_decompose_to_four_decimals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text("\n".join(labelled_rows()) + "\n", encoding="utf-8")
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))
    assert run(workspace, ["import", str(file)]) == 0
    capsys.readouterr()

    periods = ["--period", f"{CURRENT}..2026-10-19", "--baseline", f"{BASELINE}..{CURRENT}"]
    assert run(workspace, ["why", *periods, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)

    assert (result["p0"], result["p1"]) == (0.225, 0.37)
    assert result["composition"] == 0
    rows = {row["value"]: row for row in result["lenses"]["driver"]}
    assert set(rows) == set(PARTS)
    for value, (rate, mix) in PARTS.items():
        assert 100 * rows[value]["rate"] == pytest.approx(rate, abs=5e-5)
        assert 100 * rows[value]["mix"] == pytest.approx(mix, abs=5e-5)
