"""Events that need only an answer: Slack counts an unanswered one as a failure."""

from slack_bolt import App


def register(app: App) -> None:
    def acknowledge() -> None:
        return None

    for name in ("app_home_opened", "link_shared", "app_uninstalled", "tokens_revoked"):
        app.event(name)(acknowledge)
