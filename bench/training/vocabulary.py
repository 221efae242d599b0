"""Leaves out the word pieces that support texts never use, without changing how the rest is read.

Knows the word-piece tokenizer's file format. A text whose pieces are all kept is cut exactly as
before: the longest match of each step is still there, and no longer one was added.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
CONTINUES = "##"
# Word pieces stand in the order of their frequency in English text; the first whole words are kept
# whether our texts hold them or not, so that common words of other trades stay whole.
COMMON_UP_TO = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """A tokenizer's file with fewer pieces, and the old number of each piece that is left."""

    tokenizer: str
    kept: tuple[int, ...]


def pruned(tokenizer: str, seen: Collection[str]) -> Pruned:
    """Keep the special pieces, the single characters, the common words and what was seen."""
    document: dict[str, Any] = json.loads(tokenizer)
    pieces: dict[str, int] = document["model"]["vocab"]
    kept = sorted(number for piece, number in pieces.items() if _keeps(piece, number, seen))
    by_number = {number: piece for piece, number in pieces.items()}
    left = {by_number[number]: place for place, number in enumerate(kept)}
    document["model"]["vocab"] = left
    document["truncation"] = document["padding"] = None
    document["added_tokens"] = [
        {**token, "id": left[token["content"]]}
        for token in document["added_tokens"]
        if token["content"] in left
    ]
    for name, token in document["post_processor"]["special_tokens"].items():
        token["ids"] = [left[name]]
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Pruned(tokenizer=text, kept=tuple(kept))


def counted(cut: Iterable[Sequence[str]]) -> Counter[str]:
    """Count the pieces of texts that were cut already."""
    return Counter(piece for pieces in cut for piece in pieces)


def _keeps(piece: str, number: int, seen: Collection[str]) -> bool:
    if piece in SPECIAL or piece in seen:
        return True
    bare = piece.removeprefix(CONTINUES)
    if len(bare) == 1 and bare.isascii():
        return True
    return number < COMMON_UP_TO and bare.isascii() and bare.isalpha()


def written_in_ascii(tokenizer: str) -> set[str]:
    """Return the pieces that English text may need, seen or not; no reserved ones."""
    pieces = json.loads(tokenizer)["model"]["vocab"]
    return {piece for piece in pieces if piece.isascii() and not _reserved(piece)}


def _reserved(piece: str) -> bool:
    return piece.startswith("[") and piece.endswith("]") and len(piece) > 1
