"""Texts of customers and agents with words from very common to very rare, from one seed."""

import random
from dataclasses import dataclass
from itertools import accumulate

from service.words import searchable
from storage.analysis_rows import text_hash

COMMON = "invoice"  # in about a quarter of the customers' messages
RARE = "zugzwang"  # in one text of all
_TEXTS = 20_000
_WORDS = 9_000
_SYLLABLES = ("ba", "co", "di", "fu", "ge", "hi", "ka", "lo", "mi", "nu", "pe", "ra", "si", "to")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    text: str
    words: str
    quoted: int  # the quote's end
    quoted_hash: str


def texts(dice: random.Random) -> tuple[list[Said], list[Said]]:
    """Return what customers and what agents may say."""
    words = [_word(dice) for _ in range(_WORDS)]
    sums = list(accumulate(1 / (n + 3) for n in range(_WORDS)))
    customers = [_text(dice, words, sums) for _ in range(_TEXTS)]
    for place in dice.sample(range(_TEXTS), _TEXTS // 4):
        customers[place] = f"{customers[place]} {COMMON}"
    customers[7] = f"{customers[7]} {RARE}"
    agents = [_text(dice, words, sums) for _ in range(_TEXTS // 4)]
    return [_said(one) for one in customers], [_said(one) for one in agents]


def _word(dice: random.Random) -> str:
    return "".join(dice.choices(_SYLLABLES, k=dice.randint(2, 5)))


def _text(dice: random.Random, words: list[str], sums: list[float]) -> str:
    said = dice.choices(words, cum_weights=sums, k=dice.randint(8, 34))
    return " ".join(said).capitalize() + "."


def _said(text: str) -> Said:
    end = min(len(text), 90)
    return Said(text=text, words=searchable(text), quoted=end, quoted_hash=text_hash(text[:end]))
