"""Which words of a message are new: in sixteen languages, in doubt, and on hostile input."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.segments import (
    Kind,
    has_new_text,
    lies_in_new_text,
    new_text_spans,
    segments,
)
from tests.unit.segment_cases import KEPT, REPLIES, SIGNED, Case

ATTRIBUTION = "On Mon, 2 Nov 2026 at 10:00 Bob <bob@example.com> wrote:\n"
HOSTILE = {
    "newlines": "\n" * 200_000,
    "attributions": ATTRIBUTION * 5_000,
    "dashes": "-" * 1_000_000,
    "one line": "word " * 200_000,
    "short lines": "a\n" * 500_000,
    "spaces": " " * 1_000_000,
    "marks": "> a\nb\n" * 150_000,
    "dashes in lines": "--\n" * 300_000,
    "headers": "From: a\nTo: b\n" * 60_000,
    "delimiters": "##- reply above -##\n" * 50_000,
    "colons": ("<a" * 190 + ":\n") * 2_600,
}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def new_lines(text: str) -> list[str]:
    return [line for start, end in new_text_spans(text) for line in lines(text[start:end])]


def text_of(case: Case) -> str:
    return "\n\n".join(part for part in (case.new, case.old, case.below) if part)


@pytest.mark.parametrize("case", [*REPLIES, *SIGNED, *KEPT], ids=lambda case: case.name)
def test_no_customer_word_is_lost_and_no_old_text_kept(case: Case) -> None:
    assert new_lines(text_of(case)) == lines(case.new) + lines(case.below)


@pytest.mark.parametrize("case", REPLIES, ids=lambda case: case.name)
def test_old_mail_right_below_the_words_is_found_too(case: Case) -> None:
    assert new_lines(f"{case.new}\n{case.old}") == lines(case.new)


@pytest.mark.parametrize("case", SIGNED, ids=lambda case: case.name)
def test_what_stands_under_a_name_is_called_so(case: Case) -> None:
    kinds = {segment.kind for segment in segments(text_of(case))}
    assert Kind.SIGNATURE in kinds or Kind.DISCLAIMER in kinds


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    *"\n>-:_# \t",
                    "> a",
                    "-- ",
                    ATTRIBUTION,
                    "From: a\n",
                    "Sent: b\n",
                    "To: c\n",
                    "```",
                ]
            ),
            st.text(max_size=12),
        ),
        max_size=30,
    )
)
def test_the_segments_joined_are_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    found = segments(text)
    assert "".join(text[each.start : each.end] for each in found) == text
    assert all(each.start < each.end for each in found)
    assert all(a.kind is not b.kind for a, b in pairwise(found))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_well_under_a_second(name: str) -> None:
    started = time.process_time()
    segments(HOSTILE[name])
    assert time.process_time() - started < 1


def test_a_message_of_old_words_only_has_nothing_new() -> None:
    assert not has_new_text(f"{ATTRIBUTION}> Did this help?\n\n> Ana")
    assert not has_new_text("-----Original Message-----\nFrom: Ana\n\nDid this help?")
    assert not has_new_text("")
    assert not has_new_text(" \n ")


def test_a_delimiter_on_top_takes_no_words_below_it_away() -> None:
    text = "##- Please type your reply above this line -##\nIt works now."
    assert new_lines(text) == ["It works now."]


def test_repeated_questions_with_answers_between_are_old() -> None:
    text = "> Which browser\n\nFirefox.\n\n> Which version\n\n128."
    assert new_lines(text) == ["Firefox.", "128."]


def test_old_words_end_where_their_marks_end() -> None:
    text = "-----Original Message-----\nFrom: Ana\n> Did this help?\n\nNo, it did not."
    assert new_lines(text) == ["No, it did not."]


def test_a_span_is_new_only_when_all_of_it_is() -> None:
    text = f"It fails.\n{ATTRIBUTION}> Hello"
    assert lies_in_new_text(text, 0, 9)
    assert not lies_in_new_text(text, 3, 20)
    assert not lies_in_new_text(text, 20, 24)
