"""Made-up files to import, of any size: our own rows, and what the two helpdesks export.

Rows are made and written one by one; the same size gives the same file.
"""

import csv
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.generated import COMMENTS, PEOPLE
from connectors.sandbox.corpus import load_corpus

Json = dict[str, Any]

_BEGUN = datetime(2025, 1, 6, tzinfo=UTC)
_SPAN = timedelta(days=600)
_MOST_JOINED = 9  # texts of the bundle in one message
_ACCOUNTS = 200
_AGENTS = 40
_COLUMNS = "Id,Subject,Description,Status,Created at,Updated at,Requester,Organization,Tags"


class _Row:
    """One conversation, before it is told in somebody's format."""

    def __init__(self, number: int, size: int, texts: Sequence[str]) -> None:
        dice = random.Random(number)  # noqa: S311 - nothing secret is drawn
        self.number = number + 1
        self.begun = _BEGUN + number * _SPAN / size
        self.ended = self.begun + timedelta(hours=COMMENTS)
        self.texts = [
            " ".join(dice.choices(texts, k=dice.randint(1, _MOST_JOINED))) for _ in range(COMMENTS)
        ]
        self.subject = self.texts[0][:80]
        self.requester = dice.randrange(1, round(size * PEOPLE) + 2)
        self.agent = dice.randrange(1, _AGENTS + 1)
        self.account = dice.randrange(1, _ACCOUNTS + 1)

    def at(self, place: int) -> datetime:
        return self.begun + timedelta(hours=place)

    def is_by_agent(self, place: int) -> bool:
        return place % 2 == 1


def write(path: Path, name: str, size: int) -> None:
    """Write a file of this format with so many conversations."""
    bundle = load_corpus(now=_BEGUN)
    texts = [message.text for one in bundle.conversations for message in one.messages]
    rows = (_Row(number, size, texts) for number in range(size))
    FORMATS[name](path, rows)


def _ours(path: Path, rows: Iterator[_Row]) -> None:
    _write(path, (f"{json.dumps(_our_row(row))}\n" for row in rows))


def _zendesk(path: Path, rows: Iterator[_Row]) -> None:
    _write(path, (f"{json.dumps(_ticket(row))}\n" for row in rows))


def _intercom(path: Path, rows: Iterator[_Row]) -> None:
    """One list of everything: without lines there is nothing to read it by."""
    told = (f"{',' if row.number > 1 else '['}{json.dumps(_chat(row))}" for row in rows)
    _write(path, told, end="]")


def _table(path: Path, rows: Iterator[_Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS.split(","))
        writer.writerows(_cells(row) for row in rows)


FORMATS: Mapping[str, Callable[[Path, Iterator[_Row]], None]] = {
    "conversations": _ours,
    "zendesk-json": _zendesk,
    "zendesk-csv": _table,
    "intercom-json": _intercom,
}


def _write(path: Path, parts: Iterator[str], end: str = "") -> None:
    with path.open("w") as file:
        file.writelines(parts)
        file.write(end)


def _our_row(row: _Row) -> Json:
    return {
        "id": str(row.number),
        "created_at": row.begun.isoformat(),
        "updated_at": row.ended.isoformat(),
        "subject": row.subject,
        "account": {"id": str(row.account), "name": f"Account {row.account}"},
        "agent": {"id": str(row.agent), "name": f"Agent Number{row.agent}"},
        "requester": {"id": str(row.requester), "name": f"Person Number{row.requester}"},
        "messages": [
            {
                "role": "agent" if row.is_by_agent(place) else "customer",
                "created_at": row.at(place).isoformat(),
                "text": text,
            }
            for place, text in enumerate(row.texts)
        ],
    }


def _ticket(row: _Row) -> Json:
    return {
        "id": row.number,
        "url": f"https://acme.zendesk.com/api/v2/tickets/{row.number}.json",
        "subject": row.subject,
        "status": "Closed",
        "created_at": row.begun.isoformat(),
        "updated_at": row.ended.isoformat(),
        "via": {"channel": "email"},
        "tags": ["vip"],
        "requester": {"id": 1000 + row.requester, "name": f"Person Number{row.requester}"},
        "assignee": {"id": row.agent, "name": f"Agent Number{row.agent}", "role": "agent"},
        "organization": {"id": row.account, "name": f"Account {row.account}"},
        "comments": [
            {
                "id": row.number * COMMENTS + place,
                "author_id": row.agent if row.is_by_agent(place) else 1000 + row.requester,
                "public": True,
                "html_body": f"<p>{text}</p>",
                "body": text,
                "created_at": row.at(place).isoformat(),
            }
            for place, text in enumerate(row.texts)
        ],
    }


def _cells(row: _Row) -> list[object]:
    return [
        row.number,
        row.subject,
        "\n".join(row.texts),
        "Closed",
        f"{row.begun:%Y-%m-%d %H:%M:%S}",
        f"{row.ended:%Y-%m-%d %H:%M:%S}",
        f"Person Number{row.requester}",
        f"Account {row.account}",
        "vip, refund",
    ]


def _chat(row: _Row) -> Json:
    person = {"type": "user", "id": f"u{row.requester}", "name": f"Person Number{row.requester}"}
    admin = {"type": "admin", "id": str(row.agent), "name": f"Agent Number{row.agent}"}
    parts = [
        {
            "id": str(row.number * COMMENTS + place),
            "part_type": "comment",
            "body": f"<p>{text}</p>",
            "created_at": round(row.at(place).timestamp()),
            "author": admin if row.is_by_agent(place) else person,
        }
        for place, text in enumerate(row.texts)
    ]
    return {
        "type": "conversation",
        "id": str(row.number),
        "created_at": round(row.begun.timestamp()),
        "updated_at": round(row.ended.timestamp()),
        "state": "closed",
        "company": {"id": f"c{row.account}", "name": f"Account {row.account}"},
        "source": {"type": "email", "body": parts[0]["body"], "author": person},
        "conversation_parts": {"conversation_parts": parts[1:], "total_count": len(parts) - 1},
    }
