"""The two yardsticks: a public word list, and words counted by a linear model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.training.sets import NEGATIVE, NEUTRAL, POSITIVE, Labelled
from service.analysis._models import prepare

Floats = NDArray[np.float32]

EDGE = 0.05  # the word list's own advice: nearer to zero is neutral


def vader(texts: Sequence[str]) -> Floats:
    """Return 1 for the class that the word list names; it knows no shares."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    reader = SentimentIntensityAnalyzer()
    rows = np.zeros((len(texts), 3), dtype=np.float32)
    for number, text in enumerate(texts):
        compound = reader.polarity_scores(text)["compound"]
        named = POSITIVE if compound >= EDGE else NEGATIVE if compound <= -EDGE else NEUTRAL
        rows[number, named] = 1
    return rows


class CountedWords:
    """Words and pairs, and runs of 2 to 5 characters, weighed by a logistic regression."""

    def __init__(self, texts: Sequence[Labelled], *, seed: int = 0) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union

        words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        runs = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
        judge = LogisticRegression(C=2.0, class_weight="balanced", max_iter=300, random_state=seed)
        self._pipeline = make_pipeline(make_union(words, runs), judge)
        self._pipeline.fit(
            [prepare(row.text) for row in texts],
            [row.label for row in texts],
            logisticregression__sample_weight=[row.weight for row in texts],
        )

    def shares(self, texts: Sequence[str]) -> Floats:
        found: Floats = self._pipeline.predict_proba([prepare(text) for text in texts])
        return found.astype(np.float32)
