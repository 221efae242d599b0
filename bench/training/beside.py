"""`make evaluate DATA=folder`: what ships beside the reference, a word list and counted words.

Every development set is read as conversations of one message by the whole analyser and counted as
`verbatim evaluate` counts; then two banks of conversations that nothing was learnt from: of all
kinds, and of several turns or sentences each.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np

from bench.training import baselines, sets
from bench.training.scores import Answers, together
from service.analysis import local
from service.analysis._churn_reader import ChurnReader
from service.analysis._models import Artefacts, TextModel, ThemeTable, checked_artefacts
from service.analysis._tone import CONFIDENCE_FLOOR, ORDER
from service.errors import BadRow, TellPerson
from service.evaluation import Evaluator, MetricResult, Pair
from service.exchange import Row, read_rows
from service.masking import masked_rows
from service.redaction import Redactor

BANKS = tuple(sorted(Path(__file__).parent.glob("tone_bank*.jsonl")))
AT_MOST = 2_500  # of a set, from its beginning
_WHEN = "2026-01-05T09:00:00Z"

Shares = Sequence[float] | None  # None: nothing to read a tone from
Reader = Callable[[Sequence[Row]], Sequence[Shares]]


def main() -> int:
    chosen = _arguments()
    try:
        sets.check_folder(chosen.data)
        texts = {name: _rows(_of_set(chosen.data, name)) for name in sets.DEV_SETS}
        texts |= {bank.stem: bank_rows(bank) for bank in BANKS}
        for title, reader, floor in _readers(chosen.data, chosen.reference):
            print(title)
            pairs = {name: _pairs(rows, reader(rows), floor) for name, rows in texts.items()}
            for name, its in pairs.items():
                print("  " + told(name, _scored(its)), flush=True)
            print("  " + as_one([answers_of(pairs[name]) for name in sets.DEV_SETS]), flush=True)
    except TellPerson as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def bank_rows(bank: Path) -> list[Row]:
    return _rows(bank.read_text(encoding="utf-8").splitlines())


def told(name: str, found: MetricResult) -> str:
    """One line: an empty answer to what people labelled is a miss, as everywhere."""
    negative = next(one for one in found.classes if one.value == ORDER[0])
    chance = found.chance
    error = (
        "no confidence"
        if found.calibration_error is None or chance is None
        else f"ECE {found.calibration_error:.3f} (chance {chance.usual:.3f} to {chance.most:.3f})"
    )
    return (
        f"{name}: macro-F1 {found.macro_f1 or 0:.3f}"
        f" ({_of_answered(found):.3f} of what is answered),"
        f" agreement {found.agreement or 0:.3f},"
        f" negative P {negative.precision or 0:.2f} R {negative.recall or 0:.2f}, {error},"
        f" answered {found.answered} of {found.n}"
    )


def as_one(answers: Sequence[Answers]) -> str:
    """One line: the calibration error of all sets together, small ones as they are and alike."""
    if not all(one.right.size for one in answers):
        return "all sets together: no confidence"
    each = together(answers, [1.0] * len(answers), seed=sets.SEED)
    alike = together(answers, [1 / one.right.size for one in answers], seed=sets.SEED)
    return (
        f"all sets together: ECE {each.error:.3f} (95% of resamplings {each.low:.3f} to"
        f" {each.high:.3f}), each set counting alike {alike.error:.3f} ({alike.low:.3f} to"
        f" {alike.high:.3f})"
    )


def answers_of(pairs: Sequence[Pair]) -> Answers:
    said = [
        (pair.confidence, pair.predicted == pair.labelled)
        for pair in pairs
        if pair.predicted is not None and pair.confidence is not None
    ]
    return Answers(
        sure=np.array([sure for sure, _ in said], dtype=np.float32),
        right=np.array([right for _, right in said], dtype=np.bool_),
    )


def _of_answered(found: MetricResult) -> float:
    """Macro-F1 without the texts that were left empty."""
    classes = [replace(one, labelled=one.answered) for one in found.classes if one.answered]
    return sum(one.f1 for one in classes) / len(classes)


def _readers(data: Path, reference: Path | None) -> Iterator[tuple[str, Reader, float]]:
    ours = checked_artefacts()
    yield "ships", _analyser(ours), CONFIDENCE_FLOOR
    if reference is not None:
        theirs = Artefacts(folder=reference, digest="unchecked")
        yield "reference, read by our analyser", _analyser(theirs), CONFIDENCE_FLOOR
    yield "word list (VADER, edges .05)", lambda rows: baselines.vader(_said(rows)).tolist(), 0.0
    words = baselines.CountedWords(
        sets.epoch(data, (*sets.GOLD, sets.SENTI4SD, sets.WEAK), number=0)
    )
    title = f"counted words (TF-IDF, logistic regression, seed {sets.SEED})"
    yield title, lambda rows: words.shares(_said(rows)).tolist(), 0.0


def _analyser(files: Artefacts) -> Reader:
    """The local analyser as it ships, with the tone model of some folder."""
    shipped = checked_artefacts()
    themes = ThemeTable(shipped)
    whole = local.LocalAnalyser(
        sentiment=TextModel(files, local.TONE),
        themes=themes,
        churn=ChurnReader(shipped, themes.vectors),
        version="beside",
        clock=lambda: datetime.now(UTC),
    )

    def read(rows: Sequence[Row]) -> Sequence[Shares]:
        found: list[Shares] = []
        for start in range(0, len(rows), local.BATCH):
            found += whole.shares([row.conversation for row in rows[start : start + local.BATCH]])
        return found

    return read


def _scored(pairs: Sequence[Pair]) -> MetricResult:
    evaluator = Evaluator()
    for pair in pairs:
        evaluator.add_pair(pair)
    (found,) = evaluator.result().metrics
    return found


def _pairs(rows: Sequence[Row], read: Sequence[Shares], floor: float) -> list[Pair]:
    found: list[Pair] = []
    for row, shares in zip(rows, read, strict=True):
        label = row.labels.measured["sentiment"] if row.labels else None
        if label is None:
            continue
        sure = max(shares) if shares else 0.0
        value = ORDER[list(shares).index(sure)] if shares and sure >= floor else None
        found.append(
            Pair(
                metric="sentiment",
                labelled=label,
                predicted=value,
                confidence=sure if 0 < sure < 1 else None,  # a word list names a class, no share
            )
        )
    return found


def _of_set(data: Path, name: str) -> Iterator[str]:
    path = data / f"sentiment_{name}" / "dev.jsonl.gz"
    for number, row in enumerate(islice(sets.read_rows(path), AT_MOST)):
        message = {"role": "customer", "text": row["text"]}
        told: dict[str, object] = {
            "id": f"{name}-{number}",
            "created_at": _WHEN,
            "messages": [message],
            "labels": {"sentiment": row["label"]},
        }
        yield json.dumps(told)


def _rows(lines: Iterator[str] | Sequence[str]) -> list[Row]:
    """Read and mask the rows as `verbatim evaluate` does."""
    read: list[Row] = []
    for row in read_rows(lines):
        if isinstance(row, BadRow):
            raise TellPerson(str(row))
        read.append(row)
    return masked_rows(read, Redactor())


def _said(rows: Sequence[Row]) -> list[str]:
    return [" ".join(m.text for m in row.conversation.customer_messages()) for row in rows]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.training.beside", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument("--reference", type=Path, help="a folder with the reference artefact")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
