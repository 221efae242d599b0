"""Alerts as commands: the rules, what they raised, and a look at one day."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import TYPE_CHECKING

import click

from service.commands.asking import filter_options, filters_from, unknown_values
from service.commands.terminal import harmless, json_option, pass_workspace, say, say_json
from service.domain.alerts import Alert, Rule, RuleKind
from service.errors import Misused
from service.query import Dimension, Query
from service.wording import WITHHELD
from service.workspace import Workspace

if TYPE_CHECKING:
    from service.watching import Watch

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("alerts", invoke_without_command=True)
@json_option
@pass_workspace
@click.pass_context
def alerts_command(context: click.Context, workspace: Workspace, *, as_json: bool) -> None:
    """List the alert rules and what stands; the worker looks once a day.

    Example: verbatim alerts
    """
    if context.invoked_subcommand is not None:
        return
    watch = workspace.watch()
    standing, withheld = [one for one in watch.history() if one.stands], watch.withheld()
    if as_json:
        rules = [_rule(one) for one in watch.rules()]
        blind = [_rule(one) for one in watch.blind()]
        say_json({"rules": rules, "standing": standing, "withheld": withheld, "blind": blind})
        return
    say(*(_rule_line(one) for one in watch.rules()))
    say(*(f"{o.id}: sees nothing, {o.query.metric} is no longer defined" for o in watch.blind()))
    say(*_lines(watch, standing) if standing else ("No alert stands.",))
    say(*(f"{name}: {WITHHELD} (verbatim spotcheck)" for name in withheld))


@alerts_command.command("add")
@click.argument("rule_id", metavar="ID")
@click.option("--name", help="What people read. [default: ID]")
@click.option("--metric", default="negative_rate", show_default=True, help="A share.")
@click.option("--over", help="Look at each value of this by itself, such as driver.")
@click.option("--above", type=click.IntRange(1, 100), help="A share in percent, over 7 days.")
@click.option("--z", type=click.FloatRange(2, 10), help="The measured rule. [default: 3]")
@click.option("--to", "place", help="Slack channel. [default: that of flags, or of the digest]")
@click.option("--playbook", default="", help="What to do, in a line.")
@click.option("--as", "person", default="operator", help="Who makes it (an e-mail address).")
@filter_options
@json_option
@pass_workspace
def add_command(
    workspace: Workspace,
    /,
    *,
    rule_id: str,
    name: str | None,
    metric: str,
    over: str | None,
    above: int | None,
    z: float | None,
    place: str | None,
    playbook: str,
    person: str,
    as_json: bool,
    **filters: tuple[str, ...],
) -> None:
    """Make a rule, and say how often it would have fired in the last 90 days.

    Example: verbatim alerts add billing-negative --driver Billing --above 40
    """
    if above is not None and z is not None:
        raise Misused("--above and --z are two kinds of rule; give one.")
    watch = workspace.watch()
    rule = Rule(
        id=rule_id,
        name=name or rule_id,
        kind=RuleKind.RISE if above is None else RuleKind.ABOVE,
        query=Query(metric=metric, filters=filters_from(workspace, filters)),
        over=_dimension(over),
        threshold=above / 100 if above is not None else z or 3.0,
        channel=place,
        playbook=playbook,
        by=person,
        created_at=workspace.now(),
    )
    watch.add(rule)
    fired = watch.fired_before(rule)
    if as_json:
        say_json({"rule": _rule(rule), "would_have_fired": len(fired)})
    else:
        say(_rule_line(rule), f"In the last 90 days it would have fired: {len(fired)}.")
    unknown = "\n".join(unknown_values(workspace, rule.query.filters))
    if unknown:
        click.echo(harmless(f"{unknown}\nUntil one has, the rule is quiet."), err=True)


@alerts_command.command("end")
@click.argument("rule_id", metavar="ID")
@click.option("--as", "person", default="operator", help="Who ends it (an e-mail address).")
@pass_workspace
def end_command(workspace: Workspace, *, rule_id: str, person: str) -> None:
    """End a rule; its alerts stay in the history.

    Example: verbatim alerts end negative-by-driver
    """
    workspace.watch().end(rule_id, by=person)
    say(f"{rule_id} is ended.")


@alerts_command.command("run")
@click.option("--day", type=_DAY, help="As seen on this day. [default: today]")
@click.option("--dry-run", is_flag=True, help="Say what would be told, and tell nobody.")
@json_option
@pass_workspace
def run_command(workspace: Workspace, *, day: date | None, dry_run: bool, as_json: bool) -> None:
    """Look at one day now, as the worker does every morning.

    Example: verbatim alerts run --dry-run
    """
    watch = workspace.watch()
    today = date(day.year, day.month, day.day) if day else watch.today()
    if dry_run:
        found = [one for _, changed in watch.look(today) for one in changed]
        if as_json:
            say_json({"day": today, "would": found, "withheld": watch.withheld()})
        else:
            withheld = (f"{name}: {WITHHELD}" for name in watch.withheld())
            say(*_lines(watch, found), "; ".join([f"{len(found)} new or changed", *withheld]))
        return
    watched = watch.run(today)
    if as_json:
        say_json(watched)
    else:
        say(*_lines(watch, watched.fired), watched.sentence)


@alerts_command.command("history")
@json_option
@pass_workspace
def history_command(workspace: Workspace, *, as_json: bool) -> None:
    """List the alerts of the last 90 days.

    Example: verbatim alerts history --json
    """
    watch = workspace.watch()
    found = watch.history()
    if as_json:
        say_json({"alerts": [{"key": one.key, "alert": one} for one in found]})
    else:
        say(*_lines(watch, found) if found else ("Nothing fired.",))


@alerts_command.command("acknowledge")
@click.argument("key")
@pass_workspace
def acknowledge_command(workspace: Workspace, *, key: str) -> None:
    """Say that somebody takes care; it is not told again.

    Example: verbatim alerts acknowledge alert:negative-by-driver:Billing:2026-11-18
    """
    say(f"{workspace.watch().acknowledge(key).key}: acknowledged")


def _dimension(name: str | None) -> Dimension | None:
    try:
        return None if name is None else Dimension(name)
    except ValueError:
        known = ", ".join(one.value for one in Dimension)
        raise Misused(f"There is no dimension {name!r}; there is {known}.") from None


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "name": rule.name,
        "kind": rule.kind,
        "metric": rule.query.metric,
        "query": rule.query.to_params(),
        "over": rule.over,
        "threshold": rule.threshold,
        "channel": rule.channel,
        "playbook": rule.playbook,
        "by": rule.by,
    }


def _rule_line(rule: Rule) -> str:
    from service.alert_book import condition

    return f"{rule.id}: {condition(rule, {})}"


def _lines(watch: "Watch", found: Iterable[Alert]) -> Iterator[str]:
    from service.alert_book import sentence

    rules = watch.every_rule()
    for one in found:
        rule = rules.get(one.rule)
        said = sentence(rule, one.reading) if rule else "its rule is not known any more"
        yield f"{one.key} ({one.state.value}): {said}"
