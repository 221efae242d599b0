"""Examines a workspace: what is wrong, and what to do about it. Changes nothing."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from service.errors import VerbatimError
from service.settings import Settings
from service.workspace import Workspace

_PREFIX = "VERBATIM_"
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
    findings = [*_settings(workspace.settings), _database(workspace), _disk(workspace.settings)]
    findings += [_people(workspace), *_helpdesks(workspace, offline=offline)]
    findings.append(_slack(workspace.settings))
    return findings


def unknown_names(names: Iterator[str], settings: type[Settings] = Settings) -> list[str]:
    """Return VERBATIM_ variables that no setting reads: usually a typing mistake."""
    known = {f"{_PREFIX}{name.upper()}" for name in settings.model_fields}
    return sorted(
        name
        for name in names
        if name.startswith(_PREFIX) and name.split("__", maxsplit=1)[0] not in known
    )


def _settings(settings: Settings) -> Iterator[Finding]:
    unknown = unknown_names(iter(os.environ))
    yield Finding(
        name="settings",
        ok=not unknown,
        says=f"unknown {', '.join(unknown)}" if unknown else "all names are known",
        do="check the spelling against .env.example" if unknown else None,
    )
    yield Finding(name="time zone", ok=True, says=settings.timezone)
    yield Finding(name="analyser", ok=True, says=settings.analyser_name)


def _database(workspace: Workspace) -> Finding:
    try:
        current, newest = workspace.database().revision()
    except VerbatimError as error:
        return Finding(name="database", ok=False, says=str(error), do="verbatim migrate")
    says = f"schema {current}"
    if workspace.settings.database.startswith("sqlite"):
        says += f", SQLite {sqlite3.sqlite_version}"
    behind = current != newest
    return Finding(
        name="database", ok=not behind, says=says, do="verbatim migrate" if behind else None
    )


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


def _slack(settings: Settings) -> Finding:
    slack = settings.slack
    if slack.bot_token is None:
        return Finding(name="slack", ok=True, says="not connected")
    missing = [
        name
        for name, value in (
            ("SIGNING_SECRET", slack.signing_secret if slack.mode == "http" else "not needed"),
            ("APP_TOKEN", slack.app_token if slack.mode == "socket" else "not needed"),
        )
        if value is None
    ]
    return Finding(
        name="slack",
        ok=not missing,
        says=f"mode {slack.mode}" if not missing else f"{missing[0]} is missing",
        do=f"set VERBATIM_SLACK__{missing[0]}" if missing else None,
    )
