"""Row 37 of the fault matrix: whatever an answer holds, Slack takes its message, and no customer's
word can mention, link or format. `make test` tries 400 random ones, `make faults` 5,000.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from bot.blocks import (
    MAX_BLOCKS,
    MAX_CHARACTERS,
    Message,
    answer_message,
    digest_message,
    notice_message,
)
from bot.cards import flag_card, flag_list, reason_modal
from bot.charts import charted
from bot.home import Mine, home_view, stranger_view
from bot.listeners.actions import what_modal
from bot.rich_text import Block
from service.charting import Chart, trend_chart, weekly
from service.domain.conversations import Account
from service.links import Links
from tests.faults.trials import Trial
from tests.random_answers import HOME, HOSTILE, random_answer, random_digest, random_flag
from tests.slack_checker import characters, liberties, problems, view_problems

LINKS = Links(HOME)
FEW, ALL = 400, 5_000


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> Sequence[int]:
    return range(ALL if request.config.getoption("--every-step", default=False) else FEW)


def _with_chart(
    chart: Chart | None, make: Callable[[Sequence[Block]], Message]
) -> Sequence[Message]:
    """A message with Slack's own chart, with a picture, and with neither."""
    drawn: Block = {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "Drawn."}
    found = []
    for taken in (drawn, None):
        first = charted(chart, make, picture=lambda _, taken=taken: taken)  # type: ignore[misc]  # bound at once
        found += [first, first.instead()] if first.instead else [first]
    return found


def _is_taken(text: str, blocks: Sequence[Mapping[str, Any]]) -> bool:
    assert problems(text, blocks) == []
    assert liberties(text, blocks, home=HOME) == []
    assert len(blocks) <= MAX_BLOCKS
    assert characters(list(blocks)) <= MAX_CHARACTERS
    return True


@pytest.mark.fault(37, "a random answer becomes a message")
def test_slack_takes_every_random_answer_and_no_customer_can_link(
    seeds: Sequence[int], trial: Trial
) -> None:
    def told(seed: int) -> bool:
        answer = random_answer(seed)
        make = partial(answer_message, answer, feedback="C00000001:1700000000.000001")
        messages = _with_chart(trend_chart(answer), make)
        return all(_is_taken(message.text, message.blocks) for message in messages)

    for seed in seeds:
        trial.attempt(f"answer {seed}", lambda seed=seed: told(seed))  # type: ignore[misc]  # bound at once
    assert trial.lost == []


@pytest.mark.fault(37, "a random digest or flag becomes a message")
def test_slack_takes_every_random_digest_and_card(seeds: Sequence[int], trial: Trial) -> None:
    def told(seed: int) -> bool:
        digest, flag = random_digest(seed), random_flag(seed)
        others = [random_flag(seed + other) for other in range(seed % 40)]
        messages = [
            *_with_chart(weekly(digest.weeks), partial(digest_message, digest)),
            flag_card(flag, LINKS),
            flag_list([flag, *others], LINKS),
            notice_message(flag.flag.reason),
        ]
        return all(_is_taken(message.text, message.blocks) for message in messages)

    for seed in seeds[::10]:
        trial.attempt(f"digest {seed}", lambda seed=seed: told(seed))  # type: ignore[misc]  # bound at once
    assert trial.lost == []


@pytest.mark.fault(37, "names of customers stand in a home tab or a modal")
def test_slack_takes_every_home_and_modal(seeds: Sequence[int], trial: Trial) -> None:
    def shown(seed: int) -> bool:
        flags = [random_flag(seed + other) for other in range(seed % 30)]
        accounts = [flag.account for flag in flags[::2]]
        name = HOSTILE[seed % len(HOSTILE)]
        views = [
            home_view(name=name, mine=_mine(accounts), flags=flags, links=LINKS),
            stranger_view("someone@elsewhere.example"),
            reason_modal("zendesk:a1", name or "Acme"),
            what_modal("C00000001:1700000000.000001"),
        ]
        for view in views:
            assert view_problems(view) == []
            ours: Any = [block for block in view["blocks"] if block["type"] != "input"]
            assert liberties("", ours, home=HOME) == []
        return True

    for seed in seeds[::10]:
        trial.attempt(f"home {seed}", lambda seed=seed: shown(seed))  # type: ignore[misc]  # bound at once
    assert trial.lost == []


def _mine(accounts: Sequence[Account]) -> Mine:
    """Some owned, some followed, and every third of the owned ones muted."""
    owned = accounts[::2]
    return Mine(owned=owned, followed=accounts[1::2], muted={one.key for one in owned[::3]})
