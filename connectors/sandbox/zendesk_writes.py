"""Changing tickets through the Zendesk stand-in: one, a hundred at a time, tags, jobs.

Knows which keys an update may carry and what closed tickets refuse. How a change is kept is the
state's affair.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Flask, Response, jsonify, request

from connectors.sandbox.records import iso
from connectors.sandbox.zendesk_desk import (
    Desk,
    acting_user,
    ids_asked,
    not_found,
    too_many,
)
from connectors.sandbox.zendesk_fields import Refusal, as_tag, invalid
from connectors.sandbox.zendesk_json import Json, audit_json
from connectors.sandbox.zendesk_records import Comment, Ticket
from connectors.sandbox.zendesk_state import Draft, Job

MOST_PER_JOB = 100
MOST_JOBS = 30
_JOB_LIFE = timedelta(days=1)
_STATUSES = frozenset({"new", "open", "pending", "hold", "solved", "closed"})
_ATTRIBUTES = (
    "subject",
    "status",
    "priority",
    "type",
    "assignee_id",
    "group_id",
    "organization_id",
    "requester_id",
    "external_id",
)
_OTHER_KEYS = frozenset(
    {
        "tags",
        "additional_tags",
        "remove_tags",
        "custom_fields",
        "fields",
        "comment",
        "safe_update",
        "updated_stamp",
    }
)
_TAG_KEYS = frozenset({"id", "additional_tags", "remove_tags"})


def register(app: Flask, desk: Desk) -> None:
    """Add the routes that change tickets."""
    _register_updates(app, desk)
    _register_tags(app, desk)


def _register_updates(app: Flask, desk: Desk) -> None:
    def update(ticket_id: int) -> Response:
        row = desk.ticket(ticket_id)
        wanted = _object(request.get_json(), "ticket")
        before = len(row.audits)
        _update_one(desk, row, wanted)
        shown: Json = {"ticket": desk.show(row)}
        if len(row.audits) > before:
            shown["audit"] = audit_json(row.audits[-1], "api")
        response = jsonify(shown)
        ignored = sorted(set(wanted) - set(_ATTRIBUTES) - _OTHER_KEYS)
        if ignored:
            response.headers["x-zendesk-api-warn"] = json.dumps({"unpermitted_keys": ignored})
        return response

    def update_many() -> Json:
        _make_room(desk)
        results = [
            _outcome(desk, index, wanted) for index, wanted in enumerate(_rows(request.get_json()))
        ]
        job = Job(id=uuid4().hex, created_at=desk.state.clock(), results=results)
        desk.state.jobs[job.id] = job
        return _job_json(job)

    def job_status(job_id: str) -> Json:
        job = desk.state.jobs.get(job_id)
        if job is None or desk.state.clock() - job.created_at > _JOB_LIFE:
            raise not_found()
        job.polls += 1
        return _job_json(job)

    app.add_url_rule("/api/v2/tickets/<int:ticket_id>", "update", update, methods=["PUT"])
    app.add_url_rule("/api/v2/tickets/update_many", "update_many", update_many, methods=["PUT"])
    app.add_url_rule("/api/v2/job_statuses/<job_id>", "job_status", job_status)


def _register_tags(app: Flask, desk: Desk) -> None:
    def tags(ticket_id: int) -> tuple[Json, int]:
        row = desk.ticket(ticket_id)
        if request.method == "GET":
            return {"tags": sorted(row.tags)}, 200
        asked = request.get_json()
        _check_stamp(row, asked)
        _refuse_closed(row)
        given = _tags(asked.get("tags") or [])
        wanted = {"PUT": row.tags | given, "POST": given, "DELETE": row.tags - given}
        draft = desk.state.draft(row)
        desk.state.put_tags(draft, set(wanted[request.method]))
        desk.state.store(row, draft, acting_user())
        return {"tags": sorted(row.tags)}, 201 if request.method == "POST" else 200

    app.add_url_rule(
        "/api/v2/tickets/<int:ticket_id>/tags",
        view_func=tags,
        methods=["GET", "PUT", "POST", "DELETE"],
    )


def _object(body: Any, name: str) -> Json:
    wanted = body.get(name) if isinstance(body, dict) else None
    if not isinstance(wanted, dict):
        raise Refusal(400, "ParameterMissing", f"param is missing or the value is empty: {name}")
    return wanted


def _rows(body: Any) -> list[Json]:
    """Read both forms of a bulk update into one: a row per ticket."""
    if "ids" in request.args:
        wanted = _object(body, "ticket")
        return [{**wanted, "id": id_} for id_ in ids_asked(most=MOST_PER_JOB)]
    rows = body.get("tickets") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows:
        raise Refusal(400, "ParameterMissing", "param is missing or the value is empty: tickets")
    if len(rows) > MOST_PER_JOB:
        raise too_many(MOST_PER_JOB)
    return rows


def _make_room(desk: Desk) -> None:
    """Refuse a job too many; a job a minute old is done whether or not somebody asked."""
    now = desk.state.clock()
    waiting = [
        each
        for each in desk.state.jobs.values()
        if each.polls < 2 and now - each.created_at < timedelta(minutes=1)
    ]
    if len(waiting) >= MOST_JOBS:
        raise Refusal(429, "TooManyJobs", "Too many jobs are currently queued or running")


def _outcome(desk: Desk, index: int, wanted: Json) -> Json:
    row = desk.state.live(int(wanted.get("id") or 0))
    try:
        if row is None:
            raise not_found()
        _update_in_bulk(desk, row, wanted)
    except Refusal as refusal:
        return {
            "index": index,
            "id": wanted.get("id"),
            "action": "update",
            "success": False,
            "status": "Failed",
            "error": refusal.error,
            "details": _details(refusal),
        }
    return {
        "index": index,
        "id": row.id,
        "action": "update",
        "success": True,
        "status": "Updated",
    }


def _details(refusal: Refusal) -> str:
    if not isinstance(refusal.details, dict):
        return refusal.description
    told = [each["description"] for rows in refusal.details.values() for each in rows]
    return "; ".join(told)


def _job_json(job: Job) -> Json:
    total = len(job.results)
    status = ("queued", "working", "completed")[min(job.polls, 2)]
    done = {"queued": 0, "working": total // 2, "completed": total}[status]
    message = {
        "queued": None,
        "working": f"Updating ticket #{job.results[total // 2]['id']}" if total else None,
        "completed": f"Completed at {iso(job.created_at)}",
    }[status]
    return {
        "job_status": {
            "id": job.id,
            "url": f"{request.url_root}api/v2/job_statuses/{job.id}.json",
            "total": total,
            "progress": done,
            "status": status,
            "message": message,
            "results": job.results if status == "completed" else None,
        }
    }


def _update_one(desk: Desk, row: Ticket, wanted: Json) -> None:
    _check_stamp(row, wanted)
    _refuse_closed(row)
    draft = desk.state.draft(row)
    if "tags" in wanted:
        desk.state.put_tags(draft, _tags(wanted["tags"]))
    _put_values(desk, draft, wanted)
    desk.state.store(row, draft, acting_user(), _comment(desk, row, wanted))


def _update_in_bulk(desk: Desk, row: Ticket, wanted: Json) -> None:
    """As one update, and additional_tags and remove_tags count, on closed tickets too."""
    _check_stamp(row, wanted)
    if not set(wanted) <= _TAG_KEYS:
        _refuse_closed(row)
    draft = desk.state.draft(row)
    tags = _tags(wanted["tags"]) if "tags" in wanted else set(draft.tags)
    tags = (tags | _tags(wanted.get("additional_tags"))) - _tags(wanted.get("remove_tags"))
    if tags != draft.tags:
        desk.state.put_tags(draft, tags)
    _put_values(desk, draft, wanted)
    desk.state.store(row, draft, acting_user(), _comment(desk, row, wanted))


def _check_stamp(row: Ticket, wanted: Json) -> None:
    if wanted.get("safe_update") and wanted.get("updated_stamp") != iso(row.updated_at):
        raise Refusal(
            409,
            "UpdateConflict",
            "Safe Update prevented the update due to outdated ticket data. "
            "Please fetch the latest ticket data and try again.",
        )


def _refuse_closed(row: Ticket) -> None:
    if row.status == "closed":
        raise invalid("status", "Status: closed prevents ticket update")


def _tags(wanted: Any) -> set[str]:
    given: Iterable[Any] = wanted.split() if isinstance(wanted, str) else wanted or ()
    return {as_tag(str(each)) for each in given}


def _put_values(desk: Desk, draft: Draft, wanted: Json) -> None:
    for name in _ATTRIBUTES:
        if name in wanted:
            draft.attributes[name] = wanted[name]
    if draft.attributes.get("status", "open") not in _STATUSES:
        raise invalid("status", f"Status: {draft.attributes['status']} is not valid")
    for each in wanted.get("custom_fields") or wanted.get("fields") or ():
        if not isinstance(each, dict) or "id" not in each:
            raise invalid("custom_fields", "Custom fields: must be a list of id and value")
        desk.state.put_value(draft, int(each["id"]), each.get("value"))


def _comment(desk: Desk, row: Ticket, wanted: Json) -> Comment | None:
    asked = wanted.get("comment")
    if not isinstance(asked, dict):
        return None
    return desk.state.new_comment(
        row,
        str(asked.get("body") or asked.get("html_body") or ""),
        author_id=int(asked.get("author_id") or acting_user()),
        public=bool(asked.get("public", True)),
    )
