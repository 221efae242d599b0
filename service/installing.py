"""What `verbatim init` asks and writes. Knows the names of settings, not their values' meaning."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    title: str
    settings: tuple[tuple[str, str, bool], ...]  # (name, words, secret)


def questions() -> tuple[Question, ...]:
    zendesk, intercom = "VERBATIM_HELPDESKS__ZENDESK__", "VERBATIM_HELPDESKS__INTERCOM__"
    return (
        Question(
            title="Zendesk",
            settings=(
                (f"{zendesk}SUBDOMAIN", "Subdomain (acme in acme.zendesk.com)", False),
                (f"{zendesk}OAUTH_TOKEN", "OAuth token", True),
            ),
        ),
        Question(
            title="Intercom",
            settings=(
                (f"{intercom}REGION", "Region (us, eu or au)", False),
                (f"{intercom}ACCESS_TOKEN", "Access token", True),
            ),
        ),
        Question(
            title="Slack",
            settings=(
                ("VERBATIM_SLACK__BOT_TOKEN", "Bot token (xoxb-...)", True),
                ("VERBATIM_SLACK__SIGNING_SECRET", "Signing secret", True),
                ("VERBATIM_SLACK__DIGEST_CHANNEL", "Channel for the weekly digest", False),
            ),
        ),
    )


def environment_file(values: Mapping[str, str]) -> str:
    """Return a commented .env with the given values; one that was left empty stays a comment."""
    lines = ["# Verbatim's settings; every one is explained in .env.example.", ""]
    for question in questions():
        lines.append(f"# --- {question.title} ---")
        for name, words, _secret in question.settings:
            value = values.get(name, "").strip()
            lines.append(f"# {words}")
            lines.append(f"{name}={_quoted(value)}" if value else f"#{name}=")
        lines.append("")
    return "\n".join(lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\r", "").replace("\n", "")
    return f"'{escaped}'"
