"""Prints the figures that we hold ourselves to. Run by hand (`make bench`); never a timed test."""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench import alerts, helpdesks, labelled, million, reading, slack, webhooks
from bench.table import at_most, heading, line, percentile
from bench.worlds import scoring
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.running import run_sandbox
from service.demo import QUESTION, run_loop
from service.domain.conversations import (
    Conversation,
    ConversationHead,
    Message,
    Role,
    Status,
    conversation_key,
)
from service.domain.people import SYSTEM
from service.progress import Silent
from service.workspace import Workspace
from verbatim import Built

QUESTIONS = (
    QUESTION,
    "how many billing conversations last week?",
    "top 5 drivers last month",
    "negative share by channel last month",
    "show me quotes about refunds",
)
ROUNDS = 20
_QUICK = (helpdesks.QUICK, scoring.SEEDS[:1])  # minutes on two cores


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="100,000 conversations; about an hour")
    parser.add_argument("--cache", type=Path, help="million: a folder that keeps the databases")
    parser.add_argument("--size", type=int, default=1_000_000, help="million: conversations")
    parser.add_argument(
        "figures", nargs="*", help=f"some of: {', '.join(figures(*_QUICK))}, million, slack"
    )
    asked = parser.parse_args()
    usual = figures(*((helpdesks.FULL, scoring.SEEDS) if asked.full else _QUICK))
    known: dict[str, Callable[[], None]] = {
        **usual,
        "million": partial(million.million, asked.cache, asked.size),
        "slack": partial(slack.slack, asked.cache, asked.size),
    }
    if not set(asked.figures) <= known.keys():
        parser.error(f"choose from: {', '.join(known)}")
    print(f"Verbatim's figures, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {sys.version[:6]}")
    heading()
    for name in asked.figures or usual:  # a million takes half an hour and is asked for by name
        known[name]()


def figures(sizes: helpdesks.Sizes, seeds: Sequence[int]) -> Mapping[str, Callable[[], None]]:
    return {
        "start-up": start_up,
        "analyser": analysing,
        "demo": demonstrating,
        "zendesk": partial(helpdesks.zendesk_reading, sizes.calls),
        "intercom": partial(helpdesks.intercom_reading, min(sizes.calls, 10_000)),
        "limiter": helpdesks.limiter,
        "memory": partial(helpdesks.memory, sizes),
        "imports": partial(helpdesks.imports, sizes),
        "labelled": labelled.labelled,
        "webhooks": webhooks.report,
        "writing": partial(helpdesks.writing, sizes.written),
        "worlds": partial(scoring.report, seeds),
        "alerts": alerts.figures,
    }


def demonstrating() -> None:
    with demo() as (workspace, stands):
        calls(workspace, stands)
        asking(workspace)


def start_up() -> None:
    command = [str(Path(sys.executable).with_name("verbatim")), "--help"]
    seconds = [
        timed(lambda: subprocess.run(command, capture_output=True, check=True)) for _ in "abcde"
    ]
    middle = statistics.median(seconds)
    line("verbatim --help", f"{middle:.2f} s", "median of five", at_most(middle, 0.4, "< 0.4 s"))


def analysing() -> None:
    """Whole conversations of the corpus through the local analyser, nothing stored."""
    reading.reading(list(corpus_conversations()))


@contextmanager
def demo() -> Iterator[tuple[Workspace, dict[str, dict[str, int]]]]:
    """A demo workspace with its loop run, and the calls that each stand-in received."""
    nothing = Built(lambda: None)  # type: ignore[arg-type, return-value]  # only a source of workspaces
    with tempfile.TemporaryDirectory() as folder, run_sandbox() as sandbox:
        workspace = nothing.with_settings(home=Path(folder), environment=sandbox.environment)
        report = run_loop(workspace, Silent())
        for stage, seconds in report.seconds.items():
            line(f"demo: {stage}", f"{seconds:.1f} s", f"{report.conversations} conversations")
        yield workspace, {n: dict(s.faults.calls()) for n, s in sandbox.stands.items()}


def calls(workspace: Workspace, received: dict[str, dict[str, int]]) -> None:
    """What two cycles cost: everything read once, everything written once, then nothing new."""
    for source, count in stored(workspace).items():
        made = received[source]
        total = sum(made.values())
        reads = sum(n for call, n in made.items() if _reads(call))
        per_thousand = 1000 / count
        line(
            f"{source}: calls per 1,000 conversations",
            f"{per_thousand * reads:.0f} to read, {per_thousand * (total - reads):.0f} to write",
            f"{total} calls for {count} conversations, two cycles",
        )


def _reads(call: str) -> bool:
    return call.startswith("GET") or call.endswith("/search")


def asking(workspace: Workspace) -> None:
    answers = workspace.answers()
    for question in QUESTIONS:
        answers.ask_text(question, SYSTEM)
    seconds = [
        timed(lambda: answers.ask_text(question, SYSTEM))  # noqa: B023  # called at once
        for _ in range(ROUNDS)
        for question in QUESTIONS
    ]
    line(
        "ask, p50 and p95",
        f"{1000 * statistics.median(seconds):.0f} ms, {1000 * percentile(seconds, 95):.0f} ms",
        f"{len(QUESTIONS)} questions x {ROUNDS}, 2,000 conversations, SQLite",
    )


def stored(workspace: Workspace) -> dict[str, int]:
    store = workspace.database().conversations
    return {name: sum(store.daily_counts(name).values()) for name in ("intercom", "zendesk")}


def corpus_conversations() -> Iterator[Conversation]:
    for one in load_corpus(now=datetime.now(UTC)).conversations:
        head = ConversationHead(
            key=conversation_key(one.helpdesk, one.id),
            channel=one.channel,
            subject=one.subject,
            status=Status(one.status),
            created_at=one.created_at,
            updated_at=one.updated_at,
        )
        messages = tuple(
            Message(
                id=m.id, role=Role(m.role), public=m.public, created_at=m.created_at, text=m.text
            )
            for m in one.messages
        )
        yield Conversation(head=head, messages=messages)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
