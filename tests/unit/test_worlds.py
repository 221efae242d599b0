"""Made-up desks where it is known what changed: a thin cut of `python -m bench worlds`."""

import json
from pathlib import Path

import pytest

from bench.worlds.drawing import Scale
from bench.worlds.making import make
from bench.worlds.rows import periods, rows
from service import causes
from service.cli import run
from service.decomposition import Verdict
from service.settings import settings_from
from verbatim import Built

SEED, POINTS = 7, 6.0  # so large that silence would be wrong
CHANGED = (
    "rate of a driver",
    "driver in a segment",
    "rate of a channel",
    "mix of drivers",
    "new driver",
    "better in a segment",
    "one account",
)
STILL = (
    "nothing",
    "season",
    "growth",
    "loud account",
    "relabelled",
    "weekends grow",
    "few accounts drift",
)
SCALES = {  # as many rows as it takes, and no more
    "driver in a segment": Scale(conversations=1_500, accounts=400),
    "season": Scale(conversations=300, accounts=200, current_days=9, weekend=0.8),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_what_was_changed_is_named(kind: str) -> None:
    world = make(kind, SEED, POINTS)
    pair = causes.cause_of(
        causes.split(world.counts, causes.LENSES), world.counts, closed=frozenset()
    )
    assert pair is not None
    assert (pair.found.kind, *pair.names[0]) in world.truth.named
    if world.truth.within:
        assert pair.names[1] == world.truth.within


@pytest.mark.parametrize(
    ("kind", "seed", "points"),
    [
        # What agents relabelled moved for certain, and is a small part of it.
        ("relabelled and worse", 500, 3.0),
        # One account gives more than half, and the segment is clear though accounts are the unit.
        ("heavy tail, in a segment", 501, 4.5),
        # One account gives a quarter and a channel is clear; the pair is surer and adds more.
        ("heavy tail, in a segment", 710, 4.5),
        ("heavy tail, in a segment", 714, 3.0),
    ],
)
def test_a_large_part_goes_before_a_sure_one(kind: str, seed: int, points: float) -> None:
    world = make(kind, seed, points)
    pair = causes.cause_of(
        causes.split(world.counts, causes.LENSES), world.counts, closed=frozenset()
    )
    wanted = {world.truth.within or world.truth.named[0][1:], world.truth.named[0][1:]}
    assert pair is not None
    assert wanted <= set(pair.names)


def test_a_pair_too_small_to_move_the_whole_is_named() -> None:
    small = Scale(conversations=600, accounts=120)
    world = make("driver in a segment", 30_041, 3.0, scale=small)
    found = causes.split(world.counts, causes.LENSES)
    pair = causes.cause_of(found, world.counts, closed=frozenset())
    assert found.verdict is Verdict.NO_CHANGE
    assert pair is not None
    assert pair.names == (world.truth.named[0][1:], world.truth.within)


@pytest.mark.parametrize(
    ("kind", "seed"), [("rate of a driver", 40_008), ("better driver", 40_000)]
)
def test_a_driver_whose_change_the_rest_hides_is_named(kind: str, seed: int) -> None:
    world = make(kind, seed, 1.8, scale=Scale(conversations=1_500, accounts=300))
    found = causes.split(world.counts, causes.LENSES)
    pair = causes.cause_of(found, world.counts, closed=frozenset())
    assert found.verdict is Verdict.NO_CHANGE
    assert pair is not None
    assert pair.names == (world.truth.named[0][1:],)


@pytest.mark.parametrize("kind", STILL)
def test_where_nothing_changed_nothing_is_named(kind: str) -> None:
    world = make(kind, SEED, POINTS)
    found = causes.split(world.counts, causes.LENSES)
    assert found.verdict is Verdict.NO_CHANGE
    assert causes.cause_of(found, world.counts, closed=frozenset()) is None


@pytest.mark.parametrize("kind", sorted(SCALES))
def test_stored_rows_give_the_same_table(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make(kind, 9, 2 * POINTS, scale=SCALES[kind])
    expected = causes.split(world.counts, causes.LENSES)
    file = tmp_path / "labels.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows(world)), encoding="utf-8")
    workspace = Built(lambda: settings_from({"VERBATIM_HOME": str(tmp_path / "home")}))
    assert run(workspace, ["import", str(file)]) == 0
    capsys.readouterr()
    current, baseline = ("..".join(map(str, days)) for days in periods(world))
    assert run(workspace, ["why", "--period", current, "--baseline", baseline, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)

    assert result["verdict"] == expected.verdict.value
    assert result["delta"] == float(expected.delta)
    assert result["composition"] == float(expected.composition)
    for lens, table in expected.lenses.items():
        stored = {row["value"]: row for row in result["lenses"][lens.value]}
        assert set(stored) == {row.value for row in table}
        for row in table:
            assert stored[row.value]["rate"] == pytest.approx(float(row.rate), abs=1e-12)
            assert stored[row.value]["mix"] == pytest.approx(float(row.mix), abs=1e-12)
            assert stored[row.value]["z"] == pytest.approx(row.z, abs=1e-9)
    if kind == "season":
        assert result["cause"] is None
    else:
        assert world.truth.within is not None
        assert result["cause"]["value"] == world.truth.named[0][2]
        assert result["cause"]["within"]["value"] == world.truth.within[1]
