"""The checker of messages must itself be able to find what is wrong."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.slack_checker import liberties, problems, units, view_problems

HOME = "https://verbatim.example"


def _plain(words: str, **changed: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": words, "emoji": False} | changed


def _rich(*pieces: Mapping[str, Any]) -> dict[str, Any]:
    section = {"type": "rich_text_section", "elements": list(pieces)}
    return {"type": "rich_text", "elements": [section]}


def _says(words: str) -> dict[str, Any]:
    return _rich({"type": "text", "text": words})


def _button(**changed: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "a", "text": _plain("Open"), **changed}


def _actions(*buttons: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(buttons)}


def _chart(**changed: Any) -> dict[str, Any]:
    points = [{"label": "2 Nov", "value": 3}, {"label": "9 Nov", "value": 4}]
    series = [{"name": "Conversations", "data": points}]
    axis = {"categories": ["2 Nov", "9 Nov"]}
    chart = {"type": "bar", "series": series, "axis_config": axis} | changed
    return {"type": "data_visualization", "title": "By week", "chart": chart}


GOOD = [
    {"type": "header", "text": _plain("Week 46")},
    _rich({"type": "text", "text": "Rose.", "style": {"bold": True}}),
    _rich({"type": "link", "url": f"{HOME}/r/1", "text": "receipt"}),
    {"type": "divider"},
    _chart(),
    {"type": "context", "elements": [_plain("728 of 731 analysed")]},
    _actions(_button(url=f"{HOME}/"), _button(action_id="b", value="C1:1.1")),
]


def test_a_good_message_is_taken() -> None:
    assert problems("Rose.", GOOD) == []
    assert liberties("Rose.", GOOD, home=HOME) == []


@pytest.mark.parametrize(
    "block",
    [
        {"type": "header", "text": _plain("x" * 151)},
        {"type": "header", "text": _plain("")},
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        {"type": "section"},
        {"type": "section", "text": _plain("x" * 3_001)},
        {"type": "section", "fields": [_plain("x")] * 11},
        {"type": "section", "fields": [_plain("x" * 2_001)]},
        {"type": "context", "elements": []},
        {"type": "context", "elements": [_plain("x")] * 11},
        {"type": "context", "elements": [_plain("x" * 2_001)]},
        {"type": "actions", "elements": []},
        _actions(*(_button(action_id=str(n)) for n in range(26))),
        _actions(_button(text=_plain("x" * 76))),
        _actions(_button(text=_plain("🙂" * 38))),
        _actions(_button(value="x" * 2_001)),
        _actions(_button(url=f"{HOME}/{'x' * 3_000}")),
        _actions(_button(url="javascript:alert(1)")),
        _actions(_button(action_id="x" * 256)),
        _actions(_button(), _button()),
        _actions({"type": "carousel", "action_id": "a"}),
        {"type": "rich_text", "elements": []},
        _rich(),
        _says(""),
        _says("half \ud83d"),
        _says("bell \x07"),
        _rich({"type": "link", "url": "evil.example", "text": "x"}),
        _rich({"type": "link", "url": f"{HOME}/a b", "text": "x"}),
        _rich({"type": "broadcast", "range": "channel"}),
        _rich({"type": "text", "text": "x", "style": {"blink": True}}),
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet"}]},
        _chart(series=[]),
        _chart(axis_config={"categories": ["x" * 21, "y"]}),
        _chart(axis_config={"categories": ["9 Nov", "2 Nov"]}),
        _chart(type="pie"),
        {"type": "image", "alt_text": "x"},
        {"type": "image", "alt_text": "x" * 2_001, "slack_file": {"id": "F1"}},
        {"type": "divider", "text": "x"},
        {"type": "video", "title": "x"},
    ],
)
def test_each_thing_that_slack_may_refuse_is_found(block: dict[str, Any]) -> None:
    assert problems("Rose.", [block]) != []


def test_the_whole_message_has_limits_too() -> None:
    words = _says("x" * 5_000)
    assert problems("", GOOD) != []
    assert problems("x" * 4_001, GOOD) != []
    assert problems("Rose.", [{"type": "divider"}] * 51) != []
    assert problems("Rose.", [words, words]) == []
    assert problems("Rose.", [words, words, words]) != []
    assert problems("Rose.", [_chart(), _chart(), _chart()]) != []
    twice = [_actions(_button()), _actions(_button())]
    assert any("stands 2 times" in found for found in problems("Rose.", twice))


@pytest.mark.parametrize(
    "block",
    [
        {"type": "section", "text": {"type": "mrkdwn", "text": "<!channel>"}},
        _rich({"type": "broadcast", "range": "channel"}),
        _rich({"type": "user", "user_id": "U1"}),
        _rich({"type": "link", "url": "https://evil.example/", "text": "x"}),
        _rich({"type": "link", "url": f"{HOME}@evil.example/", "text": "x"}),
        _rich({"type": "link", "url": f"{HOME}.evil.example/", "text": "x"}),
        {"type": "header", "text": {"type": "plain_text", "text": ":skull:"}},
    ],
)
def test_what_does_more_than_to_show_words_is_found(block: dict[str, Any]) -> None:
    assert liberties("Rose.", [block], home=HOME) != []
    assert liberties("<!channel>", [], home=HOME) != []


def test_a_modal_has_limits_of_its_own() -> None:
    good = {"type": "modal", "title": _plain("Why?"), "blocks": GOOD}
    assert view_problems(good) == []
    assert view_problems(good | {"title": _plain("x" * 25)}) != []
    assert view_problems(good | {"private_metadata": "x" * 3_001}) != []
    assert view_problems(good | {"blocks": [{"type": "divider"}] * 101}) != []
    option = {"text": _plain("x" * 76), "value": "x"}
    radio = {"type": "radio_buttons", "action_id": "r", "options": [option]}
    asked = {"type": "input", "label": _plain("What?"), "element": radio}
    assert view_problems(good | {"blocks": [asked]}) != []


def test_characters_outside_the_basic_plane_count_twice() -> None:
    assert (units("a"), units("🙂"), units("\ud83d")) == (1, 2, 1)
