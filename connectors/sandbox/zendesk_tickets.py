"""Reading tickets from the Zendesk stand-in: comments, audits, the log, counts, a page."""

import re
from datetime import UTC, datetime
from html import escape

from flask import Flask, Response, request

from connectors.sandbox.records import iso, seconds
from connectors.sandbox.zendesk_desk import (
    Desk,
    acting_user,
    ids_asked,
    includes,
    listed,
)
from connectors.sandbox.zendesk_fields import Refusal
from connectors.sandbox.zendesk_json import (
    Json,
    audit_json,
    comment_count,
    comment_json,
    log_event_json,
    user_json,
)
from connectors.sandbox.zendesk_records import Comment, Ticket

_TERM = re.compile(r'(-?\w+)(>=|<=|:|>|<)("[^"]*"|\S+)')


def register(app: Flask, desk: Desk) -> None:
    """Add the routes that only read tickets."""
    _register_tickets(app, desk)
    _register_words(app, desk)


def _register_tickets(app: Flask, desk: Desk) -> None:
    state = desk.state

    def ticket(ticket_id: int) -> Json:
        return {"ticket": desk.show(desk.ticket(ticket_id))}

    def show_many() -> Json:
        rows = [row for id_ in ids_asked() if (row := state.live(id_)) is not None]
        shown = [desk.show(row) | comment_count(row) for row in rows]
        return {"tickets": shown, "count": len(rows), "next_page": None, "previous_page": None}

    def count() -> Json:
        return {"count": {"value": len(state.created), "refreshed_at": iso(state.clock())}}

    def search_count() -> Json:
        return {"count": len(matching(desk, request.args.get("query", "")))}

    def search_export() -> Json:
        if request.args.get("filter[type]") != "ticket":
            raise Refusal(422, "InvalidFilter", "filter[type] must be ticket")
        rows = matching(desk, request.args.get("query", ""))
        return listed("results", rows, lambda row: desk.show(row) | {"result_type": "ticket"})

    app.add_url_rule("/api/v2/tickets/<int:ticket_id>", "ticket", ticket)
    app.add_url_rule("/api/v2/tickets/show_many", "show_many", show_many)
    app.add_url_rule("/api/v2/tickets/count", "count_tickets", count)
    app.add_url_rule("/api/v2/search/count", "search_count", search_count)
    app.add_url_rule("/api/v2/search/export", "search_export", search_export)


def _register_words(app: Flask, desk: Desk) -> None:
    state = desk.state

    def comments(ticket_id: int) -> Json:
        row = desk.ticket(ticket_id)
        told = [each for each in row.comments if not each.messaging]
        page = listed("comments", told, lambda each: comment_json(each, row.channel))
        if "users" in includes():
            authors = sorted({each["author_id"] for each in page["comments"]})
            known = [state.users[id_] for id_ in authors if id_ in state.users]
            page["users"] = [user_json(each, request.url_root) for each in known]
        return page

    def audits(ticket_id: int) -> Json:
        row = desk.ticket(ticket_id)
        return listed("audits", row.audits, lambda each: audit_json(each, row.channel))

    def conversation_log(ticket_id: int) -> Json:
        row = desk.ticket(ticket_id)
        rows = sorted(row.comments, key=lambda each: (each.created_at, each.id))
        return listed(
            "events", rows, lambda each: log_event_json(each, state.users.get(each.author_id))
        )

    def redact(comment_id: int) -> Json:
        asked = request.get_json()
        row = desk.ticket(int(asked["ticket_id"]))
        state.redact(row.id, comment_id, str(asked["text"]))
        comment = next(each for each in row.comments if each.id == comment_id)
        return {"comment": comment_json(comment, row.channel)}

    def make_private(ticket_id: int, comment_id: int) -> Json:
        state.make_private(desk.ticket(ticket_id).id, comment_id)
        return {}

    def delete(ticket_id: int) -> tuple[str, int]:
        state.delete_ticket(desk.ticket(ticket_id).id)
        return "", 204

    def agent_page(ticket_id: int) -> Response:
        return Response(_page(desk, desk.ticket(ticket_id)), mimetype="text/html")

    def me() -> Json:
        return {"user": user_json(state.users[acting_user()], request.url_root)}

    one = "/api/v2/tickets/<int:ticket_id>"
    app.add_url_rule(f"{one}/comments", "comments", comments)
    app.add_url_rule(f"{one}/audits", "audits", audits)
    app.add_url_rule(f"{one}/conversation_log", "conversation_log", conversation_log)
    app.add_url_rule(
        f"{one}/comments/<int:comment_id>/make_private",
        "make_private",
        make_private,
        methods=["PUT"],
    )
    app.add_url_rule(
        "/api/v2/comment_redactions/<int:comment_id>", "redact", redact, methods=["PUT"]
    )
    app.add_url_rule(one, "delete_ticket", delete, methods=["DELETE"])
    app.add_url_rule("/api/v2/users/me", "me", me)
    app.add_url_rule("/agent/tickets/<int:ticket_id>", "agent_page", agent_page)


