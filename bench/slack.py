"""How fast Slack is answered by the served application: the acknowledgement, and the answer itself.

The application runs as the Procfile serves it, beside a stand-in of Slack; the questions are
signed events over HTTP, fifty at once, then one after the other as a person asks them.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier, local
from typing import Any
from urllib.parse import urlsplit

import httpx
from slack_sdk.signature import SignatureVerifier

from bench.million_store import opened, sqlite_database
from bench.serving import PATIENCE, served
from bench.table import at_most, line, percentile
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.faults import Call
from connectors.sandbox.slack import SlackStand, slack_app
from connectors.sandbox.slack_state import TEAM
from service.stores import Person

AT_ONCE = 50
ROUNDS = 2  # of fifty events
TIMES = 4  # that each question is asked
_SMALL = 100_000
_CHANNEL = "C00000001"
_TOKEN, _SECRET = "xoxb-bench", "bench-signing-secret"
_QUESTIONS = (
    "why did sentiment drop last week?",
    "how many conversations last week?",
    "top 5 drivers last month",
    "negative share by channel last month",
    "show me quotes about refunds",
)


@dataclass(slots=True)
class Posts:
    """When an answer was posted in each thread."""

    slack: SlackStand
    server: int = 0  # the process that answers
    at: dict[str, float] = field(default_factory=dict)

    def note(self, call: Call) -> None:
        if not call.path.endswith("chat.postMessage"):
            return
        now = time.perf_counter()
        for posted in list(self.slack.state.messages):
            self.at.setdefault(str(posted.thread_ts), now)

    def wait_for(self, number: int) -> None:
        found = self.slack.state.wait_for(number, seconds=PATIENCE)
        if len(found) < number:
            raise TimeoutError(f"{len(found)} of {number} answers came")


def slack(cache: Path | None, size: int) -> None:
    """Measure on a cached year of `size` conversations, else on one of 100,000 that is made now."""
    with tempfile.TemporaryDirectory() as passing:
        folder, held = (cache, size) if cache else (Path(passing), min(size, _SMALL))
        url = sqlite_database(folder, held)
        with _clean(url), _served(url, Path(passing)) as (events, posts):
            _ask(events, posts, "0.1", _QUESTIONS[0])  # the first question loads what is needed
            _acknowledged(events, posts, held)
            _answered(events, posts, held)


def _acknowledged(events: str, posts: Posts, size: int) -> None:
    """Fifty events at once; all of them are questions, so answers are made meanwhile."""
    taken: list[float] = []
    for number in range(ROUNDS):
        before = len(posts.slack.state.messages)
        taken += _at_once(events, number)
        posts.wait_for(before + AT_ONCE)
    p99 = percentile(taken, 99)
    line(
        f"slack: acknowledged, {AT_ONCE} events at once",
        f"{statistics.median(taken):.0f}, {p99:.0f} ms",
        f"p50 and p99 of {len(taken)}, {size:,} conversations, {_load()}",
        at_most(p99, 200, "<= 200 ms"),
    )


def _at_once(events: str, round_: int) -> Sequence[float]:
    """Connections are open already, as Slack keeps them; each event is signed before its time.

    A plain client, as fifty threads of ours share one processor with what they measure.
    """
    together, own, at = Barrier(AT_ONCE), local(), urlsplit(events)

    def connect() -> None:
        own.client = HTTPConnection(str(at.hostname), at.port, timeout=PATIENCE)
        _told(own.client, "GET", "/healthz")

    def knock(number: int) -> float:
        body = _mention(_QUESTIONS[1], f"{round_ + 1}.{number:03}")
        headers = _signed(body)
        together.wait()
        begun = time.perf_counter()
        _told(own.client, "POST", at.path, body=body, headers=headers)
        return 1000 * (time.perf_counter() - begun)

    with ThreadPoolExecutor(AT_ONCE, initializer=connect) as pool:
        return list(pool.map(knock, range(AT_ONCE)))


def _told(client: HTTPConnection, method: str, path: str, **sent: Any) -> None:
    client.request(method, path, **sent)
    answer = client.getresponse()
    answer.read()
    if answer.status != 200:
        raise ConnectionError(f"{method} {path} answered {answer.status}")


def _answered(events: str, posts: Posts, size: int) -> None:
    numbers = range(TIMES * len(_QUESTIONS))
    before = _cpu(posts.server)
    taken = [
        _ask(events, posts, f"100.{number:03}", _QUESTIONS[number % len(_QUESTIONS)])
        for number in numbers
    ]
    p95 = percentile(taken, 95)
    line(
        "slack: answer posted",
        f"{statistics.median(taken):.0f}, {p95:.0f} ms",
        f"p50 and p95 of {len(taken)} over {len(_QUESTIONS)} questions, {size:,} conversations, "
        f"{1000 * (_cpu(posts.server) - before) / len(taken):.0f} ms of CPU each, {_load()}",
        at_most(p95, 1_500, "<= 1.5 s"),
    )


def _ask(events: str, posts: Posts, ts: str, question: str) -> float:
    """Return how many milliseconds passed from sending the event to the post in its thread."""
    before = len(posts.slack.state.messages)
    with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
        begun = time.perf_counter()
        _send(client, events, _mention(question, ts))
        posts.wait_for(before + 1)
    return 1000 * (posts.at.get(ts, time.perf_counter()) - begun)


def _cpu(server: int) -> float:
    """Seconds of CPU that the server's workers have used so far; 0 where there is no /proc."""
    try:
        workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        stats = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2] for each in workers]
    except OSError:
        return 0.0
    ticks = sum(int(spent) for stat in stats for spent in stat.split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _load() -> str:
    return f"load {os.getloadavg()[0]:.0f}"


# --- Slack's side --------------------------------------------------------------------------------


def _mention(question: str, ts: str) -> str:
    event = {
        "type": "app_mention",
        "channel": _CHANNEL,
        "user": "U00000001",
        "text": f"<@U0VERBATIM> {question}",
        "ts": ts,
    }
    told = {"type": "event_callback", "team_id": TEAM, "event_id": f"Ev{ts}", "event": event}
    return json.dumps(told)


def _send(client: httpx.Client, events: str, body: str) -> None:
    client.post(events, content=body, headers=_signed(body)).raise_for_status()


def _signed(body: str) -> Mapping[str, str]:
    timestamp = str(int(time.time()))
    signature = SignatureVerifier(_SECRET).generate_signature(timestamp=timestamp, body=body)
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature or "",
    }


