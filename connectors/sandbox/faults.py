"""Switches that make a stand-in misbehave, and the count of calls it received.

Knows HTTP failures in general. How a vendor words a 429 or a 500 comes from that vendor's stand-in.
"""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.wrappers import Response as AnyResponse

OWN_PREFIX = "/_sandbox"


class FaultKind(StrEnum):
    RATE_LIMIT = "rate_limit"  # 429 in the vendor's words
    SERVER_ERROR = "server_error"  # any 5xx, or another status, in the vendor's words
    UNAUTHORIZED = "unauthorized"  # 401 in the vendor's words
    DROP_BEFORE = "drop_before"  # hang up without having done anything
    DROP_AFTER = "drop_after"  # do it, then hang up without an answer
    TRUNCATE_JSON = "truncate_json"  # half the body under a matching Content-Length
    CUT_TRANSFER = "cut_transfer"  # half the body under the whole body's Content-Length
    HTML_PAGE = "html_page"  # an HTML page where JSON belongs
    EMPTY_PAGE = "empty_page"  # a list page without rows that says there is more
    LOST_PAGE = "lost_page"  # a list page without its rows that goes on as if it had shown them
    REPEAT_CURSOR = "repeat_cursor"  # a list page that hands the same cursor back
    SLOW = "slow"  # wait before answering
    TRICKLE = "trickle"  # the right answer, a byte of its body at a time, with a wait before each
    TRICKLE_HEADERS = "trickle_headers"  # its status line and headers so, and then the body at once


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switch: skips `skip` matching calls, then spoils `times` of them (None: all)."""

    kind: FaultKind
    times: int | None = 1
    skip: int = 0
    path: str = "/"  # prefix of the request's path
    method: str | None = None
    status: int = 500
    retry_after: str | None = None  # sent as it is, so that nonsense can be sent too
    seconds: float = 0.0

    def matches(self, method: str, path: str) -> bool:
        right_method = self.method is None or self.method == method
        return right_method and path.startswith(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it arrived."""

    method: str
    route: str
    path: str


# Words a failure as the vendor does: (status, path, retry_after) to (headers, body).
VendorAnswer = Callable[[int, str, str | None], tuple[dict[str, str], dict[str, Any]]]


