"""Conversations of the Intercom stand-in over HTTP: search, retrieve, write, reply, tag, redact."""

import json
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any

from flask import Flask, Response, request

from connectors.sandbox.faults import FaultKind
from connectors.sandbox.intercom_attributes import invalid
from connectors.sandbox.intercom_desk import (
    Desk,
    asked,
    need_version,
    not_found,
    page_number,
    version,
)
from connectors.sandbox.intercom_json import Json, contact_key, conversation_json, tag_json
from connectors.sandbox.intercom_records import Conversation, Part
from connectors.sandbox.intercom_search import (
    Paging,
    compile_query,
    range_of,
    read_paging,
    write_cursor,
)
from connectors.sandbox.records import Key, from_seconds, iso

_MOST_DELETED_PER_PAGE = 60


@dataclass(slots=True)
class _Found:
    """The keys that matched, kept until the next change: a walk must not search each page."""

    question: str = ""
    version: int = -1
    keys: list[Key] = field(default_factory=list)


def register(app: Flask, desk: Desk) -> None:
    """Add the conversation routes."""
    _register_reads(app, desk)
    _register_writes(app, desk)
    _register_tags(app, desk)


def _register_reads(app: Flask, desk: Desk) -> None:
    found = _Found()

    def search() -> Json:
        return _search(desk, found, asked())

    def all_conversations() -> Json:
        paging = {"per_page": request.args.get("per_page", 20)}
        after = request.args.get("starting_after")
        return _search(desk, found, {"pagination": {**paging, "starting_after": after}})

    def retrieve(conversation_id: int) -> Json:
        return desk.show(desk.conversation(conversation_id))

    def deleted() -> Json:
        need_version((2, 16))
        return _deleted_page(desk)

    def inbox_page(app_id: str, conversation_id: int) -> Response:
        return Response(_page(desk, desk.conversation(conversation_id)), mimetype="text/html")

    app.add_url_rule("/conversations/search", "search", search, methods=["POST"])
    app.add_url_rule("/conversations", "conversations", all_conversations)
    app.add_url_rule("/conversations/<int:conversation_id>", "conversation", retrieve)
    app.add_url_rule("/conversations/deleted", "deleted", deleted)
    for middle in ("", "inbox/"):
        address = f"/a/inbox/<app_id>/{middle}conversation/<int:conversation_id>"
        app.add_url_rule(address, f"page{middle}", inbox_page)


def _register_writes(app: Flask, desk: Desk) -> None:
    state = desk.state

    def update(conversation_id: int) -> Json:
        row, body = desk.conversation(conversation_id), asked()
        wanted = body.get("custom_attributes")
        if wanted is not None and not isinstance(wanted, dict):
            raise invalid("custom_attributes must be an object")
        if wanted:
            state.write_attributes(row, wanted)
        if "title" in body and body["title"] != row.title:
            row.title = str(body["title"])
            state.touch(row)
        return desk.show(row)

    def reply(conversation_id: int) -> Json:
        row, body = desk.conversation(conversation_id), asked()
        text = str(body.get("body") or "")
        if body.get("type") == "admin":
            public = body.get("message_type") != "note"
            admin = _admin(desk, body)
            state.reply_as_admin(row.id, text, admin_id=admin, public=public)
        elif body.get("type") == "user":
            state.add_comment(row.id, text)
        else:
            raise invalid("type must be admin or user")
        return desk.show(row)

    def manage(conversation_id: int) -> Json:
        row, body = desk.conversation(conversation_id), asked()
        if body.get("message_type") != "close":
            raise invalid("message_type is not supported")
        state.close(row.id, admin_id=_admin(desk, body))
        return desk.show(row)

    def merge(conversation_id: int) -> Json:
        need_version((2, 16))
        row, into = desk.conversation(conversation_id), asked().get("merge_into_conversation_id")
        if not isinstance(into, int) or into == row.id:
            raise invalid("merge_into_conversation_id must be another conversation's id")
        return desk.show(state.merge_conversation(row.id, desk.conversation(into).id))

    def redact() -> Json:
        body = asked()
        row = desk.conversation(int(body.get("conversation_id") or 0))
        part = body.get("conversation_part_id") or body.get("source_id")
        state.redact(row.id, int(part or 0))
        return desk.show(row)

    def delete(conversation_id: int) -> Json:
        row = desk.conversation(conversation_id)
        state.delete_conversation(row.id)
        return {"id": str(row.id), "object": "conversation", "deleted": True}

    one = "/conversations/<int:conversation_id>"
    app.add_url_rule(one, "update", update, methods=["PUT"])
    app.add_url_rule(f"{one}/reply", "reply", reply, methods=["POST"])
    app.add_url_rule(f"{one}/parts", "manage", manage, methods=["POST"])
    app.add_url_rule(f"{one}/merge", "merge", merge, methods=["POST"])
    app.add_url_rule("/conversations/redact", "redact", redact, methods=["POST"])
    app.add_url_rule(one, "delete", delete, methods=["DELETE"])


