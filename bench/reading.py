"""How fast the local analyser reads whole conversations, what it holds, and when it first answers.

The speed is CPU time of one thread in this process; memory and first answer are those of fresh
processes that run `verbatim evaluate`, as a person would.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.peak import peak_kib
from bench.table import at_least, at_most, line
from service.domain.conversations import Conversation

TOGETHER = 200
ROUNDS = 3
_MEGABYTE = 1_000_000 / 1_024  # in kibibytes


def reading(conversations: Sequence[Conversation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _fresh(conversations, Path(folder))
    _speed(conversations)


def _speed(conversations: Sequence[Conversation]) -> None:
    """Mask, segment, measure and quote; the best of three, each without what the last one kept."""
    from service.analysis import local
    from service.redaction import Redactor
    from service.taxonomy_files import default_taxonomy

    taxonomy, redactor = default_taxonomy(), Redactor()
    seconds = []
    for _ in range(ROUNDS):
        analyser = local.build(threads=1)
        list(analyser.analyse(conversations[:50], taxonomy))  # warm up
        start = time.process_time()
        for first in range(0, len(conversations), TOGETHER):
            together = conversations[first : first + TOGETHER]
            for text in (m.text for one in together for m in one.messages):
                redactor.mask(text)
            list(analyser.analyse(together, taxonomy))
        seconds.append(time.process_time() - start)
    rate = len(conversations) / min(seconds)
    messages = sum(len(one.messages) for one in conversations)
    line(
        "local analyser, one core, masking included",
        f"{rate:.0f} conversations/s",
        f"{len(conversations)} conversations, {messages} messages, CPU time, best of {ROUNDS}",
        at_least(rate, 120, ">= 120"),
    )


def _fresh(conversations: Sequence[Conversation], folder: Path) -> None:
    one, many = folder / "one.jsonl", folder / "many.jsonl"
    rows = [_row(conversation) for conversation in conversations]
    one.write_text(rows[0], encoding="utf-8")
    many.write_text("".join(rows), encoding="utf-8")
    waits, busy = [], []
    for _ in range(ROUNDS):
        start, before = time.perf_counter(), _busy()
        _evaluated(one, folder)
        waits.append(time.perf_counter() - start)
        busy.append(_busy() - before)
    line(
        "local analyser, first answer after start",
        f"{min(busy):.2f} s of CPU",
        f"`verbatim evaluate` of one, best of {ROUNDS}; {min(waits):.2f} s by the clock"
        f" under a load of {os.getloadavg()[0]:.0f}",
        at_most(min(busy), 1.5, "<= 1.5 s"),
    )
    held = _evaluated(many, folder) / _MEGABYTE
    line(
        "local analyser, peak memory",
        f"{held:.0f} MB",
        f"`verbatim evaluate` of {len(rows)} conversations",
        at_most(held, 400, "<= 400 MB"),
    )


def _busy() -> float:
    """CPU time of the processes that have ended: on an idle machine, how long they took."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _row(conversation: Conversation) -> str:
    messages = [
        {"role": m.role.value, "text": m.text, "created_at": m.created_at.isoformat()}
        for m in conversation.messages
        if m.public
    ]
    told = {
        "id": conversation.key,
        "created_at": conversation.head.created_at.isoformat(),
        "messages": messages,
        "labels": {"sentiment": "neutral"},
    }
    return json.dumps(told) + "\n"


def _evaluated(file: Path, home: Path) -> int:
    """Evaluate a file in a process of its own; return the most memory it held, in KiB."""
    command = [sys.executable, "-m", "bench.reading", str(file)]
    environment = {**os.environ, "VERBATIM_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return int(done.stderr.split()[-1])


def _as_a_person_would(file: str) -> int:
    from verbatim import main

    sys.argv = ["verbatim", "evaluate", file, "--json"]
    try:
        main()
    except SystemExit as ended:
        print(peak_kib(), file=sys.stderr)
        return int(ended.code or 0)
    return 1


if __name__ == "__main__":
    sys.exit(_as_a_person_would(sys.argv[1]))
