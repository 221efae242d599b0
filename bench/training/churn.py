"""Learns the words of leaving from our own statements, with public texts as what is none.

A logistic regression over the table's vector and hashed words; the threshold is set on texts that
each fit did not see. It needs scikit-learn, and reads no development file.
"""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.training import sets
from service.analysis._churn import left_to_words
from service.analysis._churn_words import FEWEST_WORDS, FILE, PLACES, places_of
from service.analysis._models import Artefacts, ThemeTable
from service.analysis._sentences import count_words, sentence_spans

HERE = Path(__file__).parent
LEAVING, STAYING = HERE / "churn_leaving.txt", HERE / "churn_staying.txt"
FEELINGS, COMPLAINTS = 25_000, 600  # of two large sets, enough
MAY_BE_FLAGGED = 0.0018  # of all public sentences that are none
VECTOR_SCALE = 2.5  # a unit vector's numbers are small beside those of counted words
WEIGHTS = {"leaving": 15.0, "staying": 15.0, "bank": 0.3, "public": 0.3}
FOLDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    text: str
    leaves: bool
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """How the statements fared that a fit had not seen, and how many public texts it flagged."""

    found: float
    look_alikes_flagged: float
    public_flagged: float


def train(folder: Path, data: Path) -> Learnt:
    """Write the weights beside the table they are made for."""
    examples = _examples(data)
    table = ThemeTable(Artefacts(folder=folder, digest="unchecked"))
    features = _features(table, [example.text for example in examples])
    unseen = _unseen_scores(features, examples)
    threshold = _threshold(unseen, examples)
    weights, start = _fitted(features, examples)
    split = weights.size - PLACES
    np.savez(
        folder / FILE,
        vector=(weights[:split] * VECTOR_SCALE).astype(np.float32),
        words=weights[split:].astype(np.float16),
        start=np.float32(start - threshold),
    )
    return _learnt(unseen > threshold, examples)


def _examples(data: Path) -> list[Example]:
    own = [
        *(Example(text=text, leaves=True, kind="leaving") for text in _lines(LEAVING)),
        *(Example(text=text, leaves=False, kind="staying") for text in _lines(STAYING)),
    ]
    bank = list(sets.read_rows(data / "intents_banking77" / "train.jsonl.gz"))
    leaves = [row["text"] for row in bank if row["label"] == "terminate_account"]
    others = [row["text"] for row in bank if row["label"] != "terminate_account"]
    return [
        *own,
        *(Example(text=text, leaves=True, kind="bank") for text in leaves),
        *(
            Example(text=t, leaves=False, kind="public")
            for t in [*others, *_public(data)]
            if _open(t)
        ),
    ]


def _public(data: Path) -> list[str]:
    """Return sentences of which hardly any says that somebody leaves."""
    feelings = [row.text for row in sets.gold(data, "goemotions")]
    chooser = random.Random(sets.SEED)  # noqa: S311  # a repeatable choice, not a secret
    complaints = list(sets.read_rows(data / "complaints_cfpb" / "train.jsonl.gz"))[:COMPLAINTS]
    texts = [
        *(text for text, _ in sets.intents(data, "clinc150", dev=False)),
        *(
            t
            for t, name in sets.intents(data, "dstc11_insurance", dev=False)
            if "Cancel" not in name
        ),
        *(row.text for row in sets.gold(data, "apple_tweets")),
        *chooser.sample(feelings, FEELINGS),
        *sets.customer_texts(data),
        *(s for row in complaints for s in sets.complaint_sentences(row["text"])),
    ]
    return list(dict.fromkeys(t[a:b] for t in texts for a, b in sentence_spans(t)))


def _open(text: str) -> bool:
    return count_words(text) >= FEWEST_WORDS and left_to_words(text)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _features(table: ThemeTable, texts: list[str]) -> Any:
    from scipy.sparse import csr_matrix, hstack

    found = [places_of(text) for text in texts]
    ends = np.cumsum([0, *(places.size for places, _ in found)])
    words = csr_matrix(
        (
            np.concatenate([shares for _, shares in found]),
            np.concatenate([places for places, _ in found]),
            ends,
        ),
        shape=(len(texts), PLACES),
    )
    return hstack([csr_matrix(table.vectors(texts) * VECTOR_SCALE), words]).tocsr()


def _fitted(features: Any, examples: list[Example]) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression

    judge = LogisticRegression(C=3.0, max_iter=300, random_state=sets.SEED)
    weights = [WEIGHTS[example.kind] for example in examples]
    judge.fit(features, [example.leaves for example in examples], sample_weight=weights)
    return judge.coef_[0], float(judge.intercept_[0])


def _unseen_scores(features: Any, examples: list[Example]) -> NDArray[np.float64]:
    """Score each text by a fit to the other four fifths."""
    fold = np.random.default_rng(sets.SEED).integers(0, FOLDS, len(examples))
    scores = np.zeros(len(examples))
    for number in range(FOLDS):
        seen = np.flatnonzero(fold != number)
        weights, start = _fitted(features[seen], [examples[row] for row in seen])
        unseen = fold == number
        scores[unseen] = features[unseen] @ weights + start
    return scores


def _threshold(scores: NDArray[np.float64], examples: list[Example]) -> float:
    public = np.sort(scores[[example.kind == "public" for example in examples]])[::-1]
    return float(public[round(public.size * MAY_BE_FLAGGED)])


def _learnt(above: NDArray[np.bool_], examples: list[Example]) -> Learnt:
    flagged = [bool(up) and _open(e.text) for up, e in zip(above, examples, strict=True)]

    def share(kind: str) -> float:
        chosen = [up for up, e in zip(flagged, examples, strict=True) if e.kind == kind]
        return round(float(np.mean(chosen)), 4)

    return Learnt(
        found=share("leaving"),
        look_alikes_flagged=share("staying"),
        public_flagged=share("public"),
    )
