"""The connector also reads servers that speak Intercom's API less completely, and paces itself."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from connectors.intercom import build
from connectors.intercom.cursor import MOST_SEEN, Cursor, load
from connectors.intercom.payload import moment_of, seconds
from service.domain.conversations import ConversationKey, Role
from service.ports import Helpdesk
from tests.contract.intercom_workspace import BEGUN, Clock, Store

NOW = int(BEGUN.timestamp())
KEY = ConversationKey("intercom:12")

Routes = dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]


def conversation(**values: Any) -> dict[str, Any]:
    return {
        "id": 12,
        "created_at": str(NOW - 9000),
        "updated_at": (NOW - 8000) * 1000,
        "statistics": None,
        "company_id": 77,
        "contacts": {"data": [{"id": 5}]},
        "source": {"body": "<p>Please <b>help</b>\x00 me</p>", "author": {"type": "lead"}},
        "conversation_parts": {
            "data": [
                {
                    "id": 1,
                    "part_type": "close",
                    "body": "Bye",
                    "created_at": NOW - 8500,
                    "author": {"type": "admin", "id": 3, "name": "Ada"},
                },
                {
                    "id": 2,
                    "part_type": "comment",
                    "body": "I am a robot",
                    "created_at": NOW - 8400,
                    "author": {"type": "admin", "id": 4, "from_ai_agent": True},
                },
                {"id": 3, "part_type": "assignment", "body": None, "author": None},
            ]
        },
        "state": "something new",
        **values,
    }


class Server:
    """Answers what it has a route for, and 404 in HTML for everything else."""

    def __init__(self, row: dict[str, Any], *, sorts: bool = True) -> None:
        self.row = row
        self.sorts = sorts
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append((request.method, path))
        if path == "/conversations/search":
            if not self.sorts and "sort" in json.loads(request.content):
                return httpx.Response(400, json={"errors": [{"message": "unknown field sort"}]})
            listed = {key: self.row[key] for key in ("id", "updated_at", "statistics")}
            return httpx.Response(200, json={"data": [listed], "pages": None})
        if path == "/conversations/12":
            return httpx.Response(200, json=self.row)
        return httpx.Response(404, text="<h1>Not Found</h1>")

    def desk(self, store: Store | None = None) -> Helpdesk:
        return build(
            {"access_token": "t", "base_url": "https://helpdesk.example.com/"},
            known=store.known if store else None,
            clock=Clock(BEGUN),
            sleep=lambda _: None,
            transport=httpx.MockTransport(self),
        )


def test_a_server_without_sort_companies_admins_and_totals_is_read() -> None:
    server = Server(conversation(), sorts=False)
    (page,) = server.desk().pages(None)
    (head,) = page.heads
    assert (head.key, head.account, head.requester) == (KEY, "intercom:77", "5")
    assert [account.name for account in page.accounts] == ["Company 77"]
    assert head.created_at == moment_of(NOW - 9000)
    assert head.updated_at == moment_of(NOW - 8000)
    said = [(m.message.id, m.message.role, m.message.text) for m in page.messages]
    assert said == [
        ("source", Role.CUSTOMER, "Please help\ufffd me"),
        ("1", Role.AGENT, "Bye"),
        ("2", Role.BOT, "I am a robot"),
    ]
    assert page.complete == {KEY}


def test_a_server_without_a_total_counts_nothing() -> None:
    assert Server(conversation()).desk().count(BEGUN, BEGUN + timedelta(days=1)) is None


def test_a_conversation_without_a_date_is_set_aside_and_the_pass_goes_on() -> None:
    (page,) = Server(conversation(created_at=None)).desk().pages(None)
    assert page.heads == ()
    assert [each.key for each in page.unusable] == [KEY]


def test_a_reply_in_the_very_second_of_our_own_writing_is_read() -> None:
    written, store = NOW - 100, Store()
    store.updated[KEY] = moment_of(written)
    stored = Cursor(since=NOW - 200).dump()
    ours = conversation(updated_at=written, statistics={"last_contact_reply_at": NOW - 9000})
    assert [page.heads for page in Server(ours).desk(store).pages(stored)] == [()]
    theirs = conversation(updated_at=written, statistics={"last_contact_reply_at": written})
    (page,) = Server(theirs).desk(store).pages(stored)
    assert [head.key for head in page.heads] == [KEY]


def test_the_cursor_survives_storing_and_forgets_what_is_not_listed_again() -> None:
    walk = Cursor(since=1000).begun(5000).having_seen({"1": 4000, "2": 4500, "3": 5000})
    assert load(walk.dump()) == walk
    assert dict(walk.ended().seen) == {"2": 4500, "3": 5000}
    assert (walk.ended().since, walk.ended().start) == (5000, 4400)


def test_the_cursor_stays_small() -> None:
    many = {str(number): 5000 + number for number in range(MOST_SEEN + 10)}
    kept = Cursor(since=0).begun(5000).having_seen(many).seen
    assert len(kept) == MOST_SEEN
    assert "0" not in kept


def test_a_cursor_that_is_not_ours_means_everything() -> None:
    for strange in (None, "", "nonsense", "[]", '{"since":"x"}'):
        assert load(strange) == Cursor(full=True)


def test_times_are_read_however_they_are_told() -> None:
    told = (NOW, str(NOW), NOW * 1000, float(NOW), BEGUN.isoformat())
    assert {seconds(value) for value in told} == {NOW}
    assert [seconds(value) for value in (None, "", "soon", True, -5, "nan", "inf")] == [None] * 7
