"""Connecting Slack: the app's manifest for this workspace."""

import json

import click

from service.commands.terminal import json_option, pass_workspace
from service.workspace import Workspace


@click.group("slack")
def slack_command() -> None:
    """Connect Slack.

    Example: verbatim slack manifest
    """


@slack_command.command("manifest")
@json_option
@pass_workspace
def manifest_command(workspace: Workspace, *, as_json: bool) -> None:
    """Print the app's manifest, to paste when you create the app at Slack.

    Example: verbatim slack manifest > manifest.yaml
    """
    found = workspace.slack_manifest()
    if as_json:
        click.echo(json.dumps(found))
        return
    import yaml  # late: most commands print no YAML

    click.echo(yaml.safe_dump(found, sort_keys=False, allow_unicode=True), nl=False)
