"""Getting started and staying healthy: init, migrate, setup, link, doctor."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from service.commands.flags import account_named
from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.domain.measurements import CUSTOM
from service.domain.people import PersonRole
from service.domain.writeback import FieldSpec, SetupReport, field_specs, takes
from service.errors import Misused
from service.measures import own_metrics
from service.ports import Helpdesk
from service.stores import Person
from service.workspace import Workspace

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Their values: of members, click would ask for the names in capitals.
_ROLES = click.Choice([role.value for role in PersonRole], case_sensitive=False)


@click.command("init")
@click.option("--file", "path", type=click.Path(path_type=Path), default=Path(".env"))
@click.option("--yes", is_flag=True, help="Ask nothing; write the commented file only.")
@pass_workspace
def init_command(workspace: Workspace, *, path: Path, yes: bool) -> None:
    """Write a commented .env, ask what is connected, and check it.

    Example: verbatim init
    """
    from service.installing import environment_file, questions

    if path.exists():
        raise Misused(f"{path} is there already; edit it, or name another with --file.")
    asked = {}
    if not yes:
        for question in questions():
            if click.confirm(f"Connect {question.title}?", default=False):
                for name, words, secret in question.settings:
                    asked[name] = click.prompt(words, hide_input=secret, default="")
    path.write_text(environment_file(asked), encoding="utf-8")
    path.chmod(0o600)  # it may hold tokens
    say(f"Wrote {path}.")
    if asked and path == Path(".env"):  # the file that settings are read from
        from service.doctor import examine

        say(*(finding.line() for finding in examine(workspace, offline=False)))
    say("Next: verbatim doctor, verbatim setup zendesk or intercom, verbatim cycle.")


@click.command("migrate")
@pass_workspace
def migrate_command(workspace: Workspace) -> None:
    """Create or upgrade the database schema; safe to run twice.

    Example: verbatim migrate
    """
    current, newest = workspace.database().revision()
    say(f"The schema is at revision {current}" + ("" if current == newest else f" of {newest}"))


@click.command("setup")
@click.argument("helpdesk")
@click.option("--dry-run", is_flag=True, help="Only say what would be made.")
@json_option
@pass_workspace
def setup_command(workspace: Workspace, *, helpdesk: str, dry_run: bool, as_json: bool) -> None:
    """Create our fields in a helpdesk, or adopt those that are there.

    Example: verbatim setup zendesk --dry-run
    """
    desk = workspace.helpdesk(helpdesk)
    wanted = field_specs(*workspace.taxonomy().choices(), own_metrics())
    specs = [spec for spec in wanted if takes(desk.fields, spec.name)]
    report = _with_left_out(desk.setup(specs, dry_run=dry_run), wanted, desk)
    if as_json:
        say_json(report)
    else:
        say(*setup_lines(report, dry_run=dry_run))


@click.command("link")
@click.argument("email")
@click.option("--role", type=_ROLES, help="Default: admin for the first, then analyst.")
@click.option("--name", help="What to call them.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    help="See only this account (name or key); may be repeated. Default, or '*': every account.",
)
@pass_workspace
def link_command(
    workspace: Workspace,
    *,
    email: str,
    role: str | None,
    name: str | None,
    accounts: tuple[str, ...],
) -> None:
    """Print a link that signs one person in, once; adds them if they are new.

    Example: verbatim link you@example.com
    """
    people = workspace.database().people
    known = people.get(email)
    every = not accounts or "*" in accounts
    seen = None if every else frozenset(account_named(workspace, a).key for a in accounts)
    if known is None:
        if not _EMAIL.fullmatch(email):
            raise Misused(f"{email!r} is not an e-mail address; write one such as you@example.com.")
        chosen = role or (PersonRole.ANALYST if people.all() else PersonRole.ADMIN)
        known = Person(email=email, name=name or email.split("@")[0], role=chosen)
        people.save(known)
    elif role not in (None, known.role):
        click.echo(f"{email} stays {known.role}: --role is for somebody new.", err=True)
    if accounts:
        people.save(replace(known, accounts=seen))
    say(workspace.links().sign_in(workspace.access().make_sign_in_link(email)))


@click.command("doctor")
@click.option("--offline", is_flag=True, help="Call nobody.")
@json_option
@pass_workspace
def doctor_command(workspace: Workspace, *, offline: bool, as_json: bool) -> None:
    """Check settings, database, helpdesks and clock; say what is wrong and what to do.

    Example: verbatim doctor
    """
    from service.doctor import examine

    findings = examine(workspace, offline=offline)
    if as_json:
        say_json({"ok": all(f.ok for f in findings), "checks": findings})
    else:
        say(*(finding.line() for finding in findings))
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


def _with_left_out(report: SetupReport, wanted: Sequence[FieldSpec], desk: Helpdesk) -> SetupReport:
    """Add the workspace's own metrics that this helpdesk has no room for."""
    left_out = tuple(
        f"{spec.title} is not written to {desk.name}, which takes no metric of your own: "
        "read it in the explorer."
        for spec in wanted
        if spec.name.startswith(CUSTOM) and not takes(desk.fields, spec.name)
    )
    return replace(report, by_hand=(*report.by_hand, *left_out))


def setup_lines(report: SetupReport, *, dry_run: bool) -> list[str]:
    prefix = "would be " if dry_run else ""
    lines = [f"{prefix}created: {name}" for name in report.created]
    lines += [f"{prefix}adopted: {name}" for name in report.adopted]
    lines += [f"{prefix}extended: {name}" for name in report.extended]
    lines += [f"by hand: {what}" for what in report.by_hand]
    return lines or ["Everything is there already."]
