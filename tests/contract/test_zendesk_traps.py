"""Traps of zenpy and of other connectors, each in answers worded by hand: we do not fall in.

The stand-in answers as documented; these answers are what people met, on the vendor's own host.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from connectors._http import Retries
from connectors.zendesk import build
from service.domain.writeback import FieldChange, WriteOutcome
from service.errors import Misbehaving, RateLimited
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Copy, key_of

API = "https://acme.zendesk.com/api/v2"
TICKETS = f"{API}/incremental/tickets/cursor.json"
EVENTS = f"{API}/incremental/ticket_events.json"
MANY = f"{API}/tickets/show_many.json"
JOB = f"{API}/tickets/update_many.json"
OURS = {
    "id": 31,
    "type": "tagger",
    "title": "Verbatim Sentiment",
    "custom_field_options": [
        {"id": 1, "name": name, "value": f"vb_sentiment__{name}"}
        for name in ("positive", "neutral", "negative")
    ],
}
WHOLE: dict[str, Any] = {"status": "completed", "results": [{"id": 1, "success": True}]}


@pytest.fixture
def vendor() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{API}/ticket_fields.json", json={"ticket_fields": [OURS]})
        mock.get(f"{API}/users/show_many.json", json={"users": []})
        mock.get(EVENTS, json={"ticket_events": [], "end_of_stream": True, "end_time": None})
        yield mock


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def helpdesk(waits: list[float]) -> Helpdesk:
    settings = {"subdomain": "acme", "oauth_token": "t"}
    return build(settings, retries=Retries(sleep=waits.append))


def ticket(number: int, **values: Any) -> dict[str, Any]:
    return {
        "id": number,
        "subject": f"Late {number}",
        "status": "open",
        "created_at": "2026-11-02T09:00:00Z",
        "updated_at": "2026-11-02T09:05:00Z",
        "requester_id": 11,
        "via": {"channel": "web"},
        "tags": ["vip"],
        "custom_fields": [{"id": 31, "value": None}, {"id": 99, "value": "theirs"}],
        **values,
    }


def page(*rows: dict[str, Any], after: str | None, last: bool = False) -> dict[str, Any]:
    return {"tickets": list(rows), "after_cursor": after, "end_of_stream": last}


def sent(mock: responses.RequestsMock, path: str) -> list[str]:
    return [str(call.request.url) for call in mock.calls if path in str(call.request.url)]


def write(desk: Helpdesk) -> list[WriteOutcome]:
    change = FieldChange(conversation=key_of(1), fields={"sentiment": "negative"})
    return list(desk.apply([change]))


def body_sent(mock: responses.RequestsMock) -> list[Any]:
    return [
        json.loads(call.request.body or "{}") for call in mock.calls if call.request.method == "PUT"
    ]


# --- Reading -------------------------------------------------------------------------------------


def test_zenpy_stops_at_an_empty_page_and_we_do_not(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(TICKETS, json=page(ticket(1), after="a"))
    vendor.get(TICKETS, json=page(after="b"))
    vendor.get(TICKETS, json=page(ticket(2), after="c"))
    vendor.get(TICKETS, json=page(after=None, last=True))
    copy = Copy()
    copy.read(helpdesk)
    assert set(copy.heads) == {key_of(1), key_of(2)}
    # zenpy also overwrites its cursor with the null of the last page.
    assert json.loads(copy.cursor or "")["tickets"] == "c"


def test_zenpy_forgets_the_page_size_beside_a_cursor_and_we_do_not(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(TICKETS, json=page(ticket(1), after="a"))
    vendor.get(TICKETS, json=page(ticket(2), after="b", last=True))
    Copy().read(helpdesk)
    assert all("per_page=1000" in each for each in sent(vendor, "tickets/cursor"))


def test_zenpy_points_past_the_page_while_it_is_read_and_our_cursor_comes_with_it(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(TICKETS, json=page(ticket(1), after="a"))
    vendor.get(TICKETS, json=page(ticket(2), after="b", last=True))
    first = next(iter(helpdesk.pages(None)))
    assert json.loads(first.cursor)["tickets"] == "a"
    assert [head.key for head in first.heads] == [key_of(1)]


def test_zenpy_answers_from_a_stale_cache_and_we_ask_again(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    for subject in ("Before", "After"):
        vendor.get(MANY, json={"tickets": [ticket(1, subject=subject)]})
        vendor.get(f"{API}/tickets/1/comments.json", json={"comments": []})
    told = [next(iter(helpdesk.fetch([key_of(1)]))).heads[0].subject for _ in range(2)]
    assert told == ["Before", "After"]


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_zenpy_iterates_the_bytes_of_an_html_page_and_we_ask_again(
    vendor: responses.RequestsMock, helpdesk: Helpdesk, kind: str
) -> None:
    vendor.get(TICKETS, body="<html>Just a moment</html>", content_type=kind)
    vendor.get(TICKETS, json=page(ticket(1), after="a", last=True))
    copy = Copy()
    copy.read(helpdesk)
    assert set(copy.heads) == {key_of(1)}


def test_an_html_page_that_stays_is_an_error_and_no_empty_page(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(TICKETS, body="<html>Maintenance</html>", content_type="text/html")
    with pytest.raises(Misbehaving, match="JSON"):
        Copy().read(helpdesk)


@pytest.mark.parametrize(
    ("header", "least"), [("1.5", 1.5), ("0", 1.0), (None, 1.0), ("60", 60.0), ("soon", 1.0)]
)
def test_zenpy_waits_only_for_whole_seconds_and_we_for_any_form(
    vendor: responses.RequestsMock,
    helpdesk: Helpdesk,
    waits: list[float],
    header: str | None,
    least: float,
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    vendor.get(TICKETS, status=429, json={"error": "APIRateLimitExceeded"}, headers=headers)
    vendor.get(TICKETS, json=page(ticket(1), after="a", last=True))
    copy = Copy()
    copy.read(helpdesk)
    assert set(copy.heads) == {key_of(1)}
    assert least <= waits[0] <= least + 1


def test_a_rate_limit_that_never_ends_is_told_as_one(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(TICKETS, status=429, json={}, headers={"Retry-After": "60"})
    with pytest.raises(RateLimited):
        Copy().read(helpdesk)


def test_more_events_in_a_second_than_a_page_holds_do_not_make_us_read_for_ever(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    event = {"id": 7, "ticket_id": 1, "timestamp": 100, "child_events": []}
    full = {"ticket_events": [event], "end_time": 100, "end_of_stream": False, "next_page": "x"}
    vendor.replace(responses.GET, EVENTS, json=full)
    vendor.add(responses.GET, EVENTS, json=full)
    vendor.add(responses.GET, EVENTS, json={**full, "end_of_stream": True})
    vendor.get(TICKETS, json=page(ticket(1), after="a", last=True))
    vendor.get(f"{API}/tickets/1/comments.json", json={"comments": []})
    Copy().read(helpdesk)
    starts = [each.split("start_time=")[1].split("&")[0] for each in sent(vendor, "ticket_events")]
    assert starts == ["0", "100", "101"]


def test_links_of_answers_are_never_followed(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    evil = "https://evil.example/steal"
    child = {
        "id": 71,
        "event_type": "Comment",
        "body": "See",
        "public": True,
        "created_at": "2026-11-02T09:00:00Z",
        "attachments": [{"content_url": evil, "mapped_content_url": evil}],
    }
    event = {"id": 7, "ticket_id": 1, "timestamp": 100, "child_events": [child]}
    first = {"ticket_events": [event], "end_time": 100, "end_of_stream": False, "next_page": evil}
    last = {"ticket_events": [], "end_time": 100, "end_of_stream": True, "next_page": evil}
    vendor.replace(responses.GET, EVENTS, json=first)
    vendor.add(responses.GET, EVENTS, json=last)
    vendor.get(TICKETS, json={**page(ticket(1), after="a"), "after_url": evil})
    vendor.get(TICKETS, json={**page(ticket(2, via=evil), after="b", last=True), "after_url": evil})
    copy = Copy()
    copy.read(helpdesk)
    assert len(copy.heads) == 2
    assert all(str(call.request.url).startswith(API) for call in vendor.calls)
    assert all(call.request.headers["Authorization"] == "Bearer t" for call in vendor.calls)


# --- Writing -------------------------------------------------------------------------------------


def test_zenpy_sends_a_changed_list_whole_and_we_send_only_our_own_keys(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(MANY, json={"tickets": [ticket(1)]})
    vendor.put(JOB, json={"job_status": WHOLE})
    assert write(helpdesk)[0].written
    (row,) = body_sent(vendor)[0]["tickets"]
    assert row["custom_fields"] == [{"id": 31, "value": "vb_sentiment__negative"}]
    assert "tags" not in row


def test_zenpy_makes_a_date_of_the_stamp_and_we_send_the_text_as_it_came(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(MANY, json={"tickets": [ticket(1)]})
    vendor.put(JOB, json={"job_status": WHOLE})
    write(helpdesk)
    (row,) = body_sent(vendor)[0]["tickets"]
    assert (row["safe_update"], row["updated_stamp"]) == (True, "2026-11-02T09:05:00Z")


@pytest.mark.parametrize("status", [413, 500, 503])
def test_zenpy_repeats_a_write_whose_answer_was_lost_and_we_look(
    vendor: responses.RequestsMock, helpdesk: Helpdesk, status: int
) -> None:
    vendor.get(MANY, json={"tickets": [ticket(1)]})
    vendor.put(JOB, status=status, json={})
    outcome = write(helpdesk)[0]
    assert not outcome.written
    assert not outcome.permanent
    assert len(body_sent(vendor)) == 1


def test_a_completed_job_with_a_failed_row_is_no_success(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    failed = {"index": 0, "id": 1, "error": "TicketUpdateFailed", "details": "Priority: is needed"}
    vendor.get(MANY, json={"tickets": [ticket(1)]})
    vendor.put(JOB, json={"job_status": {"status": "completed", "results": [failed]}})
    outcome = write(helpdesk)[0]
    assert (outcome.written, outcome.reason) == (False, "Priority: is needed")


def test_an_answer_without_a_list_is_not_an_empty_list(
    vendor: responses.RequestsMock, helpdesk: Helpdesk
) -> None:
    vendor.get(MANY, json={"count": 0})
    with pytest.raises(Misbehaving, match="list of tickets"):
        helpdesk.missing([key_of(1)])
