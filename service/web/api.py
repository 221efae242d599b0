"""The answer to a question for programs: the same object that `verbatim ask --json` prints.

A program shows a session as a bearer token, never as a cookie, so no form can ask in its name.
"""

from flask import Blueprint, Response, jsonify, request

from service import access
from service.answer_json import as_json
from service.errors import Misused
from service.web.site import site

MAX_QUESTION = 2_000

routes = Blueprint("api", __name__)


@routes.post("/api/v1/ask")
def ask() -> tuple[Response, int]:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    session = site().access.session(token) if scheme.lower() == "bearer" else None
    if session is None:
        return jsonify(error="Send a session as a bearer token."), 401
    asked = request.get_json(silent=True)
    text = asked.get("text") if isinstance(asked, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_QUESTION:
        raise Misused('Send {"text": "..."} with a question in it.')
    answer = site().answers.ask_text(text, access.viewer(session.person))
    return jsonify(as_json(answer)), 200
