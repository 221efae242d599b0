"""Candidate conversations out of the raw data sets, each with its driver and its model sentiment.

Knows the sets' columns and which of their texts to leave out.
Knows nothing of accounts, dates or weeks. Texts are cut, never altered.
"""

import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from bench.build_corpus_choices import (
    CHURN_INTENTS,
    CLINC_DRIVERS,
    DRIVERS_BANKING77,
    DROPPED,
    LAST_WEEK,
    MULTIDOGO_DRIVERS,
)

Scores = npt.NDArray[np.float64]
NEGATIVE: Final = 0

SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])|\n+")
# What makes a complaint to a regulator read unlike a message to a support desk, or names somebody.
OFF_TOPIC: Final = re.compile(
    r"XX|\{\$|\[|mortgag|loan|credit (?:report|bureau|scor|monitor|repair|card compan|history|fil)"
    r"|my (?:credit|report|file)\b|equifax|experian|trans ?union|fcra|fdcpa|debt|collect|foreclos"
    r"|escrow|lawsuit|law\b|laws\b|lawyer|attorney|lender|lending|borrow|u\.?s\.?c|section|cfpb|"
    r"navient|student|tuition|landlord|apartment|\brent\b|evict|medical|hospital|doctor|radiolog"
    r"|insurance|social security|\bssn\b|racis|\bblack\b|\bwhite\b|congress|politic|government"
    r"|\b(?:he|she|her|his|husband|wife|spouse|mother|father|son|daughter|child(?:ren)?|family)\b"
    r"|judge|court|inquir|garnish|vehicle|\bcar\b|motorcycle|dealership|house|home|property|tax"
    r"|apprais|refinanc|charge[d]?[- ]?off|tradeline|bankruptc|\bdeed\b|servicer|veteran|military"
    r"|decease|died|identity|id theft|police|\bsue|legal|forbear|perjur|affidavit|federal|bureau"
    r"|reporting|violat|plaintiff|delinquen|derogator|consumer|unbeknownst|negative items|victim"
    r"|constitution|certified mail|reposs|\brepo\b|settlement|contract|signature|jail|harass|threat"
    r"|covid|cares act|stolen|thief|harmon|credits? card number|\bCRA|validat|\blie[ds]?\b|lying"
    r"|pre-?approv|channels|parking|toll|scammer|resort|timeshare|cable",
    re.I,
)
NAMED: Final = re.compile(
    r"wells|bank of america|\bb(?:of|o|)a(?:c)?\b|chase|citi|capital ?one|amex|american express"
    r"|hsbc"
    r"|synchrony|discover\b|paypal|usaa|barclay|regions|suntrust|navy federal|ally\b|td bank|pnc"
    r"|u\.?s\.? ?bank|fifth third|coinbase|comenity|venmo|zelle|western union|moneygram|walmart"
    r"|amazon|best buy|macy|target|comcast|verizon|at ?& ?t|t-?mobile|sprint|directv|lexis|netspend"
    r"|green dot|ebay|uber|google|credit union|flagstar|cash ?app|turbo|costco|nmac|\bsps\b|selene"
    r"|shellpoint|provident|kohl|key bank|niagara|bayview|seterus|plaza|triad|jefferson|netcredit"
    r"|samsung|nokia|motorola|plantronics|jabra|cingular|treo|blackberry|facebook|twitter|disney",
    re.I,
)
RUDE: Final = re.compile(
    r"fuc|fck|shit|\bass\b|asshole|damn|\bhell\b|wtf|bitch|suck|\bdick|crap|piss|\bcunt|n[i1]gg"
    r"|\bballs\b|bullsh|\bomfg\b|\bgod\b|\bf u\b|kill|stab|murder|die\b",
    re.I,
)
CFPB_TOPICS: Final = (
    (
        "Security & Fraud",
        re.compile(r"fraud|scam|unauthori[sz]ed|hack|thief|did not authorize|suspicious", re.I),
    ),
    (
        "Account Access",
        re.compile(
            r"locked|log ?(?:in|on)\b|logged|password|access|verify my|website|online|blocked"
            r"|restricted|closed my account|account (?:was|is) (?:closed|blocked)",
            re.I,
        ),
    ),
    (
        "Support Experience",
        re.compile(
            r"customer serv|representative|\breps?\b|supervisor|manager|agent"
            r"|call(?:ed|s)? (?:me )?back"
            r"|on hold|called|phone|speak|spoke|respon[ds]|e-?mail|rude|answer|run ?around",
            re.I,
        ),
    ),
)
MONEY: Final = re.compile(
    r"\bcharg|\bfees?\b|refund|\bbill|invoice|payment|interest|statement|owe", re.I
)
CONTACT_FAILED: Final = re.compile(
    r"\bno\b|never|not\b|n't|wont|dont|cant|refus|unable|tired|rude|profession|hours|countless|hung"
    r"|disconnect|nobody|run ?around|frustrat|upset|ridiculous|unaccept|ignor|numerous"
    r"|several times|still|again|terrible|nothing|multiple",
    re.I,
)
NOT_SERVICE: Final = re.compile(
    r"disput|investigat|complaint|letter|remov|Inc\b|Mr\.|Client Serv|Solutions|I C System"
    r"|TeleCheck|Adjustment|Meridan|Fidelity|freeze|creditor|complian|licens|owner|desist"
    r"|calling me|to call me|wrong|call(?:s|ed) me|correspond|hereby|board of|mailed"
    r"|documentation|locked in|Radius|HR "
    r"|calls (?:come|from|received)|telephone calls|receiving calls|gift|fax|deposit|transfer",
    re.I,
)
SLOW: Final = re.compile(r"\bslow|crash|freez|server|buffer|\bhang|stop responding|outage", re.I)
HARDWARE: Final = re.compile(
    r"phone|headset|batter|sound|ear|bluetooth|camera|case|charge|leather|strap|car\b|volume|voice"
    r"|screen|recept|mother|unit|signal|keyboard|plug|wear|look|design|mic\b|cover|holster|sony|igo"
    r"|data cable|cheap|picture|color|text|family|antenna|comfort|rotat|brand|hands|pda|fit",
    re.I,
)
SERVICE: Final = re.compile(r"service|satisf|recommend|happy|pleased|helpful|support", re.I)
PRAISE: Final = re.compile(
    r"great (?:work|job|help|service)|good (?:work|job|service)|useful|helpful|excellent"
    r"|best|awesome",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    text: str
    gap: bool  # whether an agent spoke before this turn
    intent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    origin: str
    driver: str
    turns: tuple[Turn, ...]
    churn: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(turn.text for turn in self.turns)


def read_rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def single(origin: str, driver: str, *texts: str, churn: bool = False) -> Candidate:
    turns = tuple(Turn(text=text, gap=True, intent="") for text in texts)
    return Candidate(origin=origin, driver=driver, turns=turns, churn=churn)


def banking77(data: Path) -> Iterator[Candidate]:
    for row in read_rows(data / "intents_banking77/train.jsonl.gz"):
        driver = DRIVERS_BANKING77.get(row["label"])
        if driver and 15 <= len(row["text"]) <= 400 and not RUDE.search(row["text"]):
            yield single(row["id"], driver, row["text"], churn=row["label"] in CHURN_INTENTS)


def clinc(data: Path) -> Iterator[Candidate]:
    for row in read_rows(data / "intents_clinc150/train.jsonl.gz"):
        driver = CLINC_DRIVERS.get(row["label"])
        if driver and len(row["text"]) >= 15 and not NAMED.search(row["text"]):
            yield single(row["id"], driver, row["text"])


def reviews(data: Path) -> Iterator[Candidate]:
    """Short sentences of product reviews: complaints and praise."""
    for part in ("train", "dev"):
        for row in read_rows(data / f"sentiment_uci_sentences/{part}.jsonl.gz"):
            text = row["text"]
            if row["id"].startswith("uci-amazon") and not (RUDE.search(text) or NAMED.search(text)):
                yield from _review(row["id"], text)


def _review(origin: str, text: str) -> Iterator[Candidate]:
    if HARDWARE.search(text) or len(text) < 12:
        return
    if SERVICE.search(text):
        yield single(origin, "Support Experience", text)
    elif SLOW.search(text):
        yield single(origin, "Performance & Outages", text)
    elif re.search(r"order|ship|arriv|deliver|refund", text, re.I):
        yield single(origin, "Delivery & Orders", text)
    elif re.search(r"item|product|\bit (?:fail|work|does)|software|update", text, re.I):
        yield single(origin, "Product Bugs", text)


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Spans of one to three whole consecutive sentences, all fit for a support desk."""
    run: list[tuple[int, int]] = []
    start = 0
    ends = [match.span() for match in SENTENCE_END.finditer(text)] + [(len(text), len(text))]
    for end, following in ends:
        sentence = text[start:end]
        fit = sentence.strip() and len(sentence) < 330
        fit = fit and not OFF_TOPIC.search(sentence) and not NAMED.search(sentence)
        if run and (not fit or end - run[0][0] > 420 or len(run) == 3):
            yield run[0][0], run[-1][1]
            run = []
        if fit:
            run.append((start, end))
        start = following
    if run:
        yield run[0][0], run[-1][1]


def cfpb(data: Path) -> Iterator[Candidate]:
    for part in ("train", "extra_product_only"):
        for row in read_rows(data / f"complaints_cfpb/{part}.jsonl.gz"):
            for start, end in passages(row["text"]):
                text = row["text"][start:end].strip()
                origin = f"{row['id']}@{start}:{end}"
                if 45 <= len(text) <= 430 and text[0].isupper():
                    yield from _complaint(origin, text)


def _complaint(origin: str, text: str) -> Iterator[Candidate]:
    if MONEY.search(text):
        return  # the clear ones are in LAST_WEEK, the others are about lending
    for driver, pattern in CFPB_TOPICS:
        fit = not NOT_SERVICE.search(text) and CONTACT_FAILED.search(text)
        if pattern.search(text) and fit:
            yield single(origin, driver, text)
            return


def chosen_complaints(data: Path) -> Iterator[Candidate]:
    """The complaints about charges that a person picked for the last week, in the picked order."""
    rows = {
        row["id"]: row["text"]
        for part in ("train", "extra_product_only")
        for row in read_rows(data / f"complaints_cfpb/{part}.jsonl.gz")
    }
    for pick in (pick for pick in LAST_WEEK if "@" in pick):
        row_id, _, spans = pick.partition("@")
        cuts = [tuple(map(int, span.split(":"))) for span in spans.split(",")]
        yield single(pick, "Billing", *(rows[row_id][start:end].strip() for start, end in cuts))


def multidogo(data: Path) -> Iterator[Candidate]:
    for domain in ("finance", "software", "media"):
        for part in ("train", "dev"):
            for row in read_rows(data / f"dialogues_multidogo/{domain}_{part}.jsonl.gz"):
                yield from _dialogue(row)
                yield from _praise(row)


def _praise(row: Mapping[str, Any]) -> Iterator[Candidate]:
    """A dialogue's closing praise, as a message of its own."""
    for turn in row["customer_turns"]:
        if turn["intent"] in {"thankyou", "outofdomain"} and PRAISE.search(turn["text"]):
            origin = f"{row['id']}#{turn['turn']}"
            yield single(origin, "Support Experience", turn["text"])


def _dialogue(row: Mapping[str, Any]) -> Iterator[Candidate]:
    turns = [turn for turn in row["customer_turns"] if turn["text"].strip()]
    intents = [turn["intent"] for turn in turns]
    churn = any(intent in CHURN_INTENTS for intent in intents)
    known = [MULTIDOGO_DRIVERS[intent] for intent in intents if intent in MULTIDOGO_DRIVERS]
    talk = " ".join(turn["text"] for turn in turns)
    if not known or not 3 <= len(turns) <= 12 or RUDE.search(talk) or "cable" in talk:
        return
    driver = "Plans & Cancellation" if churn else known[0]
    if driver == "Product Bugs" and SLOW.search(talk):
        driver = "Performance & Outages"
    previous = -2.0
    told = []
    for turn in turns:
        number = float(turn["turn"])
        told.append(Turn(text=turn["text"], gap=number - previous > 1, intent=turn["intent"]))
        previous = number
    yield Candidate(origin=row["id"], driver=driver, turns=tuple(told), churn=churn)


def candidates(data: Path) -> list[Candidate]:
    """Every candidate once, dropped rows and repeated texts left out, in a fixed order."""
    found: dict[tuple[str, ...], Candidate] = {}
    sources = (chosen_complaints, cfpb, banking77, clinc, reviews, multidogo)
    for source in sources:
        for candidate in source(data):
            key = tuple(text.lower().strip(" .!?") for text in candidate.texts)
            if candidate.origin not in DROPPED:
                found.setdefault(key, candidate)
    return list(found.values())


class SentimentModel:
    """The reference sentiment model: texts in, probabilities of negative, neutral, positive out."""

    def __init__(self, models: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(models / "sentiment_tokenizer.json"))
        self._tokenizer.no_padding()  # its file pads to 128 tokens, which the mean would count
        self._tokenizer.enable_truncation(96)
        self._session = ort.InferenceSession(str(models / "sentiment.onnx"))

    def score(self, texts: Iterable[str]) -> dict[str, Scores]:
        encoded = sorted(
            ((self._tokenizer.encode(prepared(text)).ids, text) for text in set(texts)),
            key=lambda pair: (len(pair[0]), pair[1]),
        )
        scored: dict[str, Scores] = {}
        for start in range(0, len(encoded), 64):
            batch = encoded[start : start + 64]
            logits = self._logits([ids for ids, _ in batch])
            powers = np.exp(logits - logits.max(axis=1, keepdims=True))
            shares = powers / powers.sum(axis=1, keepdims=True)
            scored.update(zip((text for _, text in batch), shares, strict=True))
        return scored

    def _logits(self, batch: Sequence[Sequence[int]]) -> Scores:
        ids = np.zeros((len(batch), max(len(row) for row in batch)), dtype=np.int64)
        mask = np.zeros_like(ids)
        for index, row in enumerate(batch):
            ids[index, : len(row)] = row
            mask[index, : len(row)] = 1
        (logits,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(logits, dtype=np.float64)


def prepared(text: str) -> str:
    """Return the text as the model was trained to see it."""
    text = re.sub(r"https?://\S+|www\.\S+", " url ", html.unescape(text))
    text = re.sub(r"@\w+", " @user ", text)
    text = text.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'"})
    return re.sub(r"(.)\1{2,}", r"\1\1\1", re.sub(r"\d+", "0", text))


def conversation_scores(scores: Sequence[Scores]) -> Scores:
    """Mean of the two most negative messages, as the product measures a conversation."""
    worst = sorted(scores, key=lambda row: -float(row[NEGATIVE]))[:2]
    mean: Scores = np.mean(worst, axis=0)
    return mean
