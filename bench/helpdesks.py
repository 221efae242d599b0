"""Figures of the two connectors over made-up helpdesks: calls, CPU, memory, write-back.

The stand-in, the sync and the floor run in processes of their own, so that each is measured alone.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

from bench import exports
from bench.generated import AUDITS
from bench.table import Bar, at_most, line
from connectors.intercom.limiter import OUR_SHARE, WINDOW, Limiter
from connectors.sandbox.running import SERVICE_ADMIN, TOKEN

Step = Mapping[str, Any]

_EXPORT_PAGE = 1000
_SEARCH_PAGE = 150
_BATCH = 100  # tickets of a bulk update
_MOST_CALLS = 1.02
_MOST_CPU = 3.0
_MOST_GROWTH = 1.10
_TICKETS, _EVENTS = "incremental/tickets/cursor", "incremental/ticket_events"
_BOTH = ("zendesk", "intercom")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Conversations of each run."""

    calls: int
    small: int
    large: int
    written: int


QUICK = Sizes(calls=3_000, small=500, large=2_000, written=300)
FULL = Sizes(calls=100_000, small=10_000, large=100_000, written=10_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stand-in that is being served, and a folder for one workspace on it."""

    name: str
    folder: Path
    url: str

    def run(self, *steps: str) -> list[Step]:
        if "write" in steps:
            self._verbatim("setup", self.name)
        home = str(self.folder / "home")
        told = told_by("bench.syncing", self.name, home, *steps, environment=self.environment())
        return [json.loads(text) for text in told.splitlines()]

    def environment(self) -> dict[str, str]:
        prefix = f"VERBATIM_HELPDESKS__{self.name.upper()}__"
        own = {
            "zendesk": {"SUBDOMAIN": "ledgerly", "OAUTH_TOKEN": TOKEN},
            "intercom": {
                "ACCESS_TOKEN": TOKEN,
                "ADMIN_ID": SERVICE_ADMIN,
                "SETTLE_SECONDS": "0",
            },
        }[self.name]
        named = {f"{prefix}{name}": text for name, text in own.items()}
        return {**named, f"{prefix}BASE_URL": self.url}

    def _verbatim(self, *arguments: str) -> None:
        home = {"VERBATIM_HOME": str(self.folder / "home")}
        subprocess.run(
            [str(Path(sys.executable).with_name("verbatim")), *arguments],
            env={**os.environ, **self.environment(), **home},
            capture_output=True,
            check=True,
        )


@contextmanager
def place(name: str, size: int, *, folder: Path) -> Iterator[Place]:
    """Serve a made-up helpdesk; the bodies of its pages are kept in the folder."""
    (folder / "bodies").mkdir()
    command = [sys.executable, "-m", "bench.stand", name, str(size), str(folder / "bodies")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as stand:
        if stand.stdout is None:
            raise RuntimeError("The stand-in has no output.")
        yield Place(name=name, folder=folder, url=json.loads(stand.stdout.readline())["url"])
        stand.terminate()


@contextmanager
def placed(name: str, size: int) -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder, place(name, size, folder=Path(folder)) as made:
        yield made


# --- Reading -------------------------------------------------------------------------------------


def zendesk_reading(size: int) -> None:
    with placed("zendesk", size) as here:
        (read,) = here.run("sync")
        floor = json.loads(told_by("bench.floor", str(here.folder), environment={}))
    calls = read["calls"]
    exported = _count(calls, _TICKETS, _EVENTS)
    repairs = _count(calls, "/comments", "conversation_log")
    fewest = ceil(size / _EXPORT_PAGE) + ceil(size * AUDITS / _EXPORT_PAGE) + repairs
    others = sum(calls.values()) - exported - repairs
    line(
        f"zendesk: calls to read {size:,} tickets",
        f"{exported + repairs:,} of at least {fewest:,}",
        f"{AUDITS} audits a ticket; {repairs} repairs; {others} other calls (fields, people)",
        # The second in which a page of events ends is read again: one page more in a small run.
        at_most(exported + repairs, max(fewest * _MOST_CALLS, fewest + 1), f"<= {_MOST_CALLS} x"),
    )
    _processor("zendesk", read, floor, size)


def intercom_reading(size: int) -> None:
    with placed("intercom", size) as here:
        (read,) = here.run("sync")
        floor = json.loads(told_by("bench.floor", str(here.folder), environment={}))
    calls = read["calls"]
    searches = _count(calls, "/conversations/search")
    retrieves = _count(calls, "GET /conversations/<")
    fewest = ceil(size / _SEARCH_PAGE) + size
    others = sum(calls.values()) - searches - retrieves
    line(
        f"intercom: calls to read {size:,} conversations",
        f"{searches:,} searches, {retrieves:,} retrieves",
        f"one retrieve each; {others} other calls (contacts, companies, admins)",
        at_most(searches + retrieves, fewest * _MOST_CALLS, f"<= {_MOST_CALLS} x"),
    )
    _processor("intercom", read, floor, size)


def _processor(name: str, read: Step, floor: Step, size: int) -> None:
    least = floor["json"] + floor["upsert"]
    bar = at_most(read["cpu"], _MOST_CPU * least, f"<= {_MOST_CPU:.0f} x")
    ratio = read["cpu"] / least
    line(
        f"{name}: CPU to sync 1,000",
        f"{1000 * read['cpu'] / size:.2f} s = {ratio:.1f} x the floor",
        f"floor {1000 * least / size:.3f} s: json.loads of the same {floor['bytes'] / 1e6:.0f} MB, "
        f"upsert of the same rows",
        bar if name == "zendesk" else None,
    )
    without = read["cpu"] - read["masking"]
    line(
        f"{name}: the same without masking",
        f"{1000 * without / size:.2f} s = {without / least:.1f} x the floor",
        "masking timed inside the same run",
    )


# --- Memory --------------------------------------------------------------------------------------


def memory(sizes: Sizes) -> None:
    for name in _BOTH:
        peaks = []
        for size in (sizes.small, sizes.large):
            with placed(name, size) as here:
                peaks.append(here.run("sync")[0]["peak_kib"] / 1024)
        _grown(f"{name}: peak memory of a sync", peaks, sizes)


def imports(sizes: Sizes) -> None:
    for name in exports.FORMATS:
        peaks = [_imported(name, size) / 1024 for size in (sizes.small, sizes.large)]
        _grown(f"import of {name}: peak memory", peaks, sizes)


def _imported(name: str, size: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        exports.write(path, name, size)
        home = {"VERBATIM_HOME": str(Path(folder) / "home")}
        told = told_by("bench.importing", str(path), name, environment=home)
    report, took = (json.loads(text) for text in told.splitlines())
    if (report["conversations"], report["bad"]) != (size, 0):
        raise RuntimeError(f"{name}: {report['conversations']} of {size} were imported")
    peak: int = took["peak_kib"]
    return peak


def _grown(name: str, peaks: Sequence[float], sizes: Sizes) -> None:
    growth = peaks[1] / peaks[0]
    line(
        name,
        f"{peaks[0]:.0f} MiB, {peaks[1]:.0f} MiB = {growth:.2f} x",
        f"{sizes.small:,} and {sizes.large:,} conversations, a fresh process each",
        at_most(growth, _MOST_GROWTH, "+-10 %"),
    )


# --- The whole loop ------------------------------------------------------------------------------


def writing(size: int) -> None:
    for name in _BOTH:
        with placed(name, size) as here:
            steps = ("sync", "analyse", "write", "sync", "analyse", "write", "sync")
            _, _, written, again, analysed, rewritten, idle = here.run(*steps)
        _written(name, written, size)
        _again(name, again, analysed, rewritten, size)
        pages = _pages(idle["calls"])
        line(
            f"{name}: a pass without news",
            _told(pages),
            f"{sum(idle['calls'].values())} calls altogether",
        )


def _written(name: str, written: Step, size: int) -> None:
    calls = written["calls"]
    jobs, polls = _count(calls, "update_many"), _count(calls, "job_statuses")
    put = jobs if name == "zendesk" else _count(calls, "PUT /conversations/<")
    fewest = ceil(size / _BATCH) if name == "zendesk" else size
    line(
        f"{name}: write-back of {size:,}",
        f"{put:,} {'jobs' if name == 'zendesk' else 'PUTs'}, {written['written']:,} outcomes read",
        f"{polls} polls; {written['not_written']} not writable; {sum(calls.values())} calls",
        Bar(
            says=f"{fewest:,}, all read",
            ratio=max(put / fewest, size / max(written["written"] + written["not_written"], 1)),
        ),
    )


def _again(name: str, again: Step, analysed: Step, rewritten: Step, size: int) -> None:
    calls = again["calls"]
    retrieves = _count(calls, "GET /conversations/<", "/comments", "conversation_log")
    done = retrieves + analysed["analysed"] + rewritten["written"]
    most = ceil(size / (_SEARCH_PAGE if name == "intercom" else _EXPORT_PAGE))
    pages = _pages(calls)
    worst = max(pages.values(), default=0)
    line(
        f"{name}: second pass, all {size:,} written",
        f"{_told(pages)}, {retrieves} retrieves",
        f"{analysed['analysed']} analyses, {rewritten['written']} writes; "
        f"{sum(calls.values())} calls altogether",
        Bar(says=f"{most} a stream, 0", ratio=2.0 if done else worst / most),
    )


def _pages(calls: Mapping[str, int]) -> dict[str, int]:
    streams = {
        "tickets": _count(calls, _TICKETS),
        "events": _count(calls, _EVENTS),
        "search": _count(calls, "/conversations/search"),
    }
    return {name: count for name, count in streams.items() if count}


def _told(pages: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {stream}" for stream, count in pages.items())


# --- Intercom's limiter --------------------------------------------------------------------------


def limiter(*, limit: int = 1_666, calls: int = 20_000) -> None:
    """Let the limiter hand out turns on a clock that costs no time."""
    clock = _Clock()
    made = Limiter(now=clock.now, sleep=clock.sleep)
    turns: list[float] = []
    cpu = time.process_time()
    for _ in range(calls):
        made.wait()
        turns.append(clock.now())
        start = clock.now() // WINDOW * WINDOW
        used = sum(1 for turn in turns[-limit:] if turn >= start)
        made.read(_headers(limit, used, start + WINDOW))
    cpu = time.process_time() - cpu
    most = max(
        sum(1 for turn in turns[place : place + limit] if turn < turns[place] + WINDOW)
        for place in range(0, calls, 50)
    )
    line(
        "intercom: calls in any window",
        f"{most:,} of {limit:,}; {calls / max(turns[-1] - turns[0], 1):.0f} a second",
        f"{calls:,} calls on a made-up clock; {1e6 * cpu / calls:.0f} us a call with the counting",
        at_most(most, limit * OUR_SHARE, "half"),
    )


class _Clock:
    """Time that passes only while somebody waits."""

    def __init__(self) -> None:
        self._seconds = 1_000_000.0

    def now(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        self._seconds += seconds


def _headers(limit: int, used: int, reset: float) -> dict[str, str]:
    return {
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-remaining": str(max(limit - used, 0)),
        "x-ratelimit-reset": str(reset),
    }


def _count(calls: Mapping[str, int], *parts: str) -> int:
    """Calls of the routes that hold one of these parts."""
    return sum(n for route, n in calls.items() if any(part in route for part in parts))


def told_by(name: str, *arguments: str, environment: Mapping[str, str]) -> str:
    """Run a module of ours in a process of its own, and return what it printed."""
    command: Sequence[str] = [sys.executable, "-m", name, *arguments]
    done = subprocess.run(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, check=True, text=True
    )
    return done.stdout