def _register_tags(app: Flask, desk: Desk) -> None:
    state = desk.state

    def put_tag(conversation_id: int) -> Json:
        row, body = desk.conversation(conversation_id), asked()
        _admin(desk, body)
        tag = _tag(desk, str(body.get("id", "")))
        state.put_tag(row, tag)
        return {**tag_json(tag, state.tags[tag]), "applied_at": row.tags[tag]}

    def remove_tag(conversation_id: int, tag_id: str) -> Json:
        row = desk.conversation(conversation_id)
        _admin(desk, asked())
        tag = _tag(desk, tag_id)
        state.remove_tag(row, tag)
        return tag_json(tag, state.tags[tag])

    one = "/conversations/<int:conversation_id>/tags"
    app.add_url_rule(one, "put_tag", put_tag, methods=["POST"])
    app.add_url_rule(f"{one}/<tag_id>", "remove_tag", remove_tag, methods=["DELETE"])


def _admin(desk: Desk, body: Json) -> int:
    """Return the admin who acts, whom these calls must name."""
    given = str(body.get("admin_id", ""))
    if not given.isdigit() or int(given) not in desk.state.admins:
        raise invalid("admin_id is missing or unknown")
    return int(given)


def _tag(desk: Desk, given: str) -> int:
    if not given.isdigit() or int(given) not in desk.state.tags:
        raise not_found("Tag not found")
    return int(given)


