"""Questions in the terminal: the same answers as in Slack, rendered as lines or as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import TextIO

import click

from service.commands.terminal import (
    F,
    json_option,
    pass_workspace,
    plain,
    say,
    say_answer,
    say_json,
)
from service.domain.answers import Intent
from service.domain.measurements import CUSTOM
from service.domain.people import SYSTEM, Viewer
from service.errors import Misused, NotFound
from service.query import TIME, Dimension, Filter, Query, Window
from service.workspace import Workspace

_OWN = "custom"  # the option for all of the workspace's own metrics
_NOT_OPTIONS = TIME | {Dimension.CONVERSATION}
_DIMENSIONS = [dimension.value for dimension in Dimension if dimension not in _NOT_OPTIONS]


@click.command("ask")
@click.argument("text")
@json_option
@click.option("--today", type=click.DateTime(["%Y-%m-%d"]), help="Answer as if it were this day.")
@click.option("--as", "person", help="E-mail of the person who asks; default: everything.")
@pass_workspace
def ask_command(
    workspace: Workspace, *, text: str, as_json: bool, today: date | None, person: str | None
) -> None:
    """Answer a question about customer conversations.

    Example: verbatim ask "why did sentiment drop last week?"
    """
    from service.answer_json import as_json as answer_json

    day = date(today.year, today.month, today.day) if today else None
    answer = workspace.answers().ask_text(text, viewer_named(workspace, person), today=day)
    if as_json:
        click.echo(json.dumps(answer_json(answer), ensure_ascii=False))
    else:
        say_answer(answer.text)
        say_answer([f"Or did you mean {one.words}? {one.url}" for one in answer.alternatives])


def filter_options(command: F) -> F:
    """Give a command one repeatable option a dimension, so that filters read like words."""
    own = "Filter by a metric of your own, as legal_threat=yes; may be repeated."
    command = click.option("--custom", _OWN, multiple=True, metavar="NAME=VALUE", help=own)(command)
    for name in reversed(_DIMENSIONS):
        flag = f"--{name.replace('_', '-')}"
        command = click.option(flag, name, multiple=True, help="Filter; may be repeated.")(command)
    return command


def filters_from(workspace: Workspace, options: Mapping[str, Sequence[str]]) -> tuple[Filter, ...]:
    """Return what the options of `filter_options` ask for."""
    asked: dict[str, list[str]] = {name: [*options[name]] for name in options if name != _OWN}
    for said in options.get(_OWN, ()):
        name, _, value = said.partition("=")
        asked.setdefault(_own_metric(workspace, name), []).append(value.strip())
    return tuple(Filter.of(Dimension(name), *values) for name, values in asked.items() if values)


def _own_metric(workspace: Workspace, name: str) -> str:
    from service.measures import own_metrics

    path = workspace.settings.metrics_file  # reading the settings defines our own
    wanted = f"{CUSTOM}{name.strip().removeprefix(CUSTOM)}"
    if wanted not in {metric.name for metric in own_metrics()}:
        raise Misused(f"There is no metric {name!r} of your own in {path}: verbatim metrics list.")
    return wanted


def unknown_values(
    workspace: Workspace, filters: Sequence[Filter], viewer: Viewer = SYSTEM
) -> Iterator[str]:
    """Name each value that no conversation has, beside those that look most like it."""
    facts = workspace.database().facts
    for one in filters:
        for value in one.values:
            alone = Query(filters=(Filter.of(one.dimension, value),))
            if facts.count(alone, viewer).total:
                continue
            near = get_close_matches(value, facts.values(one.dimension, viewer), cutoff=0)
            there = f"; there is {', '.join(near)}" if near else ""
            yield f"No conversation has the {one.dimension.words} {value}{there}."


@click.command("why")
@click.option("--metric", default="negative_rate", show_default=True)
@click.option("--period", required=True, help="FROM..TO, half-open: the day TO is not in it.")
@click.option("--baseline", help="FROM..TO; default: the equally long period before.")
@filter_options
@json_option
@pass_workspace
def why_command(
    workspace: Workspace,
    /,
    *,
    metric: str,
    period: str,
    baseline: str | None,
    as_json: bool,
    **filters: tuple[str, ...],
) -> None:
    """Decompose a change exactly, into parts that sum to it.

    Example: verbatim why --period 2026-11-09..2026-11-16 --segment enterprise
    """
    window = read_window(period)
    query = Query(
        metric=metric,
        window=window,
        compare_to=read_window(baseline) if baseline else window.preceding(),
        filters=filters_from(workspace, filters),
    )
    if as_json:
        say_json(workspace.answers().why(query, SYSTEM))
    else:
        say_answer(workspace.answers().ask(query, SYSTEM, intent=Intent.WHY_CHANGE).text)


@click.command("read")
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.File("r", encoding="utf-8", errors="replace"),
    help="Questions as JSONL; - reads stdin.",
)
@click.option("--catalogue", type=click.Path(path_type=Path), help="Catalogue as JSON.")
@click.option("--cases", is_flag=True, help="Print what Claude was asked, with both readings.")
@json_option
@pass_workspace
def read_command(
    workspace: Workspace,
    *,
    text: str | None,
    file: TextIO | None,
    catalogue: Path | None,
    cases: bool,
    as_json: bool,
) -> None:
    """Print only how a question is understood; with --catalogue no database is needed.

    Example: verbatim read "why did sentiment drop last week?"
    """
    from service.commands.reading import print_cases, print_readings

    del as_json  # a reading is JSON in any case
    if cases:
        print_cases(workspace)
        return
    if (text is None) == (file is None):
        raise Misused("Give either a question or --file, e.g. verbatim read --file questions.jsonl")
    print_readings(workspace, text=text, lines=file, catalogue=catalogue)


@click.command("brief")
@click.argument("account")
@json_option
@pass_workspace
def brief_command(workspace: Workspace, *, account: str, as_json: bool) -> None:
    """Tell what is going on with one account.

    Example: verbatim brief "Harbor & Finch"
    """
    from service.answer_json import as_json as answer_json

    answer = workspace.answers().ask_text(f'tell me about "{account}"', SYSTEM)
    if as_json:
        click.echo(json.dumps(answer_json(answer), ensure_ascii=False))
    else:
        say_answer(answer.text)


@click.group("receipts")
def receipts_command() -> None:
    """Run published numbers again.

    Example: verbatim receipts verify
    """


@receipts_command.command("verify")
@json_option
@pass_workspace
def verify_command(workspace: Workspace, *, as_json: bool) -> None:
    """Run every stored receipt again and list what differs; exit code 1 when something does.

    A number whose metric was taken out of the file of metrics cannot be run again, and is named.

    Example: verbatim receipts verify --json
    """
    answers = workspace.answers()
    recounts = list(answers.recount_all(SYSTEM))
    changed = [one for one in recounts if one.differs]
    gone = answers.gone()
    if as_json:
        told = {"receipts": len(recounts), "changed": [plain(one) for one in changed]}
        say_json(told | {"no_longer_defined": gone})
    else:
        for one in changed:
            say(f"{one.receipt.id}:", *(f"  {line}" for line in answers.recount_told(one)))
        for name, ids in gone.items():
            say(f"{name} is no longer defined; its {_receipts(len(ids))} cannot be run again.")
        say(f"{_receipts(len(recounts))}, {len(changed)} changed")
    if changed or gone:
        raise click.exceptions.Exit(1)


def _receipts(count: int) -> str:
    return f"{count:,} receipt{'' if count == 1 else 's'}"


@click.command("digest")
@click.option("--week", help="ISO week, as 2026-W46; default: the last whole week.")
@click.option("--dry-run", is_flag=True, help="Print it and post nothing.")
@json_option
@pass_workspace
def digest_command(workspace: Workspace, *, week: str | None, dry_run: bool, as_json: bool) -> None:
    """Make the weekly digest and post it; posting again replaces it.

    Example: verbatim digest --dry-run
    """
    from service.answer_json import digest_as_json

    digests = workspace.digests()
    digest = digests.make(week or digests.last_week())
    posted = None if dry_run or digests.prints else digests.post(digest)
    if as_json:
        say_json(digest_as_json(digest) | {"posted": posted})
    else:
        say(*digest.lines)
        why = "dry run" if dry_run else "Slack is not connected"
        say("", f"Posted: {posted}" if posted else f"Not posted ({why}).")


def viewer_named(workspace: Workspace, email: str | None) -> Viewer:
    """Return the viewer of a person, or the one who sees everything when nobody is named."""
    if email is None:
        return SYSTEM
    person = workspace.database().people.get(email)
    if person is None:
        raise NotFound(f"Nobody here is called {email}; verbatim link {email} adds them.")
    from service.access import viewer

    return viewer(person)


def read_window(text: str) -> Window:
    """Read "FROM..TO" as the half-open window that URLs and readings mean too."""
    first, _, last = text.partition("..")
    try:
        return Window(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError as error:
        raise Misused(
            f"{text!r} is not a period; write 2026-11-09..2026-11-16 for the week up to the 15th."
        ) from error
