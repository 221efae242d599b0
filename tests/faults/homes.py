"""Homes of workspaces: copies of them, and what must be equal of two that went different ways."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.databases import opened
from tests.faults.invariants import rows


def copy(home: Path, to: Path) -> Path:
    shutil.copytree(home, to)
    return to


def stored(home: Path) -> dict[str, Any]:
    """Whole conversations and the cursor but for the time of day."""
    database = opened(f"sqlite:///{home / 'verbatim.sqlite'}")
    store = database.conversations
    keys = [
        k for name in ("zendesk", "intercom") for batch in store.stored_keys(name) for k in batch
    ]
    cursors = {name: json.loads(store.cursor(name) or "{}") for name in ("zendesk", "intercom")}
    for name in ("since", "deleted_since"):
        cursors["intercom"].pop(name)
    cursors["zendesk"].pop("counts")  # remembered to save calls; a pass without news forgets some
    found = {
        "conversations": sorted(store.get_many(keys), key=lambda each: each.key),
        "accounts": sorted(store.accounts(), key=lambda each: each.key),
        "cursors": cursors,
    }
    database.close()
    return found


_RESULTS = {
    "analysis": "fingerprint, analyser, taxonomy, language, summary, tone_start, tone_end",
    # Not how sure it is: the local model's last digits hang on what it reads together.
    "measurement": "metric, origin, value, reason, detail, set_by, fingerprint",
    "measurement_history": "metric, value, reason, set_by",
    "assigned_tag": "nth, raw, canonical, driver, confidence",
    "quote": "nth, shows, message, start_at, end_at, text_hash",
    "failure": "why",
}


def measured(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All results but for the time of day, each with its conversation."""
    found = {}
    for table, columns in _RESULTS.items():
        query = (
            f"SELECT (SELECT key FROM conversation c WHERE c.id = conversation_id), {columns} "  # noqa: S608 -- our names
            f"FROM {table}"
        )
        found[table] = sorted(rows(home / "verbatim.sqlite", query), key=repr)
    return found
