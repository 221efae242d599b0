"""Fine-tunes layers of MiniLM to tell classes of texts apart.

Knows the schedule; texts and what their classes mean come from elsewhere.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bench.training.encoder import TextReader
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


def encoded(tokenizer: Tokenizer, texts: Sequence[Labelled], *, classes: int) -> list[Example]:
    """Prepare and cut the texts as the analyser will, and balance the classes."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    encodings = tokenizer.encode_batch([prepare(row.text) for row in texts])
    totals = [sum(row.weight for row in texts if row.label == label) for label in range(classes)]
    fair = [sum(totals) / (classes * max(total, 1e-9)) for total in totals]
    return [
        Example(pieces=tuple(cut.ids), label=row.label, weight=row.weight * fair[row.label])
        for cut, row in zip(encodings, texts, strict=True)
    ]


def train(model: TextReader, epochs: Sequence[Sequence[Example]], *, seed: int = 0) -> None:
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
    progress = _Progress(total=len(batches))
    for batch in batches:
        optimiser.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = model(*padded([row.pieces for row in batch]))
        loss = _loss(logits.float(), batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        progress.add(float(loss.detach()))
    model.eval()


class _Progress:
    """Says every now and then how far it is, and how long the rest takes at this pace."""

    def __init__(self, *, total: int) -> None:
        self._total = total
        self._step = 0
        self._sum = 0.0
        self._start = time.monotonic()

    def add(self, loss: float) -> None:
        self._step += 1
        self._sum += loss
        if self._step % TOLD_EVERY:
            return
        spent = (time.monotonic() - self._start) / 60
        left = spent / self._step * (self._total - self._step)
        print(
            f"  step {self._step} of {self._total}, loss {self._sum / TOLD_EVERY:.3f}, "
            f"{spent:.1f} minutes, about {left:.0f} to go",
            flush=True,
        )
        self._sum = 0.0


def padded(pieces: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    width = max(len(row) for row in pieces)
    ids = torch.zeros((len(pieces), width), dtype=torch.long)
    mask = torch.zeros((len(pieces), width), dtype=torch.long)
    for number, row in enumerate(pieces):
        ids[number, : len(row)] = torch.tensor(row)
        mask[number, : len(row)] = 1
    return ids, mask


def _loss(logits: Tensor, batch: Sequence[Example]) -> Tensor:
    classes = logits.shape[1]
    targets = torch.tensor([_target(row, classes) for row in batch])
    weights = torch.tensor([row.weight for row in batch])
    each = -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    return (each * weights).sum() / weights.sum()


def _target(row: Example, classes: int) -> list[float]:
    smoothed = [SMOOTHING / classes] * classes
    smoothed[row.label] += 1 - SMOOTHING
    return smoothed


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
    return max(0.0, (total - step) / max(1, total - WARM_UP))
