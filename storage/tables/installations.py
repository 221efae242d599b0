"""Slack workspaces that installed the app. Their tokens are kept encrypted, elsewhere."""

from sqlmodel import SQLModel

from storage.tables.columns import number, table_of, words


class SlackInstallationRow(SQLModel, table=True):
    __tablename__ = "slack_installation"

    team: str = words(key=True)  # Slack's id of the workspace
    name: str = words()
    bot_user: str = words()
    scopes: str = words()  # comma between
    installed_by: str = words()
    installed_at: int = number()
    ended_at: int | None = number(empty=True)
    why_ended: str = words()


class SlackInstallStateRow(SQLModel, table=True):
    """An installation that somebody began: Slack brings the state back, once."""

    __tablename__ = "slack_install_state"

    state_hash: str = words(key=True)
    person: str = words()
    expires_at: int = number()


slack_installation = table_of(SlackInstallationRow)
slack_install_state = table_of(SlackInstallStateRow)
