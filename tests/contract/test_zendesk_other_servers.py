"""Servers that speak only part of Zendesk's API: less comes along, and nothing is lost for it."""

import json
from collections.abc import Iterator

import pytest
import responses
from requests import PreparedRequest

from connectors._http import Retries
from connectors.zendesk import build
from service.domain.conversations import Role
from service.domain.writeback import FieldChange, field_specs
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Copy, key_of

HOST = "http://127.0.0.1:9/api/v2"
TICKET = {
    "id": 1,
    "subject": "Late",
    "status": "new",
    "created_at": "2026-11-02T09:00:00Z",
    "updated_at": "2026-11-02T09:05:00+00:00",
    "requester_id": 11,
    "organization_id": 5,
    "via": "Mail",
    "tags": [],
}
COMMENTS = [
    {"id": 71, "author_id": 11, "body": "Where is it?", "public": True},
    {"id": 72, "author_id": 12, "html_body": "<p>On its <b>way</b></p>", "public": True},
    {"id": 73, "author_id": -1, "body": "Closed by a rule", "public": False},
]
EVENT = {"id": 901, "ticket_id": 1, "created_at": "2026-11-02T09:00:00Z"}


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{HOST}/ticket_fields.json", json={"ticket_fields": []})
        mock.get(f"{HOST}/users/show_many.json", status=404, json={})
        mock.get(f"{HOST}/organizations/show_many.json", status=404, json={})
        mock.get(
            f"{HOST}/incremental/tickets/cursor.json",
            json={"tickets": [TICKET], "after_cursor": None},
        )
        mock.get(
            f"{HOST}/tickets/1/comments.json",
            json={
                "comments": [{**each, "created_at": TICKET["created_at"]} for each in COMMENTS],
                "next_page": None,
            },
        )
        yield mock


def helpdesk() -> Helpdesk:
    settings = {"base_url": "http://127.0.0.1:9", "oauth_token": "t"}
    return build(settings, retries=Retries(sleep=lambda _: None))


def events(mock: responses.RequestsMock, children: list[dict[str, object]]) -> None:
    rows = [{**EVENT, "child_events": children}]
    mock.get(f"{HOST}/incremental/ticket_events.json", json={"ticket_events": rows})


def roles_of(copy: Copy) -> list[Role]:
    return [each.message.role for each in copy.messages[key_of(1)].values()]


def test_words_come_with_the_events_where_they_are_embedded(
    server: responses.RequestsMock,
) -> None:
    events(server, [{**each, "event_type": "Comment"} for each in COMMENTS])
    copy = Copy()
    copy.read(helpdesk())
    assert [each.message.text for each in copy.messages[key_of(1)].values()] == [
        "Where is it?",
        "On its way",
        "Closed by a rule",
    ]
    assert roles_of(copy) == [Role.CUSTOMER, Role.AGENT, Role.BOT]
    assert copy.pages[0].accounts[0].name == "Organization 5"
    assert copy.heads[key_of(1)].channel == "Mail"


def test_events_without_words_lead_to_the_comments(server: responses.RequestsMock) -> None:
    bare: list[dict[str, object]] = [
        {"id": each["id"], "event_type": "Comment", "comment_present": True} for each in COMMENTS
    ]
    events(server, bare)
    copy = Copy()
    copy.read(helpdesk())
    assert roles_of(copy) == [Role.CUSTOMER, Role.AGENT, Role.BOT]


def test_without_events_the_comments_are_read(server: responses.RequestsMock) -> None:
    server.get(f"{HOST}/incremental/ticket_events.json", status=404, json={})
    copy = Copy()
    copy.read(helpdesk())
    assert roles_of(copy) == [Role.CUSTOMER, Role.AGENT, Role.BOT]


def test_a_job_may_be_over_at_once_and_its_rows_may_name_only_their_place(
    server: responses.RequestsMock,
) -> None:
    specs = field_specs(("Billing",), ())[:1]
    sent: list[dict[str, object]] = []

    def create(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        wanted = json.loads(request.body or "{}")["ticket_field"]
        assert "id" not in wanted
        assert wanted["visible_in_portal"] is wanted["editable_in_portal"] is False
        return 201, {}, json.dumps({"ticket_field": {**wanted, "id": 31}})

    def update(request: PreparedRequest) -> tuple[int, dict[str, str], str]:
        sent.extend(json.loads(request.body or "{}")["tickets"])
        rows = [{"index": 0, "success": True}, {"index": 1, "error": "Busy", "details": "later"}]
        return 200, {}, json.dumps({"job_status": {"status": "completed", "results": rows}})

    server.get(f"{HOST}/tickets/show_many.json", status=404, json={})
    for number in (1, 2):
        ticket = {**TICKET, "id": number, "custom_fields": []}
        server.get(f"{HOST}/tickets/{number}.json", json={"ticket": ticket})
    server.add_callback(responses.POST, f"{HOST}/ticket_fields.json", create)
    server.add_callback(responses.PUT, f"{HOST}/tickets/update_many.json", update)
    desk = helpdesk()
    desk.setup(specs, dry_run=False)
    changes = [
        FieldChange(conversation=key_of(n), fields={"sentiment": "negative"}) for n in (1, 2)
    ]
    outcomes = list(desk.apply(changes))
    assert [(each.written, each.reason, each.permanent) for each in outcomes] == [
        (True, None, False),
        (False, "later", False),
    ]
    value = [{"id": 31, "value": "vb_sentiment__negative"}]
    stamp = {"safe_update": True, "updated_stamp": TICKET["updated_at"]}
    assert sent == [{"id": number, "custom_fields": value, **stamp} for number in (1, 2)]
