"""Validation as commands: draw conversations, answer blindly, see which metrics passed."""

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.domain.conversations import ConversationKey
from service.domain.people import PersonRole, Viewer
from service.domain.validation import ENOUGH, GateState
from service.spotchecks import SIZE, Standing
from service.workspace import Workspace

_CANNOT_TELL = "skip"


@click.group("spotcheck")
def spotcheck_command() -> None:
    """Check metrics against people: 90 % agreement in every class opens a metric to leaders.

    Example: verbatim spotcheck draw sentiment
    """


@spotcheck_command.command("draw")
@click.argument("metric")
@click.option("--size", default=SIZE, show_default=True, help="How many conversations.")
@click.option("--seed", type=int, help="The same seed draws the same ones.")
@pass_workspace
def draw_command(workspace: Workspace, *, metric: str, size: int, seed: int | None) -> None:
    """Draw conversations of each measured class for review.

    Example: verbatim spotcheck draw sentiment --size 120
    """
    drawn = workspace.spot_checks().draw(metric, size=size, seed=seed)
    if drawn:
        say(f"{drawn} conversations wait for review: verbatim spotcheck next {metric}")
        say(f"or in the explorer: {workspace.links().review(metric)}")
    else:
        say("Nothing to draw: no measured conversation with words is left unchecked.")


@spotcheck_command.command("next")
@click.argument("metric")
@json_option
@pass_workspace
def next_command(workspace: Workspace, *, metric: str, as_json: bool) -> None:
    """Print the next conversation to read, without what was measured.

    Example: verbatim spotcheck next sentiment
    """
    from service.domain.people import SYSTEM
    from service.measures import metric_named

    key = workspace.spot_checks().next(metric, SYSTEM)
    asked = metric_named(metric)
    stored = workspace.database().conversations.get(key) if key else None
    if as_json:
        say_json({"conversation": key, "question": asked.question, "values": asked.values})
        return
    if key is None or stored is None:
        say(f"Nothing waits. Draw some: verbatim spotcheck draw {metric}")
        return
    say(f"{key}: {stored.head.subject}")
    for message in stored.messages:
        if message.public:
            say(f"  {message.role.value}: {message.text}")
    say("", asked.question)
    say(f"verbatim spotcheck answer {key} {metric} {'|'.join((*asked.values, _CANNOT_TELL))}")


@spotcheck_command.command("answer")
@click.argument("conversation")
@click.argument("metric")
@click.argument("value")
@click.option("--as", "person", default="operator", help="Who answers (an e-mail address).")
@pass_workspace
def answer_command(
    workspace: Workspace, *, conversation: str, metric: str, value: str, person: str
) -> None:
    """Keep what a conversation says, or `skip` when nobody could tell.

    Example: verbatim spotcheck answer zendesk:7 sentiment negative
    """
    said = None if value == _CANNOT_TELL else value
    viewer = Viewer(person=person, role=PersonRole.ANALYST)
    kept = workspace.spot_checks().answer(
        ConversationKey(conversation), metric, said, viewer=viewer
    )
    say("Kept." if kept else "Nobody asked about this one, or it was answered already.")


@spotcheck_command.command("status")
@json_option
@pass_workspace
def status_command(workspace: Workspace, *, as_json: bool) -> None:
    """Tell how often people agreed, metric by metric, and what passed.

    Example: verbatim spotcheck status
    """
    standing = workspace.spot_checks().standing()
    if as_json:
        say_json({"metrics": [standing_json(one) for one in standing]})
        return
    for one in standing:
        say(*standing_lines(one))


def standing_lines(one: Standing) -> list[str]:
    found = one.agreement
    lines = [f"{one.metric.title}: {found.state.value}, {found.words()}"]
    if found.state is GateState.DRAFT:
        lines.append(f"  {found.n} of {ENOUGH[0]} checks; {found.waiting} wait for review")
    lines += [f"  {each.value}: {each.agreed} of {each.n} agreed" for each in found.classes]
    return lines


def standing_json(one: Standing) -> dict[str, object]:
    found = one.agreement
    return {
        "metric": one.metric.name,
        "state": found.state,
        "analyser": found.analyser,
        "n": found.n,
        "agreed": found.agreed,
        "share": found.share,
        "low": found.low,
        "waiting": found.waiting,
        "skipped": found.skipped,
        "classes": [
            {"value": each.value, "n": each.n, "agreed": each.agreed} for each in found.classes
        ],
        "confusion": [
            {"measured": measured, "answered": answered, "n": n}
            for measured, answered, n in one.confusion
        ],
    }
