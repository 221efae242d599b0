"""The bank of statements that nothing is learnt from, and the frames that are learnt from."""

import json
from pathlib import Path

import pytest

from bench.training import churn_bank, churn_texts
from bench.training.figures import KEPT
from bench.training.frames import slots_of, written_out
from service.analysis._churn_reader import ChurnReader
from service.analysis._models import ThemeTable, checked_artefacts

LOWEST_F1, LOWEST_PRECISION = 0.82, 0.85  # measured .861 and .894; before the reader .534, .689


@pytest.fixture(scope="module")
def reader() -> ChurnReader:
    artefacts = checked_artefacts()
    return ChurnReader(artefacts, ThemeTable(artefacts).vectors)


def test_the_untouched_half_is_heard_without_its_look_alikes(reader: ChurnReader) -> None:
    found = churn_bank.scored(churn_bank.untouched(), reader)
    assert found.precision >= LOWEST_PRECISION
    assert found.f1 >= LOWEST_F1


def test_the_kept_figures_are_those_of_the_half_that_was_looked_at(reader: ChurnReader) -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))["churn"]
    found = churn_bank.scored(churn_bank.looked_at(), reader)
    assert found.leaving == kept["leaving"]
    # Another processor rounds elsewhere, which may turn a sentence.
    assert (found.found, found.wrong) == pytest.approx((kept["found"], kept["wrong"]), abs=1)


def test_the_halves_are_two_and_together_the_bank() -> None:
    seen, unseen = churn_bank.looked_at(), churn_bank.untouched()
    both = {*seen.leaving, *seen.staying, *unseen.leaving, *unseen.staying}
    lines = [*churn_texts.lines(churn_bank.LEAVING), *churn_texts.lines(churn_bank.STAYING)]
    assert both == set(lines)
    assert len(lines) == len(both)


def test_nothing_of_the_bank_is_learnt_from() -> None:
    lines = [*churn_texts.lines(churn_bank.LEAVING), *churn_texts.lines(churn_bank.STAYING)]
    bank = {line.lower() for line in lines}
    learnt = {one.text.lower() for seed in range(3) for one in churn_texts.own(seed=seed)}
    assert learnt
    assert not bank & learnt


def test_a_frame_gives_different_sentences_and_the_same_ones_again(tmp_path: Path) -> None:
    slots, frames = tmp_path / "slots.txt", tmp_path / "frames.txt"
    slots.write_text("PET = cat|dog\nALL = {PET}|horse\n", encoding="utf-8")
    frames.write_text("# animals\n{I|We} like {the|a|} ALL , really\n", encoding="utf-8")
    drawn = written_out(frames, slots_of(slots), each=5, seed=1)
    assert drawn == written_out(frames, slots_of(slots), each=5, seed=1)
    assert len(set(drawn)) == len(drawn) == 5
    assert all(text.endswith(", really") for text in drawn)
    assert all("{" not in text and "ALL" not in text and "PET" not in text for text in drawn)


def test_every_slot_and_brace_of_the_frames_is_written_out() -> None:
    slots = slots_of(churn_texts.SLOTS)
    for path in (churn_texts.FRAMES_LEAVING, churn_texts.FRAMES_STAYING):
        for text in written_out(path, slots, each=2, seed=0):
            assert not set("{}|") & set(text)
            assert not set(text.split()) & set(slots)
