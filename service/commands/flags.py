"""Accounts at risk as commands: the list, what a person does about a flag, and how flags did."""

import csv
from datetime import date
from typing import TYPE_CHECKING, TextIO

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.domain.flags import FlagEvent, Outcome, OutcomeKind
from service.domain.people import SYSTEM
from service.errors import Misused, NotFound
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.domain.conversations import Account
    from service.flags import Grade, ShownFlag

_LONGEST = 220  # characters of a quote


@click.group("flags", invoke_without_command=True)
@json_option
@pass_workspace
@click.pass_context
def flags_command(context: click.Context, workspace: Workspace, *, as_json: bool) -> None:
    """List accounts with a standing churn-risk flag, with the words behind each.

    Example: verbatim flags
    """
    if context.invoked_subcommand is not None:
        return
    from service.flag_json import flag_json

    flags = workspace.flags()
    flags.update()
    standing = flags.standing(SYSTEM)
    if as_json:
        say_json({"flags": [flag_json(one) for one in standing]})
    elif not standing:
        say("No account has a standing churn-risk flag.")
    else:
        for one in standing:
            say(*flag_lines(one))


@flags_command.command("history")
@click.argument("account")
@json_option
@pass_workspace
def history_command(workspace: Workspace, *, account: str, as_json: bool) -> None:
    """Tell what happened to one account's flag: when, why and by whom.

    Example: verbatim flags history "Harbor & Finch"
    """
    found = account_named(workspace, account)
    _, changes = workspace.flags().of(found.key, SYSTEM)
    if as_json:
        say_json({"account": found.key, "changes": changes})
    elif not changes:
        say(f"{found.name} was never flagged.")
    else:
        for change in changes:
            why = f": {change.reason}" if change.reason else ""
            say(f"{change.at:%Y-%m-%d %H:%M} {change.event.value} by {change.by}{why}")


def _add_action(name: str, event: FlagEvent, words: str, *, needs_reason: bool) -> None:
    """Add `verbatim flags NAME ACCOUNT`, which does one thing to a flag."""

    @click.argument("account")
    @click.option("--reason", required=needs_reason, default="", help="Kept with the flag.")
    @click.option("--as", "person", default="operator", help="Who does it (an e-mail address).")
    @pass_workspace
    def act(workspace: Workspace, *, account: str, reason: str, person: str) -> None:
        from service.domain.people import PersonRole, Viewer

        found = account_named(workspace, account)
        viewer = Viewer(person=person, role=PersonRole.ADMIN)
        flag = workspace.flags().act(found.key, event, viewer=viewer, reason=reason)
        said = f"{found.name}: {flag.state.value}"
        say(said + (f" until {flag.until:%Y-%m-%d}" if flag.until else ""))

    act.__doc__ = words
    flags_command.command(name)(act)


_add_action(
    "addressed",
    FlagEvent.ADDRESSED,
    "Note that somebody takes care; new words raise the flag again.\n\n"
    '    Example: verbatim flags addressed "Acme" --as maya@example.com',
    needs_reason=False,
)
_add_action(
    "not-a-risk",
    FlagEvent.NOT_A_RISK,
    "Silence the words behind a flag, with a reason; new words count.\n\n"
    '    Example: verbatim flags not-a-risk "Acme" --reason "They renewed by phone"',
    needs_reason=True,
)
_add_action(
    "snooze",
    FlagEvent.SNOOZED,
    'Leave a flag alone for 7 days.\n\n    Example: verbatim flags snooze "Acme"',
    needs_reason=False,
)


@flags_command.command("outcomes")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@json_option
@pass_workspace
def outcomes_command(workspace: Workspace, *, file: TextIO, as_json: bool) -> None:
    """Record how accounts ended (CSV: account,date,outcome) and grade the flags by it.

    Example: verbatim flags outcomes outcomes.csv
    """
    flags = workspace.flags()
    read, unknown = read_outcomes(workspace, file)
    kept = flags.record(read)
    grade = flags.grade()
    if as_json:
        say_json({"recorded": kept, "left_out": unknown, "grade": grade_json(grade)})
        return
    say(f"Recorded: {kept}.", *(f"Left out {each}" for each in unknown), *grade.lines())
    if grade.enough and grade.missed:
        say("Cancelled without a flag:", *(f"  {account}" for account in grade.missed))


@flags_command.command("grade")
@json_option
@pass_workspace
def grade_command(workspace: Workspace, *, as_json: bool) -> None:
    """Tell how many flagged accounts cancelled, how early, and who was missed.

    Example: verbatim flags grade
    """
    grade = workspace.flags().grade()
    if as_json:
        say_json(grade_json(grade))
    else:
        say(*grade.lines())


def read_outcomes(workspace: Workspace, file: TextIO) -> tuple[list[Outcome], list[str]]:
    """Return the outcomes, and which lines name an account that never wrote to us.

    Misused with the line of the first row that cannot be read.
    """
    rows = csv.DictReader(file)
    missing = {"account", "date", "outcome"} - set(rows.fieldnames or ())
    if missing:
        raise Misused(f"The file needs the columns account, date and outcome, not {missing}.")
    read, unknown = [], []
    for row in rows:
        try:
            read.append(_outcome(workspace, row, rows.line_num))
        except NotFound as error:
            unknown.append(f"line {rows.line_num}: {error}")
    return read, unknown


def _outcome(workspace: Workspace, row: dict[str, str], line: int) -> Outcome:
    try:
        day = date.fromisoformat(row["date"].strip())
        kind = OutcomeKind(row["outcome"].strip().lower())
    except ValueError as error:
        known = " or ".join(OutcomeKind)
        raise Misused(
            f"Line {line}: write a date as 2026-11-16 and an outcome as {known}."
        ) from error
    return Outcome(account=account_named(workspace, row["account"]).key, day=day, kind=kind)


def account_named(workspace: Workspace, name: str) -> "Account":
    """Return the account of this key or name; NotFound when none or several have it."""
    wanted = name.strip().casefold()
    found = [
        one
        for one in workspace.database().conversations.accounts()
        if wanted in {one.key.casefold(), one.name.casefold()}
    ]
    if len(found) != 1:
        several = "several accounts are" if found else "no account is"
        raise NotFound(f"{several} called {name!r}; a key such as zendesk:a7 is exact.")
    return found[0]


def flag_lines(one: "ShownFlag") -> list[str]:
    """A flag for the terminal: who, how plain, since when, and in whose words."""
    flag = one.flag
    lines = [
        f"{one.account.name}: {flag.tier.value}, {flag.state.value}, since {one.since:%Y-%m-%d}",
        f"  owner {one.account.owner or 'nobody'}; {', '.join(one.drivers) or 'no driver'}; "
        f"{flag.reason}",
    ]
    for each in one.evidence:
        words = " ".join(each.text.split())[:_LONGEST]
        lines.append(f'  "{words}" {each.signal.conversation}, {each.signal.at:%Y-%m-%d}')
        lines.append(f"    {each.url}")
    return lines


def grade_json(grade: "Grade") -> dict[str, object]:
    return {
        "enough": grade.enough,
        "cancelled": grade.cancelled,
        "renewed": grade.renewed,
        "flagged_cancelled": grade.flagged_cancelled,
        "flagged_renewed": grade.flagged_renewed,
        "lead_days": grade.lead_days,
        "missed": grade.missed,
    }
