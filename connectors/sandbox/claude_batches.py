"""The stand-in's message batches: made, looked at, listed, canceled, and their results in no order.

Knows what can go wrong with a batch, by its script. What a request in it is answered, the messages
endpoint says. Not verified against the live API: the wording of refusals.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.sandbox.claude_state import Batch, BatchMode, ClaudeState

ELSEWHERE = "http://localhost:9"  # another host than 127.0.0.1, where nobody listens
_AT = "/v1/messages/batches"
_KINDS = ("succeeded", "errored", "canceled", "expired")
_PAGE = 20
_LONGEST_ID = 64

Refuse = Callable[[int, str], Exception]
AnswerOne = Callable[[Mapping[str, Any]], dict[str, Any]]


def add_batches(
    app: Flask,
    state: ClaudeState,
    *,
    body: Callable[[], dict[str, Any]],
    refuse: Refuse,
    answer: AnswerOne,
) -> None:
    """Add the routes; `answer` makes the result of one request."""

    def create() -> Response:
        rows = body().get("requests")
        names = [row.get("custom_id") for row in rows or []]
        if not rows or len(set(names)) != len(names):
            raise refuse(400, "requests: must not be empty; each custom_id must be unique")
        if not all(_is_id(name) for name in names):
            raise refuse(400, "requests.custom_id: String should match pattern")
        number = state.next_number()
        batch = Batch(
            id=f"msgbatch_{number:08}",
            requests=rows,
            created_at=state.clock(),
            modes=state.next_batch_modes(),
        )
        state.batches[batch.id] = batch
        return jsonify(_as_json(batch))

    def every() -> Response:
        limit = int(request.args.get("limit", _PAGE))
        rows = [_as_json(one) for one in reversed(state.batches.values())][:limit]
        ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
        return jsonify({"data": rows, "has_more": len(state.batches) > limit, **ends})

    def look(name: str) -> Response:
        batch = found(name)
        batch.polls += 1
        if batch.ended and not batch.results:
            batch.results = list(_results(batch, answer))
        return jsonify(_as_json(batch))

    def cancel(name: str) -> Response:
        batch = found(name)
        batch.canceled = True
        return jsonify(_as_json(batch))

    def results(name: str) -> Response:
        batch = found(name)
        if not batch.ended:
            raise refuse(400, "The batch is still being processed.")
        lines = "".join(json.dumps(row) + "\n" for row in _lines(batch))
        return Response(lines, mimetype="application/x-jsonl")

    def found(name: str) -> Batch:
        if name not in state.batches:
            raise refuse(404, f"batch: {name}")
        return state.batches[name]

    app.add_url_rule(_AT, "create_batch", create, methods=["POST"])
    app.add_url_rule(_AT, "list_batches", every, methods=["GET"])
    app.add_url_rule(f"{_AT}/<name>", "look_at_batch", look)
    app.add_url_rule(f"{_AT}/<name>/cancel", "cancel_batch", cancel, methods=["POST"])
    app.add_url_rule(f"{_AT}/<name>/results", "batch_results", results)


def _is_id(name: object) -> bool:
    plain = isinstance(name, str) and name.replace("-", "").replace("_", "").isalnum()
    return plain and len(str(name)) <= _LONGEST_ID


def _results(batch: Batch, answer: AnswerOne) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(batch.requests):
        result = {"type": "canceled"} if batch.canceled else _spoiled(batch, place)
        if result is None:
            result = answer(row["params"])
        yield {"custom_id": row["custom_id"], "result": result}


def _spoiled(batch: Batch, place: int) -> dict[str, Any] | None:
    """What every other request of a scripted batch comes to instead of an answer."""
    if place % 2 == 0:
        return None
    if BatchMode.EXPIRED in batch.modes:
        return {"type": "expired"}
    if BatchMode.ERRORED in batch.modes:
        return {"type": "errored", "error": _error("overloaded_error")}
    if BatchMode.INVALID in batch.modes:
        return {"type": "errored", "error": _error("invalid_request_error")}
    return None


def _lines(batch: Batch) -> list[dict[str, Any]]:
    lines = list(reversed(batch.results))  # the vendor promises no order
    if BatchMode.LEFT_OUT in batch.modes:
        lines = lines[::2]
    if BatchMode.DUPLICATED in batch.modes:
        others = [{**one, "result": lines[0]["result"]} for one in lines]
        lines = [*lines, *others]
    if BatchMode.STRANGE_IDS in batch.modes:
        lines = [{**one, "custom_id": f"strange-{n}"} for n, one in enumerate(lines)] + lines
    if BatchMode.SHUFFLED in batch.modes:
        random.Random(len(lines)).shuffle(lines)  # noqa: S311 - an order, not a secret
    return lines


def _as_json(batch: Batch) -> dict[str, Any]:
    counts = {kind: sum(r["result"]["type"] == kind for r in batch.results) for kind in _KINDS}
    host = ELSEWHERE if BatchMode.OTHER_HOST in batch.modes else request.host_url.rstrip("/")
    status = "ended" if batch.ended else ("canceling" if batch.canceled else "in_progress")
    archived = batch.ended and BatchMode.ARCHIVED in batch.modes
    ended_at = _said(batch.created_at) if batch.ended else None
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": status,
        "request_counts": {"processing": len(batch.requests) - len(batch.results), **counts},
        "created_at": _said(batch.created_at),
        "expires_at": _said(batch.created_at + timedelta(days=1)),
        "ended_at": ended_at,
        "cancel_initiated_at": _said(batch.created_at) if batch.canceled else None,
        "archived_at": ended_at if archived else None,
        "results_url": f"{host}{_AT}/{batch.id}/results" if batch.ended and not archived else None,
    }


def _said(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _error(kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": "scripted"}, "request_id": None}
