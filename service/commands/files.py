"""Files in and out: import, label, evaluate."""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO

import click

from service.commands.terminal import (
    json_option,
    pass_workspace,
    progress_for,
    say,
    say_json,
)
from service.comparison import Comparer, Comparison
from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis
from service.domain.taxonomy import Taxonomy
from service.errors import BadRow
from service.exchange import Row, label_line, read_rows
from service.importing import Importer
from service.masking import masked_row
from service.measuring import Unreadable, measure
from service.ports import Analyser
from service.workspace import Workspace

_SHOWN = 20  # bad rows that are printed
_BATCH = 64
_taxonomy_option = click.option(
    "--taxonomy", "taxonomy_path", type=click.Path(path_type=Path), help="Drivers and tags as YAML."
)


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--source", help="Helpdesk of JSONL rows that name none. [default: import]")
@click.option(
    "--format",
    "format_name",
    help="conversations, zendesk-json, zendesk-csv or intercom-json; found out without.",
)
@json_option
@pass_workspace
def import_command(
    workspace: Workspace,
    *,
    file: BinaryIO,
    source: str | None,
    format_name: str | None,
    as_json: bool,
) -> None:
    """Import conversation JSONL, or an export of Zendesk or Intercom; .gz and - are fine.

    Example: verbatim import tickets.json.gz
    """
    from service.import_files import chosen_format, opened

    text = opened(file)
    chosen = chosen_format(text.start, workspace.import_formats, name=format_name, source=source)
    importer = Importer(
        database=workspace.database(),
        taxonomy=workspace.taxonomy(),
        masks=workspace.masks(),
        clock=workspace.now,
    )
    with progress_for(as_json=as_json).step("Importing", None) as advance:
        batches = chosen.batches(text, workspace.masks())
        report = importer.take(batches, source=chosen.source, advance=advance)
    if as_json:
        rows = [{"line": bad.line, "why": bad.why} for bad in report.bad_rows]
        counts: dict[str, object] = {"format": chosen.name, "source": chosen.source}
        counts |= {"conversations": report.conversations, "labelled": report.labelled}
        say_json({**counts, "bad": report.bad, "bad_rows": rows})
    else:
        say(f"Read as {chosen.title}")
        say(f"{report.conversations:,} conversations imported, {report.labelled:,} with labels")
    complain(report.bad_rows, report.bad)


@click.command("label")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@_taxonomy_option
@click.option("--analyser", help="local or claude. [env: VERBATIM_ANALYSER]")
@pass_workspace
def label_command(
    workspace: Workspace, *, file: TextIO, taxonomy_path: Path | None, analyser: str | None
) -> None:
    """Measure conversation JSONL and print one JSON line each; stores nothing.

    Example: verbatim label conversations.jsonl > labels.jsonl
    """
    bad: list[BadRow] = []
    taxonomy = chosen_taxonomy(workspace, taxonomy_path)
    for row, analysis in _analysed(workspace, file, taxonomy, analyser, bad):
        external_id = row.conversation.key.split(":", 1)[1]
        click.echo(json.dumps(label_line(analysis, row_id=external_id), ensure_ascii=False))
    complain(bad, len(bad))


