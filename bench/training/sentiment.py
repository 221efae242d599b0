"""Fine-tunes three layers of MiniLM on tones. Knows the schedule; the texts come from `sets`."""

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bench.training.encoder import ToneReader
from bench.training.sets import Labelled
from service.analysis._models import prepare

LONGEST = 64  # word pieces of one text while training
BATCH = 32
ENCODER_RATE = 8e-5
HEAD_RATE = 1e-3
WARM_UP = 200
SMOOTHING = 0.05
DECAY = 0.01
TOLD_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    pieces: tuple[int, ...]
    label: int
    weight: float
    soft: tuple[float, ...] | None = None  # a teacher's shares, where there is a teacher


def encoded(
    tokenizer: Tokenizer,
    texts: Sequence[Labelled],
    soft: Sequence[Sequence[float] | None] | None = None,
) -> list[Example]:
    """Prepare and cut the texts as the analyser will, and balance the three classes."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    cut = tokenizer.encode_batch([prepare(row.text) for row in texts])
    totals = [sum(row.weight for row in texts if row.label == label) for label in range(3)]
    fair = [sum(totals) / (3 * max(total, 1e-9)) for total in totals]
    taught = soft or [None] * len(texts)
    return [
        Example(
            pieces=tuple(encoding.ids),
            label=row.label,
            weight=row.weight * fair[row.label],
            soft=None if shares is None else tuple(shares),
        )
        for encoding, row, shares in zip(cut, texts, taught, strict=True)
    ]


def train(model: ToneReader, epochs: Sequence[Sequence[Example]], *, seed: int = 0) -> None:
    """Train in place, printing the way. The same seed and epochs give the same batches."""
    batches = [
        batch for number, rows in enumerate(epochs) for batch in _batches(rows, seed + number)
    ]
    optimiser = torch.optim.AdamW(
        [
            {"params": model.encoder.parameters(), "lr": ENCODER_RATE},
            {"params": model.head.parameters(), "lr": HEAD_RATE},
        ],
        weight_decay=DECAY,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: _rate(step, total=len(batches))
    )
    model.train()
    start, shown = time.monotonic(), 0.0
    for step, batch in enumerate(batches, start=1):
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(*padded([row.pieces for row in batch]))
        loss = _loss(logits.float(), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        shown += float(loss.detach())
        if step % TOLD_EVERY == 0:
            spent = (time.monotonic() - start) / 60
            left = spent / step * (len(batches) - step)
            print(
                f"  step {step} of {len(batches)}, loss {shown / TOLD_EVERY:.3f}, "
                f"{spent:.1f} minutes, about {left:.0f} to go",
                flush=True,
            )
            shown = 0.0
    model.eval()


def logits_of(
    model: torch.nn.Module, tokenizer: Tokenizer, texts: Sequence[str], *, longest: int = 96
) -> np.ndarray:
    """Run a model in full precision over texts, in order of length."""
    tokenizer.enable_truncation(longest)
    tokenizer.no_padding()
    pieces = [e.ids for e in tokenizer.encode_batch([prepare(text) for text in texts])]
    order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
    rows: dict[int, np.ndarray] = {}
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(order), 64):
            part = order[start : start + 64]
            found = model(*padded([pieces[i] for i in part])).float().numpy()
            rows.update(zip(part, found, strict=True))
    return np.stack([rows[index] for index in range(len(pieces))])


def padded(pieces: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    width = max(len(row) for row in pieces)
    ids = torch.zeros((len(pieces), width), dtype=torch.long)
    mask = torch.zeros((len(pieces), width), dtype=torch.long)
    for number, row in enumerate(pieces):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids, mask


def _loss(logits: Tensor, batch: Sequence[Example]) -> Tensor:
    targets = torch.tensor([_target(row) for row in batch])
    weights = torch.tensor([row.weight for row in batch])
    each = -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    return (each * weights).sum() / weights.sum()


def _target(row: Example) -> list[float]:
    hard = [SMOOTHING / 3] * 3
    hard[row.label] += 1 - SMOOTHING
    if row.soft is None:
        return hard
    return [(ours + theirs) / 2 for ours, theirs in zip(hard, row.soft, strict=True)]


def _batches(rows: Sequence[Example], seed: int) -> list[list[Example]]:
    """Texts of similar length together, in an order that no length decides."""
    chooser = random.Random(seed)  # noqa: S311
    shuffled = list(rows)
    chooser.shuffle(shuffled)
    batches: list[list[Example]] = []
    for start in range(0, len(shuffled), BATCH * 50):
        block = sorted(shuffled[start : start + BATCH * 50], key=lambda row: len(row.pieces))
        batches += [block[at : at + BATCH] for at in range(0, len(block), BATCH)]
    chooser.shuffle(batches)
    return batches


def _rate(step: int, *, total: int) -> float:
    if step < WARM_UP:
        return step / WARM_UP
    return max(0.0, (total - step) / max(1, total - WARM_UP)) if math.isfinite(total) else 0.0
