"""Runs all stand-ins together, and says which settings connect a workspace to them."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox.claude import claude_app
from connectors.sandbox.corpus import load_corpus
from connectors.sandbox.intercom import intercom_app
from connectors.sandbox.server import Stand
from connectors.sandbox.slack import slack_app
from connectors.sandbox.slack_events import deliver_mention
from connectors.sandbox.slack_state import VISITOR
from connectors.sandbox.zendesk import zendesk_app

# They open nothing but the stand-ins on loopback.
TOKEN = "sandbox-token"  # noqa: S105 - not a secret
APP_TOKEN = "xapp-sandbox-token"  # noqa: S105 - not a secret
SERVICE_ADMIN = "900"
SIGNING_SECRET = "sandbox-signing-secret"  # noqa: S105 - not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSandbox:
    urls: Mapping[str, str]
    environment: Mapping[str, str]
    stands: Mapping[str, Stand[Any]]
    visitor: str = VISITOR  # a person of the made-up Slack workspace

    def mention(self, events_url: str, text: str) -> str:
        """Let the visitor ask the bot something, as Slack would; return where to see it."""
        channel = deliver_mention(
            self.stands["slack"].state,
            events_url=events_url,
            signing_secret=SIGNING_SECRET,
            email=self.visitor,
            text=text,
        )
        return f"{self.urls['slack']}#{channel}"


@contextmanager
def run_sandbox(
    *, conversations: int | None = None, seed: int = 0, port: int = 0, now: datetime | None = None
) -> Iterator[RunningSandbox]:
    """Serve Zendesk, Intercom, Slack and Claude on four ports from `port` on (0: free ones)."""
    corpus = load_corpus(now=now or _now(), seed=seed, conversations=conversations)
    stands: dict[str, Stand[Any]] = {
        "zendesk": zendesk_app(corpus, token=TOKEN, clock=_now, hide=timedelta(0)),
        "intercom": intercom_app(corpus, token=TOKEN, clock=_now),
        "slack": slack_app(corpus, token=TOKEN, clock=_now, app_token=APP_TOKEN),
        "claude": claude_app(key=TOKEN),
    }
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(stand.serve(port + number if port else 0)).url
            for number, (name, stand) in enumerate(stands.items())
        }
        yield RunningSandbox(urls=urls, environment=environment(urls), stands=stands)


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """Settings for a workspace on these stand-ins; the analyser stays the local one."""
    return {
        "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN": "ledgerly",
        "VERBATIM_HELPDESKS__ZENDESK__BASE_URL": urls["zendesk"],
        "VERBATIM_HELPDESKS__ZENDESK__OAUTH_TOKEN": TOKEN,
        "VERBATIM_HELPDESKS__INTERCOM__BASE_URL": urls["intercom"],
        "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN": TOKEN,
        "VERBATIM_HELPDESKS__INTERCOM__ADMIN_ID": SERVICE_ADMIN,
        "VERBATIM_HELPDESKS__INTERCOM__SETTLE_SECONDS": "0",
        "VERBATIM_SLACK__BOT_TOKEN": TOKEN,
        "VERBATIM_SLACK__SIGNING_SECRET": SIGNING_SECRET,
        "VERBATIM_SLACK__APP_TOKEN": APP_TOKEN,
        "VERBATIM_SLACK__BASE_URL": f"{urls['slack']}/api/",
        "VERBATIM_SLACK__DIGEST_CHANNEL": "cx-leaders",
        "VERBATIM_SLACK__FLAGS_CHANNEL": "churn-risk",
        "VERBATIM_SLACK__CHANNELS_SHOW": "everything",  # its accounts are made up
    }


def _now() -> datetime:
    return datetime.now(UTC)
