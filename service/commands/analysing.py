"""The command that measures what waits, and says what a backfill would cost before it is begun."""

import sys

import click

from service.analysing import AnalyseReport, Analysing, Part, Way
from service.commands.terminal import (
    json_option,
    pass_workspace,
    progress_for,
    say,
    say_json,
)
from service.workspace import Workspace


@click.command("analyse")
@click.option("--analyser", help="local or claude. [env: VERBATIM_ANALYSER]")
@click.option("--batch", is_flag=True, help="Use the analyser's batches: cheaper, within a day.")
@click.option("--yes", is_flag=True, help="Begin a backfill without asking about its cost.")
@click.option("--limit", type=click.IntRange(1), help="Measure at most so many conversations.")
@click.option("--rest", is_flag=True, help="Only what no analyser has measured.")
@json_option
@pass_workspace
def analyse_command(
    workspace: Workspace,
    *,
    analyser: str | None,
    batch: bool,
    yes: bool,
    limit: int | None,
    rest: bool,
    as_json: bool,
) -> None:
    """Measure every conversation that is not measured yet.

    Many that wait for a paid analyser are sent in batches (VERBATIM_CLAUDE__BATCH_FROM), after an
    estimate. It goes on by itself while today's budget covers the estimate; else, or with --batch,
    it asks, or wants --yes.

    Example: verbatim analyse
    """
    analysing = workspace.pipeline(analyser).analysing()
    way = Way.BATCHES if batch else Way.AS_MANY_WAIT
    part = Part(limit=limit, rest=rest)
    if not _may_begin(analysing, way, part, yes=yes, as_json=as_json):
        return
    report = analysing.run(progress_for(as_json=as_json), way=way, part=part)
    if as_json:
        say_json(report)
    else:
        say(*analyse_lines(report))
    if report.stopped is not None and not report.over_budget:
        raise click.exceptions.Exit(1)


def analyse_lines(report: AnalyseReport) -> list[str]:
    awaiting = f"{report.awaiting:,} are waiting for their messages, which a sync is fetching"
    if not (report.analysed or report.failed or report.in_batches or report.stopped):
        return [awaiting] if report.awaiting else ["Every conversation is measured."]
    lines = [f"{report.analysed:,} conversations measured, {report.failed} failed"]
    if report.calls or report.calls_lost:
        lines.append(_cost_line(report))
    if report.in_batches:
        lines.append(f"{report.in_batches:,} are out in batches; run this again to fetch them")
    if report.awaiting:
        lines.append(awaiting)
    if report.stopped is not None:
        lines.append(f"Stopped: {report.stopped} {report.left:,} are left.")
    return lines


def _cost_line(report: AnalyseReport) -> str:
    line = (
        f"{report.cost_usd:.2f} USD for {report.tokens_in:,} tokens in "
        f"({report.tokens_cached:,} of them cached) and {report.tokens_out:,} out"
    )
    if report.quotes_dropped:
        line += f"; {report.quotes_dropped} of {report.quotes} quotes dropped: nobody's words"
    if report.calls_lost:
        line += f"; {report.calls_lost} calls ended unseen and count at their most"
    return line


def _may_begin(analysing: Analysing, way: Way, part: Part, *, yes: bool, as_json: bool) -> bool:
    """Tell the estimate of a backfill, and ask when it was not agreed to yet."""
    estimate = analysing.estimate(way, part)
    if estimate is None:
        return True
    agreed = yes or (way is Way.AS_MANY_WAIT and analysing.affords(estimate))
    if agreed or not sys.stdin.isatty() or as_json:
        hint = "" if agreed else "; go on with --yes"
        click.echo(f"{estimate.sentence()}{hint}", err=agreed or as_json)
    else:
        agreed = click.confirm(f"{estimate.sentence()}. Go on?", err=True)
    if as_json and not agreed:
        say_json({"estimate": estimate.as_json(), "begun": False})
    return agreed
