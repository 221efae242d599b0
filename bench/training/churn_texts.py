"""Gathers the sentences from which leaving is learnt: our own, and public ones without it.

Knows files and sets, and the haste in which people write. No development file is read, and no
sentence of the bank that scores the result.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from bench.training import sets
from bench.training.frames import slots_of, written_out
from service.analysis._churn import left_to_reader
from service.analysis._churn_words import FEWEST_WORDS
from service.analysis._sentences import count_words, sentence_spans

HERE = Path(__file__).parent
LEAVING, STAYING = HERE / "churn_leaving.txt", HERE / "churn_staying.txt"
FRAMES_LEAVING, FRAMES_STAYING = (
    HERE / "churn_frames_leaving.txt",
    HERE / "churn_frames_staying.txt",
)
SLOTS = HERE / "churn_slots.txt"
OF_EACH_FRAME = 14
FEELINGS, COMPLAINTS = 25_000, 600  # of two large sets, enough

_BEFORE = (
    "Hi, ",
    "Hello team, ",
    "hey ",
    "Hi there. ",
    "tbh ",
    "ok so ",
    "@user ",
    "Good morning, ",
    "Listen, ",
    "Right, ",
    "Look, ",
    "So ",
    "Dear Sir or Madam, ",
    "Well, ",
    "honestly ",
    "fyi ",
    "Just so you know, ",
    "I have to say, ",
    "I've been patient, but ",
    "After a long talk at home: ",
    "Following my last call: ",
    "Nothing personal, but ",
)
_AFTER = (
    " Thanks.",
    " thanks",
    " Please advise.",
    " Regards, Tom",
    " Let me know.",
    " What do I need to do?",
    " Get back to me.",
    " ...",
    " smh",
    " !!",
    " Cheers",
    " Please confirm.",
    " It's been a long week.",
    " I've been with you since 2012.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    text: str
    leaves: bool
    kind: str


def own(*, seed: int) -> list[Statement]:
    """Return the written statements and what the frames give, as people write in haste."""
    chooser = random.Random(f"haste-{seed}")  # noqa: S311  # a repeatable choice, not a secret
    slots = slots_of(SLOTS)
    found: list[Statement] = []
    for path, frames, leaves in (
        (LEAVING, FRAMES_LEAVING, True),
        (STAYING, FRAMES_STAYING, False),
    ):
        kind = "leaving" if leaves else "staying"
        said = [*lines(path), *(hasty(text, chooser) for text in lines(path))]
        found += [Statement(text=text, leaves=leaves, kind=kind) for text in said]
        drawn = written_out(frames, slots, each=OF_EACH_FRAME, seed=seed)
        found += [
            Statement(text=hasty(text, chooser), leaves=leaves, kind=f"{kind} frame")
            for text in drawn
        ]
    return found


def requests_to_end(data: Path) -> list[Statement]:
    """Return what people asked a bank and an insurer who want to end it."""
    bank = sets.read_rows(data / "intents_banking77" / "train.jsonl.gz")
    texts = [row["text"] for row in bank if row["label"] == "terminate_account"]
    insured = sets.intents(data, "dstc11_insurance", dev=False)
    texts += [text for text, intent in insured if intent == "CancelPlan"]
    return [Statement(text=text, leaves=True, kind="bank") for text in texts]


def public(data: Path) -> list[Statement]:
    """Return public sentences that no phrase claims; hardly any says that somebody leaves."""
    texts = _public_texts(data)
    spans = dict.fromkeys(t[start:end] for t in texts for start, end in sentence_spans(t))
    return [Statement(text=text, leaves=False, kind="public") for text in spans if is_open(text)]


def is_open(text: str) -> bool:
    """Whether the learnt words are asked about a sentence at all."""
    return count_words(text) >= FEWEST_WORDS and left_to_reader(text)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def hasty(text: str, chooser: random.Random) -> str:
    """Write a sentence as somebody might who greets, hurries, or mistypes."""
    if chooser.random() < 0.25:
        text = chooser.choice(_BEFORE) + text
    if chooser.random() < 0.25:
        text = text.rstrip(" .") + chooser.choice((".", ",", "")) + chooser.choice(_AFTER)
    if chooser.random() < 0.25:
        text = text.lower()
    if chooser.random() < 0.15:
        text = text.replace("'", "")
    if chooser.random() < 0.15:
        text = text.rstrip(".?!")
    return _mistyped(text, chooser) if chooser.random() < 0.12 else text


def _mistyped(text: str, chooser: random.Random) -> str:
    """Swap two letters that stand together."""
    place = chooser.randrange(len(text) - 1)
    pair = text[place : place + 2]
    return text[:place] + pair[::-1] + text[place + 2 :] if pair.isalpha() else text


def _public_texts(data: Path) -> list[str]:
    feelings = [row.text for row in sets.gold(data, "goemotions")]
    chooser = random.Random(sets.SEED)  # noqa: S311
    bank = sets.read_rows(data / "intents_banking77" / "train.jsonl.gz")
    insured = sets.intents(data, "dstc11_insurance", dev=False)
    complaints = list(sets.read_rows(data / "complaints_cfpb" / "train.jsonl.gz"))[:COMPLAINTS]
    return [
        *(row["text"] for row in bank if row["label"] != "terminate_account"),
        *(text for text, _ in sets.intents(data, "clinc150", dev=False)),
        *(text for text, intent in insured if "Cancel" not in intent),
        *(row.text for row in sets.gold(data, "apple_tweets")),
        *chooser.sample(feelings, min(FEELINGS, len(feelings))),
        *sets.customer_texts(data),
        *(s for row in complaints for s in sets.complaint_sentences(row["text"])),
    ]
