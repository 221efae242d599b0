"""Socket Mode as Slack speaks it: one-use addresses, envelopes that are acknowledged, refreshes.

What nobody acknowledged is sent again over the next connection, as Slack does; the receiver has to
know a repeat by itself. Knows nothing of what an envelope carries.
"""

import itertools
import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import simple_websocket
from flask import Flask, Request, Response, request

PATH = "/link/"


@dataclass(slots=True, kw_only=True)
class Envelope:
    """One event on its way."""

    id: str
    kind: str  # "events_api", "slash_commands" or "interactive"
    payload: Mapping[str, Any]
    sent: int = 0  # how often

    def words(self) -> str:
        said: dict[str, Any] = {
            "type": self.kind,
            "envelope_id": self.id,
            "payload": self.payload,
            "accepts_response_payload": self.kind != "events_api",
        }
        if self.kind == "events_api":
            said["retry_attempt"] = self.sent
            said["retry_reason"] = "timeout" if self.sent else ""
        return json.dumps(said)


@dataclass(slots=True)
class Sockets:
    """The open connections of one app, and what waits to be acknowledged."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    waiting: dict[str, Envelope] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    connections: list[Any] = field(default_factory=list)  # simple_websocket has no types
    opened: int = 0  # connections since the start
    deaf: bool = False  # acknowledgements get lost on their way
    _tickets: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def ticket(self) -> str:
        """An address's secret part; it opens one connection."""
        made = secrets.token_hex(8)
        self._tickets.add(made)
        return made

    def admit(self, ticket: str) -> bool:
        if ticket not in self._tickets:
            return False
        self._tickets.remove(ticket)
        return True

    def deliver(self, kind: str, payload: Mapping[str, Any]) -> str:
        """Send an event to one of the connections, or keep it until there is one."""
        with self.changed:
            envelope = Envelope(id=f"E{next(self._numbers):06}", kind=kind, payload=payload)
            self.waiting[envelope.id] = envelope
            for connection in self.connections[-1:]:
                _forward(connection, envelope)
        return envelope.id

    def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to be replaced; it is closed when its successor is there."""
        with self.changed:
            for connection in self.connections:
                _send(connection, json.dumps({"type": "disconnect", "reason": reason}))

    def hang_up(self) -> None:
        """Close every connection without a word, as a lost network does."""
        with self.changed:
            for connection in self.connections:
                _close(connection)

    def wait(self, until: Callable[["Sockets"], bool], *, seconds: float = 20.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: until(self), timeout=seconds)

    def attach(self, connection: Any) -> None:
        """Greet a connection, end those before it, and send again what is still waiting."""
        with self.changed:
            earlier, self.connections = self.connections, [connection]
            self.opened += 1
            _send(connection, json.dumps({"type": "hello", "num_connections": 1}))
            for envelope in self.waiting.values():
                _forward(connection, envelope)
            self.changed.notify_all()
        for one in earlier:
            _close(one)

    def detach(self, connection: Any) -> None:
        with self.changed:
            if connection in self.connections:
                self.connections.remove(connection)
            self.changed.notify_all()

    def heard(self, message: str) -> None:
        """An acknowledgement, over whichever connection it comes."""
        envelope = str(json.loads(message).get("envelope_id", ""))
        with self.changed:
            if not self.deaf and self.waiting.pop(envelope, None) is not None:
                self.acknowledged.append(envelope)
            self.changed.notify_all()


class _Ended(Response):
    """What a finished websocket leaves behind: there is no HTTP answer to write any more."""

    def __call__(self, environ: Any, start_response: Any) -> Any:
        del environ, start_response
        raise ConnectionResetError


def install(app: Flask, sockets: Sockets) -> None:
    def link() -> Response:
        return _talk(sockets, request)

    app.add_url_rule(PATH, "link", link, websocket=True)


def _talk(sockets: Sockets, asked: Request) -> Response:
    if not sockets.admit(asked.args.get("ticket", "")):
        return Response("This address was used before, or never given out.", 401)
    connection = simple_websocket.Server.accept(asked.environ)
    sockets.attach(connection)
    try:
        while True:
            sockets.heard(connection.receive())
    except simple_websocket.ConnectionClosed:
        return _Ended()
    finally:
        sockets.detach(connection)


def _forward(connection: Any, envelope: Envelope) -> None:
    _send(connection, envelope.words())
    envelope.sent += 1


def _send(connection: Any, words: str) -> None:
    """Send, unless the other side has gone: what waits is sent again to its successor."""
    try:
        connection.send(words)
    except (OSError, simple_websocket.ConnectionClosed):
        return


def _close(connection: Any) -> None:
    try:
        connection.close()
    except (OSError, simple_websocket.ConnectionClosed):
        return
