"""The numbers of a Slack answer open the conversations that they count."""

from dataclasses import replace
from typing import Any

import pytest

from bot.blocks import MAX_CHARACTERS, answer_message, size
from bot.numbers import opened
from bot.rich_text import text
from service.domain.answers import Group, Intent, Part
from tests.contract.slack_answers import HOME, an_answer, counted


def _links(node: Any) -> dict[str, str]:
    """Label to address of every link, the buttons left out."""
    if isinstance(node, dict):
        own = {str(node["text"]): str(node["url"])} if node.get("type") == "link" else {}
        for value in node.values():
            own |= _links(value)
        return own
    found: dict[str, str] = {}
    for item in node if isinstance(node, list | tuple) else ():
        found |= _links(item)
    return found


def _part(name: str, before: tuple[int, int], now: tuple[int, int]) -> Part:
    return Part(
        dimension="driver",
        value=name,
        points=1.0,
        rate_effect=1.0,
        mix_effect=0.0,
        baseline=counted(*before, f"{name}-before"),
        current=counted(*now, f"{name}-now"),
        receipt=f"{HOME}/r/{name}",
        clear=True,
    )


def test_headline_and_parts_open_both_of_their_numbers() -> None:
    parts = (_part("billing", (41, 146), (73, 155)), _part("exports", (4, 22), (6, 27)))
    links = _links(answer_message(an_answer(parts=parts), feedback="f").blocks)
    assert links["24% (87 of 361)"] == f"{HOME}/?q=before"
    assert links["33% (121 of 367)"] == f"{HOME}/?q=now"
    assert links["28% (41 of 146)"] == f"{HOME}/?q=billing-before"
    assert links["47% (73 of 155)"] == f"{HOME}/?q=billing-now"
    assert links["4 of 22"] == f"{HOME}/?q=exports-before"
    assert links["6 of 27"] == f"{HOME}/?q=exports-now"
    assert links["receipt"].startswith(f"{HOME}/r/")


def test_a_group_opens_its_own_number_and_no_other() -> None:
    answer = an_answer(
        intent=Intent.TOP,
        headline=None,
        quotes=(),
        groups=(Group(values=("Billing",), counted=counted(55, 55, "b")),),
        text=("Conversations by driver.", f"Billing 155: 55 {HOME}/r/b", f"Other: 9 {HOME}/r/o"),
    )
    links = _links(answer_message(answer, feedback="f").blocks)
    assert links["55"] == f"{HOME}/?q=b"
    assert "9" not in links


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("31% (31 of 100) vs 31% (31 of 100) before", "now"),
        ("Negative share: 31% (31 of 100), before 31% (31 of 100)", "now"),
        ("31% (31 of 100) before, 31% (31 of 100) now", "before"),
    ],
)
def test_two_numbers_that_look_alike_are_told_apart(said: str, first: str) -> None:
    shown = (counted(31, 100, "before"), counted(31, 100, "now"))
    found = [one for one in opened([text(said)], shown, home=HOME) if one["type"] == "link"]
    assert next(one["url"] for one in found) == f"{HOME}/?q={first}"
    assert len(found) == 2


def test_the_words_stay_as_they_were() -> None:
    said = "Negative share rose from 24% (87 of 361) to 33% (121 of 367)."
    shown = (counted(87, 361, "before"), counted(121, 367, "now"))
    found = opened([text(said, "bold")], shown, home=HOME)
    assert "".join(str(one["text"]) for one in found) == said
    assert all(one["style"] == {"bold": True} for one in found)


def test_another_sites_address_never_stands_behind_a_number() -> None:
    shown = (replace(counted(87, 361, "x"), listing="https://evil.example/"),)
    assert opened([text("24% (87 of 361)")], shown, home=HOME) == [text("24% (87 of 361)")]


def test_addresses_behind_numbers_give_way_to_quotes() -> None:
    giant = replace(counted(121, 367, "now"), listing=f"{HOME}/?q={'x' * 2900}")
    parts = tuple(
        replace(_part(name, (41, 146), (73, 155)), current=giant, receipt=f"{HOME}/r/{name}")
        for name in ("billing", "access", "exports")
    )
    answer = an_answer(parts=parts)
    assert answer.headline is not None
    headline = replace(answer.headline, current=giant, baseline=giant)
    message = answer_message(replace(answer, headline=headline), feedback="f")
    assert size(message.blocks) <= MAX_CHARACTERS
    said = str(message.blocks)
    assert "charged twice for October" in said
    assert "Left out" not in said
