"""Builds the bundled corpus of the demo helpdesks; run by hand, same input, same bytes.

Knows the story the corpus tells: twelve steady weeks, then one driver in one segment gets worse.
The customers' words come from `build_corpus_sources`, everybody else's from `build_corpus_words`.

    python -m bench.build_corpus --data DIR --models DIR
"""

import argparse
import gzip
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from bench import build_corpus_words as words
from bench.build_corpus_choices import CHURN_STORY, LAST_WEEK
from bench.build_corpus_sources import (
    NEGATIVE,
    SENTENCE_END,
    Candidate,
    Scores,
    SentimentModel,
    Turn,
    candidates,
    conversation_scores,
)
from bench.build_corpus_talk import Slot, Talk

OUTPUT: Final = Path(__file__).parents[1] / "connectors/sandbox/data/corpus.jsonl.gz"
WEEKS: Final = 13
THANKS: Final = re.compile(
    r"(?:(?:ok|okay|great|sure|yes|alright|oh|thats it|thats all|no) )?"
    r"(?:thank you|thanks|thankyou)(?: so much| very much| a lot)?"
    r"(?: for (?:your|the|all the) (?:help|support|time|information))?"
)
LAST: Final = WEEKS - 1
# Conversations a week, and how many of them are negative.
QUOTAS: Final = {
    "Billing": (33, 10),
    "Account Access": (16, 3),
    "Transfers & Payments": (24, 7),
    "Delivery & Orders": (11, 1),
    "Product Bugs": (15, 3),
    "Performance & Outages": (5, 0),
    "Onboarding & Setup": (12, 0),
    "Integrations & API": (4, 0),
    "Reports & Data": (6, 0),
    "Plans & Cancellation": (5, 0),
    "Security & Fraud": (14, 4),
    "Support Experience": (7, 5),
}
BILLING_SEGMENTS: Final = (
    ["enterprise"] * 5 + ["growth"] * 3 + ["starter"] * 2,  # the negative ones
    ["enterprise"] * 10 + ["growth"] * 7 + ["starter"] * 6,
)
# What weeks differ by: conversations and negatives more or less in Transfers & Payments, and
# negatives more or less in Billing of enterprise. Steady is not the same as constant.
NOISE: Final = (
    (2, 1, 0),
    (-4, -2, 1),
    (5, 2, -1),
    (0, -1, 0),
    (-3, 1, 1),
    (4, 0, 0),
    (-5, -2, -1),
    (1, 2, 0),
    (3, -1, 0),
    (-2, 0, 1),
    (-1, -1, -1),
    (0, 1, 0),
    (0, 0, 0),
)
FEW_COMPLAINTS: Final = frozenset({"Delivery & Orders", "Support Experience"})
LAST_WEEK_BILLING: Final = (
    len(LAST_WEEK),
    4,
)  # negative and other Billing conversations of enterprise
SEGMENT_CYCLE: Final = (
    "growth",
    "enterprise",
    "starter",
    "growth",
    "enterprise",
    "starter",
    "growth",
)
CHURN_ACCOUNT: Final = "Harbor & Finch"


def week_slots(week: int) -> list[Slot]:
    slots = []
    more, more_negative, worse_billing = NOISE[week]
    for number, (driver, (total, negative)) in enumerate(QUOTAS.items()):
        if driver == "Transfers & Payments":
            total, negative = total + more, negative + more_negative
        for index in range(total):
            bad = index < negative
            if driver == "Billing":
                segments = BILLING_SEGMENTS[0] if bad else BILLING_SEGMENTS[1]
                segment = segments[index if bad else index - negative]
                bad = index in range(max(0, -worse_billing), negative + max(0, worse_billing))
            else:
                segment = SEGMENT_CYCLE[(index + number * 2 + week) % len(SEGMENT_CYCLE)]
            slots.append(Slot(week=week, driver=driver, segment=segment, negative=bad))
    if week != LAST:
        return slots
    kept = [slot for slot in slots if (slot.driver, slot.segment) != ("Billing", "enterprise")]
    bad_count, other_count = LAST_WEEK_BILLING
    worse = Slot(week=week, driver="Billing", segment="enterprise", negative=True, story="billing")
    calm = replace(worse, negative=False, story="")
    leaving = Slot(
        week=week, driver="Plans & Cancellation", segment="growth", negative=True, story="churn"
    )
    return kept + [worse] * bad_count + [calm] * other_count + [leaving] * len(CHURN_STORY)


def all_slots() -> list[Slot]:
    slots = [slot for week in range(WEEKS) for slot in week_slots(week)]
    spare = 2000 - len(slots)
    extra = Slot(week=0, driver="Onboarding & Setup", segment="starter", negative=False)
    return slots + [replace(extra, week=2 + 3 * index) for index in range(spare)]


