"""The App Home of one person: open flags on their accounts, and where to look further. Pure."""

from collections.abc import Sequence

from bot.blocks import MAX_NAME
from bot.rich_text import Block, bullets, link, literal, rich_text, section, text
from service.domain.conversations import Account
from service.flags import ShownFlag
from service.links import Links
from service.query import Query

MOST = 20
EXAMPLES = (
    "why did sentiment drop last week?",
    "what's going on with Acme?",
    "top drivers last month",
    "which accounts are at risk?",
)


def home_view(
    *, name: str, accounts: Sequence[Account], flags: Sequence[ShownFlag], links: Links
) -> dict[str, object]:
    """Return the view; `accounts` are those that the person owns, `flags` those they may see."""
    mine = {account.key for account in accounts}
    own = [one for one in flags if one.flag.account in mine]
    others = [one for one in flags if one.flag.account not in mine]
    blocks = [
        *_section(f"Open flags on your accounts ({len(own)})", own, links),
        *(_section(f"Other open flags ({len(others)})", others, links) if others else []),
        *_accounts(accounts, links),
        _header("Ask me"),
        rich_text(bullets([[text(example)] for example in EXAMPLES])),
        rich_text(section([link(links.explore(Query()), "Open the explorer")])),
    ]
    return {"type": "home", "blocks": [_greeting(name), *blocks]}


def stranger_view(email: str | None) -> dict[str, object]:
    """What somebody sees who is not linked: the one step that helps."""
    sentence = (
        "I do not know you yet, so I cannot say what you may see. Ask whoever runs Verbatim for: "
        f"verbatim link {email or 'you@example.com'}"
    )
    return {"type": "home", "blocks": [rich_text(section([text(sentence)]))]}


def _greeting(name: str) -> Block:
    return rich_text(section([text(f"Hello {literal(name, MAX_NAME) or 'there'}.", "bold")]))


def _section(title: str, flags: Sequence[ShownFlag], links: Links) -> list[Block]:
    if not flags:
        return [_header(title), rich_text(section([text("None. Silence is not health.")]))]
    lines = [
        [
            link(links.account(one.flag.account), literal(one.account.name, MAX_NAME)),
            text(f": {one.flag.tier.value}, {one.flag.state.value}, since {one.since:%d %b %Y}"),
        ]
        for one in flags[:MOST]
    ]
    if len(flags) > MOST:
        lines.append([text(f"and {len(flags) - MOST} more")])
    return [_header(title), rich_text(bullets(lines))]


def _accounts(accounts: Sequence[Account], links: Links) -> list[Block]:
    if not accounts:
        return []
    lines = [
        [link(links.account(one.key), literal(one.name, MAX_NAME)), text(f" {one.segment or ''} ")]
        for one in accounts[:MOST]
    ]
    if len(accounts) > MOST:
        lines.append([text(f"and {len(accounts) - MOST} more")])
    return [_header(f"Your accounts ({len(accounts)})"), rich_text(bullets(lines))]


def _header(title: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": title, "emoji": False}}