# --- The application -----------------------------------------------------------------------------


@contextmanager
def _served(url: str, home: Path) -> Iterator[tuple[str, Posts]]:
    """The application as the Procfile serves it, and the stand-in that it answers."""
    made = slack_app(
        load_corpus(now=datetime.now(UTC), conversations=20),
        token=_TOKEN,
        clock=partial(datetime.now, UTC),
    )
    posts = Posts(made)
    made.faults.after_answering = posts.note
    with made.serve() as stand:
        database = opened(url)
        person = made.state.people["U00000001"]
        database.people.save(Person(email=person.email, name=person.name, role="admin"))
        database.close()
        with served(_environment(url, home, stand.url)) as (address, posts.server):
            yield f"{address}/slack/events", posts


def _environment(url: str, home: Path, stand: str) -> Mapping[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
        "VERBATIM_HOME": str(home),
        "VERBATIM_DATABASE_URL": url,
        "VERBATIM_TIMEZONE": "UTC",
        "VERBATIM_SECRET_KEY": "0123456789abcdef" * 4,
        "VERBATIM_SLACK__BOT_TOKEN": _TOKEN,
        "VERBATIM_SLACK__SIGNING_SECRET": _SECRET,
        "VERBATIM_SLACK__BASE_URL": f"{stand}/api/",
    }


@contextmanager
def _clean(url: str) -> Iterator[None]:
    """Leave the cached database as it was: the next run asks anew."""
    yield
    path = Path(url.removeprefix("sqlite:///"))
    for file in ("-inbox", "-inbox-wal", "-inbox-shm"):
        path.with_name(f"{path.name}{file}").unlink(missing_ok=True)
    database = opened(url)
    with database.engine.writing() as connection:
        for table in ("receipt", "outbox", "memory", "job_run", "person"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - our own names
    database.close()