class Pool:
    """Hands out every candidate at most once, by driver and sentiment."""

    def __init__(self, found: list[Candidate], scores: Mapping[str, Scores], dice: random.Random):
        self._scores = scores
        self._story = {c.origin: c for c in found}
        self._chosen = [self._story[origin] for origin in LAST_WEEK]
        self._shelves: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        taken = {*LAST_WEEK, *CHURN_STORY}
        for candidate in sorted(found, key=lambda c: _shuffled(c, dice)):
            if candidate.origin not in taken:
                self._shelve(candidate)
        self._leaving = {week: 2 if week % 2 else 1 for week in range(WEEKS)}

    def _shelve(self, candidate: Candidate) -> None:
        mean = self.mean(candidate)
        bad = float(mean[NEGATIVE])
        # Of the short questions only the clear complaints, where there are enough of them.
        clear = 0.6 if candidate.driver in FEW_COMPLAINTS else 0.85
        label = "churn" if candidate.churn else "negative" if bad > clear else "other"
        if label == "other" and (bad > 0.35 or int(mean.argmax()) == NEGATIVE):
            return
        if label == "other" and candidate.origin.startswith("cfpb"):
            return  # a complaint the model does not see as one
        self._shelves[candidate.driver, label].append(candidate)

    def mean(self, candidate: Candidate) -> Scores:
        return conversation_scores([self._scores[text] for text in candidate.texts])

    def take(self, slot: Slot, story: int) -> Candidate:
        if slot.story == "churn":
            return self._story[CHURN_STORY[story]]
        if slot.story == "billing":
            return self._chosen.pop(0)
        if slot.driver == "Plans & Cancellation" and self._leaving[slot.week]:
            self._leaving[slot.week] -= 1
            calm = self._shelves[slot.driver, "churn"]
            return calm.pop(next(i for i, c in enumerate(calm) if self.mean(c)[NEGATIVE] < 0.35))
        label = "negative" if slot.negative else "other"
        if not self._shelves[slot.driver, label]:
            raise SystemExit(f"no {label} text about {slot.driver} is left in week {slot.week}")
        return self._shelves[slot.driver, label].pop(0)


def _shuffled(candidate: Candidate, dice: random.Random) -> float:
    """A random place, with whole dialogues more often in front: they are the rarer kind."""
    return dice.random() * (0.2 if candidate.origin.startswith("mdg") else 1.0)


def split_long(candidate: Candidate, scores: Mapping[str, Scores]) -> Candidate:
    """Tell a long text as two messages, if both halves were scored and it stays negative."""
    halves = cut_in_two(candidate)
    if halves is None or any(text not in scores for text in halves.texts):
        return candidate
    mean = conversation_scores([scores[text] for text in halves.texts])
    return halves if int(mean.argmax()) == NEGATIVE and mean[NEGATIVE] > 0.6 else candidate


def cut_in_two(candidate: Candidate) -> Candidate | None:
    if len(candidate.turns) != 1 or len(candidate.texts[0]) < 140:
        return None
    text = candidate.texts[0]
    cuts = [match.span() for match in SENTENCE_END.finditer(text)]
    if not cuts:
        return None
    end, start = min(cuts, key=lambda cut: abs(cut[0] - len(text) / 2))
    halves = (text[:end].strip(), text[start:].strip())
    if min(len(half) for half in halves) < 40:
        return None
    turns = tuple(Turn(text=half, gap=True, intent="") for half in halves)
    return replace(candidate, turns=turns)