def matching(desk: Desk, query: str) -> list[Ticket]:
    """Return live tickets, oldest first; the created range is half-open when asked with >=, <."""
    start: int | None = None
    end: int | None = None
    wanted: list[tuple[str, str]] = []
    for name, sign, text in _TERM.findall(query):
        value = text.strip('"')
        if name == "created":
            start, end = _narrowed(sign, _moment(value), start, end)
        elif sign == ":" and name.removeprefix("-") in ("type", "status", "tags"):
            wanted.append((name, value))
        else:
            raise Refusal(422, "InvalidSearch", f"Invalid search: {name}{sign}{text}")
    if ("type", "ticket") in wanted:
        wanted.remove(("type", "ticket"))
    rows = (desk.state.tickets[id_] for _, id_ in desk.state.created.between(start, end))
    return [row for row in rows if all(_is(row, name, value) for name, value in wanted)]


def _is(row: Ticket, name: str, value: str) -> bool:
    if name.startswith("-"):
        return not _is(row, name[1:], value)
    return value in row.tags if name == "tags" else name == "status" and row.status == value


def _narrowed(
    sign: str, moment: int, start: int | None, end: int | None
) -> tuple[int | None, int | None]:
    match sign:
        case ">=":
            return moment, end
        case ">":
            return moment + 1, end
        case "<=":
            return start, moment + 1
        case "<":
            return start, moment
        case _:
            return moment, moment + 24 * 60 * 60


def _moment(text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(422, "InvalidSearch", f"Invalid date: {text}") from None
    return seconds(found if found.tzinfo else found.replace(tzinfo=UTC))


def _page(desk: Desk, row: Ticket) -> str:
    company = desk.state.organizations.get(row.organization_id or 0)
    told = "".join(_comment_block(desk, each) for each in row.comments)
    titles = {each.id: each.title for each in desk.state.fields.custom()}
    values = "".join(
        f"<li>{escape(titles[id_])}: {escape(str(value))}</li>"
        for id_, value in row.custom_fields.items()
        if value is not None and id_ in titles
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>#{row.id} {escape(row.subject)}"
        "</title><style>body{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto}"
        "article{border-left:3px solid #999;padding-left:1rem;white-space:pre-wrap}"
        ".note{background:#fff6dd}:target{background:#e8f2ff}</style>"
        f"<p>Sandbox Zendesk</p><h1>#{row.id} {escape(row.subject)}</h1>"
        f"<p>{escape(row.status)} · {escape(row.channel)} · "
        f"{escape(company.name if company else 'no company')}</p>"
        f"<p>Tags: {escape(', '.join(sorted(row.tags)) or 'none')}</p>"
        f"<ul>{values}</ul>{told}</html>"
    )


def _comment_block(desk: Desk, row: Comment) -> str:
    author = desk.state.users.get(row.author_id)
    kind = "note" if not row.public else row.role
    return (
        f'<h2 id="comment-{row.id}">{escape(author.name if author else "System")}, '
        f"{iso(row.created_at)} ({kind})</h2><article class={kind}>{escape(row.text)}</article>"
    )