class Faults:
    """The switches of one stand-in; safe to use from the test's thread while the server answers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._calls: Counter[str] = Counter()
        self.before_answering: Callable[[Call], None] | None = None
        self.after_answering: Callable[[Call], None] | None = None
        self._never = threading.Event()

    def rate_limit(
        self,
        times: int | None = 1,
        *,
        retry_after: str | None = "1",
        path: str = "/",
        skip: int = 0,
    ) -> None:
        self.add(
            Fault(
                kind=FaultKind.RATE_LIMIT,
                times=times,
                retry_after=retry_after,
                path=path,
                skip=skip,
            )
        )

    def server_error(
        self, status: int = 500, *, times: int | None = 1, path: str = "/", skip: int = 0
    ) -> None:
        self.add(
            Fault(kind=FaultKind.SERVER_ERROR, times=times, status=status, path=path, skip=skip)
        )

    def unauthorized(self, times: int | None = None, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.UNAUTHORIZED, times=times, path=path, skip=skip))

    def drop_before_answering(
        self, times: int | None = 1, *, path: str = "/", skip: int = 0, method: str | None = None
    ) -> None:
        self.add(
            Fault(kind=FaultKind.DROP_BEFORE, times=times, path=path, skip=skip, method=method)
        )

    def drop_after_doing(
        self, times: int | None = 1, *, path: str = "/", skip: int = 0, method: str | None = None
    ) -> None:
        self.add(Fault(kind=FaultKind.DROP_AFTER, times=times, path=path, skip=skip, method=method))

    def truncate_json(self, times: int | None = 1, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.TRUNCATE_JSON, times=times, path=path, skip=skip))

    def cut_transfer(self, times: int | None = 1, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.CUT_TRANSFER, times=times, path=path, skip=skip))

    def html_page(
        self, times: int | None = 1, *, status: int = 200, path: str = "/", skip: int = 0
    ) -> None:
        self.add(Fault(kind=FaultKind.HTML_PAGE, times=times, status=status, path=path, skip=skip))

    def empty_page_once(self, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.EMPTY_PAGE, path=path, skip=skip))

    def lose_page(self, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.LOST_PAGE, path=path, skip=skip))

    def repeat_cursor(self, times: int | None = 1, *, path: str = "/", skip: int = 0) -> None:
        self.add(Fault(kind=FaultKind.REPEAT_CURSOR, times=times, path=path, skip=skip))

    def slow(
        self, seconds: float, *, times: int | None = 1, path: str = "/", skip: int = 0
    ) -> None:
        self.add(Fault(kind=FaultKind.SLOW, times=times, seconds=seconds, path=path, skip=skip))

    def trickle(
        self, seconds: float, *, times: int | None = 1, path: str = "/", skip: int = 0
    ) -> None:
        self.add(Fault(kind=FaultKind.TRICKLE, times=times, seconds=seconds, path=path, skip=skip))

    def trickle_headers(
        self, seconds: float, *, times: int | None = 1, path: str = "/", skip: int = 0
    ) -> None:
        self.add(
            Fault(
                kind=FaultKind.TRICKLE_HEADERS, times=times, seconds=seconds, path=path, skip=skip
            )
        )

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def active(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._faults)

    def take(self, kinds: Iterable[FaultKind], *, method: str, path: str) -> Fault | None:
        """Use up one turn of the first matching switch."""
        wanted = frozenset(kinds)
        with self._lock:
            for fault in self._faults:
                if fault.kind in wanted and fault.matches(method, path):
                    return self._use(fault)
        return None

    def _use(self, fault: Fault) -> Fault | None:
        if fault.skip > 0:
            fault.skip -= 1
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
        return fault

    def spoils_page(self, kind: FaultKind) -> bool:
        """Ask from inside a list route whether this page is to be empty or to repeat its cursor."""
        return self.take([kind], method=request.method, path=request.path) is not None

    def count(self, call: Call) -> None:
        with self._lock:
            self._calls[f"{call.method} {call.route}"] += 1

    def calls(self) -> dict[str, int]:
        """Return how often each "METHOD /route" was called, failed calls included."""
        with self._lock:
            return dict(sorted(self._calls.items()))

    def reset_calls(self) -> None:
        with self._lock:
            self._calls.clear()

    def wait(self, seconds: float) -> None:
        """Hold an answer back."""
        self._never.wait(seconds)


_INSTEAD = (
    FaultKind.RATE_LIMIT,
    FaultKind.SERVER_ERROR,
    FaultKind.UNAUTHORIZED,
    FaultKind.HTML_PAGE,
    FaultKind.DROP_BEFORE,
)
_AFTERWARDS = (
    FaultKind.DROP_AFTER,
    FaultKind.TRUNCATE_JSON,
    FaultKind.CUT_TRANSFER,
    FaultKind.TRICKLE,
    FaultKind.TRICKLE_HEADERS,
)


class _FaultyWsgi:
    """Sits between the socket and the application, where a connection can still be cut."""

    def __init__(self, app: Flask, faults: Faults, answer: VendorAnswer) -> None:
        self._inner = app.wsgi_app
        self._map = app.url_map
        self._faults = faults
        self._answer = answer

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        call = _call_of(self._map, environ)
        if call.path.startswith(OWN_PREFIX):
            return self._inner(environ, start_response)
        self._faults.count(call)
        if self._faults.before_answering is not None:
            self._faults.before_answering(call)
        slow = self._faults.take([FaultKind.SLOW], method=call.method, path=call.path)
        if slow is not None:
            self._faults.wait(slow.seconds)
        instead = self._faults.take(_INSTEAD, method=call.method, path=call.path)
        if instead is not None:
            _read_to_the_end(environ)
            return self._spoiled(instead, call, environ, start_response)
        return self._answered(call, environ, start_response)

    def _answered(
        self, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        response = Response.from_app(self._inner, environ)
        if self._faults.after_answering is not None:
            self._faults.after_answering(call)
        fault = self._faults.take(_AFTERWARDS, method=call.method, path=call.path)
        if fault is None:
            return response(environ, start_response)
        if fault.kind is FaultKind.DROP_AFTER:
            raise ConnectionResetError
        if fault.kind is FaultKind.TRICKLE_HEADERS:
            self._trickle_headers(response, environ, fault.seconds)
        whole = response.get_data()
        if fault.kind is FaultKind.TRICKLE:
            start_response(response.status, response.headers.to_wsgi_list())
            return self._trickling(whole, fault.seconds)
        response.set_data(whole[: len(whole) // 2])
        if fault.kind is FaultKind.TRUNCATE_JSON:
            return response(environ, start_response)
        response.headers["Content-Length"] = str(len(whole))
        start_response(response.status, response.headers.to_wsgi_list())
        return _cut_after(response.get_data())

    def _trickling(self, whole: bytes, seconds: float) -> Iterator[bytes]:
        for at in range(len(whole)):
            self._faults.wait(seconds)
            yield whole[at : at + 1]

    def _trickle_headers(
        self, response: AnyResponse, environ: WSGIEnvironment, seconds: float
    ) -> NoReturn:
        """Answer past the server, which would send the headers in one go; then hang up."""
        body = response.get_data()
        lines = [f"HTTP/1.1 {response.status}", *(f"{k}: {v}" for k, v in response.headers)]
        head = "\r\n".join([*lines, "Connection: close", "", ""]).encode()
        for byte in head:
            self._faults.wait(seconds)
            environ["werkzeug.socket"].sendall(bytes([byte]))
        environ["werkzeug.socket"].sendall(body)
        raise ConnectionResetError

    def _spoiled(
        self, fault: Fault, call: Call, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if fault.kind is FaultKind.DROP_BEFORE:
            raise ConnectionResetError
        if fault.kind is FaultKind.HTML_PAGE:
            page = "<!doctype html><title>Just a moment</title><p>Checking your browser.</p>"
            return Response(page, fault.status, mimetype="text/html")(environ, start_response)
        status = {FaultKind.RATE_LIMIT: 429, FaultKind.UNAUTHORIZED: 401}.get(
            fault.kind, fault.status
        )
        headers, body = self._answer(status, call.path, fault.retry_after)
        response = Response(json.dumps(body), status, headers, mimetype="application/json")
        return response(environ, start_response)


def _cut_after(half: bytes) -> Iterator[bytes]:
    yield half
    raise ConnectionResetError


def _read_to_the_end(environ: WSGIEnvironment) -> None:
    """Take the body off the kept-alive connection, or it would be read as the next request."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _call_of(url_map: Map, environ: WSGIEnvironment) -> Call:
    method, path = str(environ["REQUEST_METHOD"]), str(environ["PATH_INFO"])
    try:
        rule, _ = url_map.bind_to_environ(environ).match(return_rule=True)
    except HTTPException:
        return Call(method=method, route="(unknown)", path=path)
    return Call(method=method, route=rule.rule, path=path)


