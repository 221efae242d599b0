"""What commands print: bars on long work, one JSON object for programs, one sentence for an
error.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

import click

from service.progress import Advance, Progress, Silent

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

F = TypeVar("F", bound=Callable[..., Any])

# What customers wrote reaches terminals too, and none of it may steer one. Lines and tabs stay.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

pass_workspace = click.pass_obj
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of text."
)


class Bars:
    """Progress drawn on standard error with rich, so that standard output stays clean."""

    @contextmanager
    def step(self, title: str, total: int | None) -> Iterator[Advance]:
        from rich.console import Console  # late: rich costs start-up time
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )

        columns = (
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.advance(task, done)
            if total is None:
                _finish(progress, task)


def _finish(progress: "RichProgress", task: "TaskID") -> None:
    """Close a bar whose length nobody knew before."""
    done = progress.tasks[0].completed
    if done:
        progress.update(task, total=done)
    else:
        progress.update(
            task, total=1, completed=1, description=f"{progress.tasks[0].description}: nothing new"
        )


def progress_for(*, as_json: bool) -> Progress:
    return Silent() if as_json or not sys.stderr.isatty() else Bars()


def say(*lines: str) -> None:
    for line in lines:
        click.echo(harmless(line))


def harmless(text: str) -> str:
    """Take out control characters, with which a text could colour, move or rename a terminal."""
    return _CONTROL.sub("", text)


def say_answer(lines: Sequence[str]) -> None:
    """Print an answer's lines; each link stands on a line of its own, so that it can be clicked."""
    for number, line in enumerate(map(harmless, lines)):
        text, _, link = line.rpartition(" ")
        if link.startswith(("http://", "https://")) and text:
            click.echo(f"  {text}" if text.startswith('"') else text)
            click.echo(click.style(f"    {link}", dim=True))
        else:
            click.echo(click.style(line, bold=number == 1))


def say_json(value: object) -> None:
    """Print one JSON object on one line; times are ISO 8601, dataclasses are objects."""
    click.echo(json.dumps(plain(value), ensure_ascii=False))


def plain(value: object) -> object:
    """Turn domain values into what JSON can hold."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value
