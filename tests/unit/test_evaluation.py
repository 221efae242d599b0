"""The evaluation: counts that anybody can check by hand."""

import json
import random
from datetime import UTC, datetime

import pytest

from service.domain.conversations import ConversationKey
from service.domain.measurements import Analysis, EmptyReason, Measurement, TagAssignment
from service.evaluation import Evaluator, MetricResult, Pair, evaluate
from service.exchange import Labels


def analysis(
    value: str | None, confidence: float | None = None, driver: str | None = None
) -> Analysis:
    reason = None if value else EmptyReason.LOW_CONFIDENCE
    return Analysis(
        conversation=ConversationKey("zendesk:1"),
        fingerprint="f",
        analyser="local-1",
        taxonomy="t",
        language="en",
        measurements=(
            Measurement(metric="sentiment", value=value, reason=reason, confidence=confidence),
        ),
        tags=(TagAssignment(raw="raw tag", canonical=None, driver=driver, confidence=0.7),),
        quotes=(),
        summary="",
        tone_start=None,
        tone_end=None,
        created_at=datetime(2026, 11, 2, tzinfo=UTC),
    )


def labels(sentiment: str | None, *drivers: str) -> Labels:
    return Labels(measured={"sentiment": sentiment}, drivers=drivers)


def test_an_empty_prediction_lowers_coverage_and_recall_but_not_agreement() -> None:
    result = evaluate(
        [
            (analysis("negative", 0.9), labels("negative")),
            (analysis("neutral", 0.9), labels("negative")),
            (analysis(None, 0.3), labels("negative")),
            (analysis("neutral", 0.9), labels("neutral")),
        ]
    ).of("sentiment")
    assert result is not None
    assert (result.n, result.answered, result.right) == (4, 3, 2)
    assert result.coverage == pytest.approx(0.75)
    assert result.agreement == pytest.approx(2 / 3)
    negative, neutral = result.classes
    assert negative.recall == pytest.approx(1 / 3)
    assert negative.precision == pytest.approx(1.0)
    assert negative.f1 == pytest.approx(0.5)
    assert neutral.f1 == pytest.approx(2 / 3)
    assert result.macro_f1 == pytest.approx((0.5 + 2 / 3) / 2)
    assert result.confusion["negative", "empty"] == 1


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    evaluator = Evaluator()
    for right in (True, True, True, False):
        evaluator.add_pair(
            Pair(
                metric="sentiment",
                labelled="negative",
                predicted="negative" if right else "neutral",
                confidence=0.95,
            )
        )
    result = evaluator.result().of("sentiment")
    assert result is not None
    assert result.calibration_error == pytest.approx(0.2)


def test_it_says_what_chance_alone_would_show_of_a_perfect_calibration() -> None:
    def measured(draw: random.Random) -> MetricResult:
        evaluator = Evaluator()
        for number in range(400):
            sure = 0.42 + 0.55 * number / 400
            predicted = "negative" if draw.random() < sure else "neutral"
            evaluator.add_pair(
                Pair(metric="sentiment", labelled="negative", predicted=predicted, confidence=sure)
            )
        return evaluator.result().of("sentiment") or pytest.fail("not measured")

    draws = [measured(random.Random(seed)) for seed in range(60)]  # noqa: S311
    chance = draws[0].chance or pytest.fail("no chance")
    errors = [draw.calibration_error or 0.0 for draw in draws]
    assert sum(errors) / len(errors) == pytest.approx(chance.usual, rel=0.1)
    assert sum(error > chance.most for error in errors) <= 8


def test_any_of_the_labelled_drivers_is_right() -> None:
    result = evaluate(
        [
            (analysis("neutral", driver="Billing"), labels("neutral", "Access", "billing")),
            (analysis("neutral", driver="Billing"), labels("neutral", "Access")),
            (analysis("neutral", driver=None), labels("neutral", "Unmapped")),
            (analysis("neutral", driver=None), labels("neutral", "Access")),
        ]
    ).of("driver")
    assert result is not None
    assert (result.n, result.answered, result.right) == (4, 3, 2)
    assert result.confusion["Access", "Billing"] == 1


def test_what_people_left_empty_is_counted_apart() -> None:
    result = evaluate(
        [(analysis(None), labels(None)), (analysis("negative", 0.8), labels(None))]
    ).of("sentiment")
    assert result is not None
    assert (result.n, result.both_empty, result.answered_empty) == (0, 1, 1)
    assert (result.agreement, result.macro_f1, result.coverage) == (None, None, None)


def test_it_reads_as_json_and_as_lines() -> None:
    evaluation = evaluate([(analysis("negative", 0.9), labels("neutral", "Billing"))])
    data = json.loads(json.dumps(evaluation.as_json()))
    assert [metric["metric"] for metric in data["metrics"]] == ["sentiment", "driver"]
    assert data["metrics"][0]["confusion"] == [
        {"labelled": "neutral", "predicted": "negative", "n": 1}
    ]
    text = "\n".join(evaluation.lines())
    assert "sentiment: 0 of 1 agreed (0%)" in text
    assert "1 times neutral was read as negative" in text


def test_without_labels_it_says_so() -> None:
    assert list(evaluate([]).lines()) == ["No label to compare with."]