class People:
    """Makes up accounts, requesters and agents, and deals accounts out evenly."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.accounts: list[dict[str, Any]] = []
        self.requesters: list[dict[str, Any]] = []
        self.agents = [
            {"id": str(380000000101 + i * 17), "name": name, "helpdesk": desk,
             "email": f"{name.split()[0].lower()}@ledgerly.example"}
            for i, (name, desk) in enumerate(words.AGENTS)
        ]  # fmt: skip
        for segment in ("enterprise", "growth", "starter"):
            for name in getattr(words, segment.upper()):
                self._add_account(name, segment)
        self._by_account: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for account in self.accounts:
            for _ in range({"enterprise": 14, "growth": 8, "starter": 4}[account["segment"]]):
                self._by_account[account["id"]].append(self._person(account))
        self._decks: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)

    def _add_account(self, name: str, segment: str) -> None:
        index = len(self.accounts)
        slug = "".join(letter for letter in name.lower() if letter.isalnum())
        self.accounts.append(
            {
                "id": str(370000004001 + index * 23),
                "name": name,
                "segment": segment,
                "owner": f"{words.OWNERS[index % len(words.OWNERS)]}@ledgerly.example",
                "domain": f"{slug}.example",
                # Three in five accounts write to the one helpdesk, two to the other.
                "helpdesk": "intercom" if index % 5 in {1, 3} else "zendesk",
            }
        )

    def _person(self, account: dict[str, Any] | None) -> dict[str, Any]:
        first, last = self._dice.choice(words.FIRST), self._dice.choice(words.LAST)
        number = len(self.requesters)
        ascii_name = f"{first}.{last}".lower().translate({0xED: "i", 0xE4: "a", ord("'"): None})
        domain = account["domain"] if account else "personal.example"
        person = {
            "id": str(390000070001 + number * 11),
            "name": f"{first} {last}",
            "email": f"{ascii_name}{number}@{domain}",
            "account": account["id"] if account else None,
        }
        self.requesters.append(person)
        return person

    def account_for(self, slot: Slot) -> dict[str, Any]:
        if slot.story == "churn":
            return next(a for a in self.accounts if a["name"] == CHURN_ACCOUNT)
        deck = self._decks[slot.segment, slot.story]
        if not deck:
            deck.extend(a for a in self.accounts if a["segment"] == slot.segment)
            self._dice.shuffle(deck)
        return deck.pop()

    def requester_of(self, account: dict[str, Any] | None) -> dict[str, Any]:
        return self._dice.choice(self._by_account[account["id"]]) if account else self._person(None)

    def agent_for(self, helpdesk: str, talk: str) -> dict[str, Any]:
        mine = [agent for agent in self.agents if agent["helpdesk"] == helpdesk]
        called = [a for a in mine if f" {a['name'].split()[0].lower()}" in f" {talk.lower()} "]
        return called[0] if called else self._dice.choice(mine)


def build(data: Path, models: Path) -> list[dict[str, Any]]:
    dice = random.Random(20260101)  # noqa: S311 - the same corpus each time is the point
    found = candidates(data)
    halves = [half for half in map(cut_in_two, found) if half]
    scores = SentimentModel(models).score(t for c in [*found, *halves] for t in c.texts)
    pool, people = Pool(found, scores, dice), People(dice)
    thanks = sorted(
        (turn.text, c.origin) for c in found for turn in c.turns if THANKS.fullmatch(turn.text)
    )
    talk = Talk(dice=dice, thanks=thanks)
    rows = []
    leaving = 0
    for slot in sorted(all_slots(), key=lambda slot: slot.week):
        candidate = pool.take(slot, leaving)
        leaving += slot.story == "churn"
        if slot.negative and dice.random() < 0.5:
            candidate = split_long(candidate, scores)
        account: dict[str, Any] | None = people.account_for(slot)
        assert account is not None
        helpdesk = account["helpdesk"]
        if slot.segment == "starter" and not slot.negative and dice.random() < 0.06:
            account = None
        requester = people.requester_of(account)
        agent = people.agent_for(helpdesk, " ".join(candidate.texts))
        row = talk.conversation(
            slot=slot, candidate=candidate, helpdesk=helpdesk, requester=requester, agent=agent
        )
        texts = [m["text"] for m in row["messages"] if m["role"] == "customer"]
        mean = conversation_scores([scores[text] for text in texts])
        sentiment = ("negative", "neutral", "positive")[int(mean.argmax())]
        row["account"] = account["id"] if account else None
        row["intended"] = {"driver": slot.driver, "story": slot.story, "sentiment": sentiment}
        row["segment"] = slot.segment
        rows.append(row)
    number(rows)
    return [
        *({"kind": "account", **account} for account in people.accounts),
        *({"kind": "agent", **agent} for agent in people.agents),
        *({"kind": "requester", **person} for person in people.requesters),
        *({"kind": "conversation", **row} for row in rows),
    ]


def number(rows: list[dict[str, Any]]) -> None:
    """Give ids in the order of time, as a helpdesk would."""
    rows.sort(key=lambda row: (row["week"], row["second"]))
    following = {"zendesk": 360001200001, "intercom": 215470000000011}
    for row in rows:
        row["id"] = str(following[row["helpdesk"]])
        following[row["helpdesk"]] += 3


def report(lines: list[dict[str, Any]]) -> None:
    rows = [line for line in lines if line["kind"] == "conversation"]
    for week in range(WEEKS):
        mine = [row for row in rows if row["week"] == week]
        bad = [row for row in mine if row["intended"]["sentiment"] == "negative"]
        print(week, len(mine), len(bad), f"{len(bad) / len(mine):.1%}")
    cells = Counter((r["intended"]["driver"], r["segment"], r["week"] == LAST) for r in rows)
    worse = Counter(
        (r["intended"]["driver"], r["segment"], r["week"] == LAST)
        for r in rows
        if r["intended"]["sentiment"] == "negative"
    )
    for driver, segment in sorted({(driver, segment) for driver, segment, _ in cells}):
        before, after = (driver, segment, False), (driver, segment, True)
        print(
            f"{driver:22} {segment:11} weeks 0-11: {cells[before] / LAST:5.1f} a week,"
            f" {worse[before] / max(cells[before], 1):4.0%};"
            f" last week: {cells[after]:3}, {worse[after] / max(cells[after], 1):4.0%}"
        )
    print(Counter(row["helpdesk"] for row in rows), Counter(row["channel"] for row in rows))
    print("single-message", sum(len(row["messages"]) == 1 for row in rows) / len(rows))
    print(Counter(row["intended"]["sentiment"] for row in rows))
    print(Counter(row["origin"].partition("-")[0] for row in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the bundled corpus.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the raw data sets")
    parser.add_argument("--models", type=Path, required=True, help="folder of the sentiment model")
    arguments = parser.parse_args()
    lines = build(arguments.data, arguments.models)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    # No time stamp, so that the same corpus is the same file.
    OUTPUT.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    report(lines)


if __name__ == "__main__":
    main()
