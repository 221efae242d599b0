"""The Zendesk stand-in takes changes as the vendor's documents and recordings say."""

from collections.abc import Iterator

import pytest
import requests

from tests.unit.sandbox_corpus import NOW
from tests.unit.zendesk_sandbox import Bench, dropdown, opened_bench, walk


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened_bench() as found:
        yield found


def test_a_dropdown_value_is_a_tag_and_other_fields_survive(bench: Bench) -> None:
    sentiment = dropdown(bench, "vb_negative", "vb_positive")
    other = bench.call.post("ticket_fields", {"ticket_field": {"type": "text", "title": "Note"}})
    note = other.json()["ticket_field"]["id"]
    bench.stand.state.set_field_as_agent(1, note, "human words")
    wanted = {"custom_fields": [{"id": sentiment, "value": "vb_negative"}]}
    shown = bench.call.put("tickets/1", {"ticket": wanted}).json()["ticket"]
    assert shown["tags"] == ["billing", "vb_negative"]
    assert {each["id"]: each["value"] for each in shown["custom_fields"]} == {
        sentiment: "vb_negative",
        note: "human words",
    }
    bench.stand.state.set_field_as_agent(1, sentiment, "vb_positive")
    assert bench.call.get("tickets/1")["ticket"]["tags"] == ["billing", "vb_positive"]
    replaced = bench.call.put("tickets/1", {"ticket": {"tags": ["vip"]}}).json()["ticket"]
    assert replaced["tags"] == ["vip"]
    assert replaced["custom_fields"][0]["value"] is None
    bad = {"custom_fields": [{"id": sentiment, "value": "nonsense"}]}
    assert bench.call.put("tickets/1", {"ticket": bad}).json()["error"] == "RecordInvalid"


def test_a_write_returns_in_the_next_export_and_a_repeated_one_does_not(bench: Bench) -> None:
    sentiment = dropdown(bench, "vb_negative")
    body = {"ticket": {"custom_fields": [{"id": sentiment, "value": "vb_negative"}]}}
    bench.call.put("tickets/1", body)
    written = bench.call.get("tickets/1")["ticket"]["updated_at"]
    bench.clock.advance(hours=1)
    bench.call.put("tickets/1", body)
    row = walk(bench, start_time=0)[-1]
    assert (row["id"], row["updated_at"]) == (1, written)
    audits = bench.call.get("tickets/1/audits")["audits"]
    assert [each["field_name"] for each in audits[-1]["events"]] == [str(sentiment), "tags"]


def test_an_omitted_option_is_wiped_from_the_tickets(bench: Bench) -> None:
    sentiment = dropdown(bench, "vb_negative", "vb_positive")
    bench.stand.state.set_field_as_agent(1, sentiment, "vb_negative")
    options = [{"name": "Positive", "value": "vb_positive"}]
    body = {"ticket_field": {"custom_field_options": options}}
    bench.call.put(f"ticket_fields/{sentiment}", body)
    shown = bench.call.get("tickets/1")["ticket"]
    assert (shown["tags"], shown["custom_fields"][0]["value"]) == (["billing"], None)


def test_titles_may_repeat_but_tags_may_not(bench: Bench) -> None:
    dropdown(bench, "vb_negative")
    dropdown(bench, "vb_other")
    options = [{"name": "Negative", "value": "vb_negative"}]
    body = {"type": "tagger", "title": "Third", "custom_field_options": options}
    refused = bench.call.post("ticket_fields", {"ticket_field": body})
    assert (refused.status_code, refused.json()["error"]) == (422, "RecordInvalid")


