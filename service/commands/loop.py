"""The steps of the loop as commands: sync, write-back, and all of them as one cycle."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from service.commands.analysing import analyse_lines
from service.commands.terminal import (
    json_option,
    pass_workspace,
    progress_for,
    say,
    say_json,
)
from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange
from service.errors import Misused
from service.pipeline import CycleReport, SyncReport
from service.workspace import Workspace
from service.writing_back import SWITCHED_OFF, WriteReport

if TYPE_CHECKING:
    from service.reconcile import SourceCoverage


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
    workspace.alerting().run()
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
@click.option("--days", type=click.IntRange(1, 400), default=90, show_default=True)
@click.option("--repair", is_flag=True, help="Fetch what is missing and purge what is gone.")
@json_option
@pass_workspace
def reconcile_command(workspace: Workspace, *, days: int, repair: bool, as_json: bool) -> None:
    """Compare what is stored and measured with the helpdesks' own counts, day by day.

    With --repair the days that differ are listed and set right, and 500 stored conversations are
    compared by content, as the worker does every night. Exit code 1 when something is missing or
    a helpdesk could not be asked.

    Example: verbatim reconcile --repair
    """
    from service.in_turn import InTurn
    from service.jobs import proving, reconciliation
    from service.proof import Proof

    if repair:
        proof = proving(workspace).run(InTurn(), days=days)
    else:
        proof = Proof(rows=tuple(reconciliation(workspace).run(days=days)), repairs=())
    if as_json:
        sources: dict[str, object] = {"sources": [_row(row) for row in proof.rows]}
        say_json(sources | {"repairs": list(proof.repairs)} if repair else sources)
    else:
        say(*(proof.lines() or ("Nothing is stored.",)))
    if any(row.lacking or row.problem for row in proof.rows):
        raise click.exceptions.Exit(1)


@click.command("sweep")
@click.argument("helpdesk", required=False)
@json_option
@pass_workspace
def sweep_command(workspace: Workspace, *, helpdesk: str | None, as_json: bool) -> None:
    """Purge conversations that the helpdesk no longer has; the worker does it every week.

    Example: verbatim sweep zendesk
    """
    from service.in_turn import InTurn

    pipeline, progress, turn = workspace.pipeline(), progress_for(as_json=as_json), InTurn()
    names = _chosen(workspace, helpdesk)
    purged = turn.each(names, lambda name: pipeline.sweep(name, progress))
    if as_json:
        say_json(purged)
    else:
        say(*(f"{name}: {count:,} purged" for name, count in purged.items()))
    turn.raise_first()


@click.group("quarantine")
def quarantine_command() -> None:
    """Conversations that arrived and could not be read.

    Example: verbatim quarantine list
    """


@quarantine_command.command("list")
@json_option
@pass_workspace
def list_command(workspace: Workspace, *, as_json: bool) -> None:
    """List them with the reason.

    Example: verbatim quarantine list --json
    """
    waiting = workspace.database().conversations.quarantined()
    if as_json:
        say_json({"quarantined": waiting})
    else:
        say(
            *(
                f"{one.key}: {one.why} (since {one.since:%Y-%m-%d}, tried {one.attempts}x)"
                for one in waiting
            )
            if waiting
            else ("Nothing is set aside.",)
        )


@quarantine_command.command("retry")
@click.argument("keys", nargs=-1)
@json_option
@pass_workspace
def retry_command(workspace: Workspace, *, keys: tuple[str, ...], as_json: bool) -> None:
    """Fetch them again: all, or the named ones.

    Example: verbatim quarantine retry zendesk:12345
    """
    chosen = frozenset(ConversationKey(key) for key in keys) or None
    still = workspace.pipeline().retry_quarantined(chosen)
    if as_json:
        say_json({"still_set_aside": still})
    else:
        say(f"{still} still set aside")


@quarantine_command.command("drop")
@click.argument("keys", nargs=-1, required=True)
@json_option
@pass_workspace
def drop_command(workspace: Workspace, *, keys: tuple[str, ...], as_json: bool) -> None:
    """Forget entries: they count as missing until they are fetched.

    Example: verbatim quarantine drop zendesk:12345
    """
    dropped = workspace.database().conversations.release([ConversationKey(key) for key in keys])
    if as_json:
        say_json({"dropped": dropped})
    else:
        said = "" if dropped else ": none of these is set aside (verbatim quarantine list)"
        say(f"{dropped} dropped{said}")


def _row(row: "SourceCoverage") -> dict[str, object]:
    days = [{**asdict(day), "missing": day.missing} for day in row.days]
    return {**asdict(row), "missing": row.missing, "days": days}


def sync_line(report: SyncReport) -> str:
    line = (
        f"{report.source}: {report.fetched:,} conversations fetched in {report.pages} pages and "
        f"{report.calls} calls; {report.conversations:,} new or changed, "
        f"{report.messages:,} messages"
    )
    line += f", {report.gone} gone" if report.gone else ""
    return line + (f", {report.set_aside} set aside (unreadable)" if report.set_aside else "")


def write_line(report: WriteReport) -> str:
    if report.switched_off:
        return f"{report.source}: {SWITCHED_OFF} (VERBATIM_WRITE_BACK)"
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
    lines += analyse_lines(report.analysed)
    if report.flagged:
        changed = "change" if report.flagged == 1 else "changes"
        lines.append(f"Churn-risk flags: {report.flagged} {changed} (verbatim flags)")
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
