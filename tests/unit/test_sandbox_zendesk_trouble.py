"""The Zendesk stand-in in trouble: limits, switches that spoil calls, and a vendor's library."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from zenpy import Zenpy
from zenpy.lib.api_objects import CustomFieldOption, Ticket, TicketField

from connectors.sandbox.faults import Call
from tests.unit.sandbox_corpus import TOKEN
from tests.unit.zendesk_sandbox import Bench, opened_bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened_bench() as found:
        yield found


def test_incremental_calls_are_limited_when_asked() -> None:
    path = "/api/v2/incremental/tickets/cursor?start_time=0"
    with opened_bench(incremental_per_minute=2) as limited:
        answers = [limited.call.ask("GET", path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"] == "APIRateLimitExceeded"
        assert answers[2].headers["Retry-After"] == "60"
        limited.clock.advance(minutes=1)
        assert limited.call.ask("GET", path).status_code == 200


def test_switches_spoil_calls_and_calls_are_counted(bench: Bench) -> None:
    faults, path = bench.stand.faults, "/api/v2/users/me"
    faults.rate_limit(retry_after="7", path=path)
    faults.server_error(503, times=2, path=path)
    faults.html_page(path=path)
    faults.truncate_json(path=path)
    codes = []
    for _ in range(4):
        answer = bench.call.ask("GET", path)
        codes.append((answer.status_code, answer.headers.get("Retry-After")))
    assert codes == [(429, "7"), (503, None), (503, None), (200, None)]
    with pytest.raises(requests.exceptions.JSONDecodeError):
        bench.call.ask("GET", path).json()
    faults.cut_transfer(path=path)
    with pytest.raises(requests.exceptions.RequestException):
        bench.call.ask("GET", path)
    faults.unauthorized(1)
    assert bench.call.ask("GET", path).status_code == 401
    calls = bench.call.ask("GET", "/_sandbox/calls").json()
    assert calls == {"GET /api/v2/users/me": 7}
    bench.call.ask("POST", "/_sandbox/reset_calls")
    assert bench.call.ask("GET", "/_sandbox/calls").json() == {}


def test_a_dropped_answer_may_hide_a_finished_write(bench: Bench) -> None:
    bench.stand.faults.drop_before_answering()
    bench.stand.faults.drop_after_doing()
    for wanted in ("urgent", "low"):
        with pytest.raises(requests.exceptions.ConnectionError):
            bench.call.put("tickets/1", {"ticket": {"priority": wanted}})
    assert bench.call.get("tickets/1")["ticket"]["priority"] == "low"


def test_faults_are_switched_over_http_and_skip_the_first_calls(bench: Bench) -> None:
    fault = {"kind": "server_error", "status": 502, "skip": 1, "path": "/api/v2/tickets"}
    assert bench.call.ask("POST", "/_sandbox/faults", json=fault).status_code == 201
    assert bench.call.ask("POST", "/_sandbox/faults", json={"kind": "no"}).status_code == 400
    assert len(bench.call.ask("GET", "/_sandbox/faults").json()) == 1
    codes = [bench.call.ask("GET", "/api/v2/tickets/1").status_code for _ in range(3)]
    assert codes == [200, 502, 200]
    assert bench.call.ask("DELETE", "/_sandbox/faults").status_code == 204


def test_an_empty_page_and_a_repeated_cursor_can_be_had(bench: Bench) -> None:
    bench.stand.faults.empty_page_once()
    page = bench.call.get("incremental/tickets/cursor", start_time=0)
    assert (page["tickets"], page["end_of_stream"]) == ([], False)
    rows = bench.call.get("incremental/tickets/cursor", cursor=page["after_cursor"], per_page=2)
    assert [row["id"] for row in rows["tickets"]] == [1, 2]
    bench.stand.faults.repeat_cursor()
    same = bench.call.get("incremental/tickets/cursor", cursor=rows["after_cursor"], per_page=2)
    assert same["after_cursor"] == rows["after_cursor"]


def test_a_hook_sees_each_call_before_and_after(bench: Bench) -> None:
    seen: list[tuple[str, str]] = []

    def before(call: Call) -> None:
        seen.append(("before", call.route))

    bench.stand.faults.before_answering = before
    bench.stand.faults.after_answering = lambda call: seen.append(("after", call.route))
    bench.call.get("tickets/1")
    assert [when for when, _ in seen] == ["before", "after"]


class _ToStand(HTTPAdapter):
    """Sends what is meant for the vendor to the stand-in, and gives back the asked address."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]  # keywords pass through unchanged
        asked = request.url or ""
        request.url = asked.replace("https://acme.zendesk.com", self._url)
        response = super().send(request, **more)
        response.request.url = asked
        return response


def test_zenpy_reads_and_writes(bench: Bench) -> None:
    with requests.Session() as session:
        session.mount("https://acme.zendesk.com", _ToStand(bench.server.url))
        client = Zenpy(
            subdomain="acme", email="gus@us.test", token=TOKEN, session=session, disable_cache=True
        )
        assert [ticket.id for ticket in client.tickets.incremental(start_time=0)] == [1, 2, 3, 4, 5]
        made = client.ticket_fields.create(TicketField(type="tagger", title="Driver"))
        option = CustomFieldOption(name="Billing", value="vb_billing")
        client.ticket_fields.options.create_or_update(made, option)
        fields = [{"id": made.id, "value": "vb_billing"}]
        audit = client.tickets.update(Ticket(id=1, custom_fields=fields))
        assert "vb_billing" in audit.ticket.tags
        job = client.tickets.update([Ticket(id=2, custom_fields=fields)])
        client.job_status(id=job.id)
        assert client.job_status(id=job.id).status == "completed"
        assert next(iter(client.tickets.comments(2))).author_id == 10002
        raw = client.tickets._get(
            "https://acme.zendesk.com/api/v2/incremental/ticket_events.json?start_time=0",
            raw_response=True,
        )
        assert raw.json()["count"] > 10
