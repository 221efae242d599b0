"""The bundled corpus: real customer texts, told as conversations of a made-up company.

Knows the shape of the corpus and how to place it in time. Knows nothing of HTTP or of any
helpdesk's format; the stand-ins beside this file dress it up as tickets, comments,
conversations and parts.
"""

import gzip
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

HelpdeskName = Literal["zendesk", "intercom"]
SpeakerRole = Literal["customer", "agent", "bot"]

BUNDLE: Final = Path(__file__).parent / "data" / "corpus.jsonl.gz"
WEEKS: Final = 13
TOLD_WEEKS: Final = 2  # the last ones, which the demo's question compares
WEEK_SECONDS: Final = 7 * 24 * 3600
JITTER_SECONDS: Final = 45 * 60
# Copies of the bundle, made when more is asked for than it holds, get ids this far apart.
COPY_STEP: Final = 10_000_000
FIRST_MESSAGE_ID: Final = 1_500_000_000_000
MESSAGES_AT_MOST: Final = 64  # in one conversation


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusAccount:
    """A synthetic customer company."""

    id: str
    name: str
    segment: str
    owner: str  # e-mail address of the synthetic customer success manager
    domain: str  # e-mail domain of its people


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusPerson:
    """A synthetic requester (of an account) or support agent (account is None)."""

    id: str
    name: str
    email: str
    account: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusMessage:
    id: str
    role: SpeakerRole
    author: str | None  # CorpusPerson.id; None for a bot
    public: bool
    created_at: datetime  # aware, UTC
    text: str  # plain text; the stand-ins make HTML of it where the vendor would


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusConversation:
    id: str
    helpdesk: HelpdeskName
    channel: str  # email, web, chat, messaging ... as the product names it
    subject: str
    status: str  # open, pending, solved, closed
    account: str | None
    requester: str
    agent: str | None
    helpdesk_tags: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    messages: tuple[CorpusMessage, ...]
    origin: str  # data set and row the customer's words come from, for attribution


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    accounts: tuple[CorpusAccount, ...]
    agents: tuple[CorpusPerson, ...]
    requesters: tuple[CorpusPerson, ...]
    conversations: tuple[CorpusConversation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pick:
    """One line of the bundle to tell, and which copy of it this is."""

    row: Mapping[str, Any]
    index: int
    copy: int


def load_corpus(*, now: datetime, seed: int = 0, conversations: int | None = None) -> Corpus:
    """Return the corpus with its last week on the last whole Monday-to-Sunday week before `now`.

    Times are UTC. The same arguments give the same corpus. `conversations` takes a sample: from
    400 on it holds the last two weeks whole and thins out the others; below, and beyond the
    bundle (which repeats texts under new ids), it keeps the weeks' shares.
    """
    lines = _read_bundle()
    accounts = tuple(
        CorpusAccount(**{key: line[key] for key in CorpusAccount.__slots__})
        for line in lines["account"]
    )
    rows = lines["conversation"]
    segments = {account.id: account.segment for account in accounts}
    wanted = len(rows) if conversations is None else conversations
    picks = _picks(rows, segments=segments, wanted=wanted, seed=seed)
    start = first_week(now)
    told = [_conversation(pick, start=start, seed=seed) for pick in picks]
    told.sort(key=lambda conversation: (conversation.created_at, conversation.id))
    return Corpus(
        accounts=accounts,
        agents=tuple(_person(line, account=None) for line in lines["agent"]),
        requesters=tuple(_person(line, account=line["account"]) for line in lines["requester"]),
        conversations=tuple(told),
    )


def first_week(now: datetime) -> datetime:
    """Return the Monday, 00:00 UTC, on which the corpus begins."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=today.weekday(), weeks=WEEKS)


def _read_bundle() -> dict[str, list[dict[str, Any]]]:
    lines: dict[str, list[dict[str, Any]]] = {}
    for text in gzip.decompress(BUNDLE.read_bytes()).decode().splitlines():
        line = json.loads(text)
        lines.setdefault(line["kind"], []).append(line)
    return lines


def _person(line: Mapping[str, Any], *, account: str | None) -> CorpusPerson:
    return CorpusPerson(id=line["id"], name=line["name"], email=line["email"], account=account)


def _picks(
    rows: Sequence[Mapping[str, Any]], *, segments: Mapping[str, str], wanted: int, seed: int
) -> Iterator[_Pick]:
    """Whole copies of the bundle first, then a sample of one more.

    A bundle that is cut keeps the two weeks that the demo compares: a change in one driver and
    segment would drown in the noise of a third of them.
    """
    whole, rest = divmod(max(wanted, 0), len(rows))
    for copy in range(whole):
        yield from (_Pick(row=row, index=index, copy=copy) for index, row in enumerate(rows))
    late = [i for i, row in enumerate(rows) if row["week"] >= WEEKS - TOLD_WEEKS]
    told = late if whole == 0 and rest > 1.1 * len(late) else []
    earlier = _sample(
        rows, segments=segments, size=rest - len(told), seed=seed, without=frozenset(told)
    )
    for index in sorted([*told, *earlier]):
        yield _Pick(row=rows[index], index=index, copy=whole)


def _sample(
    rows: Sequence[Mapping[str, Any]],
    *,
    segments: Mapping[str, str],
    size: int,
    seed: int,
    without: frozenset[int],
) -> list[int]:
    """Every n-th conversation of the sorted bundle, so that each stratum keeps its share.

    The few conversations of the churn story come first: a sample of one in ten would lose them.
    """
    churn = {i for i, row in enumerate(rows) if row["intended"]["story"] == "churn"} - without
    story = sorted(churn) if size >= 10 * len(churn) else []
    others = sorted(
        set(range(len(rows))) - set(story) - without, key=lambda i: _stratum(rows[i], segments, i)
    )
    size -= len(story)
    phase = 0.5 if seed == 0 else _dice(seed, "sample").random()
    return sorted(story + [others[int((k + phase) * len(others) / size)] for k in range(size)])


def _stratum(
    row: Mapping[str, Any], segments: Mapping[str, str], index: int
) -> tuple[int, str, str, str, int]:
    told = row["intended"]
    segment = segments.get(row["account"] or "", "")
    return row["week"], segment, told["driver"], told["sentiment"], index


def _dice(seed: int, *names: object) -> random.Random:
    # A string, because its seeding does not depend on the process's hash seed.
    return random.Random(":".join(map(str, (seed, *names))))  # noqa: S311 - nothing secret is drawn


def _conversation(pick: _Pick, *, start: datetime, seed: int) -> CorpusConversation:
    row = pick.row
    begun = start + timedelta(weeks=row["week"], seconds=_second(pick, seed=seed))
    messages = tuple(_messages(pick, begun=begun))
    return CorpusConversation(
        id=str(int(row["id"]) + pick.copy * COPY_STEP),
        helpdesk=row["helpdesk"],
        channel=row["channel"],
        subject=row["subject"],
        status=row["status"],
        account=row["account"],
        requester=row["requester"],
        agent=row["agent"],
        helpdesk_tags=tuple(row["helpdesk_tags"]),
        created_at=begun,
        updated_at=messages[-1].created_at,
        messages=messages,
        origin=row["origin"],
    )


def _second(pick: _Pick, *, seed: int) -> int:
    """Second of the week at which the conversation begins; it always ends within its week."""
    second: int = pick.row["second"]
    if seed == 0 and pick.copy == 0:
        return second
    jitter = _dice(seed, pick.index, pick.copy).randint(-JITTER_SECONDS, JITTER_SECONDS)
    latest: int = WEEK_SECONDS - 1 - pick.row["messages"][-1]["offset"]
    return max(0, min(second + jitter, latest))


def _messages(pick: _Pick, *, begun: datetime) -> Iterator[CorpusMessage]:
    row = pick.row
    first = FIRST_MESSAGE_ID + (pick.copy * COPY_STEP + pick.index) * MESSAGES_AT_MOST
    authors: dict[SpeakerRole, str | None] = {
        "customer": row["requester"],
        "agent": row["agent"],
        "bot": None,
    }
    for number, line in enumerate(row["messages"]):
        yield CorpusMessage(
            id=str(first + number),
            role=line["role"],
            author=authors[line["role"]],
            public=line["public"],
            created_at=begun + timedelta(seconds=line["offset"]),
            text=line["text"],
        )
