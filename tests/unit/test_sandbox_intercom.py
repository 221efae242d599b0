"""The Intercom stand-in behaves as the vendor's description and recordings say."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from intercom import Intercom

from connectors.sandbox.intercom import intercom_app
from tests.builders import Clockwork
from tests.unit.intercom_sandbox import Bench, corpus, opened_bench, since, walk
from tests.unit.sandbox_corpus import BEGIN, NOW, TOKEN

FIRST = 215_000_001
NEWEST = {"Intercom-Version": "2.16"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened_bench() as found:
        yield found


def test_a_wrong_token_gets_the_vendors_error_list(bench: Bench) -> None:
    answer = httpx.get(f"{bench.server.url}/me", headers={"Authorization": "Bearer wrong"})
    assert answer.status_code == 401
    assert answer.json()["type"] == "error.list"
    assert answer.json()["errors"][0]["code"] == "unauthorized"


def test_unknown_addresses_get_the_error_list_too(bench: Bench) -> None:
    for method, path, status in (("GET", "/nothing", 404), ("PATCH", "/me", 405)):
        answer = bench.http.request(method, path)
        assert (answer.status_code, answer.json()["type"]) == (status, "error.list")


def test_me_names_the_region_and_each_answer_its_limits(bench: Bench) -> None:
    answer = bench.http.get("/me", headers=NEWEST)
    assert answer.json()["app"]["region"] == "US"
    assert answer.headers["Intercom-Version"] == "2.16"
    assert int(answer.headers["X-RateLimit-Remaining"]) == 1665
    assert bench.http.get("/me", headers={"Intercom-Version": "9.9"}).status_code == 400


def test_a_walk_over_ties_gives_every_conversation_once(bench: Bench) -> None:
    ids = walk(bench, since("updated_at", ">", BEGIN))
    assert sorted(ids) == [FIRST + number for number in range(7)]
    assert len(ids) == 7


def test_a_conversation_that_changes_during_the_walk_comes_again_at_the_end(bench: Bench) -> None:
    query = since("updated_at", ">=", BEGIN)
    first = bench.search(query, pagination={"per_page": 3})
    bench.stand.state.add_comment(FIRST, "Any news?")
    after = first["pages"]["next"]["starting_after"]
    rest = bench.search(query, pagination={"per_page": 150, "starting_after": after})
    ids = [int(each["id"]) for each in rest["conversations"]]
    assert ids == [FIRST + 3, FIRST + 4, FIRST + 5, FIRST + 6, FIRST]
    assert rest["total_count"] == 7


def test_lists_have_no_parts_and_no_company(bench: Bench) -> None:
    row = bench.search(since("updated_at", ">", BEGIN))["conversations"][0]
    assert "conversation_parts" not in row
    assert "company_id" not in row
    assert row["source"]["body"].startswith("<p>Invoice")


def test_query_trees_nest_and_compare(bench: Bench) -> None:
    day = {
        "operator": "AND",
        "value": [
            since("created_at", ">=", BEGIN + timedelta(hours=2)),
            since("created_at", "<", BEGIN + timedelta(hours=4)),
        ],
    }
    assert bench.search(day, pagination={"per_page": 1})["total_count"] == 2
    strict = since("updated_at", ">", BEGIN + timedelta(days=1))
    assert bench.search(strict)["total_count"] == 5
    either = {
        "operator": "OR",
        "value": [strict, {**strict, "operator": "="}],
    }
    assert bench.search(either)["total_count"] == 7
    closed = {"operator": "AND", "value": [either, {**_state("closed")}]}
    assert bench.search(closed)["total_count"] == 1
    listed = {"field": "id", "operator": "IN", "value": [str(FIRST), str(FIRST + 1), "1"]}
    assert bench.search(listed)["total_count"] == 2
    assert bench.search({**_state("closed"), "operator": "!="})["total_count"] == 6


def _state(value: str) -> dict[str, Any]:
    return {"field": "state", "operator": "=", "value": value}


def test_search_refuses_what_the_vendor_refuses(bench: Bench) -> None:
    group: dict[str, Any] = {"operator": "AND", "value": [_state("open")]}
    deep = {"operator": "AND", "value": [{"operator": "OR", "value": [group]}]}
    wide = {"operator": "AND", "value": [_state("open")] * 16}
    bodies: list[dict[str, Any]] = [
        {"query": deep},
        {"query": wide},
        {"query": {"field": "colour", "operator": "=", "value": 1}},
        {"query": {"field": "state", "operator": "LIKE", "value": 1}},
        {"query": _state("open"), "pagination": {"per_page": 151}},
        {"query": _state("open"), "pagination": {"starting_after": "nonsense"}},
    ]
    for body in bodies:
        answer = bench.http.post("/conversations/search", json=body)
        assert (answer.status_code, answer.json()["type"]) == (400, "error.list"), body
    short = {"query": _state("open"), "sort": {"field": "updated_at", "order": "asc"}}
    codes = [
        bench.http.post("/conversations/search", json=short, headers=headers).status_code
        for headers in ({}, NEWEST)
    ]
    assert codes == [200, 400]


def test_a_retrieved_conversation_has_parts_words_and_company(bench: Bench) -> None:
    row = bench.retrieve(FIRST)
    kinds = [each["part_type"] for each in row["conversation_parts"]["conversation_parts"]]
    assert kinds == ["comment", "comment", "note", "close"]
    authors = [each["author"]["type"] for each in row["conversation_parts"]["conversation_parts"]]
    assert authors == ["bot", "admin", "admin", "admin"]
    company = bench.http.get(f"/companies/{row['company_id']}").json()
    assert company["custom_attributes"]["segment"] == "enterprise"
    assert "company" not in row
    plain = bench.retrieve(FIRST, display_as="plaintext")
    assert plain["source"]["body"] == "Invoice 1 was charged twice."
    newer = bench.http.get(f"/conversations/{FIRST}", headers=NEWEST).json()
    assert newer["company"]["name"] == "Acme"


def test_only_the_500_newest_parts_are_shown_and_the_total_tells(bench: Bench) -> None:
    for number in range(500):
        bench.stand.state.add_comment(FIRST + 1, f"Again {number}")
    parts = bench.retrieve(FIRST + 1)["conversation_parts"]
    assert len(parts["conversation_parts"]) == 500
    assert parts["total_count"] == 503
    assert parts["conversation_parts"][-1]["body"] == "<p>Again 499</p>"


def test_each_attribute_change_is_a_visible_part_by_the_bot(bench: Bench) -> None:
    bench.stand.state.make_attribute("vb sentiment", "list", options=["negative", "positive"])
    bench.stand.state.make_attribute("vb driver", "string")
    before = bench.retrieve(FIRST)
    wanted = {"vb sentiment": "negative", "vb driver": "Billing"}
    after = bench.write(FIRST, **wanted).json()
    assert after["custom_attributes"] == wanted
    assert after["updated_at"] > before["updated_at"]
    parts = after["conversation_parts"]["conversation_parts"][-2:]
    assert {each["part_type"] for each in parts} == {"conversation_attribute_updated_by_admin"}
    assert parts[0]["author"]["type"] == "bot"
    assert parts[0]["event_details"]["attribute"]["name"] == "vb sentiment"
    bench.clock.advance(hours=1)
    again = bench.write(FIRST, **wanted).json()
    assert again["updated_at"] == after["updated_at"]
    cleared = bench.write(FIRST, **{"vb driver": None}).json()
    assert cleared["custom_attributes"] == {"vb sentiment": "negative"}


def test_unknown_attributes_options_and_doubled_names_are_refused(bench: Bench) -> None:
    bench.stand.state.make_attribute("vb sentiment", "list", options=["negative"])
    for wanted in ({"nobody": "x"}, {"vb sentiment": "nonsense"}):
        answer = bench.write(FIRST, **wanted)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == "parameter_invalid"
    bench.stand.state.make_attribute("vb sentiment", "string")
    doubled = bench.write(FIRST, **{"vb sentiment": "negative"})
    assert doubled.json()["errors"][0]["code"] == "INVALID_PARAMETER"


def test_attributes_are_made_since_version_2_16_and_read_before(bench: Bench) -> None:
    body = {"name": "vb effort", "data_type": "list"}
    old = bench.http.post("/conversations/attributes", json=body)
    assert old.json()["errors"][0]["code"] == "intercom_version_invalid"
    made = bench.http.post("/conversations/attributes", json=body, headers=NEWEST).json()
    path = f"/conversations/attributes/{made['id']}/options"
    more = bench.http.post(path, json={"label": "high"}, headers=NEWEST).json()
    assert [each["label"] for each in more["options"]] == ["high"]
    listed = bench.http.get("/data_attributes", params={"model": "conversation"}).json()["data"]
    assert listed[0]["options"] == ["high"]
    newer = bench.http.get("/data_attributes", params={"model": "conversation"}, headers=NEWEST)
    assert newer.status_code == 422
    wrong = {"name": "x", "data_type": "mood"}
    assert (
        bench.http.post("/conversations/attributes", json=wrong, headers=NEWEST).status_code == 422
    )


def test_deleted_conversations_are_gone_and_listed(bench: Bench) -> None:
    for number in (FIRST, FIRST + 1):
        bench.stand.state.delete_conversation(number)
    gone = bench.http.get(f"/conversations/{FIRST}")
    assert (gone.status_code, gone.json()["errors"][0]["code"]) == (404, "not_found")
    assert bench.http.get("/conversations/deleted").status_code == 400
    page = bench.http.get(
        "/conversations/deleted", params={"per_page": 1, "order": "asc"}, headers=NEWEST
    ).json()
    assert (page["conversations"][0]["id"], page["total_count"]) == (str(FIRST), 2)
    assert page["pages"]["next"].endswith("page=2")


def test_redaction_keeps_the_part_and_takes_its_words(bench: Bench) -> None:
    source = bench.retrieve(FIRST + 1)["source"]["id"]
    bench.clock.advance(minutes=5)
    body = {"type": "source", "conversation_id": str(FIRST + 1), "source_id": source}
    row = bench.http.post("/conversations/redact", json=body).json()
    assert row["source"]["redacted"] is True
    assert row["source"]["body"] == "<p>This message was deleted</p>"
    assert row["updated_at"] == int(bench.clock().timestamp())


def test_tags_are_matched_without_case_and_need_an_admin(bench: Bench) -> None:
    tag = bench.http.post("/tags", json={"name": "vb:churn"}).json()
    assert bench.http.post("/tags", json={"name": "VB:Churn"}).json()["id"] == tag["id"]
    path = f"/conversations/{FIRST}/tags"
    assert bench.http.post(path, json={"id": tag["id"]}).status_code == 400
    admin = bench.http.get("/admins").json()["admins"][0]["id"]
    bench.http.post(path, json={"id": tag["id"], "admin_id": admin})
    assert "vb:churn" in [each["name"] for each in bench.retrieve(FIRST)["tags"]["tags"]]
    bench.http.request("DELETE", f"{path}/{tag['id']}", json={"admin_id": admin})
    assert [each["name"] for each in bench.retrieve(FIRST)["tags"]["tags"]] == ["billing"]


def test_a_customers_reply_opens_a_closed_conversation(bench: Bench) -> None:
    body = {"message_type": "comment", "type": "user", "body": "Still wrong."}
    row = bench.http.post(f"/conversations/{FIRST}/reply", json=body).json()
    last = row["conversation_parts"]["conversation_parts"][-1]
    assert (row["state"], last["part_type"], last["body"]) == (
        "open",
        "open",
        "<p>Still wrong.</p>",
    )


def test_a_merged_conversation_is_closed_and_linked_and_the_other_goes_on(bench: Bench) -> None:
    open_one, other = FIRST + 2, FIRST + 3
    merge, body = f"/conversations/{open_one}/merge", {"merge_into_conversation_id": other}
    assert bench.http.post(merge, json=body).status_code >= 400  # the version that we speak
    answer = bench.http.post(merge, json=body, headers=NEWEST)
    assert answer.json()["id"] == str(other)
    left = bench.retrieve(open_one)
    assert left["state"] == "closed"
    assert [each["id"] for each in left["linked_objects"]["data"]] == [str(other)]
    assert left["updated_at"] == bench.retrieve(other)["updated_at"]
    itself = {"merge_into_conversation_id": open_one}
    assert bench.http.post(merge, json=itself, headers=NEWEST).status_code == 400
    nowhere = {"merge_into_conversation_id": 1}
    assert bench.http.post(merge, json=nowhere, headers=NEWEST).status_code == 404


def test_contacts_are_searched_by_day_only(bench: Bench) -> None:
    query = since("created_at", ">", BEGIN - timedelta(days=3))
    page = bench.http.post(
        "/contacts/search", json={"query": query, "pagination": {"per_page": 1}}
    ).json()
    assert (page["total_count"], len(page["data"])) == (2, 1)
    after = page["pages"]["next"]["starting_after"]
    rest = bench.http.post(
        "/contacts/search",
        json={"query": query, "pagination": {"per_page": 1, "starting_after": after}},
    ).json()
    assert rest["data"][0]["name"] == "Rob"
    refused = bench.http.post("/contacts/search", json={"query": {**query, "operator": ">="}})
    assert refused.status_code == 400
    companies = bench.http.get(f"/contacts/{page['data'][0]['id']}/companies").json()
    assert companies["data"][0]["name"] == "Acme"


def test_one_scroll_over_companies_at_a_time(bench: Bench) -> None:
    first = bench.http.get("/companies/scroll").json()
    assert len(first["data"]) == 1
    assert bench.http.get("/companies/scroll").json()["errors"][0]["code"] == "scroll_exists"
    scroll = {"scroll_param": first["scroll_param"]}
    assert bench.http.get("/companies/scroll", params=scroll).json()["data"] == []
    assert bench.http.get("/companies/scroll").status_code == 200
    assert bench.http.post("/companies/list", json={}).json()["total_count"] == 1


def test_a_helpdesk_link_opens_a_readable_page(bench: Bench) -> None:
    page = httpx.get(f"{bench.server.url}/a/inbox/_/conversation/{FIRST}")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Invoice 1 was charged twice." in page.text


def test_a_switched_limit_tells_when_its_window_ends(bench: Bench) -> None:
    bench.stand.faults.rate_limit(retry_after="4")
    answer = bench.http.get("/me")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (429, "rate_limit_exceeded")
    assert int(answer.headers["X-RateLimit-Reset"]) == int(NOW.timestamp()) + 4
    assert "Retry-After" not in answer.headers


def test_the_window_can_be_enforced() -> None:
    clock = Clockwork(NOW)
    stand = intercom_app(corpus(1), token=TOKEN, clock=clock, calls_per_window=2)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with stand.serve() as server, httpx.Client(base_url=server.url, headers=headers) as client:
        assert [client.get("/me").status_code for _ in range(3)] == [200, 200, 429]
        clock.advance(seconds=10)
        assert client.get("/me").status_code == 200


def test_an_empty_page_and_a_repeated_cursor_can_be_had(bench: Bench) -> None:
    query = since("updated_at", ">", BEGIN)
    bench.stand.faults.empty_page_once()
    page = bench.search(query, pagination={"per_page": 3})
    assert page["conversations"] == []
    after = page["pages"]["next"]["starting_after"]
    full = bench.search(query, pagination={"per_page": 3, "starting_after": after})
    assert [int(each["id"]) for each in full["conversations"]] == [FIRST, FIRST + 1, FIRST + 2]
    bench.stand.faults.repeat_cursor()
    again = {"per_page": 3, "starting_after": full["pages"]["next"]["starting_after"]}
    same = bench.search(query, pagination=again)
    assert same["pages"]["next"]["starting_after"] == again["starting_after"]


def test_a_dropped_connection_is_a_transport_error(bench: Bench) -> None:
    bench.stand.faults.drop_before_answering()
    with pytest.raises(httpx.RemoteProtocolError):
        bench.http.get("/me")
    bench.stand.faults.cut_transfer()
    with pytest.raises(httpx.RemoteProtocolError):
        bench.http.get("/me")
    assert bench.http.get("/_sandbox/calls").json() == {"GET /me": 2}


def test_a_stopped_stand_in_answers_nobody(bench: Bench) -> None:
    assert bench.http.get("/me").status_code == 200
    bench.server.stop()
    with pytest.raises(httpx.TransportError):
        bench.http.get("/me")


def test_the_vendors_own_library_reads_and_writes(bench: Bench) -> None:
    bench.stand.state.make_attribute("vb driver", "string")
    with httpx.Client() as plain:
        client = Intercom(token=TOKEN, base_url=bench.server.url, httpx_client=plain)
        me = client.admins.identify()
        assert me is not None
        assert me.email == "verbatim@example.com"
        row = client.conversations.find(conversation_id=str(FIRST))
        assert row.conversation_parts is not None
        assert row.conversation_parts.total_count == 4
        client.conversations.update(
            conversation_id=str(FIRST), custom_attributes={"vb driver": "Billing"}
        )
        tag = client.tags.create(request={"name": "vb:churn"})
        client.tags.tag_conversation(str(FIRST), tag_id=tag.id, admin_id="900")
        listed = client.data_attributes.list(model="conversation").data or []
        names = [attribute.name for attribute in listed]
        assert names == ["vb driver"]
        companies = [company.name for company in client.companies.scroll()]
    assert companies == ["Acme"]
    assert bench.retrieve(FIRST)["custom_attributes"] == {"vb driver": "Billing"}
