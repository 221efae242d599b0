"""The table of Slack's faults promises tests; each must exist."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_fault_of_slacks_table_names_a_test_that_exists() -> None:
    told = (ROOT / "docs" / "slack-faults.md").read_text(encoding="utf-8")
    first, _, _ = told.partition("## What cannot be had")
    rows = [line for line in first.splitlines() if re.match(r"\| (?!What)", line)]
    promised = [re.findall(r"`(test_\w+)`", row) for row in rows]
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("faults", "contract")
        for path in ROOT.glob(f"tests/{folder}/test_slack_*.py")
    )
    written = set(re.findall(r"def (test_\w+)\(", sources))
    assert len(rows) > 20
    assert all(promised)
    assert {name for names in promised for name in names} - written == set()
