"""What an import of labelled conversation JSONL costs, beside the least that it could cost."""

import json
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench import floor, million_data
from bench.helpdesks import told_by
from bench.table import at_least, line

_SIZE = 30_000
_FEWEST = 5_000  # conversations a second
_TABLES = (
    *(
        "account",
        "conversation",
        "message",
        "voice",
        "analysis",
        "measurement",
        "measurement_history",
    ),
    *("assigned_tag", "fact", "touch", "rollup_day"),
)


def labelled(size: int = _SIZE) -> None:
    """Import a file with the command, in a process of its own; then write its rows by hand."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "labelled.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{one}\n" for one in million_data.labelled_lines(size))
        home = {"VERBATIM_HOME": str(folder / "home")}
        told = told_by("bench.importing", str(path), "conversations", environment=home)
        _, took = (json.loads(text) for text in told.splitlines())
        with path.open(encoding="utf-8") as lines:
            least = _least(lines, folder)
    both = took["cpu"] + took["beside"]
    line(
        "import of labelled JSONL, storing process",
        f"{size / took['cpu']:,.0f} conversations/s",
        f"CPU; {size:,} of six messages, masked, labelled, indexed; beside the reading process",
        at_least(size / took["cpu"], _FEWEST, ">= 5,000"),
    )
    line(
        "import of labelled JSONL, both processes",
        f"{size / both:,.0f} conversations/s",
        f"CPU; {size / took['seconds']:,.0f} a second by the clock; {both / least:.1f} x by hand",
    )
    line(
        "the same rows by hand",
        f"{size / least:,.0f} conversations/s",
        "CPU of json.loads and executemany with the indexes and the search index, nothing else",
    )


def _least(lines: Iterable[str], folder: Path) -> float:
    parsing = floor.cpu_of(lambda: [json.loads(text) for text in lines])
    stored = sqlite3.connect(folder / "home" / "verbatim.sqlite")
    try:
        return parsing + floor.upserting(stored, folder / "floor.sqlite", _TABLES)
    finally:
        stored.close()