def install(app: Flask, faults: Faults, answer: VendorAnswer) -> None:
    """Put the switches in front of the application and add the /_sandbox routes."""

    def list_faults() -> Response:
        return jsonify([_as_json(fault) for fault in faults.active()])

    def add_fault() -> tuple[Response, int]:
        wanted = request.get_json()
        try:
            faults.add(Fault(**{**wanted, "kind": FaultKind(wanted["kind"])}))
        except (KeyError, TypeError, ValueError) as error:
            return jsonify({"error": str(error)}), HTTPStatus.BAD_REQUEST
        return jsonify({"faults": len(faults.active())}), HTTPStatus.CREATED

    def clear_faults() -> tuple[str, int]:
        faults.clear()
        return "", HTTPStatus.NO_CONTENT

    def reset_calls() -> tuple[str, int]:
        faults.reset_calls()
        return "", HTTPStatus.NO_CONTENT

    app.add_url_rule(f"{OWN_PREFIX}/faults", view_func=list_faults, methods=["GET"])
    app.add_url_rule(f"{OWN_PREFIX}/faults", view_func=add_fault, methods=["POST"])
    app.add_url_rule(f"{OWN_PREFIX}/faults", view_func=clear_faults, methods=["DELETE"])
    app.add_url_rule(f"{OWN_PREFIX}/calls", "calls", lambda: jsonify(faults.calls()))
    app.add_url_rule(f"{OWN_PREFIX}/reset_calls", view_func=reset_calls, methods=["POST"])
    app.wsgi_app = _FaultyWsgi(app, faults, answer)  # type: ignore[method-assign]  # Flask documents this way to wrap


def _as_json(fault: Fault) -> dict[str, Any]:
    return {
        "kind": fault.kind,
        "times": fault.times,
        "skip": fault.skip,
        "path": fault.path,
        "method": fault.method,
        "status": fault.status,
        "retry_after": fault.retry_after,
        "seconds": fault.seconds,
    }
