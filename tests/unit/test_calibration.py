"""Calibration from reviews: what it mends, what it leaves alone, and from when on."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from service.analysis import local
from service.calibration import BIAS_FROM, STACKED_FROM, Calibration, expected_error, fit
from service.cli import run
from service.domain.people import SYSTEM
from service.query import Query
from service.settings import settings_from
from verbatim import Built

CLASSES = ("negative", "neutral", "positive")


SKEWED = np.array([[2.5, 0.0, 1.5], [0.0, 0.3, 0.0], [0.0, 1.2, 2.0]])  # takes one for another


def reviews(
    n: int, seed: int, *, scale: float | NDArray[np.float64], bias: Sequence[float]
) -> tuple[NDArray[np.float32], list[str]]:
    """Shares of a model that is wrong in a known way, with labels drawn truly."""
    random = np.random.default_rng(seed)
    true = random.normal(0, 1.6, size=(n, 3))
    chance = np.exp(true) / np.exp(true).sum(axis=1, keepdims=True)
    drawn = (chance.cumsum(axis=1) < random.random((n, 1))).sum(axis=1).clip(max=2)
    labels = [CLASSES[number] for number in drawn]
    mixed = scale if isinstance(scale, np.ndarray) else np.eye(3) * scale
    wrong = true @ mixed + np.array(bias)
    shares = np.exp(wrong) / np.exp(wrong).sum(axis=1, keepdims=True)
    return shares.astype(np.float32), labels


def judged(shares: NDArray[np.float32], labels: Sequence[str]) -> tuple[float, float]:
    wanted = np.array([CLASSES.index(label) for label in labels])
    right = float((shares.argmax(axis=1) == wanted).mean())
    return right, expected_error(shares.astype(np.float64), wanted)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("n", "scale", "kind"), [(BIAS_FROM, 2.5, "bias"), (STACKED_FROM, SKEWED, "stacked")]
)
def test_it_mends_a_biased_and_overconfident_model_on_reviews_it_never_saw(
    n: int, scale: float | NDArray[np.float64], kind: str, seed: int
) -> None:
    found = fit(*reviews(n, seed, scale=scale, bias=(0, 2.2, 0)), classes=CLASSES)
    assert found is not None
    assert found.kind == kind
    shares, labels = reviews(4000, seed + 100, scale=scale, bias=(0, 2.2, 0))
    right, error = judged(shares, labels)
    right_after, error_after = judged(found.apply(shares), labels)
    assert right_after > right + 0.02
    assert error_after < error / 2


@given(st.integers(0, BIAS_FROM - 1), st.integers(0, 50))
@settings(max_examples=25)
def test_it_never_fits_below_fifty(n: int, seed: int) -> None:
    assert fit(*reviews(n, seed, scale=3, bias=(2, 0, 0)), classes=CLASSES) is None


def test_a_model_that_is_right_is_left_nearly_alone() -> None:
    shares, labels = reviews(4000, 9, scale=1, bias=(0, 0, 0))
    found = fit(*reviews(300, 1, scale=1, bias=(0, 0, 0)), classes=CLASSES)
    if found is not None:
        before, after = judged(shares, labels), judged(found.apply(shares), labels)
        assert after[0] > before[0] - 0.02
        assert after[1] < before[1] + 0.03


def test_a_class_that_nobody_reviewed_is_not_lost() -> None:
    shares, labels = reviews(400, 2, scale=1.5, bias=(0, 1, 0))
    seen = [place for place, label in enumerate(labels) if label != "positive"][:60]
    found = fit(shares[seen], [labels[place] for place in seen], classes=CLASSES)
    assert found is not None
    assert found.apply(np.array([[0.02, 0.03, 0.95]], dtype=np.float32)).argmax() == 2


@given(st.lists(st.lists(st.floats(0.001, 1), min_size=3, max_size=3), min_size=1, max_size=20))
def test_calibrated_shares_are_shares(rows: list[list[float]]) -> None:
    found = Calibration(
        classes=CLASSES,
        weights=((0.5, 0, 0.1), (0, 0.4, 0), (0, -0.2, 0.7)),
        bias=(1.0, -0.5, 0.2),
        kind="stacked",
        n=250,
        error_before=0.2,
        error_after=0.05,
        agreement_before=0.6,
        agreement_after=0.7,
    )
    given_shares = np.array(rows, dtype=np.float32)
    applied = found.apply(given_shares / given_shares.sum(axis=1, keepdims=True))
    assert np.allclose(applied.sum(axis=1), 1, atol=1e-4)
    assert (applied >= 0).all()


def test_it_is_versioned_and_reads_back() -> None:
    one = fit(*reviews(250, 4, scale=2, bias=(1, 0, 0)), classes=CLASSES)
    other = fit(*reviews(250, 5, scale=2, bias=(1, 0, 0)), classes=CLASSES)
    assert one is not None
    assert other is not None
    assert Calibration.from_json(one.to_json()) == one
    assert one.version != other.version


def _labelled(number: int) -> dict[str, object]:
    """Grumbling that this workspace's reviewers call neutral."""
    text = f"Export number {number} is a terrible mess again and I am really annoyed by it."
    message = {"id": "m1", "role": "customer", "text": text}
    return {"id": f"c{number}", "created_at": "2026-11-02T09:14:00Z", "messages": [message]}


def test_reviews_change_what_is_measured_and_measurements_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path)}))
    file = tmp_path / "rows.jsonl"
    rows = [json.dumps(_labelled(number)) for number in range(BIAS_FROM)]
    file.write_text("\n".join(rows), encoding="utf-8")
    assert run(here, ["import", str(file)]) == 0
    store = here.database().analyses
    keys = here.database().facts.keys(Query(), SYSTEM, numerator=False, limit=BIAS_FROM)
    for key in keys[1:]:
        store.set_by_person(key, "sentiment", "neutral")
    capsys.readouterr()
    assert run(here, ["calibrate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["applied"] is False
    store.set_by_person(keys[0], "sentiment", "neutral")
    plain = local.version(here.settings)
    assert run(here, ["calibrate", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["applied"], found["reviewed"]) == (True, BIAS_FROM)
    assert found["calibration"]["agreement_after"] > found["calibration"]["agreement_before"]
    assert local.version(here.settings) != plain
    asked = here.database().conversations.get_many([keys[0]])
    analysis = next(iter(local.build(here.settings).analyse(asked, here.taxonomy())))
    tone = analysis.measured("sentiment")
    assert tone is not None
    assert (tone.value, analysis.analyser) == ("neutral", local.version(here.settings))
