"""The governed ladder of meaning: what waits, what a change would move, and who changed what."""

import getpass
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from service.commands.terminal import F, json_option, pass_workspace, say, say_json
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.domain.governing import Edit, Impact
    from service.governance import Governance

_dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Say what the change would move, and change nothing."
)
_by_option = click.option("--by", help="Who decides; kept in the history. [default: you]")


def _changing(command: F) -> F:
    """Give a command what every change of the ladder has."""
    for option in (_by_option, _dry_run_option, json_option):
        command = option(command)
    return command


@click.group("taxonomy")
def taxonomy_command() -> None:
    """Show and govern the ladder of meaning: raw tags, canonical tags, drivers.

    Example: verbatim taxonomy move "Double charge" Payments --dry-run
    """


@taxonomy_command.command("list")
@json_option
@pass_workspace
def list_command(workspace: Workspace, *, as_json: bool) -> None:
    """List drivers and canonical tags.

    Example: verbatim taxonomy list --json
    """
    taxonomy = workspace.taxonomy()
    if as_json:
        say_json({"version": taxonomy.version, "drivers": taxonomy.drivers})
        return
    for driver in taxonomy.drivers:
        owner = f" (owner: {driver.owner})" if driver.owner else ""
        say(
            f"{driver.name}: {driver.description}{owner}", *(f"  {tag.name}" for tag in driver.tags)
        )
    say("", f"Version {taxonomy.version}. To edit: verbatim taxonomy export > taxonomy.yaml,")
    say("then set VERBATIM_TAXONOMY=taxonomy.yaml")


@taxonomy_command.command("export")
@pass_workspace
def export_command(workspace: Workspace) -> None:
    """Print the taxonomy as YAML, to edit.

    Example: verbatim taxonomy export > taxonomy.yaml
    """
    from service.taxonomy_files import write_taxonomy

    click.echo(write_taxonomy(workspace.taxonomy()), nl=False)


@taxonomy_command.command("queue")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
@pass_workspace
def queue_command(workspace: Workspace, *, limit: int, as_json: bool) -> None:
    """List the themes that wait: raw tags that map to nothing, those of most conversations first.

    Example: verbatim taxonomy queue
    """
    from service.analysis.local import theme_vectors

    themes = workspace.governance().queue(theme_vectors())
    if as_json:
        say_json({"waiting": len(themes), "themes": themes[:limit]})
        return
    if not themes:
        say("Nothing waits: every raw tag is mapped.")
        return
    for theme in themes[:limit]:
        say(f"{theme.name}: {theme.conversations:,} conversations, {len(theme.raws):,} raw tags")
        if theme.example:
            say(f'  "{theme.example}"')
    say("", 'To map one: verbatim taxonomy map "THEME OR RAW TAG" "CANONICAL TAG" --dry-run')


@taxonomy_command.command("map")
@click.argument("raw")
@click.argument("canonical")
@click.option("--driver", help="Make the canonical tag under this driver when there is none yet.")
@_changing
@pass_workspace
def map_command(
    workspace: Workspace, /, *, raw: str, canonical: str, driver: str | None, **options: Any
) -> None:
    """Map a raw tag, or a theme that waits, to a canonical tag.

    Example: verbatim taxonomy map "charged two times" "Double charge"
    """
    _make(workspace, lambda ladder: ladder.mapping(raw, canonical, driver=driver), **options)


@taxonomy_command.command("merge")
@click.argument("source")
@click.argument("target")
@_changing
@pass_workspace
def merge_command(workspace: Workspace, /, *, source: str, target: str, **options: Any) -> None:
    """Make one canonical tag of two; the first goes into the second.

    Example: verbatim taxonomy merge "Billed twice" "Double charge"
    """
    from service.taxonomy_edits import merge

    _make(workspace, lambda ladder: merge(ladder.taxonomy, source, target), **options)


@taxonomy_command.command("rename")
@click.argument("old")
@click.argument("new")
@_changing
@pass_workspace
def rename_command(workspace: Workspace, /, *, old: str, new: str, **options: Any) -> None:
    """Give a canonical tag or a driver another name.

    Example: verbatim taxonomy rename Billing Payments
    """
    from service.taxonomy_edits import rename

    _make(workspace, lambda ladder: rename(ladder.taxonomy, old, new), **options)


@taxonomy_command.command("move")
@click.argument("canonical")
@click.argument("driver")
@_changing
@pass_workspace
def move_command(workspace: Workspace, /, *, canonical: str, driver: str, **options: Any) -> None:
    """Put a canonical tag under another driver.

    Example: verbatim taxonomy move "Double charge" Payments --dry-run
    """
    from service.taxonomy_edits import move

    _make(workspace, lambda ladder: move(ladder.taxonomy, canonical, driver), **options)


@taxonomy_command.command("owner")
@click.argument("driver")
@click.argument("owner")
@_changing
@pass_workspace
def owner_command(workspace: Workspace, /, *, driver: str, owner: str, **options: Any) -> None:
    """Say who looks after a driver: the weekly digest names them. "" for nobody.

    Example: verbatim taxonomy owner Billing maya@example.com
    """
    from service.taxonomy_edits import look_after

    _make(workspace, lambda ladder: look_after(ladder.taxonomy, driver, owner), **options)


@taxonomy_command.command("history")
@json_option
@pass_workspace
def history_command(workspace: Workspace, *, as_json: bool) -> None:
    """List every change: when, who, what, and the version it made.

    Example: verbatim taxonomy history
    """
    versions = workspace.governance().history()
    if as_json:
        rows = [
            {"version": v.taxonomy.version, "at": v.at, "by": v.by, "change": v.words}
            for v in versions
        ]
        say_json({"version": workspace.taxonomy().version, "changes": rows})
        return
    for one in versions:
        say(f"{one.at:%Y-%m-%d %H:%M} {one.by}: {one.words} (version {one.taxonomy.version})")
    if not versions:
        say("Nobody has changed the ladder yet.")


def _make(
    workspace: Workspace,
    decide: "Callable[[Governance], Edit]",
    *,
    dry_run: bool,
    by: str | None,
    as_json: bool,
) -> None:
    ladder = workspace.governance()
    before = ladder.taxonomy.version
    edit = decide(ladder)
    impact = ladder.preview(edit) if dry_run else ladder.apply(edit, by=by or getpass.getuser())
    if as_json:
        say_json(_as_json(edit, impact, before) | {"applied": not dry_run})
        return
    say(f"{edit.words}: {impact.words()}" if edit.remaps else f"{edit.words}.")
    if dry_run:
        say("Nothing was changed: leave out --dry-run to do it.")
    elif edit.remaps:
        say(f"Version {before} -> {edit.taxonomy.version}; `verbatim write-back` shows it there.")


def _as_json(edit: "Edit", impact: "Impact", before: str) -> dict[str, object]:
    drivers = [
        {"driver": name, "before": old, "after": new} for name, (old, new) in impact.changed()
    ]
    return {
        "change": edit.words,
        "conversations": impact.conversations,
        "drivers": drivers,
        "version": {"before": before, "after": edit.taxonomy.version},
    }
