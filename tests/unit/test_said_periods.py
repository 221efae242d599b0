"""Periods as people say them, beyond those of the question banks: what days they mean."""

from datetime import date

import pytest

from service.catalogue import Catalogue
from service.query import DASH
from service.questions import assumptions, read

WEDNESDAY = Catalogue(today=date(2026, 9, 23))  # dates are day first


def days_of(text: str) -> str:
    period = read(f"how many tickets {text}", WEDNESDAY).period
    return f"{period.start} {period.end}" if period else "none"


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("on tuesday 8 september", "2026-09-08 2026-09-09"),
        ("mon-wed", "2026-09-14 2026-09-17"),
        ("between monday and thursday", "2026-09-14 2026-09-18"),
        ("1/9 - 15/9", "2026-09-01 2026-09-16"),
        ("from the 5th to the 12th", "2026-09-05 2026-09-13"),
        ("on 9/13", "2026-09-13 2026-09-14"),
        ("on 12.08.2026", "2026-08-12 2026-08-13"),
        ("in sept '25", "2025-09-01 2025-10-01"),
        ("in q4 '25", "2025-10-01 2026-01-01"),
        ("on feb 29", "2024-02-29 2024-03-01"),
        ("in w53", "2020-12-28 2021-01-04"),
        ("w/c 7 sep", "2026-09-07 2026-09-14"),
        ("in the last 3 full weeks", "2026-08-31 2026-09-21"),
        ("over 6 weeks", "2026-08-12 2026-09-23"),
        ("since the start of the year", "2026-01-01 2026-09-24"),
        ("since the 21st", "2026-09-21 2026-09-24"),
        ("since the 30th", "2026-08-30 2026-09-24"),
        ("after 5 sep", "2026-09-06 2026-09-24"),
        ("2 weeks ago", "2026-09-07 2026-09-14"),
        ("a month ago", "2026-08-01 2026-09-01"),
        ("the day before yesterday", "2026-09-21 2026-09-22"),
        ("in q1 and q2", "2026-01-01 2026-07-01"),
        ("yesterday and today", "2026-09-22 2026-09-24"),
        ("same week last year", "2025-09-22 2025-09-25"),
        ("this time last year", "2025-09-17 2025-09-24"),
    ],
)
def test_a_period_means_these_days(said: str, days: str) -> None:
    assert days_of(said) == days


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("before 5 sep", "before 5 sep"),
        ("until yesterday", "until yesterday"),
        ("in the run-up to christmas", "run up to christmas"),
        ("on 31 june", "31 june"),
        ("in the last hour", "last hour"),
        ("of all time", "of all time"),
        ("in may and july", f"1{DASH}31 Jul 2026"),
    ],
)
def test_a_time_that_is_no_window_of_days_is_named(said: str, named: str) -> None:
    reading = read(f"how many tickets {said}", WEDNESDAY)
    assert f"not understood and left out: “{named}”" in assumptions(reading)


@pytest.mark.parametrize("word", ["kangaroo", "login", "station", "format"])
def test_the_end_of_a_word_is_no_preposition(word: str) -> None:
    said = " ".join(assumptions(read(f"how many tickets {word} last week", WEDNESDAY)))
    assert f"left out: “{word}”" in said
