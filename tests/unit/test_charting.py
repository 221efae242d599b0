"""Which answers have a chart, what a bar stands for, and what is said of a period without one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from service.chart_image import draw
from service.charting import Chart, Unit, WeekBar, trend_chart, weekly
from service.domain.answers import Answer, Counted, Coverage, Group, Headline, Intent
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Query, Window
from tests.contract.slack_answers import an_answer, counted

FULL = Window(date(2026, 10, 5), date(2026, 11, 9))  # five whole weeks
MONDAYS = ("2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26", "2026-11-02")


def a_trend(
    groups: Sequence[tuple[str, int, int]],
    *,
    metric: str = "negative_rate",
    by: Dimension = Dimension.WEEK,
    window: Window = FULL,
    intent: Intent = Intent.TREND,
) -> Answer:
    """Each group is a day, a number and of how many."""
    made = [Group(values=(day,), counted=counted(n, of, day)) for day, n, of in groups]
    whole = counted(sum(one[1] for one in groups), sum(one[2] for one in groups), "all")
    return an_answer(
        intent=intent,
        query=Query(metric=metric, window=window, group_by=(by,)),
        headline=Headline(metric=metric, current=whole),
        groups=tuple(made),
        coverage=_known(None),
    )


def _known(as_of: datetime | None) -> Coverage:
    return Coverage(
        total=731,
        analysed=728,
        failed=3,
        waiting=0,
        empty={},
        as_of=as_of,
        taxonomy="t",
        analyser="a",
    )


def _chart(answer: Answer) -> Chart:
    found = trend_chart(answer)
    assert found is not None
    return found


def test_a_share_by_week_says_its_unit_and_in_words_every_number() -> None:
    chart = _chart(a_trend([(day, 30 + n, 100) for n, day in enumerate(MONDAYS)]))
    assert (chart.title, chart.measured, chart.unit) == (
        "Negative share by week",
        "% of conversations",
        Unit.SHARE,
    )
    assert [bar.value for bar in chart.bars] == [30, 31, 32, 33, 34]
    assert chart.alternative() == (
        "Negative share by week, each from its Monday: 5 Oct 30% (30 of 100), "
        "12 Oct 31% (31 of 100), 19 Oct 32% (32 of 100), 26 Oct 33% (33 of 100), "
        "2 Nov 34% (34 of 100)."
    )
    assert chart.note == ""


def test_a_share_of_few_conversations_is_left_out_and_named() -> None:
    chart = _chart(a_trend([(MONDAYS[0], 30, 100), (MONDAYS[1], 7, 29), (MONDAYS[2], 9, 30)]))
    assert [bar.label for bar in chart.bars] == ["5 Oct", "19 Oct"]
    assert chart.note == "Not drawn, fewer than 30 conversations: 12 Oct (7 of 29)."


def test_where_too_few_periods_are_left_there_is_no_chart_and_it_says_so() -> None:
    chart = _chart(a_trend([(day, 3, 10) for day in MONDAYS]))
    assert chart.bars == ()
    assert chart.note == (
        "No chart, fewer than 30 conversations: "
        "5 Oct (3 of 10), 12 Oct (3 of 10), 19 Oct (3 of 10) and 2 more."
    )


def test_a_week_without_a_conversation_is_a_zero_and_not_skipped() -> None:
    groups = [(MONDAYS[0], 12, 12), (MONDAYS[3], 1_204, 1_204)]
    chart = _chart(a_trend(groups, metric=CONVERSATIONS))
    assert [(bar.label, bar.words) for bar in chart.bars] == [
        ("5 Oct", "12"),
        ("12 Oct", "0"),
        ("19 Oct", "0"),
        ("26 Oct", "1,204"),
    ]


def test_empty_periods_at_the_end_are_zeros_as_far_as_the_data_goes() -> None:
    answer = a_trend([(MONDAYS[0], 12, 12), (MONDAYS[1], 9, 9)], metric=CONVERSATIONS)
    for as_of, ends in (
        (datetime(2026, 12, 1, tzinfo=UTC), "2 Nov"),
        (datetime(2026, 10, 27, 9, tzinfo=UTC), "26 Oct"),
        (datetime(2026, 10, 26, 9, tzinfo=UTC), "19 Oct"),
        (datetime(2026, 10, 1, tzinfo=UTC), "12 Oct"),
        (None, "12 Oct"),
    ):
        chart = _chart(replace(answer, coverage=_known(as_of)))
        assert chart.bars[-1].label == ends


def test_a_share_of_no_conversation_is_not_drawn_as_none() -> None:
    chart = _chart(a_trend([(MONDAYS[0], 30, 100), (MONDAYS[1], 30, 100), (MONDAYS[3], 0, 100)]))
    assert [bar.value for bar in chart.bars] == [30, 30, 0]
    assert "19 Oct (no conversations)" in chart.note


def test_a_period_that_the_question_cuts_is_named_by_its_days() -> None:
    window = Window(date(2026, 10, 8), date(2026, 11, 4))
    weeks = _chart(a_trend([(day, 5, 5) for day in MONDAYS], metric=CONVERSATIONS, window=window))
    labels = [bar.label for bar in weeks.bars]
    assert labels == ["8–11 Oct", "12 Oct", "19 Oct", "26 Oct", "2–3 Nov"]  # noqa: RUF001  # as days are written
    months = a_trend(
        [("2026-09-01", 4, 4), ("2026-10-01", 5, 5)],
        metric=CONVERSATIONS,
        by=Dimension.MONTH,
        window=Window(date(2026, 9, 1), date(2026, 10, 2)),
    )
    assert [bar.label for bar in _chart(months).bars] == ["Sep 2026", "1 Oct"]


def test_only_the_last_periods_fit_and_the_title_says_so() -> None:
    window = Window(date(2026, 9, 1), date(2026, 10, 1))
    days = [(f"2026-09-{day:02}", day, day) for day in range(1, 31)]
    chart = _chart(a_trend(days, metric=CONVERSATIONS, by=Dimension.DAY, window=window))
    assert chart.title == "Conversations, last 20 days"
    assert [chart.bars[0].label, chart.bars[-1].label] == ["11 Sep", "30 Sep"]
    assert len(chart.bars) == 20


@pytest.mark.parametrize(
    "answer",
    [
        an_answer(),
        a_trend([(MONDAYS[0], 30, 100)]),
        a_trend([(day, 30, 100) for day in MONDAYS], intent=Intent.TOP),
        a_trend([("email", 30, 100), ("chat", 30, 100)], by=Dimension.CHANNEL),
        a_trend([]),
    ],
)
def test_no_trend_has_no_chart(answer: Answer) -> None:
    assert trend_chart(answer) is None


@pytest.mark.parametrize("metric", ["negative_rate", ACCOUNTS])
def test_where_only_the_largest_are_held_a_missing_period_may_not_be_empty(metric: str) -> None:
    days = [(f"2026-09-{day:02}", 40, 50) for day in range(1, 26)]
    window = Window(date(2026, 9, 1), date(2026, 10, 1))
    answer = a_trend(days, metric=metric, by=Dimension.DAY, window=window, intent=Intent.COUNT)
    more = Counted(n=1_001, of=1_251, low=None, high=None, receipt="", listing="")
    cut = an_answer(
        intent=Intent.COUNT,
        query=answer.query,
        headline=Headline(metric=metric, current=more),
        groups=answer.groups,
    )
    assert trend_chart(cut) is None


def test_a_picture_is_the_same_each_time_however_full_it_is() -> None:
    days = [(f"2026-09-{day:02}", day * 99_999, day * 99_999) for day in range(1, 31)]
    window = Window(date(2026, 9, 1), date(2026, 10, 1))
    full = _chart(a_trend(days, metric=CONVERSATIONS, by=Dimension.DAY, window=window))
    weeks = weekly([WeekBar(monday=date(2026, 11, 2), n=0), WeekBar(monday=date(2026, 11, 9), n=0)])
    assert weeks is not None
    for chart in (full, weeks, _chart(a_trend([(day, 30, 100) for day in MONDAYS]))):
        assert draw(chart) == draw(chart)
        assert draw(chart).startswith(b"\x89PNG")
