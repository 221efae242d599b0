"""Makes up a year of a large helpdesk, straight into the tables: the same seed, the same rows.

Conversations come as tuples in the order of the tables' columns. Facts, touched tags and rollups
are not written here: the product derives them itself.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench.million_words import Said, texts
from service.words import all_said

Row = tuple[Any, ...]
Batch = dict[str, list[Row]]  # table -> rows

FIRST_DAY = date(2025, 11, 17)  # a Monday
DAYS = 371  # 53 whole weeks
SEED = 20_261_117
DRIVERS = 60
TAGS_OF_A_DRIVER = 5
ACCOUNTS = 20_000
AGENTS = 120
OWNERS = 25
ANALYSER, TAXONOMY = "local-1", "t1"
# One driver's mail is worse in every second month, so that there are changes to explain.
MONTH_WEEKS, WORSE_DRIVER, WORSE_CHANNEL = 4, 3, "email"
_NEGATIVE_WHEN_WORSE = 400
_BATCH = 5_000
_DAY = 86_400_000
_EPOCH = date(1970, 1, 1)
_SEGMENTS = ("enterprise", "mid-market", "small", "startup")
_CHANNELS, _CHANNEL_SHARES = ("email", "chat", "web", "phone"), (50, 28, 17, 5)
_STATUSES, _STATUS_SHARES = ("closed", "solved", "pending", "open"), (70, 20, 6, 4)
_WEEKDAYS = (1.25, 1.2, 1.15, 1.1, 1.0, 0.65, 0.65)
_ROLES = ("customer", "agent", "customer", "agent", "customer", "agent", "agent", "customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns that the tuples of each table hold."""

    account: tuple[str, ...] = ("key", "name", "segment", "owner", "aliases", "renewal")
    agent: tuple[str, ...] = ("key", "name")
    conversation: tuple[str, ...] = (
        *("id", "key", "source", "channel", "subject", "status", "created_at", "updated_at"),
        *("day", "month", "account", "requester", "agent", "tags", "rating", "url", "state"),
        *("whole", "fingerprint", "measured_by", "pending"),
    )
    message: tuple[str, ...] = (
        *("id", "conversation_id", "external_id", "role", "public", "created_at", "text"),
    )
    voice: tuple[str, ...] = ("conversation_id", "words")
    analysis: tuple[str, ...] = (
        *("conversation_id", "fingerprint", "analyser", "taxonomy", "language", "summary"),
        *("tone_start", "tone_end", "created_at"),
    )
    measurement: tuple[str, ...] = (
        *("conversation_id", "metric", "origin", "nth", "value", "reason", "confidence"),
        *("detail", "set_by", "analyser", "fingerprint", "created_at"),
    )
    measurement_history: tuple[str, ...] = (
        *("conversation_id", "metric", "value", "reason", "set_by", "analyser", "created_at"),
    )
    assigned_tag: tuple[str, ...] = (
        *("conversation_id", "nth", "raw", "canonical", "driver", "confidence"),
    )
    quote: tuple[str, ...] = (
        *("conversation_id", "nth", "shows", "nth_of_kind", "message", "start_at", "end_at"),
        "text_hash",
    )


COLUMNS = Columns()


def driver_name(place: int) -> str:
    return f"Driver {place:02d}"


def people() -> Batch:
    """Accounts and agents, once."""
    dice = random.Random(SEED)  # noqa: S311 - nothing secret is drawn
    accounts: list[Row] = []
    for number in range(ACCOUNTS):
        segment = dice.choices(_SEGMENTS, (8, 22, 45, 25))[0]
        owner = f"owner{dice.randrange(OWNERS)}@example.com"
        key = account_key(number)
        accounts.append((key, f"Account {number}", segment, owner, "[]", None))
    agents: list[Row] = [(f"zendesk:g{n}", f"Agent {n}") for n in range(AGENTS)]
    return {"account": accounts, "agent": agents}


def account_key(number: int) -> str:
    return f"zendesk:a{number}"


def conversations(size: int) -> Iterator[Batch]:
    """Yield batches of rows of `size` conversations, oldest first."""
    made = _Maker(size)
    for first in range(0, size, _BATCH):
        batch: Batch = {name: [] for name in COLUMNS.__slots__ if name not in {"account", "agent"}}
        for number in range(first, min(first + _BATCH, size)):
            made.add(number, batch)
        yield batch


