"""What commands print: bars on long work, one JSON object for programs, one sentence for an
error.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, TypeVar

import click

from service.progress import Advance, Progress, Silent
from service.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])

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
                done = progress.tasks[0].completed
                progress.update(task, total=done or 1, completed=done or 1)


def progress_for(*, as_json: bool) -> Progress:
    return Silent() if as_json or not sys.stderr.isatty() else Bars()


def say(*lines: str) -> None:
    for line in lines:
        click.echo(line)


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


__all__ = [
    "Bars",
    "Workspace",
    "json_option",
    "pass_workspace",
    "plain",
    "progress_for",
    "say",
    "say_json",
]
