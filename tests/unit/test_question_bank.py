"""Questions as people type them get the readings they should, over names of another trade."""

import json
from pathlib import Path
from typing import NotRequired, TypedDict

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
    """The file beside this one."""

    catalogue: object
    questions: list[Case]
    threads: list[Case]


BANK: Bank = json.loads(Path(__file__).with_name("question_bank.json").read_text("utf-8"))
CATALOGUE = Catalogue.from_json(BANK["catalogue"])


@pytest.mark.parametrize("case", BANK["questions"], ids=[c["text"] for c in BANK["questions"]])
def test_a_typed_question_gets_its_reading(case: Case) -> None:
    assert canonical(read(case["text"], CATALOGUE).as_dict()) == canonical(case["reading"])


@pytest.mark.parametrize("case", BANK["threads"], ids=[c["text"] for c in BANK["threads"]])
def test_a_thread_keeps_its_context(case: Case) -> None:
    thread: list[dict[str, object]] = []
    for text in case["before"]:
        thread.append({"text": text, "reading": read(text, CATALOGUE, thread).as_dict()})
    reading = read(case["text"], CATALOGUE, thread)
    assert canonical(reading.as_dict()) == canonical(case["reading"])


@pytest.mark.parametrize("text", ["", "_", "\x9f", "!?", "🙂", "\u200b", '"', "<@U1>"])
def test_a_message_without_a_word_is_asked_about_and_never_an_error(text: str) -> None:
    reading = read(text, CATALOGUE)
    assert reading.intent in {Intent.CLARIFY, Intent.HELP}, reading
