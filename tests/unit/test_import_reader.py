"""The process that reads and masks a large import: the same rows, in order, whoever dies."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from service.import_batches import Batch, Lines, read_lines
from service.import_files import chosen_format, opened
from service.import_reader import Reader, batches_of_lines
from service.redaction import Redactor

MASKS = Redactor(("US",))
AFTER = 3  # parts that the other process is given


def line(number: int, **more: Any) -> str:
    said = [{"role": "customer", "text": f"Mail {number}@example.com \u2014 the invoice is wrong"}]
    labels = {"sentiment": "negative", "tags": ["double charge"], "custom": {"tier": "gold"}}
    row = {"id": str(number), "created_at": "2026-11-02T09:14:00Z", "messages": said}
    people = {"requester": {"id": "r1", "name": "Rosa Diaz"}, "rating": {"score": "bad"}}
    return json.dumps({**row, "labels": labels, **people, **more}) + "\n"


def part(first: int) -> Lines:
    return Lines(first=first, lines=[line(first), "no JSON\n", "\n", line(first + 3)])


def begun(reader: Reader) -> None:
    until = time.monotonic() + 60
    while not reader.is_reading() and time.monotonic() < until:
        pass
    assert reader.is_reading()


def parts(reader: Reader) -> Iterator[Lines]:
    """All are read by the other process."""
    begun(reader)
    for n in range(AFTER):
        yield part(1 + 4 * n)


def in_order(batches: Sequence[Batch]) -> list[int]:
    return [row.line for batch in batches for row in batch.rows]


def test_the_other_process_reads_the_same_rows_in_their_order() -> None:
    with Reader(MASKS, source="import") as reader:
        found = list(reader.batches(parts(reader)))
        assert reader.is_reading()
    expected = [read_lines(part(1 + 4 * n), MASKS, source="import") for n in range(len(found))]
    assert [list(one.rows) for one in found] == [list(one.rows) for one in expected]
    assert "[email]" in found[-1].rows[0].begun.said[0].text
    bad = [(one.line, one.why) for batch in found for one in batch.bad]
    assert bad == [(2 + 4 * n, "it is not JSON") for n in range(len(found))]


def test_what_was_measured_elsewhere_survives_the_way() -> None:
    analysis = {
        "analyser": "local-1",
        "taxonomy": "t1",
        "created_at": "2026-11-02T09:14:00Z",
        "measurements": [{"metric": "sentiment", "value": "negative", "set_by": "agent"}],
    }
    lines = Lines(first=1, lines=[line(1, analysis=analysis)])
    (expected,) = read_lines(lines, MASKS, source="import").rows
    assert expected.analysis is not None
    with Reader(MASKS, source="import") as reader:
        begun(reader)
        (found,) = list(reader.batches([lines]))
    assert list(found.rows) == [expected]


def test_the_lines_of_a_reader_that_was_killed_are_read_here() -> None:
    with Reader(MASKS, source="import") as reader:
        given = parts(reader)
        batches = reader.batches(given)
        found = [next(batches)]
        reader.process.kill()
        found += batches
        assert not reader.is_reading()
    assert in_order(found) == [n + 4 * m for m in range(AFTER) for n in (1, 4)]


def test_a_reader_ends_with_whoever_started_it() -> None:
    program = (
        "from tests.unit.test_import_reader import MASKS, Reader, begun\n"
        "import os, signal\n"
        "reader = Reader(MASKS, source='import')\n"
        "begun(reader)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        stderr=subprocess.PIPE,  # open for as long as either process is there
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")


@pytest.mark.parametrize("count", [3, 2_600])
def test_a_file_is_the_same_rows_however_many_it_has(count: int) -> None:
    text = "".join("{half\n" if n % 500 == 7 else line(n) for n in range(1, count + 1))
    file = opened(io.BytesIO(text.encode()))
    chosen = chosen_format(file.start, dict, name=None, source=None)
    batches = list(chosen.batches(file, MASKS))
    bad = [one.line for batch in batches for one in batch.bad]
    assert in_order(batches) == [n for n in range(1, count + 1) if n % 500 != 7]
    assert bad == [n for n in range(1, count + 1) if n % 500 == 7]
    assert all("[email]" in row.begun.said[0].text for b in batches for row in b.rows)


def test_few_long_lines_are_a_batch_as_well() -> None:
    long = [line(n, subject="x" * 900_000) for n in range(1, 8)]
    sizes = [len(batch.rows) for batch in batches_of_lines(long, MASKS, source="import")]
    assert sizes == [3, 3, 1]
