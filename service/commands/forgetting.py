"""Erasure as commands: forgetting somebody on request, and the retention of everybody's words."""

from typing import TYPE_CHECKING

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.domain.erasures import Subject, SubjectKind
from service.errors import Misused
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.forgetting import Forgetting


@click.command("forget")
@click.option("--requester", metavar="ID", help="A person, by the helpdesk's id.")
@click.option("--account", metavar="ID", help="A company, by its id or as zendesk:ID.")
@click.option("--dry-run", is_flag=True, help="Count what would go and erase nothing.")
@json_option
@pass_workspace
def forget_command(
    workspace: Workspace,
    *,
    requester: str | None,
    account: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Erase a person or an account on request: words, quotes and numbers, for good.

    Example: verbatim forget --requester 360001234567
    """
    forgetting = workspace.forgetting()
    subject = _subject(forgetting, requester, account)
    doubts = forgetting.doubts(subject)
    if dry_run:
        held = forgetting.held(subject)
        if as_json:
            say_json({"would_erase": held})
        else:
            say(f"{held.conversations:,} conversations would be erased; nothing was.", *doubts)
        return
    done = forgetting.forget(subject)
    if as_json:
        say_json(done)
    else:
        say(*done.lines(), *doubts)
    if done.posts_left:
        raise click.exceptions.Exit(1)


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Count what would go and purge nothing.")
@json_option
@pass_workspace
def purge_command(workspace: Workspace, *, dry_run: bool, as_json: bool) -> None:
    """Take away conversations past VERBATIM_RETENTION_DAYS; the worker does it every night.

    Example: verbatim purge --dry-run
    """
    retention = workspace.retention()
    done = retention.preview() if dry_run else retention.run()
    if as_json:
        before = done.horizon.before if done.horizon else None
        held_back = done.horizon is not None and done.horizon.held_back
        found = {"before": before, "held_back": held_back, "resumed": done.resumed}
        say_json({"dry_run": dry_run, "conversations": done.conversations, **found})
    elif done.horizon is None and not done.resumed:
        say("Nothing goes by age: set VERBATIM_RETENTION_DAYS to a number of days for that.")
    else:
        say(f"{'Would purge' if dry_run else 'Purged'}: {done.sentence}.")


def _subject(forgetting: "Forgetting", requester: str | None, account: str | None) -> Subject:
    if (requester is None) == (account is None):
        raise Misused("Say who is to be forgotten: --requester ID or --account ID.")
    if requester is not None:
        return Subject(kind=SubjectKind.REQUESTER, id=requester)
    return forgetting.account(account or "")
