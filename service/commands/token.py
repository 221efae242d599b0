"""Keys for programs that ask the API: make one, list them, revoke them."""

from typing import TYPE_CHECKING

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.stores import ApiToken
    from service.tokens import Tokens


@click.group("token")
def token_command() -> None:
    """Make, list and revoke the tokens with which programs ask the API.

    Example: verbatim token make you@example.com --name dashboard
    """


@token_command.command("make")
@click.argument("email")
@click.option("--name", default="", help="What it is for.")
@click.option("--days", default=365, show_default=True, help="How long it is valid.")
@json_option
@pass_workspace
def make_command(workspace: Workspace, *, email: str, name: str, days: int, as_json: bool) -> None:
    """Print a new token, once: it sees what this person sees, and only its hash is kept.

    Example: verbatim token make you@example.com --name dashboard --days 90
    """
    token, secret = _tokens(workspace).make(email, name=name, days=days)
    if as_json:
        say_json({**_as_json(token), "token": secret})
        return
    say(secret)
    click.echo(
        f"Send it as `Authorization: Bearer ...`. It is not shown again and ends on "
        f"{token.expires_at:%Y-%m-%d}; earlier: verbatim token revoke {email} --id {token.id}",
        err=True,
    )


@token_command.command("list")
@click.argument("email", required=False)
@json_option
@pass_workspace
def list_command(workspace: Workspace, *, email: str | None, as_json: bool) -> None:
    """List tokens without their secrets: whose, what for, last used, until when.

    Example: verbatim token list
    """
    tokens = _tokens(workspace)
    found = tokens.of(email)
    if as_json:
        say_json({"tokens": [_as_json(one) for one in found]})
    elif not found:
        say("There is no token: verbatim token make you@example.com")
    else:
        say(*(_line(one, tokens) for one in found))


@token_command.command("revoke")
@click.argument("email")
@click.option("--id", "token_id", help="Only this one; default: all of this person.")
@json_option
@pass_workspace
def revoke_command(
    workspace: Workspace, *, email: str, token_id: str | None, as_json: bool
) -> None:
    """End a person's tokens at once; revoking again changes nothing.

    Example: verbatim token revoke you@example.com
    """
    ended = _tokens(workspace).revoke(email, token_id)
    if as_json:
        say_json({"revoked": [one.id for one in ended]})
    else:
        say(f"Revoked: {', '.join(one.id for one in ended)}" if ended else "Nothing to revoke.")


def _tokens(workspace: Workspace) -> "Tokens":
    from service.tokens import Tokens

    most = workspace.settings.api_calls_per_minute
    return Tokens(workspace.database(), workspace.now, calls_per_minute=most)


def _line(token: "ApiToken", tokens: "Tokens") -> str:
    used = f"last used {token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
    until = f"until {token.expires_at:%Y-%m-%d}" if token.expires_at else "without end"
    if not tokens.is_valid(token):
        until = "revoked" if token.revoked_at else "expired"
    return f"{token.id}  {token.email}  {token.name or 'no name'}  {used}  {until}"


def _as_json(token: "ApiToken") -> dict[str, object]:
    return {
        "id": token.id,
        "email": token.email,
        "name": token.name,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }
