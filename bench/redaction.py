"""Prints what masking finds and what it masks for nothing: `python -m bench.redaction DATA`.

DATA is a folder of data sets (docs/privacy.md names them); nothing of it is kept or printed.
"""

import argparse
import gzip
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.generated_identifiers import KINDS, SEED, filled
from service.redaction import PLACEHOLDER, Redactor

REGIONS = ("US", "GB")
LABELLED = "pii_presidio_small"
REAL = ("sentiment_apple_tweets", "complaints_cfpb", "dialogues_multidogo", "intents_banking77")
Sentence = tuple[str, tuple[tuple[int, int, str], ...]]  # the text, and (start, end, type) in it


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.redaction", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--regions", default=",".join(REGIONS), help="of the phone numbers")
    asked = parser.parse_args()
    redactor = Redactor(asked.regions.split(","))
    print(f"{redactor.version}, regions {', '.join(redactor.regions)}, seed {SEED}")
    print("\nRecall on the labelled sentences (a span counts when all of it is masked)")
    _print_recall(recall(redactor, labelled(asked.data / LABELLED / "dev.jsonl.gz")))
    templates = (asked.data / LABELLED / "templates.txt").read_text("utf-8").splitlines()
    print("\nRecall on the templates, filled with made-up values")
    _print_recall(recall(redactor, filled(templates)))
    for name in REAL:
        _print_real(redactor, name, list(texts(asked.data / name)))


def recall(redactor: Redactor, sentences: Iterable[Sentence]) -> Mapping[str, tuple[int, int]]:
    """Return type -> (spans masked as a whole, spans)."""
    found: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for text, spans in sentences:
        hidden = masked_places(text, redactor.mask(text))
        for start, end, kind in spans:
            there[kind] += 1
            places = (i for i in range(start, end) if text[i].isalnum())
            found[kind] += all(i in hidden for i in places)
    return {kind: (found[kind], there[kind]) for kind in sorted(there)}


def masked_places(text: str, masked: str) -> frozenset[int]:
    """Return the places of a text that its masked form does not show."""
    shown: set[int] = set()
    position = 0
    for piece in PLACEHOLDER.split(masked):
        start = text.find(piece, position)
        if start < 0:  # the text had a placeholder of its own
            continue
        position = start + len(piece)
        shown.update(range(start, position))
    return frozenset(range(len(text))) - shown


def labelled(file: Path) -> Iterator[Sentence]:
    for row in _rows(file):
        yield row["text"], tuple((start, end, kind) for start, end, kind in row["spans"])


def texts(folder: Path) -> Iterator[str]:
    for file in sorted(folder.glob("*.jsonl.gz")):
        for row in _rows(file):
            turns = row.get("customer_turns")
            yield row["text"] if turns is None else "\n".join(turn["text"] for turn in turns)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _print_recall(figures: Mapping[str, tuple[int, int]]) -> None:
    for kind, (found, there) in figures.items():
        print(f"  {kind:18} {found / there:5.3f}  {found} of {there}")
    identifiers = [figures[kind] for kind in KINDS if kind in figures]
    found, there = (sum(column) for column in zip(*identifiers, strict=True))
    print(f"  {'all identifiers':18} {found / there:5.3f}  {found} of {there}")


def _print_real(redactor: Redactor, name: str, real: Sequence[str]) -> None:
    start = time.process_time()
    masked = [redactor.mask(text) for text in real]
    rate = len(real) / (time.process_time() - start)
    counted = Counter(each for text in masked for each in PLACEHOLDER.findall(text))
    per_hundred = {kind: 100 * count / len(real) for kind, count in sorted(counted.items())}
    print(f"\n{name}: {len(real)} texts, {rate:,.0f} texts/s; placeholders per 100 texts")
    print("  " + (", ".join(f"{kind} {n:.2f}" for kind, n in per_hundred.items()) or "none"))


if __name__ == "__main__":
    main()
