"""The incremental exports of the Zendesk stand-in: tickets, ticket events, users, organizations.

Knows the two pagings (cursor and time) and what they hide. Changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, request

from connectors.sandbox.faults import FaultKind
from connectors.sandbox.records import Key, Keyset
from connectors.sandbox.zendesk_desk import (
    Desk,
    address,
    decode_cursor,
    encode_cursor,
    includes,
    number,
)
from connectors.sandbox.zendesk_fields import Refusal
from connectors.sandbox.zendesk_json import (
    Json,
    comment_count,
    group_json,
    metric_set_json,
    organization_json,
    ticket_event_json,
    user_json,
)
from connectors.sandbox.zendesk_records import Ticket


def register(app: Flask, desk: Desk) -> None:
    """Add the export routes."""
    state = desk.state

    def tickets() -> Json:
        keys, body = _cursor_page(desk, state.changed)
        rows = [state.tickets[id_] for _, id_ in keys]
        return {
            "tickets": [_with_extras(desk, row) for row in rows],
            **body,
            **_side_loads(desk, rows),
        }

    def ticket_events() -> Json:
        with_comments = "comment_events" in includes()

        def show(id_: int) -> Json:
            audit = state.audits[id_]
            channel = state.tickets[audit.ticket_id].channel
            return ticket_event_json(audit, channel, with_comments=with_comments)

        return _time_page(desk, state.events, "ticket_events", show)

    def users() -> Json:
        keys, body = _cursor_page(desk, state.users_changed)
        shown = [user_json(state.users[id_], request.url_root) for _, id_ in keys]
        return {"users": shown, **body}

    def organizations() -> Json:
        def show(id_: int) -> Json:
            return organization_json(state.organizations[id_], request.url_root)

        return _time_page(desk, state.organizations_changed, "organizations", show)

    prefix = "/api/v2/incremental"
    app.add_url_rule(f"{prefix}/tickets/cursor", "export_tickets", tickets)
    app.add_url_rule(f"{prefix}/ticket_events", "export_events", ticket_events)
    app.add_url_rule(f"{prefix}/users/cursor", "export_users", users)
    app.add_url_rule(f"{prefix}/organizations", "export_organizations", organizations)


def _start_time(desk: Desk) -> int:
    if "start_time" not in request.args:
        raise Refusal(400, "StartTimeMissing", "start_time is required")
    start = number("start_time", 0)
    if start > desk.state.visible_until():
        raise Refusal(422, "InvalidValue", "Too recent start_time.")
    return start


def _cursor_page(desk: Desk, keyset: Keyset) -> tuple[list[Key], Json]:
    limit = max(1, min(number("per_page", desk.page_limit), desk.page_limit))
    until = desk.state.visible_until()
    asked = request.args.get("cursor")
    if asked:
        keys = keyset.after(decode_cursor(asked), until=until, limit=limit + 1)
    else:
        keys = keyset.since(_start_time(desk), until=until, limit=limit + 1)
    if desk.faults.spoils_page(FaultKind.EMPTY_PAGE):
        cursor = asked or encode_cursor(_start_time(desk), -1)
        return [], _cursor_links(cursor, end_of_stream=False)
    page = keys[:limit]
    if desk.faults.spoils_page(FaultKind.REPEAT_CURSOR) and asked:
        return page, _cursor_links(asked, end_of_stream=False)
    last = encode_cursor(*page[-1]) if page else None
    if last is None and not desk.null_cursor_on_empty:
        last = asked
    if desk.faults.spoils_page(FaultKind.LOST_PAGE):
        page = []
    return page, _cursor_links(last, end_of_stream=len(keys) <= limit)


def _cursor_links(cursor: str | None, *, end_of_stream: bool) -> Json:
    next_url = None if cursor is None else address(cursor=cursor, start_time=None)
    return {
        "after_url": next_url,
        "after_cursor": cursor,
        "before_url": None,
        "before_cursor": None,
        "end_of_stream": end_of_stream,
    }


def _time_page(desk: Desk, keyset: Keyset, name: str, show: Callable[[int], Json]) -> Json:
    """Cut a page that starts again at its last second: the boundary repeats, as with the vendor."""
    start = _start_time(desk)
    limit = max(1, min(number("per_page", desk.page_limit), desk.page_limit))
    if desk.faults.spoils_page(FaultKind.EMPTY_PAGE):
        keys: list[Key] = []
        more, end = True, start
    else:
        found = keyset.since(start, until=desk.state.visible_until(), limit=limit + 1)
        keys, more = found[:limit], len(found) > limit
        end = keys[-1][0] if keys else start
    has_end = bool(keys) or more
    if desk.faults.spoils_page(FaultKind.LOST_PAGE):
        keys = []
    return {
        name: [show(id_) for _, id_ in keys],
        "count": len(keys),
        "end_time": end if has_end else None,
        "next_page": address(start_time=end) if has_end else None,
        "end_of_stream": not more,
    }


def _with_extras(desk: Desk, row: Ticket) -> Json:
    wanted = includes()
    shown = desk.show(row) | comment_count(row)
    if "metric_sets" in wanted:
        shown["metric_set"] = metric_set_json(row)
    return shown


def _side_loads(desk: Desk, rows: Iterable[Ticket]) -> dict[str, Any]:
    wanted, root, loaded = includes(), request.url_root, dict[str, Any]()
    rows = list(rows)
    if "users" in wanted:
        ids = {row.requester_id for row in rows} | {row.assignee_id for row in rows}
        known = sorted(id_ for id_ in ids if id_ in desk.state.users)
        loaded["users"] = [user_json(desk.state.users[id_], root) for id_ in known]
    if "organizations" in wanted:
        companies = {row.organization_id for row in rows if row.organization_id}
        loaded["organizations"] = [
            organization_json(desk.state.organizations[id_], root) for id_ in sorted(companies)
        ]
    if "groups" in wanted:
        loaded["groups"] = [group_json(root)]
    return loaded
