"""`verbatim demo`: the whole loop on this machine, then the explorer."""

import json
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import click

from service.addresses import DEFAULT_PORT, LOOPBACK, free_port
from service.commands.processes import PORT, stop_on_signals
from service.commands.terminal import (
    json_option,
    pass_workspace,
    plain,
    progress_for,
    say,
    say_answer,
)
from service.demo import QUESTION, DemoReport, run_loop
from service.domain.people import PersonRole
from service.measures import metric_named
from service.stores import Person
from service.workspace import SandboxAddresses, Workspace


@click.command("demo")
@click.option("--no-serve", is_flag=True, help="Stop after the loop; the data stays where printed.")
@click.option("--conversations", type=click.IntRange(min=1), help="How many; default: all.")
@click.option("--seed", type=int, default=0, show_default=True, help="Jitters times and sampling.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the database; default: a new temporary one.",
)
@click.option("--port", type=PORT, default=DEFAULT_PORT, show_default=True, help="Explorer's port.")
@json_option
@pass_workspace
def demo_command(
    workspace: Workspace,
    *,
    no_serve: bool,
    conversations: int | None,
    seed: int,
    keep: Path | None,
    port: int,
    as_json: bool,
) -> None:
    """Sync two stand-in helpdesks, measure everything, write it back and answer why.

    Needs no account and no key. Example: verbatim demo --no-serve --json
    """
    home = keep.resolve() if keep else Path(tempfile.mkdtemp(prefix="verbatim-demo-"))
    with workspace.sandbox(conversations=conversations, seed=seed, port=0) as addresses:
        chosen_port = free_port(port)
        demo = workspace.with_settings(home=home, environment=_environment(addresses, chosen_port))
        _introduce(demo, addresses.visitor)
        report = run_loop(demo, progress_for(as_json=as_json))
        if as_json:
            click.echo(json.dumps(_as_json(report, demo, home), ensure_ascii=False))
        else:
            say(*_lines(report, addresses))
            say_answer(report.answer.text if report.answer else ())
        if no_serve:
            if not as_json:
                say("", *_how_to_open(home, chosen_port, addresses.visitor))
            return
        _serve(demo, addresses, chosen_port, err=as_json)
    if keep is None:
        shutil.rmtree(home, ignore_errors=True)


def _environment(addresses: SandboxAddresses, port: int) -> dict[str, str]:
    return {**addresses.environment, "VERBATIM_PUBLIC_URL": f"http://{LOOPBACK}:{port}"}


def _serve(demo: Workspace, addresses: SandboxAddresses, port: int, *, err: bool) -> None:
    """Serve the explorer and the bot, ask the question once in Slack, and wait for Ctrl-C."""
    from service.web.serving import serving  # late: Flask costs start-up time

    stop = stop_on_signals()
    with serving(demo.web_app(), host=LOOPBACK, port=port):
        asked = addresses.mention(f"http://{LOOPBACK}:{port}/slack/events", QUESTION)
        token = demo.access().make_sign_in_link(addresses.visitor)
        again = f"{_as_typed(demo.settings.folder, port)} link {addresses.visitor}"
        lines = [
            f"Sign in (once, within 15 minutes): {demo.links().sign_in(token)}",
            "Then every link above opens.",
            f"Another sign-in link: {again}",
            f"The same question asked in Slack; above it the digest and cards: {asked}",
            "Stop with Ctrl-C.",
        ]
        for line in ("", *lines):
            click.echo(line, err=err)
        stop.wait()


def _how_to_open(home: Path, port: int, visitor: str) -> list[str]:
    typed = _as_typed(home, port)
    return [
        f"The data is in {home}",
        f"Open it: {typed} serve",
        f"and sign in with the link of: {typed} link {visitor}",
    ]


def _as_typed(home: Path, port: int) -> str:
    """Return how this program is called on the demo's data: it is on no PATH after `make demo`."""
    address = "" if port == DEFAULT_PORT else f" VERBATIM_PUBLIC_URL=http://{LOOPBACK}:{port}"
    return f"VERBATIM_HOME={shlex.quote(str(home))}{address} {shlex.quote(sys.argv[0])}"


def _introduce(demo: Workspace, email: str) -> None:
    person = Person(email=email, name="You", role=PersonRole.ADMIN)
    demo.database().people.save(person)


def _as_json(report: DemoReport, demo: Workspace, home: Path) -> dict[str, object]:
    from service.answer_json import as_json

    answer = report.answer
    return {
        "conversations": report.conversations,
        "measured": report.measured,
        "empty": report.empty,
        "unmapped": report.unmapped,
        "failed": report.failed,
        "written": report.written,
        "not_written": report.not_written,
        "calls": report.calls,
        "second_cycle": report.second_cycle,
        "seconds": report.seconds,
        "answer": None if answer is None else plain(as_json(answer)),
        "digest_posted": report.digest_posted,
        "database": demo.settings.database,
        "home": str(home),
    }


def _lines(report: DemoReport, addresses: SandboxAddresses) -> list[str]:
    empty = ", ".join(
        f"{metric_named(metric).title} {sum(reasons.values()):,}"
        for metric, reasons in report.empty.items()
    )
    second = report.second_cycle
    lines = [
        "",
        f"{report.conversations:,} conversations from {_names(addresses)}, "
        f"{report.measured:,} measured, {report.failed} failed.",
        f"Left blank, with a reason: {empty}. Unmapped to a driver: {report.unmapped:,}.",
        f"Written back: {report.written:,} conversations, in {report.calls:,} calls overall.",
    ]
    lines += [f"Not written: {n:,} ({reason})." for reason, n in report.not_written.items()]
    lines += [
        f"The same cycle again: {second['analysed']} measured, {second['written']} written.",
        f"Weekly digest posted to the stand-in of {_where(report.digest_posted)}.",
        "",
        f"> {QUESTION}",
        "",
    ]
    return lines


def _where(posted: str | None) -> str:
    """Name the channel without Slack's numbers for it."""
    return (posted or "Slack").partition(" (")[0]


def _names(addresses: SandboxAddresses) -> str:
    return " and ".join(n.capitalize() for n in addresses.urls if n in {"zendesk", "intercom"})
