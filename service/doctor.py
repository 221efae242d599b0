"""Examines a workspace: what is wrong, and what to do about it. Changes nothing."""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr

from service import analysis, plugins, wording
from service.domain.costs import in_usd
from service.domain.measurements import EmptyReason
from service.domain.people import SYSTEM
from service.errors import Misused, VerbatimError
from service.query import Query
from service.reachability import Reachability
from service.schedule import Cron
from service.settings import ClaudeSettings, Settings, SlackSettings
from service.workspace import Workspace

_PREFIX = "VERBATIM_"
_GROUPS: Mapping[str, type[BaseModel]] = {"slack": SlackSettings, "claude": ClaudeSettings}
_CLOCK_OFF = 120.0  # seconds; Slack's signatures live five minutes
_APP_TOKEN_STARTS = "xapp-"  # noqa: S105  # Slack's app-level tokens; a bot's begin with xoxb-
_LITTLE_DISK = 1 << 30  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    name: str
    ok: bool
    says: str
    do: str | None = None  # the next step, when something is wrong

    def line(self) -> str:
        mark = "ok   " if self.ok else "WRONG"
        return f"{mark} {self.name}: {self.says}" + (f"  -> {self.do}" if self.do else "")


def examine(workspace: Workspace, *, offline: bool) -> list[Finding]:
    database = _database(workspace)
    findings = [*_settings(workspace.settings), database, _disk(workspace.settings)]
    if database.ok:
        findings += [_people(workspace), _languages(workspace)]
        findings += _helpdesks(workspace, offline=offline)
        findings += _claude(workspace, offline=offline)
    slack = _slack(workspace.settings)
    findings.append(slack)
    if database.ok and workspace.settings.slack.is_set_up:
        findings += _slack_state(workspace, ask=slack.ok and not offline)
    return findings


def unknown_names(names: Iterable[str]) -> list[str]:
    """Return VERBATIM_ variables that no setting reads: usually a typing mistake.

    What a helpdesk reads is checked by its connector, which refuses unknown names itself.
    """
    return sorted(n for n in names if n.startswith(_PREFIX) and not _is_known(n))


def _is_known(name: str) -> bool:
    group, _, rest = name.removeprefix(_PREFIX).lower().partition("__")
    if group not in Settings.model_fields:
        return False
    inner = _GROUPS.get(group)
    return rest in inner.model_fields if inner is not None else group == "helpdesks" or not rest


def _settings(settings: Settings) -> Iterator[Finding]:
    in_file = dotenv_values(".env")  # pydantic-settings reads it and ignores what it does not know
    unknown = unknown_names({*os.environ, *in_file})
    yield Finding(
        name="settings",
        ok=not unknown,
        says=f"unknown {', '.join(unknown)}" if unknown else "all names are known",
        do="check the spelling against .env.example" if unknown else None,
    )
    yield Finding(name="time zone", ok=True, says=settings.timezone)
    yield _analyser(settings)
    yield _public_url(settings)
    yield _digest_time(settings)
    yield _write_back(settings)


def _analyser(settings: Settings) -> Finding:
    known = plugins.names(analysis)
    is_known = settings.analyser_name in known
    do = f"set VERBATIM_ANALYSER to {' or '.join(known)}"
    return Finding(
        name="analyser", ok=is_known, says=settings.analyser_name, do=None if is_known else do
    )


def _public_url(settings: Settings) -> Finding:
    parts = urlsplit(settings.public_url)
    good = parts.scheme in {"http", "https"} and bool(parts.hostname)
    do = "set VERBATIM_PUBLIC_URL to an address such as https://verbatim.example.com"
    return Finding(name="public URL", ok=good, says=settings.public_url, do=None if good else do)


def _digest_time(settings: Settings) -> Finding:
    try:
        Cron(settings.digest_cron, settings.zone, look_back=timedelta(days=8))
    except Misused as error:
        return Finding(name="digest", ok=False, says=str(error), do="set VERBATIM_DIGEST_CRON")
    return Finding(name="digest", ok=True, says=f"{settings.digest_cron} {settings.timezone}")


def _write_back(settings: Settings) -> Finding:
    says = f"on, after {settings.quiet_minutes} quiet minutes"
    if settings.write_back == "off":
        says = "off: nothing is written to any helpdesk (VERBATIM_WRITE_BACK)"
    return Finding(name="write-back", ok=True, says=says)


def _database(workspace: Workspace) -> Finding:
    try:
        current, newest = workspace.database().revision()
    except VerbatimError as error:
        return Finding(name="database", ok=False, says=str(error), do="then run this again")
    says = f"schema {current}"
    if workspace.settings.database.startswith("sqlite"):
        says += f", SQLite {sqlite3.sqlite_version}"
    behind = current != newest
    return Finding(
        name="database", ok=not behind, says=says, do="verbatim migrate" if behind else None
    )


def _languages(workspace: Workspace) -> Finding:
    facts, every = workspace.database().facts, Query(metric="negative_rate")
    counts = facts.coverage(every, SYSTEM)
    blank = counts.empty.get(EmptyReason.LANGUAGE, 0)
    says = wording.languages(blank, counts.total, facts.languages(every, SYSTEM))
    return Finding(name="languages", ok=True, says=says)


def _disk(settings: Settings) -> Finding:
    folder = settings.folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    enough = free > _LITTLE_DISK
    return Finding(
        name="disk",
        ok=enough,
        says=f"{free / (1 << 30):.1f} GiB free",
        do=None if enough else f"make room where {settings.folder} lies",
    )


