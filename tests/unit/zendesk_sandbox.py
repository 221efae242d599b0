"""The stand-in of Zendesk with five tickets, and somebody who speaks to it as any client would."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from connectors.sandbox.corpus import Corpus, CorpusConversation
from connectors.sandbox.server import RunningServer
from connectors.sandbox.zendesk import ZendeskStand, zendesk_app
from tests.builders import Clockwork
from tests.unit.sandbox_corpus import NOW, RITA, TOKEN, a_corpus, a_talk, begun_at

CLIENTS = {"verbatim": "made-up-secret"}


def corpus(count: int = 5) -> Corpus:
    """The last ticket is a messaging one, the one before it is closed."""
    rows = [_ticket(number) for number in range(1, count - 1)]
    rows.append(_ticket(count - 1, status="closed"))
    rows.append(_ticket(count, channel="messaging"))
    return a_corpus(rows, RITA)


def _ticket(number: int, *, channel: str = "email", status: str = "open") -> CorpusConversation:
    words = (
        ("customer", "r1", True, f"Invoice {number} was charged twice.\n\n--\nRita"),
        ("agent", "g1", True, "We are looking into it.\n> Invoice was charged twice."),
        ("agent", "g1", False, "Billing knows about this."),
    )
    updated = begun_at(number) + timedelta(minutes=30)
    return a_talk("zendesk", number, words, updated_at=updated, channel=channel, status=status)


@dataclass
class Caller:
    """Speaks to the stand-in as any HTTP client would."""

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.headers["Authorization"] = f"Bearer {TOKEN}"

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{path}", timeout=10, **more)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.ask("GET", f"/api/v2/{path}", params=params)
        answer.raise_for_status()
        return answer.json()

    def put(self, path: str, body: Any, **params: Any) -> requests.Response:
        return self.ask("PUT", f"/api/v2/{path}", json=body, params=params)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.ask("POST", f"/api/v2/{path}", json=body)

    def finished(self, body: Any, **params: Any) -> list[dict[str, Any]]:
        """Send a bulk update and read its rows as soon as the job says it is done."""
        job = self.put("tickets/update_many", body, **params).json()["job_status"]
        seen = [job["status"]]
        while job["status"] != "completed":
            job = self.get(f"job_statuses/{job['id']}")["job_status"]
            seen.append(job["status"])
        assert seen == ["queued", "working", "completed"]
        rows: list[dict[str, Any]] = job["results"]
        return rows


@dataclass
class Bench:
    stand: ZendeskStand
    server: RunningServer
    clock: Clockwork
    call: Caller


@contextmanager
def opened_bench(*, incremental_per_minute: int | None = None) -> Iterator[Bench]:
    clock = Clockwork(NOW)
    stand = zendesk_app(
        corpus(),
        token=TOKEN,
        clock=clock,
        incremental_per_minute=incremental_per_minute,
        oauth_clients=CLIENTS,
    )
    with stand.serve() as server:
        caller = Caller(server.url)
        yield Bench(stand, server, clock, caller)
        caller.session.close()


def dropdown(bench: Bench, *values: str) -> int:
    options = [{"name": value.title(), "value": value} for value in values]
    body = {"type": "tagger", "title": "Sentiment", "custom_field_options": options}
    answer = bench.call.post("ticket_fields", {"ticket_field": body})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["ticket_field"]["id"])


def walk(bench: Bench, **first: Any) -> list[dict[str, Any]]:
    page = bench.call.get("incremental/tickets/cursor.json", **first)
    rows = list(page["tickets"])
    while not page["end_of_stream"]:
        page = bench.call.get("incremental/tickets/cursor", cursor=page["after_cursor"], per_page=2)
        rows += page["tickets"]
    return rows
