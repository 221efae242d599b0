"""Keeps Slack workspaces that installed the app; their tokens only encrypted, by the keeper."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from service.domain.installations import Installation
from service.ports import Keeper
from storage.bulk import insert, upsert
from storage.engine import Engine
from storage.moments import from_ms, to_ms
from storage.tables.installations import slack_install_state, slack_installation


class SqlInstallations:
    """Implements InstallationStore."""

    def __init__(self, engine: Engine, keeper: Keeper) -> None:
        self._engine = engine
        self._keeper = keeper

    def save(self, one: Installation) -> None:
        """The token first: an installation that stands always has one."""
        self._keeper.save(one.team, one.token)
        row = {
            "team": one.team,
            "name": one.name,
            "bot_user": one.bot_user,
            "scopes": ",".join(one.scopes),
            "installed_by": one.installed_by,
            "installed_at": to_ms(one.installed_at),
            "ended_at": None if one.ended_at is None else to_ms(one.ended_at),
            "why_ended": one.why_ended,
        }
        with self._engine.writing() as connection:
            upsert(connection, slack_installation, ["team"], [row])

    def get(self, team: str) -> Installation | None:
        query = select(slack_installation).where(slack_installation.c.team == team)
        with self._engine.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return _installation(row, token=self._keeper.load(team) or "")

    def all(self) -> list[Installation]:
        table = slack_installation.c
        query = select(slack_installation).order_by(table.installed_at, table.team)
        with self._engine.reading() as connection:
            return [_installation(row, token="") for row in connection.execute(query)]

    def end(self, team: str, *, why: str, at: datetime) -> bool:
        standing = (slack_installation.c.team == team) & slack_installation.c.ended_at.is_(None)
        ended = update(slack_installation).where(standing).values(ended_at=to_ms(at), why_ended=why)
        with self._engine.writing() as connection:
            stood = connection.execute(ended).rowcount > 0
        if stood:
            self._keeper.save(team, "")
        return stood

    def begin(self, state_hash: str, *, person: str, expires_at: datetime) -> None:
        row = {"state_hash": state_hash, "person": person, "expires_at": to_ms(expires_at)}
        with self._engine.writing() as connection:
            insert(connection, slack_install_state, [row])

    def finish(self, state_hash: str, *, at: datetime) -> str | None:
        """The deleting and its row count decide, so one state finishes one installation."""
        table = slack_install_state.c
        mine = table.state_hash == state_hash
        with self._engine.writing() as connection:
            query = select(table.person, table.expires_at).where(mine)
            found = connection.execute(query).one_or_none()
            gone = connection.execute(delete(slack_install_state).where(mine)).rowcount
            old = slack_install_state.c.expires_at <= to_ms(at)
            connection.execute(delete(slack_install_state).where(old))
        if found is None or gone != 1 or found.expires_at <= to_ms(at):
            return None
        return str(found.person)


def _installation(row: Row[Any], *, token: str) -> Installation:
    return Installation(
        team=row.team,
        name=row.name,
        bot_user=row.bot_user,
        scopes=tuple(scope for scope in row.scopes.split(",") if scope),
        installed_by=row.installed_by,
        installed_at=from_ms(row.installed_at),
        token=token,
        ended_at=None if row.ended_at is None else from_ms(row.ended_at),
        why_ended=row.why_ended,
    )
