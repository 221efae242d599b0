"""Makes the table of word-piece vectors: the mean of a text's rows lies near what MiniLM says.

Knows the published encoder as the teacher and texts without labels. It knows no taxonomy.
"""

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bench.training.encoder import Encoder
from bench.training.sentiment import padded
from service.analysis._models import prepare

Floats = NDArray[np.float32]

WIDTH = 256
EPOCHS = 5
BATCH = 256
RATE = 3e-3
LONGEST = 96
RUN = 64
# How fast a common word's weight falls: word pieces stand in the order of their frequency.
COMMON = 1e-4
ZIPF_OFFSET = 2.7


def sentence_vectors(encoder: Encoder, tokenizer: Tokenizer, texts: Sequence[str]) -> Tensor:
    """Return the teacher's unit vectors, in the order of the texts."""
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    pieces = [e.ids for e in tokenizer.encode_batch([prepare(text) for text in texts])]
    return functional.normalize(_vectors(encoder, pieces), dim=1)


def piece_vectors(encoder: Encoder, tokenizer: Tokenizer) -> Tensor:
    """Return what the teacher says to each word piece alone."""
    first, last = tokenizer.encode("").ids  # the marks around every text
    return _vectors(encoder, [[first, n, last] for n in range(tokenizer.get_vocab_size())])


def trained_table(
    pieces: Tensor, targets: Tensor, tokenizer: Tokenizer, texts: Sequence[str], *, seed: int = 0
) -> Floats:
    """Fit the rows so that their mean lies near the target, text by text and pair by pair."""
    torch.manual_seed(seed)
    axes = torch.linalg.svd(targets[:: max(1, len(targets) // 20_000)], full_matrices=False)[2]
    wanted = functional.normalize(targets @ axes[:WIDTH].T, dim=1)
    table = torch.nn.EmbeddingBag.from_pretrained(
        _first_rows(pieces @ axes[:WIDTH].T), freeze=False, mode="mean", sparse=True
    )
    ids = _cut(tokenizer, texts)
    optimiser = torch.optim.SparseAdam(list(table.parameters()), lr=RATE)
    order = torch.Generator().manual_seed(seed)
    for epoch in range(EPOCHS):
        start, near = time.monotonic(), 0.0
        shuffled = torch.randperm(len(ids), generator=order).split(BATCH)
        for batch in shuffled:
            chosen = [ids[number] for number in batch.tolist()]
            found = functional.normalize(table(*_bag(chosen)), dim=1)
            aim = wanted[batch]
            cosine = (found * aim).sum(dim=1).mean()
            pairs = functional.mse_loss(found @ found.T, aim @ aim.T)
            optimiser.zero_grad()
            (1 - cosine + 10 * pairs).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            near += float(cosine.detach())
        spent = time.monotonic() - start
        print(f"  pass {epoch + 1}: cosine {near / len(shuffled):.3f}, {spent:.0f} s", flush=True)
    rows: Floats = table.weight.detach().numpy()
    return rows


def save(rows: Floats, path: Path) -> None:
    """Write eight bits a number and one scale a row, as the analyser reads them."""
    scale = np.maximum(np.abs(rows).max(axis=1, keepdims=True) / 127, 1e-8).astype(np.float16)
    scale = np.maximum(scale, np.float16(1e-6))
    quantised = np.clip(np.round(rows / scale.astype(np.float32)), -127, 127).astype(np.int8)
    np.savez(path, q=quantised, sc=scale)


def _vectors(encoder: Encoder, pieces: Sequence[Sequence[int]]) -> Tensor:
    order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
    rows = torch.zeros((len(pieces), encoder.pieces.weight.shape[1]))
    encoder.eval()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(order), RUN):
            part = order[start : start + RUN]
            rows[part] = encoder(*padded([pieces[index] for index in part])).float()
            if start % (RUN * 200) == 0:
                print(f"  {start} of {len(order)} texts read by the teacher", flush=True)
    return rows.clone()


def _first_rows(projected: Tensor) -> Tensor:
    """Weigh common pieces down; keep the usual row at length one."""
    ranks = torch.arange(len(projected), dtype=torch.float32)
    frequency = 1 / (ranks + ZIPF_OFFSET)
    weights = COMMON / (COMMON + frequency / frequency.sum())
    rows = functional.normalize(projected, dim=1) * weights[:, None]
    return (rows / rows.norm(dim=1).mean()).contiguous()


def _cut(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    tokenizer.enable_truncation(LONGEST)
    tokenizer.no_padding()
    prepared = [prepare(text) for text in texts]
    encodings = tokenizer.encode_batch(prepared, add_special_tokens=False)
    return [encoding.ids for encoding in encodings]


def _bag(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return all ids in a row, and where each text starts."""
    lengths = torch.tensor([len(row) for row in ids])
    starts = torch.cat([torch.zeros(1, dtype=torch.long), lengths.cumsum(0)[:-1]])
    return torch.tensor([number for row in ids for number in row]), starts
