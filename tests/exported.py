"""The files that a helpdesk's customers get from it, made of what its stand-in answers over HTTP.

Knows the shapes of the exports: Zendesk's tickets with comments and its table, Intercom's list.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from connectors.sandbox.running import TOKEN

Json = dict[str, Any]
_PEOPLE = ("requester", "assignee", "submitter")
_COLUMNS = "Id,Subject,Description,Status,Created at,Updated at,Requester,Organization,Tags"


def zendesk_tickets(url: str) -> list[Json]:
    """Return every ticket as the account export has it: with people, organization and comments."""
    with _client(url) as client:
        asked: dict[str, str | int] = {
            "start_time": 0,
            "include": "users,organizations",
            "per_page": 1000,
        }
        answer = client.get("/api/v2/incremental/tickets/cursor.json", params=asked).json()
        assert answer["end_of_stream"], "more than a page: make a smaller sandbox"
        people = {user["id"]: user for user in answer["users"]}
        organizations = {each["id"]: each for each in answer["organizations"]}
        for ticket in answer["tickets"]:
            path = f"/api/v2/tickets/{ticket['id']}/comments.json"
            told = client.get(path, params={"include": "users", "page[size]": 100}).json()
            people |= {user["id"]: user for user in told["users"]}
            ticket["comments"] = told["comments"]
            ticket["organization"] = organizations.get(ticket["organization_id"])
            ticket |= {name: people.get(ticket[f"{name}_id"]) for name in _PEOPLE}
    return list(answer["tickets"])


def intercom_conversations(url: str) -> list[Json]:
    with _client(url) as client:
        answer = client.get("/conversations", params={"per_page": 150}).json()
        assert "next" not in answer["pages"] or answer["pages"]["next"] is None
        return [client.get(f"/conversations/{row['id']}").json() for row in answer["conversations"]]


def ndjson(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def wrapped(rows: Sequence[Mapping[str, Any]]) -> str:
    """One object a line, as people see it who open the file; a wrapper around all."""
    return '{"tickets": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]}\n"


def table(tickets: Sequence[Json]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS.split(","))
    writer.writerows(_cells(ticket) for ticket in tickets)
    return file.getvalue()


def _cells(ticket: Json) -> list[object]:
    return [
        ticket["id"],
        ticket["subject"],
        ticket["description"],
        ticket["status"].title(),
        _as_in_a_table(ticket["created_at"]),
        _as_in_a_table(ticket["updated_at"]),
        (ticket["requester"] or {}).get("name", "-"),
        (ticket["organization"] or {}).get("name", "-"),
        ", ".join(ticket["tags"]),
    ]


def _as_in_a_table(time: str) -> str:
    return time.replace("T", " ").removesuffix("Z")


def _client(url: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {TOKEN}", "Intercom-Version": "2.14"}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)