def _people(workspace: Workspace) -> Finding:
    count = len(workspace.database().people.all())
    return Finding(
        name="people",
        ok=count > 0,
        says=f"{count} can sign in",
        do=None if count else "verbatim link you@example.com",
    )


def _helpdesks(workspace: Workspace, *, offline: bool) -> Iterator[Finding]:
    names = sorted(workspace.settings.helpdesks)
    if not names:
        yield Finding(
            name="helpdesks",
            ok=False,
            says="none is connected",
            do="set VERBATIM_HELPDESKS__ZENDESK__... or __INTERCOM__..., or try verbatim demo",
        )
    for name in names:
        yield _helpdesk(workspace, name, offline=offline)


def _helpdesk(workspace: Workspace, name: str, *, offline: bool) -> Finding:
    try:
        helpdesk = workspace.helpdesk(name)
        says = "configured" if offline else f"signed in as {helpdesk.check()}"
    except VerbatimError as error:
        do = f"docs/connect-{name}.md says where to find each setting"
        return Finding(name=name, ok=False, says=str(error), do=do)
    return Finding(name=name, ok=True, says=says)


def _claude(workspace: Workspace, *, offline: bool) -> Iterator[Finding]:
    if workspace.settings.claude.api_key is None:
        yield Finding(name="claude", ok=True, says="not connected")
        return
    yield _claude_model(workspace.settings, offline=offline)
    yield _claude_costs(workspace)


def _claude_model(settings: Settings, *, offline: bool) -> Finding:
    try:
        says = "configured" if offline else plugins.load(analysis, "claude").check(settings)
    except VerbatimError as error:
        do = "set VERBATIM_CLAUDE__MODEL to an active model, and check the key and the address"
        return Finding(name="claude", ok=False, says=str(error), do=do)
    return Finding(name="claude", ok=True, says=says)


def _claude_costs(workspace: Workspace) -> Finding:
    """What was spent, what nobody saw the end of, and how often the model quoted nobody."""
    today = workspace.now().date()
    costs = workspace.database().costs
    spent = in_usd(costs.spending(today, today).counted)
    week = costs.spending(today - timedelta(days=6), today)
    limit = workspace.settings.claude.daily_budget_usd
    says = f"{spent:.2f} of {limit:.2f} USD today, {in_usd(week.counted):.2f} in 7 days"
    if week.calls_lost:
        says += f" ({week.calls_lost} calls ended unseen, counted at their most)"
    if week.quotes:
        says += f"; {week.quotes_dropped} of {week.quotes} quotes dropped"
    waiting = len(costs.in_batches())
    if waiting:
        says += f"; {waiting:,} conversations out in batches"
    return Finding(name="claude costs", ok=True, says=says)


def _slack_state(workspace: Workspace, *, ask: bool) -> Iterator[Finding]:
    """Each workspace that we know, and what could not be reached lately."""
    if ask and workspace.settings.slack.bot_token is not None:
        yield _slack_there(workspace)
    for one in workspace.database().installations.all():
        if not one.stands:
            says = f"{one.name}: {one.why_ended}"
            do = "install the app there again, from the page Settings"
            yield Finding(name="slack workspace", ok=False, says=says, do=do)
        elif ask:
            yield _slack_there(workspace, one.team)
    for trouble in Reachability(workspace.database().work, workspace.now).troubles():
        says = f"not reached since {trouble.since:%Y-%m-%d %H:%M} UTC: {trouble.says}"
        yield Finding(name=f"slack {trouble.part.value}", ok=False, says=says)


def _slack_there(workspace: Workspace, team: str = "") -> Finding:
    """What Slack itself says: the token, the rights, and how far our clock is off."""
    try:
        found = workspace.slack_standing(team)
    except VerbatimError as error:
        return Finding(name="slack token", ok=False, says=str(error), do="verbatim slack manifest")
    if found.missing_scopes:
        says = f"the app lacks {', '.join(found.missing_scopes)}"
        do = "install the app again with: verbatim slack manifest"
        return Finding(name="slack token", ok=False, says=says, do=do)
    if found.seconds_off > _CLOCK_OFF:
        says = f"our clock is {found.seconds_off:.0f} s off; Slack's signatures will be refused"
        return Finding(name="slack token", ok=False, says=says, do="set this machine's clock")
    if found.not_in:
        says = f"the app is not in {', '.join(f'#{one}' for one in found.not_in)}"
        do = f"/invite @{found.bot} in that channel"
        return Finding(name="slack token", ok=False, says=says, do=do)
    return Finding(
        name="slack token", ok=True, says=f"{found.bot} in {found.team}, rights complete"
    )


def _slack(settings: Settings) -> Finding:
    slack = settings.slack
    if not slack.is_set_up:
        return Finding(name="slack", ok=True, says="not connected")
    missing = [
        name
        for name, value in (
            ("SIGNING_SECRET", slack.signing_secret if slack.mode == "http" else "not needed"),
            ("APP_TOKEN", slack.app_token if slack.mode == "socket" else "not needed"),
        )
        if value is None
    ]
    if not missing and slack.mode == "socket" and not _is_app_token(slack.app_token):
        return Finding(
            name="slack",
            ok=False,
            says="APP_TOKEN is no app-level token",
            do=f"set VERBATIM_SLACK__APP_TOKEN to the one that begins with {_APP_TOKEN_STARTS}",
        )
    return Finding(
        name="slack",
        ok=not missing,
        says=f"mode {slack.mode}" if not missing else f"{missing[0]} is missing",
        do=f"set VERBATIM_SLACK__{missing[0]}" if missing else None,
    )


def _is_app_token(token: SecretStr | None) -> bool:
    return token is not None and token.get_secret_value().startswith(_APP_TOKEN_STARTS)
