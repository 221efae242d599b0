"""Scores churn on a bank of statements that nothing is learnt from, half of them look-alikes.

Knows the bank and its two halves: one was looked at while the rules and frames were written, the
other one only when all was done. Turns of one customer stand apart by " // ".
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from service.analysis._churn import Reader, measure_churn
from service.analysis._sentences import customer_sentences
from service.domain.conversations import (
    Conversation,
    ConversationHead,
    Message,
    Role,
    Status,
    conversation_key,
)

HERE = Path(__file__).parent
LEAVING, STAYING = HERE / "churn_bank_leaving.txt", HERE / "churn_bank_staying.txt"
NEXT_TURN = " // "
_START = datetime(2026, 1, 5, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    leaving: tuple[str, ...]
    staying: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    leaving: int
    found: int
    wrong: int  # look-alikes that were taken along

    @property
    def precision(self) -> float:
        return self.found / max(1, self.found + self.wrong)

    @property
    def recall(self) -> float:
        return self.found / self.leaving

    @property
    def f1(self) -> float:
        return 2 * self.found / (self.found + self.wrong + self.leaving)


def looked_at() -> Bank:
    return Bank(leaving=_half(LEAVING, 0), staying=_half(STAYING, 0))


def untouched() -> Bank:
    return Bank(leaving=_half(LEAVING, 1), staying=_half(STAYING, 1))


def scored(bank: Bank, reader: Reader | None) -> Found:
    return Found(
        leaving=len(bank.leaving),
        found=sum(leaves(text, reader) for text in bank.leaving),
        wrong=sum(leaves(text, reader) for text in bank.staying),
    )


def leaves(text: str, reader: Reader | None) -> bool:
    said = customer_sentences(_conversation(text.split(NEXT_TURN)))
    return measure_churn(said, reader).sentence is not None


def _half(path: Path, rest: int) -> tuple[str, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if _hash(line) % 2 == rest)


def _hash(line: str) -> int:
    return int(hashlib.sha256(line.encode()).hexdigest(), 16)


def _conversation(turns: Sequence[str]) -> Conversation:
    messages = tuple(
        Message(
            id=f"m{number}",
            role=Role.CUSTOMER,
            public=True,
            created_at=_START + timedelta(minutes=5 * number),
            text=text,
        )
        for number, text in enumerate(turns)
    )
    head = ConversationHead(
        key=conversation_key("zendesk", "1"),
        channel="email",
        subject="",
        status=Status.OPEN,
        created_at=_START,
        updated_at=messages[-1].created_at,
    )
    return Conversation(head=head, messages=messages)
