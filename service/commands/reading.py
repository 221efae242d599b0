"""Prints readings: what was understood of a question, one JSON object a line."""

import json
from collections.abc import Iterable
from pathlib import Path

import click

from service.catalogue import Catalogue
from service.errors import BadRow, Misused
from service.questions import read
from service.workspace import Workspace


def print_readings(
    workspace: Workspace,
    *,
    text: str | None,
    lines: Iterable[str] | None,
    catalogue: Path | None,
) -> None:
    """Read one question, or one a line, against a catalogue file or the workspace's own."""
    known = _catalogue(workspace, catalogue)
    if text is not None:
        click.echo(json.dumps(read(text, known).as_dict(), ensure_ascii=False))
        return
    for number, line in enumerate(lines or (), start=1):
        if line.strip():
            click.echo(json.dumps(_read_line(line, number, known), ensure_ascii=False))


def _read_line(line: str, number: int, known: Catalogue) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise BadRow(number, "it is not JSON") from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise BadRow(number, "it is not a JSON object with a `text`")
    thread = row.get("thread") or []
    if not isinstance(thread, list) or not all(isinstance(each, dict) for each in thread):
        raise BadRow(number, "its `thread` is not a list of readings")
    reading: dict[str, object] = read(row["text"], known, thread=thread).as_dict()
    return reading


def _catalogue(workspace: Workspace, path: Path | None) -> Catalogue:
    if path is None:
        return workspace.catalogue()
    try:
        return Catalogue.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise Misused(f"{path} is not a readable catalogue: {error}") from error