class _Maker:
    def __init__(self, size: int) -> None:
        self._dice = random.Random(SEED + size)  # noqa: S311 - nothing secret is drawn
        self._customers, self._agents = texts(random.Random(SEED))  # noqa: S311 - as above
        self._messages = 0
        self._days = self._dice.choices(
            range(DAYS), [_WEEKDAYS[day % 7] * (0.8 + 0.4 * day / DAYS) for day in range(DAYS)],
            k=size,
        )  # fmt: skip
        self._days.sort()
        # Few accounts, drivers and agents hold most of the conversations.
        self._accounts = self._skewed(ACCOUNTS, size, 0.8)
        self._drivers = self._skewed(DRIVERS, size, 1.0)
        self._seconds = self._dice.choices(range(86_400), k=size)

    def _skewed(self, many: int, size: int, power: float) -> list[int]:
        return self._dice.choices(range(many), [1 / (n + 1) ** power for n in range(many)], k=size)

    def add(self, number: int, batch: Batch) -> None:
        dice, one = self._dice, number + 1
        day = FIRST_DAY + timedelta(days=self._days[number])
        created = (day - _EPOCH).days * _DAY + self._seconds[number] * 1000
        source = "zendesk" if dice.random() < 0.7 else "intercom"
        fingerprint = f"{number:032x}"
        measured = dice.random() < 0.98
        account = account_key(self._accounts[number]) if dice.random() < 0.95 else None
        channel = dice.choices(_CHANNELS, _CHANNEL_SHARES)[0]
        batch["conversation"].append(
            (
                one,
                f"{source}:{one}",
                source,
                channel,
                dice.choice(self._customers).text[:60],
                dice.choices(_STATUSES, _STATUS_SHARES)[0],
                created,
                created + 3_600_000,
                day.toordinal(),
                day.replace(day=1).toordinal(),
                account,
                f"{dice.randrange(600_000):064x}",
                f"zendesk:g{dice.randrange(AGENTS)}",
                "[]",
                None,
                f"https://example.zendesk.com/agent/tickets/{one}",
                None,
                True,
                fingerprint,
                f"{ANALYSER}|{TAXONOMY}" if measured else "",
                0,
            )
        )
        first = self._talk(one, created, batch)
        if measured:
            driver, week = self._drivers[number], self._days[number] // 7
            worse = week // MONTH_WEEKS % 2 == 1
            negative = 20 + driver % 7 * 4
            if worse and driver == WORSE_DRIVER and channel == WORSE_CHANNEL:
                negative = _NEGATIVE_WHEN_WORSE
            self._measured(one, created, fingerprint, driver, negative, first, batch)

    def _talk(self, one: int, created: int, batch: Batch) -> tuple[str, Said]:
        dice = self._dice
        first: tuple[str, Said] | None = None
        heard: list[str] = []
        for place in range(dice.choice((4, 5, 6, 6, 7, 8))):
            self._messages += 1
            role = _ROLES[place]
            said = dice.choice(self._customers if role == "customer" else self._agents)
            name = str(self._messages)
            first = first or (name, said)
            at = created + place * 600_000
            batch["message"].append((self._messages, one, name, role, True, at, said.text))
            if role == "customer":
                heard.append(said.words)
        batch["voice"].append((one, all_said(heard)))
        assert first is not None
        return first

    def _measured(
        self, one: int, created: int, fingerprint: str, driver: int, negative: int,
        first: tuple[str, Said], batch: Batch,
    ) -> None:  # fmt: skip
        dice = self._dice
        values = (
            ("sentiment", dice.choices(
                ("negative", "neutral", "positive", None), (negative, 50, 15, 5))[0]),
            ("effort", dice.choices(("low", "medium", "high", None), (50, 25, 15, 10))[0]),
            ("churn_risk", "yes" if dice.random() < 0.04 else "no"),
        )  # fmt: skip
        batch["analysis"].append(
            (one, fingerprint, ANALYSER, TAXONOMY, "en", first[1].text[:80], None, None, created)
        )
        for nth, (metric, value) in enumerate(values):
            reason = None if value else "under the confidence floor"
            batch["measurement"].append(
                (one, metric, 0, nth, value, reason, 0.9, None, "analyser", ANALYSER, fingerprint,
                 created)
            )  # fmt: skip
            batch["measurement_history"].append(
                (one, metric, value, reason, "analyser", ANALYSER, created)
            )
        name = driver_name(driver)
        other = dice.randrange(DRIVERS) if dice.random() < 0.1 else driver
        for nth, of in enumerate((driver, other)):
            tag = f"Tag {of * TAGS_OF_A_DRIVER + dice.randrange(TAGS_OF_A_DRIVER):03d}"
            raw = f"{tag} {dice.choices('abc', (80, 15, 5))[0]}"
            batch["assigned_tag"].append((one, nth, raw, tag, name if nth == 0 else
                                          driver_name(of), 0.9))  # fmt: skip
        message, said = first
        for nth, shows in enumerate(("sentiment", "driver")):
            batch["quote"].append(
                (one, nth, shows, 0, message, 0, said.quoted, said.quoted_hash)
            )  # fmt: skip


def now() -> datetime:
    """The moment after the last conversation: a Monday morning."""
    last = FIRST_DAY + timedelta(days=DAYS)
    return datetime(last.year, last.month, last.day, 9, tzinfo=UTC)


def labelled_lines(size: int) -> Iterator[str]:
    """Conversations with labels, as lines of the exchange format."""
    dice = random.Random(SEED)  # noqa: S311 - nothing secret is drawn
    customers, agents = texts(random.Random(SEED))  # noqa: S311 - as above
    for number in range(size):
        at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=7 * number)
        yield _line(number, at, dice, customers, agents)


def _line(
    number: int, at: datetime, dice: random.Random, customers: Sequence[Said],
    agents: Sequence[Said],
) -> str:  # fmt: skip
    said = [
        {
            "id": f"{number}-{place}",
            "role": _ROLES[place],
            "created_at": (at + timedelta(minutes=10 * place)).isoformat(),
            "text": dice.choice(customers if _ROLES[place] == "customer" else agents).text,
        }
        for place in range(6)
    ]
    account = dice.randrange(ACCOUNTS)
    return json.dumps(
        {
            "id": f"i{number}",
            "created_at": at.isoformat(),
            "updated_at": (at + timedelta(hours=1)).isoformat(),
            "channel": dice.choice(_CHANNELS),
            "subject": "Made up",
            "status": "closed",
            "account": {"id": f"a{account}", "name": f"Account {account}"},
            "messages": said,
            "labels": {
                "sentiment": dice.choice(("negative", "neutral", "positive")),
                "effort": dice.choice(("low", "high")),
                "churn_risk": dice.choice(("yes", "no", "no", "no")),
                "tags": [f"Tag {dice.randrange(300):03d}" for _ in range(2)],
                "drivers": [driver_name(dice.randrange(DRIVERS))],
            },
        }
    )
