"""Questions as people type them get the readings they should, over names of several trades."""

import json
from datetime import date
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

import pytest

from service.catalogue import Catalogue
from service.domain.answers import Intent
from service.questions import read
from tests.unit.test_questions import canonical


class Case(TypedDict):
    """One question, the messages of its thread before it, and the reading it should get."""

    before: NotRequired[list[str]]
    text: str
    reading: dict[str, object]


class Bank(TypedDict):
    """One of the files beside this one."""

    catalogue: object
    questions: list[Case]
    threads: list[Case]


Asked = tuple[Catalogue, Case]


def _cases(part: Literal["questions", "threads"]) -> list[Asked]:
    found: list[Asked] = []
    for file in sorted(Path(__file__).parent.glob("question_bank*.json")):
        bank: Bank = json.loads(file.read_text("utf-8"))
        catalogue = Catalogue.from_json(bank["catalogue"])
        found += [(catalogue, case) for case in bank[part]]
    return found


def _text(asked: Asked) -> str:
    return asked[1]["text"]


@pytest.mark.parametrize("asked", _cases("questions"), ids=_text)
def test_a_typed_question_gets_its_reading(asked: Asked) -> None:
    catalogue, case = asked
    assert canonical(read(case["text"], catalogue).as_dict()) == canonical(case["reading"])


@pytest.mark.parametrize("asked", _cases("threads"), ids=_text)
def test_a_thread_keeps_its_context(asked: Asked) -> None:
    catalogue, case = asked
    thread: list[dict[str, object]] = []
    for text in case["before"]:
        thread.append({"text": text, "reading": read(text, catalogue, thread).as_dict()})
    reading = read(case["text"], catalogue, thread)
    assert canonical(reading.as_dict()) == canonical(case["reading"])


@pytest.mark.parametrize("text", ["", "_", "\x9f", "!?", "🙂", "\u200b", '"', "<@U1>"])
def test_a_message_without_a_word_is_asked_about_and_never_an_error(text: str) -> None:
    reading = read(text, Catalogue(today=date(2026, 5, 18)))
    assert reading.intent in {Intent.CLARIFY, Intent.HELP}, reading
