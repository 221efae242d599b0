"""Turns a churn-risk flag into Slack's blocks, and a list of flags. Pure, like `bot.blocks`.

Customers' words stand in quotes that show everything literally; nothing here alarms.
"""

from collections.abc import Sequence

from bot.blocks import Message, escape
from bot.plain_text import MAX_LINE, MAX_NAME, actions, button, header, link_button, plain, small
from bot.rich_text import (
    Block,
    Element,
    bullets,
    link,
    literal,
    quotation,
    rich_text,
    section,
    text,
)
from service.domain.answers import cut
from service.domain.flags import FlagState
from service.flags import Evidence, ShownFlag
from service.links import Links
from service.wording import full_day

ADDRESSED, NOT_A_RISK, SNOOZE = (
    "verbatim_flag_addressed",
    "verbatim_flag_not_a_risk",
    "verbatim_flag_snooze",
)
MOST_QUOTES = 4
MOST_LISTED = 30
_LONGEST_QUOTE = 220


def flag_card(shown: ShownFlag, links: Links) -> Message:
    """One account: tier, since when, in whose words, owner, what was done, and the buttons."""
    flag, name = shown.flag, literal(shown.account.name, MAX_NAME)
    title = f"Churn risk: {name}"
    blocks = [
        header(title),
        rich_text(section([text(_standing(shown), "bold")])),
        *(rich_text(quotation(_quote(one))) for one in shown.evidence[:MOST_QUOTES]),
        small([_rule(shown), _more(shown), _owner(shown), _step(shown)]),
        _buttons(shown, links) if flag.stands else small([f"Rule: {flag.reason}"]),
    ]
    said = f"{title}. {_standing(shown)}"
    return Message(
        text=escape(said),
        blocks=tuple(block for block in blocks if block is not None),
        quoted=tuple(one.signal.conversation for one in shown.evidence[:MOST_QUOTES]),
    )


def flag_list(flags: Sequence[ShownFlag], links: Links) -> Message:
    """Many flags at once, as on a first run: one line each, with a link to the account."""
    title = f"Churn risk: {len(flags)} accounts are flagged"
    lines: list[list[Element]] = [
        [
            link(links.account(one.flag.account), literal(one.account.name, MAX_NAME)),
            text(f": {literal(_standing(one), MAX_LINE)}"),
        ]
        for one in flags[:MOST_LISTED]
    ]
    left = len(flags) - MOST_LISTED
    more = small([f"and {left} more: verbatim flags"] if left > 0 else [])
    blocks = [header(title), rich_text(bullets(lines)), *([more] if more else [])]
    return Message(text=escape(f"{title}."), blocks=tuple(blocks))


def reason_modal(account: str, name: str) -> dict[str, object]:
    """Ask why it is not a risk; the answer comes back with the account's key."""
    return {
        "type": "modal",
        "callback_id": NOT_A_RISK,
        "private_metadata": account,
        "title": plain("Not a risk"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [
            rich_text(section([text(literal(name, MAX_NAME) or account)])),
            {
                "type": "input",
                "block_id": "reason",
                "label": plain("Why? It is kept with the flag."),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "reason",
                    "multiline": True,
                    "max_length": 300,
                },
            },
        ],
    }


def _standing(shown: ShownFlag) -> str:
    flag = shown.flag
    since = full_day(shown.since.date())
    said = f"{flag.tier.value.capitalize()}, {flag.state.value}, since {since}"
    if flag.state is FlagState.OPEN:
        return said
    who = "" if flag.changed_by == "rule" else f" by {flag.changed_by}"
    until = f" until {flag.until.day} {flag.until:%b}" if flag.until else ""
    return literal(f"{said} ({flag.state.value}{who}{until})", MAX_LINE)


def _quote(one: Evidence) -> list[Element]:
    words = literal(cut(" ".join(one.text.split())), _LONGEST_QUOTE)
    said = f"{full_day(one.signal.at.date())} · {one.signal.tier.value} · "
    return [
        text(f"“{words}”\n"),
        text(said, "italic"),
        link(one.url, literal(str(one.signal.conversation), MAX_NAME)),
    ]


def _rule(shown: ShownFlag) -> str:
    about = f"About {', '.join(shown.drivers)}. " if shown.drivers else ""
    return f"{about}Rule: {shown.flag.reason}" if shown.flag.reason else about


def _owner(shown: ShownFlag) -> str:
    return f"Owner: {shown.account.owner or 'nobody'}"


def _step(shown: ShownFlag) -> str:
    """What is to be done about a flag that is open, and until when."""
    if shown.due is None:
        return ""
    step = f"Playbook: {shown.playbook}" if shown.playbook else "No playbook: decision needed"
    return f"{step.rstrip('.')}. Due {full_day(shown.due)}."


def _more(shown: ShownFlag) -> str:
    left = len(shown.evidence) - MOST_QUOTES
    return f"{left} more signals on the account's page" if left > 0 else ""


def _buttons(shown: ShownFlag, links: Links) -> Block | None:
    account = str(shown.flag.account)
    page = links.account(shown.flag.account)
    return actions(
        [
            button("Addressed", ADDRESSED, account),
            button("Not a risk", NOT_A_RISK, account),
            button("Snooze 7 days", SNOOZE, account),
            *link_button("Open account", page, "verbatim_open_account"),
        ]
    )
