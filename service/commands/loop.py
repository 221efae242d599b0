"""The steps of the loop as commands: sync, analyse, write-back, and all of them as one cycle."""

import click

from service.commands.terminal import (
    json_option,
    pass_workspace,
    progress_for,
    say,
    say_json,
)
from service.domain.writeback import FieldChange
from service.errors import Misused
from service.pipeline import AnalyseReport, CycleReport, SyncReport, WriteReport
from service.workspace import Workspace


@click.command("sync")
@click.argument("helpdesk", required=False)
@click.option("--full", is_flag=True, help="Start again from the first conversation.")
@json_option
@pass_workspace
def sync_command(workspace: Workspace, *, helpdesk: str | None, full: bool, as_json: bool) -> None:
    """Fetch what changed since the last time.

    Example: verbatim sync zendesk
    """
    pipeline = workspace.pipeline()
    progress = progress_for(as_json=as_json)
    reports = [pipeline.sync(name, progress, full=full) for name in _chosen(workspace, helpdesk)]
    if as_json:
        say_json({report.source: report for report in reports})
    else:
        say(*(sync_line(report) for report in reports))


@click.command("analyse")
@click.option("--analyser", help="local or claude. [env: VERBATIM_ANALYSER]")
@json_option
@pass_workspace
def analyse_command(workspace: Workspace, *, analyser: str | None, as_json: bool) -> None:
    """Measure every conversation that is not measured yet.

    Example: verbatim analyse
    """
    report = workspace.pipeline(analyser).analyse(progress_for(as_json=as_json))
    if as_json:
        say_json(report)
    else:
        say(analyse_line(report))


@click.command("write-back")
@click.argument("helpdesk", required=False)
@click.option("--dry-run", is_flag=True, help="List the changes and make none.")
@json_option
@pass_workspace
def write_back_command(
    workspace: Workspace, *, helpdesk: str | None, dry_run: bool, as_json: bool
) -> None:
    """Bring the helpdesks' fields and tags up to date.

    Example: verbatim write-back --dry-run
    """
    pipeline = workspace.pipeline()
    names = _chosen(workspace, helpdesk)
    if dry_run:
        changes = [change for name in names for change in pipeline.planned_changes(name)]
        if as_json:
            say_json({"changes": changes})
        else:
            say(*(change_line(change) for change in changes), f"{len(changes)} to change")
        return
    progress = progress_for(as_json=as_json)
    reports = [pipeline.write_back(name, progress) for name in names]
    if as_json:
        say_json({report.source: report for report in reports})
    else:
        say(*(write_line(report) for report in reports))


@click.command("cycle")
@json_option
@pass_workspace
def cycle_command(workspace: Workspace, *, as_json: bool) -> None:
    """Sync, measure and write back once; the worker runs this on a schedule.

    Example: verbatim cycle
    """
    _chosen(workspace, None)
    report = workspace.pipeline().cycle(progress_for(as_json=as_json))
    if as_json:
        say_json(report)
    else:
        say(*cycle_lines(report))


@click.command("rollup")
@click.option("--full", is_flag=True, help="Recompute everything from the rows.")
@json_option
@pass_workspace
def rollup_command(workspace: Workspace, *, full: bool, as_json: bool) -> None:
    """Recompute rollups from the rows; normally each measurement keeps them up to date.

    Example: verbatim rollup --full
    """
    read = workspace.database().analyses.rebuild() if full else 0
    if as_json:
        say_json({"conversations": read})
    elif full:
        say(f"Recomputed the rollups of {read:,} conversations.")
    else:
        say("Rollups are kept up to date as conversations are measured; --full recomputes them.")


@click.command("reconcile")
@json_option
@pass_workspace
def reconcile_command(workspace: Workspace, *, as_json: bool) -> None:
    """Compare what is stored and measured with the helpdesks' own counts.

    Example: verbatim reconcile
    """
    from service.reconcile import reconcile

    rows = reconcile(workspace.database(), workspace.helpdesks(), until=workspace.now())
    if as_json:
        say_json({"sources": rows})
    else:
        say(*(row.line() for row in rows) if rows else ("Nothing is stored yet.",))


def sync_line(report: SyncReport) -> str:
    line = (
        f"{report.source}: {report.fetched:,} conversations fetched in {report.pages} pages and "
        f"{report.calls} calls; {report.conversations:,} new or changed, "
        f"{report.messages:,} messages"
    )
    return line + (f", {report.gone} gone" if report.gone else "")


def analyse_line(report: AnalyseReport) -> str:
    if not report.analysed and not report.failed:
        return "Every conversation is measured."
    return f"{report.analysed:,} conversations measured, {report.failed} failed"


def write_line(report: WriteReport) -> str:
    line = f"{report.source}: {report.written:,} conversations written in {report.calls} calls"
    if report.kept:
        line += f"; {report.kept} fields set by agents kept"
    for reason, count in sorted(report.not_written.items()):
        line += f"; {count:,} not written: {reason}"
    return line


def change_line(change: FieldChange) -> str:
    fields = ", ".join(f"{name} = {value or '(blank)'}" for name, value in change.fields.items())
    tags = " ".join(
        [f"+{tag}" for tag in sorted(change.add_tags)]
        + [f"-{tag}" for tag in sorted(change.remove_tags)]
    )
    return f"{change.conversation}: {fields} {tags}".rstrip()


def cycle_lines(report: CycleReport) -> list[str]:
    lines = [sync_line(one) for one in report.synced]
    lines.append(analyse_line(report.analysed))
    return lines + [write_line(one) for one in report.written]


def _chosen(workspace: Workspace, helpdesk: str | None) -> list[str]:
    if helpdesk is not None:
        return [workspace.helpdesk(helpdesk).name]
    names = list(workspace.helpdesks())
    if not names:
        raise Misused(
            "No helpdesk is connected. Set VERBATIM_HELPDESKS__ZENDESK__... or __INTERCOM__... "
            "(see .env.example), or try `verbatim demo`."
        )
    return names
