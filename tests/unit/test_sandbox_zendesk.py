"""The Zendesk stand-in is read as the vendor's documents and recordings say."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.unit.sandbox_corpus import NOW, TOKEN
from tests.unit.zendesk_sandbox import CLIENTS, Bench, opened_bench, walk

JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with opened_bench() as found:
        yield found


def test_wrong_credentials_get_the_vendors_401(bench: Bench) -> None:
    for auth in (("gus@us.test/token", "wrong"), ("gus@us.test", TOKEN), None):
        answer = requests.get(f"{bench.server.url}/api/v2/users/me", auth=auth, timeout=10)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Couldn't authenticate you"}


def test_basic_credentials_act_as_the_named_person(bench: Bench) -> None:
    answer = requests.get(
        f"{bench.server.url}/api/v2/users/me.json", auth=("gus@us.test/token", TOKEN), timeout=10
    )
    assert answer.json()["user"]["name"] == "Gus"
    assert int(answer.headers["x-rate-limit-remaining"]) < int(answer.headers["x-rate-limit"])


def test_a_refresh_token_works_once(bench: Bench) -> None:
    secret = {"client_id": "verbatim", "client_secret": CLIENTS["verbatim"]}
    first = bench.call.ask(
        "POST", "/oauth/tokens", json={"grant_type": "client_credentials", **secret}
    ).json()
    asked = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"], **secret}
    second = bench.call.ask("POST", "/oauth/tokens", json=asked)
    assert second.status_code == 200
    assert bench.call.ask("POST", "/oauth/tokens", json=asked).status_code == 400
    bench.call.session.headers["Authorization"] = f"Bearer {second.json()['access_token']}"
    assert bench.call.get("users/me")["user"]["role"] == "admin"
    bench.clock.advance(hours=3)
    assert bench.call.ask("GET", "/api/v2/users/me").status_code == 401


def test_the_cursor_export_gives_every_ticket_once_in_order_of_change(bench: Bench) -> None:
    rows = walk(bench, start_time=0, per_page=2)
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["external_id"] == "z-1"
    assert rows[4]["from_messaging_channel"] is True
    assert rows[0]["description"].startswith("Invoice 1 was charged twice.")


def test_tickets_of_one_second_are_cut_into_pages_without_loss(bench: Bench) -> None:
    for ticket_id in (5, 3, 1, 2, 4):
        bench.stand.state.set_tags_as_agent(ticket_id, ["touched"])
    bench.clock.advance(seconds=61)
    rows = walk(bench, start_time=int(NOW.timestamp()), per_page=2)
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5]


def test_unreadable_requests_get_json_too(bench: Bench) -> None:
    broken = bench.call.ask("PUT", "/api/v2/tickets/1", data="{", headers=JSON_TYPE)
    assert (broken.status_code, broken.json()["error"]) == (400, "BadRequest")
    assert bench.call.ask("PATCH", "/api/v2/tickets/1").status_code == 405
    assert bench.call.ask("GET", "/api/v2/nothing").json()["error"] == "RecordNotFound"


def test_side_loads_come_with_the_export(bench: Bench) -> None:
    page = bench.call.get(
        "incremental/tickets/cursor",
        start_time=0,
        include="users,organizations,groups,comment_count,metric_sets",
    )
    assert page["organizations"][0]["organization_fields"]["segment"] == "enterprise"
    assert {user["name"] for user in page["users"]} == {"Rita", "Gus"}
    assert page["tickets"][0]["comment_count"] == 3
    assert page["tickets"][0]["metric_set"]["replies"] == 1


def test_changes_of_the_last_minute_are_hidden(bench: Bench) -> None:
    page = bench.call.get("incremental/tickets/cursor", start_time=0)
    bench.stand.state.add_comment(2, "Any news?")
    cursor = page["after_cursor"]
    hidden = bench.call.get("incremental/tickets/cursor", cursor=cursor)
    assert (hidden["tickets"], hidden["after_cursor"]) == ([], None)
    bench.clock.advance(seconds=61)
    shown = bench.call.get("incremental/tickets/cursor", cursor=cursor)
    assert [row["id"] for row in shown["tickets"]] == [2]
    late = bench.call.ask(
        "GET",
        "/api/v2/incremental/tickets/cursor",
        params={"start_time": int(bench.clock().timestamp())},
    )
    assert (late.status_code, late.json()["error"]) == (422, "InvalidValue")


def test_deleted_tickets_stay_in_the_export_and_are_scrubbed_later(bench: Bench) -> None:
    bench.stand.state.delete_ticket(1)
    bench.clock.advance(days=30)
    row = walk(bench, start_time=0)[-1]
    assert (row["id"], row["status"], row["subject"]) == (1, "deleted", "Invoice 1")
    bench.stand.state.scrub_ticket(1)
    bench.clock.advance(seconds=61)
    scrubbed = walk(bench, start_time=0)[-1]
    assert (scrubbed["subject"], scrubbed["description"]) == ("SCRUBBED", "X")
    assert scrubbed["updated_at"] == row["updated_at"]
    assert scrubbed["generated_timestamp"] > row["generated_timestamp"]
    assert bench.call.ask("GET", "/api/v2/tickets/1").status_code == 404
    assert bench.call.ask("GET", "/api/v2/tickets/1/comments").status_code == 404
    bench.stand.state.vanish_ticket(1)
    assert [row["id"] for row in walk(bench, start_time=0)] == [2, 3, 4, 5]
    assert len(bench.call.get("tickets/show_many", ids="1,2")["tickets"]) == 1


def test_ticket_events_repeat_their_boundary_second_and_carry_comments(bench: Bench) -> None:
    asked: dict[str, Any] = {"include": "comment_events", "per_page": 3}
    start, ids = 0, list[int]()
    for _ in range(50):
        page = bench.call.get("incremental/ticket_events.json", start_time=start, **asked)
        ids += [event["id"] for event in page["ticket_events"]]
        if page["end_of_stream"]:
            break
        start = page["end_time"]
    assert len(ids) > len(set(ids))
    events = bench.call.get("incremental/ticket_events", start_time=0, include="comment_events")
    assert {event["id"] for event in events["ticket_events"]} == set(ids)
    child = events["ticket_events"][0]["child_events"][0]
    assert child["body"].startswith("Invoice 1")
    assert 'class="gmail_signature"' in child["html_body"]
    bare = bench.call.get("incremental/ticket_events", start_time=0)
    assert "body" not in bare["ticket_events"][0]["child_events"][0]


def test_messages_of_a_messaging_ticket_are_only_in_the_log(bench: Bench) -> None:
    comments = bench.call.get("tickets/5/comments")["comments"]
    assert not any("charged" in comment["body"] for comment in comments)
    log = bench.call.get("tickets/5/conversation_log", **{"page[size]": 1})
    assert log["meta"]["has_more"] is True
    events = bench.call.get("tickets/5/conversation_log", **{"page[size]": 100})["events"]
    messages = [each for each in events if each["type"] == "Messaging::ConversationMessage"]
    assert [each["author"]["type"] for each in messages] == ["user", "agent"]
    assert messages[0]["content"]["text"].startswith("Invoice 5")


def test_redaction_and_privacy_show_as_events_and_in_the_comments(bench: Bench) -> None:
    state = bench.stand.state
    first, second = (each["id"] for each in bench.call.get("tickets/1/comments")["comments"][:2])
    state.redact(1, first, "Invoice")
    state.make_private(1, second)
    comments = bench.call.get("tickets/1/comments", include="users")
    assert comments["comments"][0]["body"].startswith("▇" * 7)
    assert comments["comments"][1]["public"] is False
    assert {user["name"] for user in comments["users"]} == {"Rita", "Gus"}
    bench.clock.advance(seconds=61)
    start = int(NOW.timestamp())
    events = bench.call.get("incremental/ticket_events", start_time=start)["ticket_events"]
    kinds = [child["event_type"] for event in events for child in event["child_events"]]
    assert kinds == ["CommentRedactionEvent", "CommentPrivacyChange"]
