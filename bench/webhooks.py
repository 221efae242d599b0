"""How fast a webhook is answered by the served application while another process writes.

Intercom gives an endpoint 500 ms before it counts a delivery as failed.
"""

import hashlib
import hmac
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from bench.serving import served, wait_until
from bench.table import at_most, line, percentile

_EVENTS = 200
_ROWS = 400_000  # imported meanwhile; an idle machine takes 5,000 of them a second
_MOST = 500  # milliseconds
_SECRET = "bench-client-secret"  # noqa: S105 - signs nothing but these events
_PAUSE = 0.06  # seconds between two events, so that they meet many of the writer's transactions


def report() -> None:
    """Print p50 and p99 of the answers while an import writes."""
    took = webhook_answers()
    p99 = percentile(took, 99)
    line(
        "webhook answers during an import",
        f"{statistics.median(took):.0f}, {p99:.0f}, {max(took):.0f} ms",
        f"p50, p99 and the longest of {len(took)}, served by gunicorn, SQLite",
        at_most(p99, _MOST, f"p99 <= {_MOST} ms"),
    )


def webhook_answers(events: int = _EVENTS) -> Sequence[float]:
    """Return how many milliseconds each accepted event took."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environment = _environment(home)
        _run(environment, "migrate").wait()
        with served(environment) as (url, _), _writing(environment, home):
            return list(_knocks(url, events))


def _knocks(url: str, events: int) -> Iterator[float]:
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        client.head("/hooks/intercom").raise_for_status()
        for number in range(events):
            body = _event(number)
            begun = time.perf_counter()
            answer = client.post("/hooks/intercom", content=body, headers=_signed(body))
            yield (time.perf_counter() - begun) * 1000
            answer.raise_for_status()
            time.sleep(_PAUSE)


def _event(number: int) -> bytes:
    item = {"type": "conversation", "id": str(number)}
    told = {"topic": "conversation.user.replied", "id": f"n{number}", "data": {"item": item}}
    return json.dumps(told).encode()


def _signed(body: bytes) -> dict[str, str]:
    return {"X-Hub-Signature": f"sha1={hmac.new(_SECRET.encode(), body, hashlib.sha1).hexdigest()}"}


def _environment(home: Path) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "VERBATIM_HOME": str(home),
        "VERBATIM_SECRET_KEY": "0123456789abcdef" * 4,
        "VERBATIM_HELPDESKS__INTERCOM__BASE_URL": "http://127.0.0.1:1",
        "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN": "none",
        "VERBATIM_HELPDESKS__INTERCOM__ADMIN_ID": "1",
        "VERBATIM_HELPDESKS__INTERCOM__CLIENT_SECRET": _SECRET,
    }


def _run(environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", "from verbatim import main; main()", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def _has_rows(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as reading:
        return bool(reading.execute("SELECT 1 FROM conversation LIMIT 1").fetchall())


@contextmanager
def _writing(environment: Mapping[str, str], home: Path) -> Iterator[None]:
    path = home / "rows.jsonl"
    path.write_text("".join(_row(number) for number in range(_ROWS)))
    writer = _run(environment, "import", str(path))
    try:
        wait_until(lambda: _has_rows(home / "verbatim.sqlite"), "the import")
        yield
        if writer.poll() is not None:
            raise RuntimeError("the writer was done before the last event; give it more rows")
    finally:
        writer.terminate()
        writer.wait()


def _row(number: int) -> str:
    said = {"role": "customer", "text": f"Invoice {number} is wrong."}
    row = {"id": str(number), "created_at": "2026-11-02T09:14:00Z", "messages": [said] * 3}
    return json.dumps(row) + "\n"