def test_closed_tickets_refuse_fields_and_take_tags_in_bulk(bench: Bench) -> None:
    sentiment = dropdown(bench, "vb_negative")
    fields = {"custom_fields": [{"id": sentiment, "value": "vb_negative"}]}
    refused = bench.call.put("tickets/4", {"ticket": fields})
    assert refused.status_code == 422
    assert "closed prevents ticket update" in refused.text
    assert bench.call.put("tickets/4/tags", {"tags": ["x"]}).status_code == 422
    rows = bench.call.finished({"tickets": [{"id": 1, **fields}, {"id": 4, **fields}]})
    assert [row["success"] for row in rows] == [True, False]
    assert rows[1]["error"] == "RecordInvalid"
    rows = bench.call.finished({"ticket": {"additional_tags": ["vb_seen"]}}, ids="3,4,99")
    assert [row["success"] for row in rows] == [True, True, False]
    assert bench.call.get("tickets/4")["ticket"]["tags"] == ["billing", "vb_seen"]


def test_more_than_a_hundred_rows_are_too_many(bench: Bench) -> None:
    rows = [{"id": 1, "priority": "high"}] * 101
    answer = bench.call.put("tickets/update_many", {"tickets": rows})
    assert (answer.status_code, answer.json()["error"]) == (400, "TooManyValues")


def test_a_stale_stamp_is_a_conflict(bench: Bench) -> None:
    stamp = bench.call.get("tickets/1")["ticket"]["updated_at"]
    bench.stand.state.set_status(1, "pending")
    wanted = {"priority": "high", "safe_update": True, "updated_stamp": stamp}
    assert bench.call.put("tickets/1", {"ticket": wanted}).status_code == 409
    wanted["updated_stamp"] = bench.call.get("tickets/1")["ticket"]["updated_at"]
    assert bench.call.put("tickets/1", {"ticket": wanted}).status_code == 200


def test_unpermitted_keys_are_ignored_with_a_header(bench: Bench) -> None:
    answer = bench.call.put("tickets/1", {"ticket": {"colour": "red", "priority": "low"}})
    assert answer.json()["ticket"]["priority"] == "low"
    assert "colour" in answer.headers["x-zendesk-api-warn"]


def test_tag_endpoints_add_replace_and_remove(bench: Bench) -> None:
    path = "/api/v2/tickets/1/tags"
    assert bench.call.ask("PUT", path, json={"tags": ["vip"]}).json()["tags"] == ["billing", "vip"]
    gone = bench.call.ask("DELETE", path, json={"tags": ["billing"]})
    assert gone.json()["tags"] == ["vip"]
    assert bench.call.ask("POST", path, json={"tags": ["only"]}).json()["tags"] == ["only"]


def test_search_counts_half_open_days(bench: Bench) -> None:
    query = "type:ticket created>=2026-09-01T09:00:00Z created<2026-09-01T11:00:00Z"
    assert bench.call.get("search/count", query=query)["count"] == 2
    assert bench.call.get("tickets/count")["count"]["value"] == 5
    bench.stand.state.delete_ticket(1)
    assert bench.call.get("search/count", query=query)["count"] == 1


def test_merging_closes_the_source_with_a_tag(bench: Bench) -> None:
    bench.stand.state.merge(1, 2)
    source = bench.call.get("tickets/1")["ticket"]
    assert (source["status"], "closed_by_merge" in source["tags"]) == ("closed", True)
    assert bench.call.get("tickets/2/comments")["comments"][-1]["public"] is False


def test_people_and_companies_can_be_listed(bench: Bench) -> None:
    page = bench.call.get("organizations")
    assert page["organizations"][0]["domain_names"] == ["acme.test"]
    company = page["organizations"][0]["id"]
    assert bench.call.get("organizations/show_many", ids=str(company))["count"] == 1
    users = bench.call.get("incremental/users/cursor", start_time=0)["users"]
    assert len(users) == 3
    bench.stand.state.edit_organization(company, segment="startup")
    bench.clock.advance(seconds=61)
    changed = bench.call.get("incremental/organizations", start_time=int(NOW.timestamp()))
    assert changed["organizations"][0]["organization_fields"]["segment"] == "startup"
    assert bench.call.get("groups")["groups"][0]["name"] == "Support"


def test_a_helpdesk_link_opens_a_readable_page(bench: Bench) -> None:
    page = requests.get(f"{bench.server.url}/agent/tickets/1", timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Invoice 1 was charged twice." in page.text
