"""The App Home of one person: open flags, own and followed accounts, where to look further.

Pure: it reads and keeps nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.plain_text import MAX_NAME, header, label, plain
from bot.rich_text import Block, bullets, link, literal, rich_text, section, text
from service.domain.conversations import Account, AccountKey
from service.domain.follows import Wish
from service.flags import ShownFlag
from service.links import Links
from service.query import Query
from service.wording import full_day

MOST = 20
FOLLOW, WISH = "verbatim_follow", "verbatim_wish"
FORGET = "forget"  # in place of a wish: as if nothing had been wished
_LONGEST_VALUE = 150  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object
EXAMPLES = (
    "why did sentiment drop last week?",
    "what's going on with Acme?",
    "top drivers last month",
    "which accounts are at risk?",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """The accounts that concern one person."""

    owned: Sequence[Account]
    followed: Sequence[Account]
    muted: Collection[AccountKey]


def home_view(
    *, name: str, mine: Mine, flags: Sequence[ShownFlag], links: Links
) -> dict[str, object]:
    """Return the view; `flags` are those that the person may see."""
    near = {one.key for one in (*mine.owned, *mine.followed)} - set(mine.muted)
    own = [one for one in flags if one.flag.account in near]
    others = [one for one in flags if one.flag.account not in near]
    blocks = [
        *_section(f"Open flags on your accounts ({len(own)})", own, links),
        *(_section(f"Other open flags ({len(others)})", others, links) if others else []),
        *_accounts("Your accounts", mine.owned, _owned_wishes(mine), links),
        *_accounts("Accounts you follow", mine.followed, _followed_wishes(mine), links),
        _follow_another(),
        header("Ask me"),
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


def account_options(accounts: Sequence[Account]) -> list[dict[str, object]]:
    """What somebody who types a name may choose from."""
    return [_option(one.name, str(one.key)) for one in accounts if len(one.key) <= _LONGEST_VALUE]


def _greeting(name: str) -> Block:
    return rich_text(section([text(f"Hello {literal(name, MAX_NAME) or 'there'}.", "bold")]))


def _section(title: str, flags: Sequence[ShownFlag], links: Links) -> list[Block]:
    if not flags:
        return [header(title), rich_text(section([text("None. Silence is not health.")]))]
    lines = [
        [
            link(links.account(one.flag.account), literal(one.account.name, MAX_NAME)),
            text(f": {one.flag.tier.value}, {one.flag.state.value}, since {_since(one)}"),
        ]
        for one in flags[:MOST]
    ]
    if len(flags) > MOST:
        lines.append([text(f"and {len(flags) - MOST} more")])
    return [header(title), rich_text(bullets(lines))]


Wishes = Mapping[AccountKey, tuple[str, str, str]]  # what stands now, the button, its value


def _since(one: ShownFlag) -> str:
    return full_day(one.since.date())


def _owned_wishes(mine: Mine) -> Wishes:
    return {
        one.key: ("muted", "Unmute", FORGET)
        if one.key in mine.muted
        else ("", "Mute", Wish.MUTE.value)
        for one in mine.owned
    }


def _followed_wishes(mine: Mine) -> Wishes:
    return {one.key: ("", "Unfollow", FORGET) for one in mine.followed}


def _accounts(title: str, accounts: Sequence[Account], wishes: Wishes, links: Links) -> list[Block]:
    if not accounts:
        return []
    rows = [
        _account(one, wishes[one.key], links, place=f"{wishes[one.key][1]}_{number}".lower())
        for number, one in enumerate(accounts[:MOST])
    ]
    if len(accounts) > MOST:
        rows.append(rich_text(section([text(f"and {len(accounts) - MOST} more")])))
    return [header(f"{title} ({len(accounts)})"), *rows]


def _account(one: Account, wish: tuple[str, str, str], links: Links, *, place: str) -> Block:
    """A line with what may be done: open it, and hear less or more of it.

    `place` keeps its menu apart from the others of the view.
    """
    state, label, value = wish
    said = " · ".join(
        part for part in (literal(one.name, MAX_NAME), one.segment or "", state) if part.strip()
    )
    options = [_option("Open in the explorer", "open", url=links.account(one.key))]
    if len(one.key) < _LONGEST_VALUE - len(value):
        options.append(_option(label, f"{value}:{one.key}"))
    return {
        "type": "section",
        "text": plain(said or str(one.key)),
        "accessory": {"type": "overflow", "action_id": f"{WISH}_{place}", "options": options},
    }


def _follow_another() -> Block:
    return {
        "type": "section",
        "text": plain("Hear of another account's flags"),
        "accessory": {
            "type": "external_select",
            "action_id": FOLLOW,
            "placeholder": plain("Follow an account"),
            "min_query_length": 2,
        },
    }


def _option(words: str, value: str, *, url: str | None = None) -> dict[str, object]:
    option: dict[str, object] = {
        "text": label(words if literal(words, MAX_NAME) else value),
        "value": value,
    }
    return option if url is None else {**option, "url": url}
