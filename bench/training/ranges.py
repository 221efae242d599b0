"""Measures how far the states of a text reader reach on texts, so that 8 bits can cover them.

Knows a graph and training texts; it reads no development file and no label.
"""

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from bench.training import sets
from bench.training.export import Ranges, Weights, model_that_shows
from service.analysis._models import LONGEST, prepare

FROM_GOLD, FROM_CHATS, FROM_COMPLAINTS = 1_200, 400, 200  # on all of them the ends hardly move


def texts(data: Path) -> list[str]:
    """Return training texts of every kind, the same ones each time."""
    chooser = random.Random(sets.SEED)  # noqa: S311  # a repeatable choice, not a secret
    gold = [row.text for name in sets.DEV_SETS for row in sets.gold(data, name)]
    kinds = (
        (gold, FROM_GOLD),
        (sets.customer_texts(data), FROM_CHATS),
        (sets.complaint_openings(data), FROM_COMPLAINTS),
    )
    return [text for kind, wanted in kinds for text in chooser.sample(kind, wanted)]


def measured(weights: Weights, tokenizer: Tokenizer, read: Sequence[str]) -> Ranges:
    """Return the least and the greatest value of each state, and zero, which must be exact."""
    model, names = model_that_shows(weights)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    low, high = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for ids in _ids(tokenizer, read):
        given = np.array([ids], dtype=np.int64)
        feed = {"input_ids": given, "attention_mask": np.ones_like(given)}
        for name, values in zip(names, session.run([*names], feed), strict=True):
            low[name] = min(low[name], float(values.min()))
            high[name] = max(high[name], float(values.max()))
    return {name: (low[name], high[name]) for name in names}


def _ids(tokenizer: Tokenizer, read: Sequence[str]) -> Iterable[list[int]]:
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    return (encoding.ids for encoding in tokenizer.encode_batch([prepare(t) for t in read]))