@click.command("evaluate")
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"))
@_taxonomy_option
@click.option("--analyser", help="local or claude. [env: VERBATIM_ANALYSER]")
@click.option("--against", help="Compare with this analyser as well, conversation by conversation.")
@json_option
@pass_workspace
def evaluate_command(
    workspace: Workspace,
    *,
    file: TextIO,
    taxonomy_path: Path | None,
    analyser: str | None,
    against: str | None,
    as_json: bool,
) -> None:
    """Compare the analyser with human labels: agreement, macro-F1, calibration, confusion.

    With --against, the rows need no labels: it prints how far two analysers agree and where not.
    VADER's and TF-IDF's figures beside ours, on the development sets, are not of this program's
    dependencies: `make evaluate DATA=folder` prints them, docs/model-card.md shows them.

    Example: verbatim evaluate labelled.jsonl
    """
    from service.evaluation import Evaluator

    bad: list[BadRow] = []
    evaluator = Evaluator()
    taxonomy = chosen_taxonomy(workspace, taxonomy_path)
    measured = _analysed(workspace, file, taxonomy, analyser, bad)
    other = _beside(workspace, taxonomy, analyser, against) if against else None
    for row, analysis in other.pairs(measured) if other else measured:
        if row.labels is not None:
            evaluator.add(analysis, row.labels)
    result = evaluator.result()
    compared = other.comparer.result() if other else None
    if compared is None:
        say_json(result.as_json()) if as_json else say(*result.lines())
    else:
        told = (workspace.links(), _stored(workspace, compared))
        if as_json:
            say_json(result.as_json() | {"against": compared.as_json(*told)})
        else:
            say(*(result.lines() if result.metrics else ()), *compared.lines(*told))
    complain(bad, len(bad))


def chosen_taxonomy(workspace: Workspace, path: Path | None) -> Taxonomy:
    from service.taxonomy_files import read_taxonomy

    return workspace.taxonomy() if path is None else read_taxonomy(path)


def complain(bad: list[BadRow], count: int) -> None:
    """Name the bad rows on standard error and end with exit code 1; without any, do nothing."""
    for row in bad[:_SHOWN]:
        click.echo(f"verbatim: left out {row}", err=True)
    if count > _SHOWN:
        click.echo(f"verbatim: and {count - _SHOWN} more", err=True)
    if count:
        raise click.exceptions.Exit(1)


def _analysed(
    workspace: Workspace,
    lines: Iterable[str],
    taxonomy: Taxonomy,
    analyser_name: str | None,
    bad: list[BadRow],
) -> Iterator[tuple[Row, Analysis]]:
    """Mask and measure row by row, in order; bad rows are collected and left out."""
    analyser, masks = workspace.analyser(analyser_name), workspace.masks()
    rows = _good(read_rows(lines), bad)
    while batch := [masked_row(row, masks) for row in islice(rows, _BATCH)]:
        results = measure(analyser, [row.conversation for row in batch], taxonomy)
        for row, result in zip(batch, results, strict=True):
            if isinstance(result, Unreadable):
                bad.append(BadRow(row.line, result.why))
            else:
                yield row, result


@dataclass(slots=True, kw_only=True)
class _Beside:
    """Measures once more with another analyser what comes by."""

    analyser: Analyser
    taxonomy: Taxonomy
    comparer: Comparer

    def pairs(self, measured: Iterator[tuple[Row, Analysis]]) -> Iterator[tuple[Row, Analysis]]:
        while batch := list(islice(measured, _BATCH)):
            others = measure(self.analyser, [row.conversation for row, _ in batch], self.taxonomy)
            for (row, analysis), other in zip(batch, others, strict=True):
                key = row.conversation.key
                if isinstance(other, Unreadable):
                    self.comparer.add_unread(key)
                else:
                    self.comparer.add(key, analysis, other)
                yield row, analysis


def _beside(
    workspace: Workspace, taxonomy: Taxonomy, analyser: str | None, against: str
) -> _Beside:
    here, there = workspace.analyser(analyser), workspace.analyser(against)
    return _Beside(
        analyser=there,
        taxonomy=taxonomy,
        comparer=Comparer(here=here.version, there=there.version),
    )


def _stored(workspace: Workspace, compared: Comparison) -> Collection[ConversationKey]:
    """Which of the conversations in dispute can be opened here."""
    if not workspace.has_database():
        return ()
    apart = list(dict.fromkeys(each.conversation for each in compared.differences))
    return workspace.database().conversations.updated_at(apart).keys()


def _good(rows: Iterable[Row | BadRow], bad: list[BadRow]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
        else:
            yield row
