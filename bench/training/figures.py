"""Scores artefacts on the development sets and decides whether they may replace others.

Knows folders of finished files; how they were made is told elsewhere.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.build_corpus_choices import CLINC_DRIVERS, DRIVERS_BANKING77
from bench.training import baselines, churn_bank, placing, probe, sets
from bench.training.manifest import hashes
from bench.training.scores import Scored, fitted_temperature, scored, shares_of
from service.analysis._churn_reader import ChurnReader
from service.analysis._ladder import Ladder
from service.analysis._models import Artefacts, TextModel, ThemeTable
from service.taxonomy_files import default_taxonomy

Floats = NDArray[np.float32]
Texts = Sequence[str]

KEPT = Path(__file__).parent / "figures.json"  # of the files that ship
INTENT_SETS = ("banking77", "clinc150", "dstc11_insurance")
DRIVERS = {"banking77": DRIVERS_BANKING77, "clinc150": CLINC_DRIVERS}
MAY_LOSE = 0.002  # smaller differences between two runs are chance


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneFigures:
    temperature: float
    sets: Mapping[str, Scored]
    dry_complaints_found: float
    plain_requests_called_negative: float

    @property
    def mean(self) -> float:
        return float(np.mean([figures.macro_f1 for figures in self.sets.values()]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFigures:
    """Shares of texts that find their intent, and their driver on the default taxonomy."""

    by_name: Mapping[str, float]
    by_five_examples: Mapping[str, float]
    drivers: Mapping[str, float]

    @property
    def mean(self) -> float:
        kinds = (self.by_name, self.by_five_examples, self.drivers)
        return float(np.mean([share for kind in kinds for share in kind.values()]))


def tone_figures(folder: Path, data: Path) -> ToneFigures:
    """Score a folder's tone model under the temperature that fits it best."""
    model = TextModel(_unchecked(folder), "sentiment")
    dev = sets.dev_sets(data)
    found = {name: model.logits([row.text for row in rows]) for name, rows in dev.items()}
    labels = {name: [row.label for row in rows] for name, rows in dev.items()}
    temperature = fitted_temperature([(found[name], labels[name]) for name in dev])
    return _tone_figures(
        lambda texts: shares_of(model.logits(texts), temperature), data, temperature=temperature
    )


def word_list_figures(data: Path) -> ToneFigures:
    return _tone_figures(baselines.vader, data, temperature=1.0)


def counted_words_figures(data: Path, sources: Sequence[sets.Source]) -> ToneFigures:
    model = baselines.CountedWords(sets.epoch(data, sources, number=0))
    return _tone_figures(model.shares, data, temperature=1.0)


def theme_figures(folder: Path, data: Path) -> ThemeFigures:
    vectors = ThemeTable(_unchecked(folder)).vectors
    dev = {name: sets.intents(data, name, dev=True) for name in INTENT_SETS}
    train = {name: sets.intents(data, name, dev=False) for name in INTENT_SETS}
    return ThemeFigures(
        by_name={n: round(placing.by_name(vectors, dev[n]), 4) for n in INTENT_SETS},
        by_five_examples={
            n: round(placing.by_examples(vectors, train[n], dev[n]), 4) for n in INTENT_SETS
        },
        drivers={name: _drivers_found(vectors, dev[name], of) for name, of in DRIVERS.items()},
    )


def churn_figures(folder: Path) -> churn_bank.Found:
    """Score phrases, gate and reader on the half of the bank that may be looked at."""
    files = _unchecked(folder)
    reader = ChurnReader(files, ThemeTable(files).vectors)
    return churn_bank.scored(churn_bank.looked_at(), reader)


def as_good(ours: ToneFigures | ThemeFigures, theirs: ToneFigures | ThemeFigures) -> bool:
    return ours.mean >= theirs.mean - MAY_LOSE


def written(
    folder: Path, tone: ToneFigures, table: ThemeFigures, found: churn_bank.Found
) -> dict[str, object]:
    """Return figures and hashes as they are kept beside the code."""
    return {
        "files": hashes(folder),
        "seed": sets.SEED,
        "tone": {**asdict(tone), "mean_macro_f1": round(tone.mean, 4)},
        "themes": {**asdict(table), "mean": round(table.mean, 4)},
        "churn": {**asdict(found), "f1": round(found.f1, 4)},
    }


def told(name: str, figures: ToneFigures) -> str:
    parts = [
        f"{one} {of.macro_f1:.3f}/{of.accuracy:.3f} (negative P {of.negative_precision:.2f} "
        f"R {of.negative_recall:.2f}, ECE {of.calibration_error:.3f})"
        for one, of in figures.sets.items()
    ]
    return (
        f"{name}: mean macro-F1 {figures.mean:.4f}; {'; '.join(parts)}; dry complaints "
        f"{figures.dry_complaints_found:.2f}, plain requests called negative "
        f"{figures.plain_requests_called_negative:.2f}"
    )


def _tone_figures(
    shares: Callable[[Texts], Floats], data: Path, *, temperature: float
) -> ToneFigures:
    return ToneFigures(
        temperature=temperature,
        sets={
            name: scored(shares([row.text for row in rows]), [row.label for row in rows])
            for name, rows in sets.dev_sets(data).items()
        },
        dry_complaints_found=_negative(shares(probe.DRY_COMPLAINTS)),
        plain_requests_called_negative=_negative(shares(probe.PLAIN_REQUESTS)),
    )


def _drivers_found(
    vectors: placing.Vectors, dev: placing.Pairs, driver_of: Mapping[str, str]
) -> float:
    """Share of the texts that a person would place, whose nearest driver is that person's."""
    ladder = Ladder(default_taxonomy(), vectors)
    known = [(text, driver_of[intent]) for text, intent in dev if intent in driver_of]
    nearest = ladder.scores([text for text, _ in known]).argmax(axis=1)
    right = [
        ladder.rungs[rung].driver == driver
        for rung, (_, driver) in zip(nearest, known, strict=True)
    ]
    return round(float(np.mean(right)), 4)


def _negative(shares: Floats) -> float:
    return round(float((shares.argmax(axis=1) == sets.NEGATIVE).mean()), 4)


def _unchecked(folder: Path) -> Artefacts:
    """Files that were made a moment ago have no manifest yet."""
    return Artefacts(folder=folder, digest="unchecked")
