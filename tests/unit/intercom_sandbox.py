"""The stand-in of Intercom with seven conversations, and the calls that its tests make."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from connectors.sandbox.corpus import Corpus, CorpusConversation
from connectors.sandbox.intercom import IntercomStand, intercom_app
from connectors.sandbox.server import RunningServer
from tests.builders import Clockwork
from tests.unit.sandbox_corpus import BEGIN, NOW, RITA, ROB, TOKEN, a_corpus, a_talk


def conversation(number: int) -> CorpusConversation:
    words = (
        ("customer", "r1", True, f"Invoice {number} was charged twice."),
        ("bot", None, True, "Thanks, a person will answer."),
        ("agent", "g1", True, "We are looking into it."),
        ("agent", "g1", False, "Billing knows about this."),
    )
    # Three conversations share each moment of change, so that pages are cut inside ties.
    updated = BEGIN + timedelta(days=1, hours=number // 3)
    status = "closed" if number == 1 else "open"
    return a_talk("intercom", number, words, updated_at=updated, channel="chat", status=status)


def corpus(count: int = 7) -> Corpus:
    return a_corpus([conversation(number) for number in range(1, count + 1)], RITA, ROB)


@dataclass
class Bench:
    stand: IntercomStand
    server: RunningServer
    clock: Clockwork
    http: httpx.Client

    def search(self, query: Any, **more: Any) -> Any:
        body = {"query": query, "sort": {"field": "updated_at", "order": "ascending"}, **more}
        answer = self.http.post("/conversations/search", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def retrieve(self, number: int, **params: Any) -> Any:
        return self.http.get(f"/conversations/{number}", params=params).json()

    def write(self, number: int, **attributes: Any) -> httpx.Response:
        body = {"custom_attributes": attributes}
        return self.http.put(f"/conversations/{number}", json=body)


@contextmanager
def opened_bench() -> Iterator[Bench]:
    clock = Clockwork(NOW)
    stand = intercom_app(corpus(), token=TOKEN, clock=clock)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with stand.serve() as server, httpx.Client(base_url=server.url, headers=headers) as client:
        yield Bench(stand, server, clock, client)


def since(field: str, sign: str, moment: datetime) -> dict[str, Any]:
    return {"field": field, "operator": sign, "value": int(moment.timestamp())}


def walk(bench: Bench, query: Any, per_page: int = 2) -> list[int]:
    ids: list[int] = []
    pagination: dict[str, Any] = {"per_page": per_page}
    for _ in range(50):
        page = bench.search(query, pagination=pagination)
        ids += [int(each["id"]) for each in page["conversations"]]
        if "next" not in page["pages"]:
            return ids
        pagination["starting_after"] = page["pages"]["next"]["starting_after"]
    pytest.fail("the walk did not end")
