"""Copies of everything as commands: a backup while the program runs, and putting one back."""

from pathlib import Path

import click

from service.backups import Backup, Restored
from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.workspace import Workspace


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@pass_workspace
def backup_command(workspace: Workspace, *, file: Path, as_json: bool) -> None:
    """Copy everything into one file, as of one moment, while the program runs.

    Example: verbatim backup /backups/verbatim-monday
    """
    made = workspace.backups().make(file)
    if as_json:
        say_json(made)
    else:
        say(f"Backed up: {_line(made)}.", "Keep the secret key with it (docs/operate.md).")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--check", is_flag=True, help="Look whether the file is whole; restore nothing.")
@json_option
@pass_workspace
def restore_command(workspace: Workspace, *, file: Path, check: bool, as_json: bool) -> None:
    """Put a backup in the place of what stands here; stop the processes first.

    What stood here is kept beside it. Who was erased since the backup stays erased.

    Example: verbatim restore /backups/verbatim-monday --check
    """
    backups = workspace.backups()
    if check:
        found = backups.check(file)
        if as_json:
            say_json(found)
        else:
            say(f"Whole: {_line(found)}.", *_warning(found))
        return
    done = backups.restore(file)
    erased = workspace.forgetting().resume()
    skipped = _skip_digest(workspace, done)
    if as_json:
        again = {"erased_again": erased.conversations, "digest_skipped": skipped}
        say_json({"restored": done, **again})
        return
    say(f"Restored: {_line(done.backup)}.", *_warning(done.backup))
    if done.kept is not None:
        say(f"What stood here before is kept as {done.kept}.")
    if done.erasures:
        say(f"{done.erasures} erasures kept, {erased.conversations} conversations erased again.")
    if skipped:
        say("The digest that was due since the backup may be posted: not posted again.")


def _skip_digest(workspace: Workspace, done: Restored) -> bool:
    """Elsewhere nobody knows whether the digest that was due since the backup was posted."""
    if done.beside_its_past or done.backup.made_at is None:
        return False
    why = "skipped: due after the backup that was restored was made"
    return workspace.schedule().skip_due("digest", since=done.backup.made_at, why=why)


def _line(backup: Backup) -> str:
    made = "" if backup.made_at is None else f", made {backup.made_at:%Y-%m-%d %H:%M} UTC"
    held = "" if backup.conversations is None else f", {backup.conversations:,} conversations"
    schema = "" if backup.revision is None else f", schema {backup.revision}"
    return f"{backup.file} ({backup.size / 1e6:,.1f} MB{held}{made}{schema})"


def _warning(backup: Backup) -> list[str]:
    if backup.same_key:
        return []
    return [
        "It was made with another secret key: set VERBATIM_SECRET_KEY to that one, or people and "
        "kept tokens are not recognised."
    ]
