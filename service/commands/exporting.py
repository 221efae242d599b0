"""Conversations out, as a command: the same JSONL that `import` reads."""

import json
from typing import TextIO

import click

from service.commands.asking import (
    filter_options,
    filters_from,
    read_window,
    unknown_values,
    viewer_named,
)
from service.commands.terminal import harmless, pass_workspace
from service.query import Query
from service.workspace import Workspace

_NOTHING = "No conversations match: take a longer period, or fewer conditions."


@click.command("export")
@click.argument("file", type=click.File("w", encoding="utf-8", lazy=True), default="-")
@click.option("--period", help="FROM..TO by creation, half-open. Default: everything.")
@click.option("--text", "texts", multiple=True, help="Only with this word; may be repeated.")
@click.option("--as", "person", help="E-mail of the person who asks; default: everything.")
@filter_options
@pass_workspace
def export_command(
    workspace: Workspace,
    /,
    *,
    file: TextIO,
    period: str | None,
    texts: tuple[str, ...],
    person: str | None,
    **filters: tuple[str, ...],
) -> None:
    """Write conversations as JSONL, masked, with what was measured; `import` reads it again.

    Example: verbatim export --account zendesk:4200001 conversations.jsonl
    """
    from service.exporting import Exporter

    viewer = viewer_named(workspace, person)
    query = Query(
        window=read_window(period) if period else None,
        filters=filters_from(workspace, filters),
        text=texts,
    )
    written = 0
    for row in Exporter(workspace.database()).rows(query, viewer):
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
        written += 1
    click.echo(f"{written:,} conversations exported", err=True)
    if not written:
        why = "\n".join(unknown_values(workspace, query.filters, viewer)) or _NOTHING
        click.echo(harmless(why), err=True)
