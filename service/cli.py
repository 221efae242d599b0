"""The `verbatim` command: gathers the commands and turns errors into one sentence and an exit code.

Exit code 0: done, 1: failed, 2: misused.
"""

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from service.errors import Misused, VerbatimError
from service.workspace import Workspace

_HOMES = {
    "demo": "demo",
    "sandbox": "processes",
    "serve": "processes",
    "bot": "processes",
    "worker": "processes",
    "init": "installing",
    "doctor": "installing",
    "migrate": "installing",
    "setup": "installing",
    "link": "installing",
    "token": "token",
    "sync": "loop",
    "analyse": "analysing",
    "cycle": "loop",
    "write-back": "loop",
    "rollup": "loop",
    "reconcile": "loop",
    "quarantine": "loop",
    "sweep": "loop",
    "forget": "forgetting",
    "purge": "forgetting",
    "backup": "copying",
    "restore": "copying",
    "import": "files",
    "export": "exporting",
    "label": "files",
    "evaluate": "files",
    "taxonomy": "taxonomy",
    "metrics": "metrics",
    "calibrate": "calibrating",
    "ask": "asking",
    "why": "asking",
    "read": "asking",
    "brief": "asking",
    "flags": "flags",
    "alerts": "alerts",
    "spotcheck": "spotcheck",
    "slack": "slack",
    "receipts": "asking",
    "digest": "asking",
}


class LateGroup(click.Group):
    """Loads a command's module when the command is called, so that `--help` stays quick.

    The one-line helps of the list come from the modules too; those import only click.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        home = _HOMES.get(cmd_name)
        if home is None:
            return None
        module = import_module(f"service.commands.{home}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_") + "_command")
        return command


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="verbatim-cx", prog_name="verbatim")
def commands() -> None:
    """Read every helpdesk conversation, measure it, and answer why: with counts that re-run and
    quotes that open.

    Try it without an account or a key: verbatim demo
    """


def run(workspace: Workspace, arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error is one sentence on standard error."""
    try:
        # Not in standalone mode click returns the code of an Exit instead of raising it.
        code = commands.main(
            args=None if arguments is None else list(arguments),
            prog_name="verbatim",
            obj=workspace,
            standalone_mode=False,
        )
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 1
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except Misused as error:
        click.echo(f"verbatim: {error}", err=True)
        return 2
    except VerbatimError as error:
        for sentence in (error, *getattr(error, "__notes__", ())):
            click.echo(f"verbatim: {sentence}", err=True)
        return 1
    except SystemExit:  # so click ends when the reader of our output, such as `head`, has enough
        return 0
    return code if isinstance(code, int) else 0
