"""Prints readings: what was understood of a question, one JSON object a line."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from service.catalogue import Catalogue
from service.errors import BadRow, Misused
from service.questions import read
from service.reading.model import Reading
from service.second_reading import KEPT
from service.workspace import Workspace

Reader = Callable[[str, Sequence[Mapping[str, object]]], Reading]


def print_readings(
    workspace: Workspace,
    *,
    text: str | None,
    lines: Iterable[str] | None,
    catalogue: Path | None,
) -> None:
    """Read one question, or one a line, as the workspace does, or offline over a file of names."""
    reader = _reader(workspace, catalogue)
    if text is not None:
        click.echo(json.dumps(reader(text, ()).as_dict(), ensure_ascii=False))
        return
    for number, line in enumerate(lines or (), start=1):
        if line.strip():
            click.echo(json.dumps(_read_line(line, number, reader), ensure_ascii=False))


def print_cases(workspace: Workspace) -> None:
    """Print the questions that two readers read, with both readings, oldest first."""
    for case in workspace.database().work.recall_all(KEPT):
        click.echo(case)


def _read_line(line: str, number: int, reader: Reader) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadRow(number, "it is not JSON") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadRow(number, "it is not a JSON object with a `text`")
    thread = row.get("thread") or []
    if not isinstance(thread, list) or not all(isinstance(each, dict) for each in thread):
        raise BadRow(number, "its `thread` is not a list of readings")
    return reader(row["text"], thread).as_dict()


def _reader(workspace: Workspace, path: Path | None) -> Reader:
    if path is None:
        answers = workspace.answers()
        in_use = answers.catalogue()
        return lambda text, thread: answers.read(text, in_use, thread)
    known = _catalogue(path)
    return lambda text, thread: read(text, known, thread=thread)


def _catalogue(path: Path) -> Catalogue:
    try:
        return Catalogue.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise Misused(f"{path} is not a readable catalogue: {error}") from error
