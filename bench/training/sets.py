"""Reads the training folders into texts with a tone, and into texts without one.

Knows the columns of each set and which part of it may be learnt from. It knows no tokens and no
model. Nothing of a `dev` file is ever returned by the functions that training reads.
"""

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import TellPerson

NEGATIVE, NEUTRAL, POSITIVE = range(3)
LABELS = {"negative": NEGATIVE, "neutral": NEUTRAL, "positive": POSITIVE}
DEV_SETS = ("apple_tweets", "uci_sentences", "senti4sd", "goemotions")
DOMAINS = ("airline", "finance", "insurance", "media", "software")
HELD_BACK = 0.2  # of the intent sets that have no development part of their own
SEED = 0

# Turns that answer a question or keep a chat going ask for nothing and say nothing.
_NO_REQUEST = frozenset(
    ("contentonly", "confirmation", "rejection", "openinggreeting", "closinggreeting", "thankyou")
)
# What a bank's customers ask when nothing went wrong.
_CALM_NAMES = """
activate_my_card age_limit apple_pay_or_google_pay atm_support automatic_top_up
card_about_to_expire card_acceptance card_delivery_estimate card_linking change_pin
country_support disposable_card_limits edit_personal_details exchange_rate exchange_via_app
fiat_currency_support get_disposable_virtual_card get_physical_card getting_spare_card
getting_virtual_card order_physical_card receiving_money supported_cards_and_currencies
top_up_by_card_charge top_up_limits transfer_into_account transfer_timing
verify_source_of_funds verify_top_up visa_or_mastercard
"""
_CALM = frozenset(_CALM_NAMES.split())
_COMPLAINS = re.compile(
    r"\b(?:never|still|again|refus\w+|den(?:y|ied)|without|despite|wrong\w*|error\w*|fail\w*|fraud\w*"
    r"|scam\w*|stol\w+|unable|ignor\w+|harass\w+|charg\w+|lie[ds]?|lying|illegal\w*|nothing|worst"
    r"|terrible|ridiculous|times|(?:did|do|does|is|was|has|have|had|will|would|can|could)(?:\s?n['o]t)"
    r"|cannot|no\s+(?:one|response|reply|answer|reason|notice)|mis\w+ed)\b",
    re.IGNORECASE,
)
MOST_COMPLAINTS = 900
_BLANKED = re.compile(r"(?:X{2,}[/\s]*)+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_OPENING_WORDS = (6, 45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    text: str
    label: int
    weight: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How much of a set one epoch sees, and how much a text of it counts."""

    name: str
    weight: float
    at_most: int | None = None


GOLD = (
    Source(name="goemotions", weight=0.6, at_most=16_000),
    Source(name="apple_tweets", weight=2.0),
    Source(name="uci_sentences", weight=1.2),
)
SENTI4SD = Source(name="senti4sd", weight=1.0)  # its texts are CC BY-SA: only on request
WEAK = Source(name="weak", weight=0.7, at_most=4_800)


def check_folder(data: Path) -> None:
    """Refuse a folder that is not the data, before anything has been computed."""
    missing = [name for name in DEV_SETS if not (data / f"sentiment_{name}").is_dir()]
    if missing:
        raise TellPerson(
            f"{data} does not hold the training data (sentiment_{missing[0]} is missing): "
            "say where it is with `make train DATA=folder`."
        )


def gold(data: Path, name: str, *, weight: float = 1.0, part: str = "train") -> list[Labelled]:
    """Return one part of a set that people labelled."""
    rows = read_rows(data / f"sentiment_{name}" / f"{part}.jsonl.gz")
    return [
        Labelled(text=row["text"], label=LABELS[row["label"]], weight=weight, source=name)
        for row in rows
    ]


def weak(data: Path, *, weight: float) -> list[Labelled]:
    """Return texts whose tone follows from what they are: complaints, requests and thanks."""
    found = [
        *((text, NEGATIVE) for text in complaint_openings(data)),
        *((text, NEUTRAL) for text in requests(data)),
        *((text, POSITIVE) for text in thanks(data)),
    ]
    return [Labelled(text=text, label=label, weight=weight, source="weak") for text, label in found]


def complaint_openings(data: Path) -> list[str]:
    """Return opening sentences that complain; many only say when an account was opened."""
    folder = data / "complaints_cfpb"
    rows = [
        *read_rows(folder / "train.jsonl.gz"),
        *read_rows(folder / "extra_product_only.jsonl.gz"),
    ]
    openings = (_opening(row["text"]) for row in rows)
    return sorted({text for text in openings if text and _COMPLAINS.search(text)})[:MOST_COMPLAINTS]


def requests(data: Path) -> list[str]:
    """Return what people asked for without any feeling: in chats, of a machine and of a bank."""
    asked = [
        turn["text"]
        for turn in _customer_turns(data)
        if turn["intent"] not in _NO_REQUEST and len(turn["text"].split()) >= 4
    ]
    commands = [text for text, _ in intents(data, "clinc150", dev=False)]
    questions = [text for text, name in intents(data, "banking77", dev=False) if name in _CALM]
    chooser = random.Random(SEED)  # noqa: S311  # a repeatable choice, not a secret
    return [
        text
        for texts, wanted in ((asked, 1_500), (commands, 900), (questions, 900))
        for text in chooser.sample(sorted(set(texts)), min(wanted, len(set(texts))))
    ]


def thanks(data: Path) -> list[str]:
    said = {
        turn["text"]
        for turn in _customer_turns(data)
        if turn["intent"] == "thankyou" and len(turn["text"].split()) >= 3
    }
    return sorted(said)[:600]


def customer_texts(data: Path) -> list[str]:
    """Return what the customers of the chats wrote, each text once."""
    return sorted({turn["text"] for turn in _customer_turns(data)})


def epoch(
    data: Path, sources: Iterable[Source], *, number: int, seed: int = SEED
) -> list[Labelled]:
    """Return one epoch's texts; a set that is cut is cut elsewhere in the next epoch."""
    chooser = random.Random(f"{seed}-{number}")  # noqa: S311
    chosen: list[Labelled] = []
    for source in sources:
        texts = (
            weak(data, weight=source.weight)
            if source.name == "weak"
            else gold(data, source.name, weight=source.weight)
        )
        cut = source.at_most is not None and source.at_most < len(texts)
        chosen += chooser.sample(texts, source.at_most or 0) if cut else texts
    return chosen


def dev_sets(data: Path) -> dict[str, list[Labelled]]:
    return {name: gold(data, name, part="dev") for name in DEV_SETS}


def intents(data: Path, name: str, *, dev: bool) -> list[tuple[str, str]]:
    """Return (text, intent). A set without a development part gives up a fixed fifth of itself."""
    folder = data / f"intents_{name}"
    if name == "clinc150":
        rows = list(read_rows(folder / ("dev.jsonl.gz" if dev else "train.jsonl.gz")))
        return [(row["text"], row["label"]) for row in rows if row["label"] != "oos"]
    file = folder / ("all.jsonl.gz" if name == "dstc11_insurance" else "train.jsonl.gz")
    pairs = [(row["text"], row["label"]) for row in read_rows(file)]
    random.Random(SEED).shuffle(pairs)  # noqa: S311
    held = round(len(pairs) * HELD_BACK)
    return pairs[:held] if dev else pairs[held:]


def unlabelled(data: Path) -> list[str]:
    """Return every text that a model may see without its label, once, in a fixed order."""
    texts = [row.text for name in DEV_SETS for row in gold(data, name)]
    for name in ("banking77", "clinc150", "dstc11_insurance"):
        texts += [text for text, _ in intents(data, name, dev=False)]
    texts += [turn["text"] for turn in _customer_turns(data)]
    for row in read_rows(data / "complaints_cfpb" / "train.jsonl.gz"):
        texts += complaint_sentences(row["text"])
    for row in read_rows(data / "complaints_cfpb" / "extra_product_only.jsonl.gz"):
        texts += complaint_sentences(row["text"])
    return list(dict.fromkeys(text for text in texts if len(text.split()) >= 2))


def complaint_sentences(text: str) -> list[str]:
    """Return the sentences of a complaint, without the marks of what was blanked out."""
    plain = " ".join(_BLANKED.sub(" ", text).split())
    return [sentence for sentence in _SENTENCE.split(plain) if len(sentence.split()) >= 4][:12]


def _opening(text: str) -> str | None:
    low, high = _OPENING_WORDS
    for sentence in complaint_sentences(text)[:2]:
        if low <= len(sentence.split()) <= high:
            return sentence
    return None


def _customer_turns(data: Path) -> Iterator[Mapping[str, Any]]:
    for domain in DOMAINS:
        for row in read_rows(data / "dialogues_multidogo" / f"{domain}_train.jsonl.gz"):
            yield from row["customer_turns"]


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of one file, or say which file is missing or broken."""
    if not path.is_file():
        raise TellPerson(f"The training data is incomplete: {path} is missing.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield json.loads(line)
            except ValueError as problem:
                raise TellPerson(f"{path}, line {number}, is not JSON.") from problem