def _search(desk: Desk, found: _Found, body: Json) -> Json:
    paging = read_paging(body, strict_order=version() >= (2, 16))
    question = json.dumps([body.get("query"), paging.field, paging.descending], sort_keys=True)
    late = desk.state.search_lag > 0  # then time alone changes what is found
    if late or (found.question, found.version) != (question, desk.state.version):
        found.keys = _matching(desk, body.get("query"), paging)
        found.question, found.version = question, desk.state.version
    rest = _behind(found.keys, paging)
    page = rest[: paging.per_page]
    more = len(rest) > len(page)
    cursor = write_cursor(page[-1] if page else paging.beginning, paging.page + 1)
    if desk.faults.spoils_page(FaultKind.EMPTY_PAGE):
        page, more = [], True
        cursor = write_cursor(paging.after or paging.beginning, paging.page + 1)
    elif desk.faults.spoils_page(FaultKind.REPEAT_CURSOR) and paging.given:
        more, cursor = True, paging.given
    elif desk.faults.spoils_page(FaultKind.LOST_PAGE):
        page = []
    rows = [desk.state.conversations[id_] for _, id_ in page]
    pages: Json = {
        "type": "pages",
        "page": paging.page,
        "per_page": paging.per_page,
        "total_pages": -(-len(found.keys) // paging.per_page),
    }
    if more:
        pages["next"] = {"page": paging.page + 1, "starting_after": cursor}
    return {
        "type": "conversation.list",
        "pages": pages,
        "total_count": len(found.keys),
        "conversations": [conversation_json(desk.state, row, version=version()) for row in rows],
    }


def _matching(desk: Desk, query: Any, paging: Paging) -> list[Key]:
    """Return the sorted keys of what matches, looking only into the narrower time range."""
    test = compile_query(query)
    state = desk.state
    updated, created = range_of(query, "updated_at"), range_of(query, "created_at")
    candidates = min(
        state.updated.between(updated.start, updated.end),
        state.created.between(created.start, created.end),
        key=len,
    )
    rows = [state.conversations[id_] for _, id_ in candidates]
    if state.search_lag:
        rows = [row for row in rows if state.is_listed(row)]
    keys = [_key(row, paging) for row in rows if test(partial(_value, desk, row))]
    return sorted(keys, reverse=paging.descending)


def _key(row: Conversation, paging: Paging) -> Key:
    if paging.field == "id":
        return (0, row.id)
    return (row.updated_at if paging.field == "updated_at" else row.created_at, row.id)


def _behind(keys: list[Key], paging: Paging) -> list[Key]:
    """Return at most one key more than a page, from behind the cursor on."""
    if paging.after is None:
        return keys[: paging.per_page + 1]
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        passed = keys[middle] >= paging.after if paging.descending else keys[middle] <= paging.after
        low, high = (middle + 1, high) if passed else (low, middle)
    return keys[low : low + paging.per_page + 1]


def _value(desk: Desk, row: Conversation, name: str) -> Any:
    """Return what a search field means for the conversation."""
    match name:
        case "id" | "created_at" | "updated_at" | "state" | "title":
            return getattr(row, name)
        case "open":
            return str(row.state != "closed").lower()
        case "contact_ids" | "source.author.id":
            return contact_key(row.contact)
        case "admin_assignee_id":
            return row.admin
        case "tag_ids":
            return [str(id_) for id_ in row.tags]
        case "source.author.email":
            contact = desk.state.contacts.get(row.contact)
            return contact.email if contact else None
        case "source.type":
            return "email" if row.channel == "email" else "conversation"
        case "conversation_rating.score":
            return row.rating["rating"] if row.rating else None
    head, _, rest = name.partition(".")
    if head in ("custom_attribute", "custom_attributes"):
        return row.custom_attributes.get(rest)
    raise invalid(f"{name} is not a searchable field")


def _deleted_page(desk: Desk) -> Json:
    per_page = page_number("per_page", 20)
    if per_page > _MOST_DELETED_PER_PAGE:
        raise invalid(f"per_page must be at most {_MOST_DELETED_PER_PAGE}")
    page = page_number("page", 1)
    newest_first = request.args.get("order", "desc") == "desc"
    rows = desk.state.deleted[::-1] if newest_first else desk.state.deleted
    start = (page - 1) * per_page
    more = start + per_page < len(rows)
    next_url = f"{request.base_url}?per_page={per_page}&page={page + 1}" if more else None
    return {
        "type": "conversations.list",
        "total_count": len(rows),
        "pages": {
            "type": "pages",
            "next": next_url,
            "page": page,
            "per_page": per_page,
            "total_pages": -(-len(rows) // per_page),
        },
        "conversations": [
            {
                "type": "conversation",
                "id": str(id_),
                "metrics_retained": False,
                "deleted_at": when,
            }
            for id_, when in rows[start : start + per_page]
        ],
    }


def _page(desk: Desk, row: Conversation) -> str:
    company = desk.state.companies.get(row.company or 0)
    tags = ", ".join(desk.state.tags[id_] for id_ in row.tags) or "none"
    values = "".join(
        f"<li>{escape(name)}: {escape(str(value))}</li>"
        for name, value in row.custom_attributes.items()
    )
    told = "".join(_part_block(each) for each in [row.source, *row.parts])
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(row.title)}</title>"
        "<style>body{font:16px/1.5 sans-serif;max-width:44rem;margin:2rem auto}"
        "article{border-left:3px solid #999;padding-left:1rem;white-space:pre-wrap}"
        ".note{background:#fff6dd}:target{background:#e8f2ff}</style>"
        f"<p>Sandbox Intercom</p><h1>{escape(row.title or str(row.id))}</h1>"
        f"<p>{row.state} · {escape(row.channel)} · "
        f"{escape(company.name if company else 'no company')}</p>"
        f"<p>Tags: {escape(tags)}</p><ul>{values}</ul>{told}</html>"
    )


def _part_block(part: Part) -> str:
    when = iso(from_seconds(part.created_at))
    if part.text is None:
        return f"<p>{when}: {escape(part.part_type)}</p>"
    return (
        f'<h2 id="part-{part.id}">{part.author.type.value}, {when} ({part.part_type})</h2>'
        f"<article class={part.part_type}>{escape(part.text)}</article>"
    )
