"""Addresses that machines call: helpdesk webhooks, Slack, and the two health checks.

A webhook is a hint to fetch, never content: it is verified, remembered and answered.
"""

import hashlib
import json
from collections.abc import Callable

from flask import Blueprint, Request, Response, jsonify, request

from service.errors import Misused, NotFound, SkipThis, Unauthorized
from service.web.site import site

MAX_BODY = 1024 * 1024
_EVENT_ID_HEADERS = ("X-Zendesk-Webhook-Invocation-Id",)

SlackHandler = Callable[[Request], Response]

routes = Blueprint("machines", __name__)


@routes.get("/healthz")
def alive() -> Response:
    return jsonify(alive=True)


@routes.get("/readyz")
def ready() -> tuple[Response, int]:
    """Ready means: the schema is the newest and the database takes a write and gives it back."""
    current, newest = site().database.revision()
    if current != newest:
        return jsonify(ready=False, why=f"schema {current}, newest {newest}: run migrate"), 503
    now = site().clock().isoformat()
    site().database.work.remember("readyz", now)
    if site().database.work.recall("readyz") is None:
        return jsonify(ready=False, why="the database does not keep what is written"), 503
    return jsonify(ready=True, schema=current), 200


@routes.route("/hooks/<helpdesk>", methods=["POST", "HEAD", "GET"])
def hook(helpdesk: str) -> tuple[Response, int]:
    desk = site().helpdesks.get(helpdesk)
    if desk is None:
        raise NotFound(f"No helpdesk {helpdesk!r} is connected.")
    if request.method == "HEAD":  # Intercom asks so before it saves an address
        return jsonify(), 200
    if request.method != "POST":
        return jsonify(error="Send events by POST."), 405
    body = request.get_data(cache=False)
    try:
        keys = desk.parse_event(dict(request.headers), body)
    except Unauthorized:
        return jsonify(error="The signature does not fit."), 401
    except (Misused, SkipThis) as error:
        return jsonify(error=str(error)), 400
    fresh = site().database.work.accept(
        helpdesk, _event_id(body), json.dumps(list(keys)), at=site().clock()
    )
    return jsonify(accepted=fresh, conversations=len(keys)), 200


def slack_route(handler: SlackHandler) -> Callable[[], Response]:
    """Hand Slack's requests to the bot's own handler, which checks their signature."""

    def slack() -> Response:
        return handler(request)

    return slack


def _event_id(body: bytes) -> str:
    """The vendor's id of this event, or a hash of the body: the same event is the same row.

    A second delivery of Intercom counts its attempts in the body, so only the id is the same.
    """
    for name in _EVENT_ID_HEADERS:
        value = request.headers.get(name)
        if value:
            return value[:200]
    told = _json(body)
    if isinstance(told, dict) and isinstance(told.get("id"), str) and told["id"]:
        return str(told["id"])[:200]
    return hashlib.sha256(body).hexdigest()


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
