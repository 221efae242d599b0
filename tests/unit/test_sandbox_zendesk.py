"""The Zendesk stand-in behaves as the vendor's documents and recordings say."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from zenpy import Zenpy
from zenpy.lib.api_objects import CustomFieldOption, Ticket, TicketField

from connectors.sandbox.corpus import (
    Corpus,
    CorpusAccount,
    CorpusConversation,
    CorpusMessage,
    CorpusPerson,
)
from connectors.sandbox.faults import Call
from connectors.sandbox.server import RunningServer
from connectors.sandbox.zendesk import ZendeskStand, zendesk_app

TOKEN = "made-up-token"
BEGIN = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CLIENTS = {"verbatim": "made-up-secret"}
JSON_TYPE = {"Content-Type": "application/json"}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **span: int) -> None:
        self.now += timedelta(**span)


def conversation(
    number: int, *, channel: str = "email", status: str = "open"
) -> CorpusConversation:
    begun = BEGIN + timedelta(hours=number)
    words = (
        ("customer", "r1", True, f"Invoice {number} was charged twice.\n\n--\nRita"),
        ("agent", "g1", True, "We are looking into it.\n> Invoice was charged twice."),
        ("agent", "g1", False, "Billing knows about this."),
    )
    return CorpusConversation(
        id=f"z-{number}",
        helpdesk="zendesk",
        channel=channel,
        subject=f"Invoice {number}",
        status=status,
        account="a1",
        requester="r1",
        agent="g1",
        helpdesk_tags=("billing",),
        created_at=begun,
        updated_at=begun + timedelta(minutes=30),
        messages=tuple(
            CorpusMessage(
                id=f"z-{number}-{place}",
                role=role,  # type: ignore[arg-type]  # the literals above are its values
                author=author,
                public=public,
                created_at=begun + timedelta(minutes=10 * place),
                text=text,
            )
            for place, (role, author, public, text) in enumerate(words)
        ),
        origin="written for this test",
    )


def corpus(count: int = 5) -> Corpus:
    rows = [conversation(number) for number in range(1, count - 1)]
    rows.append(conversation(count - 1, status="closed"))
    rows.append(conversation(count, channel="messaging"))
    return Corpus(
        accounts=(
            CorpusAccount(
                id="a1", name="Acme", segment="enterprise", owner="maya@us.test", domain="acme.test"
            ),
        ),
        agents=(CorpusPerson(id="g1", name="Gus", email="gus@us.test", account=None),),
        requesters=(CorpusPerson(id="r1", name="Rita", email="rita@acme.test", account="a1"),),
        conversations=tuple(rows),
    )


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
    clock: Clock
    call: Caller


@pytest.fixture
def bench() -> Iterator[Bench]:
    clock = Clock()
    stand = zendesk_app(
        corpus(), token=TOKEN, clock=clock, incremental_per_minute=None, oauth_clients=CLIENTS
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
    bench.clock.pass_by(hours=3)
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
    bench.clock.pass_by(seconds=61)
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
    bench.clock.pass_by(seconds=61)
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
    bench.clock.pass_by(days=30)
    row = walk(bench, start_time=0)[-1]
    assert (row["id"], row["status"], row["subject"]) == (1, "deleted", "Invoice 1")
    bench.stand.state.scrub_ticket(1)
    bench.clock.pass_by(seconds=61)
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
    bench.clock.pass_by(seconds=61)
    start = int(NOW.timestamp())
    events = bench.call.get("incremental/ticket_events", start_time=start)["ticket_events"]
    kinds = [child["event_type"] for event in events for child in event["child_events"]]
    assert kinds == ["CommentRedactionEvent", "CommentPrivacyChange"]


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
    bench.clock.pass_by(hours=1)
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
    bench.clock.pass_by(seconds=61)
    changed = bench.call.get("incremental/organizations", start_time=int(NOW.timestamp()))
    assert changed["organizations"][0]["organization_fields"]["segment"] == "startup"
    assert bench.call.get("groups")["groups"][0]["name"] == "Support"


def test_a_helpdesk_link_opens_a_readable_page(bench: Bench) -> None:
    page = requests.get(f"{bench.server.url}/agent/tickets/1", timeout=10)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Invoice 1 was charged twice." in page.text


def test_incremental_calls_are_limited_when_asked() -> None:
    clock = Clock()
    stand = zendesk_app(corpus(), token=TOKEN, clock=clock, incremental_per_minute=2)
    with stand.serve() as server:
        caller = Caller(server.url)
        path = "/api/v2/incremental/tickets/cursor?start_time=0"
        answers = [caller.ask("GET", path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error"] == "APIRateLimitExceeded"
        assert answers[2].headers["Retry-After"] == "60"
        clock.pass_by(minutes=1)
        assert caller.ask("GET", path).status_code == 200
        caller.session.close()


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
