"""A working stand-in of Intercom over loopback HTTP, filled from a corpus.

Puts the routes, the credentials, the versions and the switches together. Not verified against a
live workspace: search lag (there is none here), and what an unchanged value or a tag does to
updated_at.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from connectors.sandbox import intercom_conversations, intercom_people
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.faults import OWN_PREFIX, Faults, VendorAnswer, install
from connectors.sandbox.intercom_attributes import Refusal
from connectors.sandbox.intercom_desk import Desk, Version, error_list, not_found, refused
from connectors.sandbox.intercom_state import IntercomState
from connectors.sandbox.records import seconds
from connectors.sandbox.server import Stand

IntercomStand = Stand[IntercomState]

_DEFAULT_VERSION = "2.14"
_VERSIONS = {f"2.{minor}": (2, minor) for minor in range(7, 18)}
_WINDOW = 10  # seconds; the vendor spreads its minute over windows of ten
_SHOWN_LIMIT = 1666
_OPEN_PATHS = ("/a/", OWN_PREFIX)


class _Window:
    """Calls counted per ten seconds of the clock; without a limit only shown."""

    def __init__(self, clock: Callable[[], datetime], limit: int | None) -> None:
        self._clock = clock
        self._limit = limit
        self._start = 0
        self._used = 0
        self.most = 0  # in any window

    def spend(self) -> bool:
        """Count the call and say whether it still fits."""
        start = seconds(self._clock()) // _WINDOW * _WINDOW
        if start != self._start:
            self._start, self._used = start, 0
        self._used += 1
        self.most = max(self.most, self._used)
        return self._limit is None or self._used <= self._limit

    def headers(self) -> dict[str, str]:
        limit = self._limit or _SHOWN_LIMIT
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, limit - self._used)),
            "X-RateLimit-Reset": str(self._start + _WINDOW),
        }


def intercom_app(
    corpus: Corpus,
    *,
    token: str,
    clock: Callable[[], datetime],
    calls_per_window: int | None = None,
    tag_moves_updated_at: bool = True,
) -> IntercomStand:
    """Build the stand-in; `calls_per_window` is enforced per ten seconds when given."""
    state = IntercomState(corpus, clock=clock, tag_moves_updated_at=tag_moves_updated_at)
    faults = Faults()
    app = Flask("connectors.sandbox.intercom", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    desk = Desk(state=state, faults=faults)
    # One request at a time: a page must not be cut while a test or another thread moves rows.
    app.before_request(lambda: _take(state))
    app.teardown_request(lambda _: state.lock.release())
    _install_access(app, state, token, _Window(clock, calls_per_window))
    intercom_conversations.register(app, desk)
    intercom_people.register(app, desk)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, _refused_by_flask)
    install(app, faults, failure_in_intercom_words(clock))
    return Stand(app=app, state=state, faults=faults)


def _take(state: IntercomState) -> None:
    state.lock.acquire()


def _refused_by_flask(error: HTTPException) -> Response:
    """Word an unknown address or a wrong method as the vendor would."""
    if error.code == 404:
        return refused(not_found())
    code = error.name.lower().replace(" ", "_")
    return refused(Refusal(error.code or 500, code, error.name))


def _install_access(app: Flask, state: IntercomState, token: str, window: _Window) -> None:
    def check() -> Response | None:
        g.version = (2, 14)
        if request.path.startswith(_OPEN_PATHS):
            return None
        given = request.authorization
        bearer = given.token if given is not None and given.type == "bearer" else None
        if bearer is None or not secrets.compare_digest(bearer.encode(), token.encode()):
            return _refusal(401)
        state.versions_asked[request.headers.get("Intercom-Version", "")] += 1
        g.version = _asked_version()
        fits = window.spend()
        state.most_calls = window.most
        return None if fits else _refusal(429)

    def add_headers(response: Response) -> Response:
        if not request.path.startswith(_OPEN_PATHS):
            response.headers.update(window.headers())
            response.headers["Intercom-Version"] = ".".join(map(str, g.version))
        return response

    app.before_request(check)
    app.after_request(add_headers)


def _asked_version() -> Version:
    asked = request.headers.get("Intercom-Version", _DEFAULT_VERSION)
    if asked not in _VERSIONS:
        told = "The requested version could not be found"
        raise Refusal(400, "intercom_version_invalid", told)
    return _VERSIONS[asked]


def _refusal(status: int) -> Response:
    response = jsonify(_words(status))
    response.status_code = status
    return response


def _words(status: int) -> dict[str, Any]:
    code, message = {
        401: ("unauthorized", "Access Token Invalid"),
        403: ("api_plan_restricted", "Active subscription needed."),
        404: ("not_found", "Resource Not Found"),
        429: ("rate_limit_exceeded", "Exceeded rate limit"),
    }.get(status, ("server_error", "Something went wrong"))
    return error_list(code, message)


def failure_in_intercom_words(
    clock: Callable[[], datetime],
) -> VendorAnswer:
    """Word a switched fault as Intercom does: it tells when its window ends, not how long to wait.

    A number as retry_after moves the end of the window; other text is sent as Retry-After.
    """

    def word(
        status: int, path: str, retry_after: str | None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        headers: dict[str, str] = {}
        if status == 429 and retry_after is not None:
            if retry_after.lstrip("-").isdigit():
                headers["X-RateLimit-Reset"] = str(seconds(clock()) + int(retry_after))
                headers |= {"X-RateLimit-Limit": str(_SHOWN_LIMIT), "X-RateLimit-Remaining": "0"}
            else:
                headers["Retry-After"] = retry_after
        return headers, _words(status)

    return word
