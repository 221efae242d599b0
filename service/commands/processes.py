"""The long-running processes: web, bot, worker and the sandbox."""

import signal
import threading
from types import FrameType

import click

from service.addresses import LOOPBACK, port_of
from service.collecting import settled
from service.commands.terminal import pass_workspace, say
from service.logs import configure
from service.workspace import Workspace

PORT = click.IntRange(0, 65535)


@click.command("serve")
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", type=PORT, help="Port; default: the one in VERBATIM_PUBLIC_URL, or 8765.")
@pass_workspace
def serve_command(workspace: Workspace, *, host: str, port: int | None) -> None:
    """Serve the explorer, the webhooks and Slack over HTTP.

    Example: verbatim serve --port 8765
    """
    from service.web.serving import refuse_open_door, serving

    configure(workspace.settings.log_level)
    people = workspace.database().people.all()
    refuse_open_door(host, has_people=bool(people))
    chosen = port if port is not None else port_of(workspace.settings.public_url)
    if not people:
        say("Nobody can sign in yet. In another terminal: verbatim link you@example.com")
    stop = stop_on_signals()
    app = workspace.web_app()
    settled()
    with serving(app, host=host, port=chosen):
        say(f"Explorer: {workspace.settings.public_url}  (stop with Ctrl-C)")
        if chosen != port_of(workspace.settings.public_url):
            say(f"It listens on port {chosen}, but links name the address above:")
            say("set VERBATIM_PUBLIC_URL to the one that people open.")
        stop.wait()


@click.command("bot")
@pass_workspace
def bot_command(workspace: Workspace) -> None:
    """Answer Slack over Socket Mode (over HTTP, `verbatim serve` does it).

    Example: VERBATIM_SLACK__MODE=socket verbatim bot
    """
    configure(workspace.settings.log_level)
    say("Bot: Slack over Socket Mode  (stop with Ctrl-C)")
    workspace.run_bot(stop_on_signals())


@click.command("worker")
@click.option("--once", is_flag=True, help="Run what is due now, then stop.")
@pass_workspace
def worker_command(workspace: Workspace, *, once: bool) -> None:
    """Run the schedule: cycles every few minutes, the digest every week.

    Example: verbatim worker
    """
    configure(workspace.settings.log_level)
    schedule = workspace.schedule()
    if once:
        say(*(schedule.tick() or ("Nothing is due.",)))
        return
    say("Worker: " + ", ".join(job.name for job in schedule.jobs) + "  (stop with Ctrl-C)")
    schedule.run_until(stop_on_signals())


@click.command("sandbox")
@click.option("--conversations", type=click.IntRange(min=1), help="How many; default: all.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--port", type=PORT, default=0, help="First of four ports; default: free ones.")
@pass_workspace
def sandbox_command(
    workspace: Workspace, *, conversations: int | None, seed: int, port: int
) -> None:
    """Run the stand-ins of Zendesk, Intercom, Slack and Claude, filled with the bundled corpus.

    Example: verbatim sandbox --port 9100
    """
    with workspace.sandbox(conversations=conversations, seed=seed, port=port) as addresses:
        for name, url in addresses.urls.items():
            say(f"{name:9} {url}")
        say("", "To connect a workspace to them:")
        say(*(f"export {name}={value}" for name, value in addresses.environment.items()))
        say("", "Stop with Ctrl-C.")
        stop_on_signals().wait()


def stop_on_signals() -> threading.Event:
    """Return an event that SIGINT and SIGTERM set, so that work in progress ends cleanly."""
    stop = threading.Event()

    def _stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    return stop
