"""The workspace's own metrics: what each asks, which values it has, and their examples."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.errors import VerbatimError
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.domain.measurements import Example, Metric


@click.group("metrics", invoke_without_command=True)
@click.pass_context
def metrics_command(context: click.Context) -> None:
    """List, add and remove the metrics that this workspace defines itself.

    Example: verbatim metrics list
    """
    if context.invoked_subcommand is None:
        context.invoke(list_command)


@metrics_command.command("list")
@json_option
@pass_workspace
def list_command(workspace: Workspace, *, as_json: bool) -> None:
    """Print every metric with its question, values and examples.

    Example: verbatim metrics list --json
    """
    from service.measures import all_metrics

    path = workspace.settings.metrics_file  # reading the settings defines our own
    known = all_metrics()
    if as_json:
        say_json({"metrics": [_as_json(metric) for metric in known]})
        return
    for metric in known:
        say(*_lines(metric))
    say("", f"Your own stand in {path}: verbatim metrics add --help")


@metrics_command.command("add")
@click.argument("name")
@click.option("--question", required=True, help="What is asked of every conversation.")
@click.option("--value", "values", multiple=True, help="A value; give each. [default: yes, no]")
@click.option("--title", help="What people call it. [default: the name]")
@click.option("--decision", default="", help="What somebody decides with it.")
@click.option("--owner", default="", help="Who looks after it.")
@click.option("--example", "examples", multiple=True, help="VALUE=TEXT; five of each value help.")
@click.option("--dry-run", is_flag=True, help="Keep nothing; only say what would be, and its cost.")
@pass_workspace
def add_command(
    workspace: Workspace,
    *,
    name: str,
    question: str,
    values: tuple[str, ...],
    title: str | None,
    decision: str,
    owner: str,
    examples: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Add a metric, or give one of that name a new definition.

    Example: verbatim metrics add legal_threat --question "Does the customer threaten legal action?"
    --example "yes=I will contact my lawyer" --example "no=Where is my order?"
    """
    from service.custom_metrics import given_metric

    made = given_metric(
        name=name,
        title=title or "",
        question=question,
        values=values or ("yes", "no"),
        decision=decision,
        owner=owner,
        examples=[_example(text) for text in examples],
    )
    if dry_run:
        workspace.metrics().checked(made)
        say(f"{made.title} would be asked of every conversation. Nothing is kept.")
    else:
        workspace.metrics().add(made)
        say(f"{made.title} is asked of every conversation from the next `verbatim analyse` on.")
    say(*_cost(workspace, made))
    if not examples:
        say("Without examples the local analyser leaves it empty: add some with --example.")


@metrics_command.command("remove")
@click.argument("name")
@pass_workspace
def remove_command(workspace: Workspace, *, name: str) -> None:
    """Stop asking a metric. Its definition stays in the file, so that published numbers re-run.

    Example: verbatim metrics remove legal_threat
    """
    workspace.metrics().remove(name)
    say(f"{name} is not asked any more.")


def _cost(workspace: Workspace, metric: "Metric") -> Iterator[str]:
    """What measuring all again comes to, where Claude does it."""
    if workspace.settings.analyser_name != "claude" or not workspace.has_database():
        return
    try:
        estimate = workspace.pipeline().analysing().estimate_anew(metric)
    except VerbatimError as error:
        yield f"What Claude will cost is not known. {error}"
        return
    if estimate is not None:
        yield f"All are measured again. With Claude, in batches: {estimate.sentence()}."


def _example(text: str) -> "Example":
    from service.domain.measurements import Example

    value, separator, words = text.partition("=")
    if not separator or not words.strip():
        raise click.BadParameter(f"{text!r} is not VALUE=TEXT")
    return Example(value=value.strip().lower(), text=words.strip())


def _as_json(metric: "Metric") -> dict[str, object]:
    return {
        "name": metric.name,
        "title": metric.title,
        "question": metric.question,
        "values": metric.values,
        "rates": [rate.name for rate in metric.rates],
        "decision": metric.decision,
        "owner": metric.owner,
        "examples": [{"value": e.value, "text": e.text} for e in metric.examples],
        "custom": metric.is_custom,
    }


def _lines(metric: "Metric") -> list[str]:
    shown = [f"{metric.title} ({metric.name}): {metric.question}"]
    shown.append(f"  {', '.join(metric.values)}; empty when {metric.empty_when}")
    if metric.decision or metric.owner:
        parts = (f"decides {metric.decision}" * bool(metric.decision), metric.owner)
        shown.append("  " + ", ".join(part for part in parts if part))
    if metric.is_custom:
        shown.append(f"  {len(metric.examples)} examples")
    return shown
