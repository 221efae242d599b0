"""Runs a stand-in on loopback, as a daemon thread that can be stopped.

Knows sockets and threads. Knows nothing of what the stand-in answers.
"""

import socket
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from connectors.sandbox.faults import Faults

LOOPBACK = "127.0.0.1"

StateT = TypeVar("StateT")


class _QuietHandler(WSGIRequestHandler):
    """Keeps connections alive like a vendor does, and lets a fault cut them."""

    # Headers and body leave in two writes; with Nagle's algorithm each answer would wait 40 ms
    # for an acknowledgement.
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        _open_connections(self.server).add(self.connection)

    def finish(self) -> None:
        _open_connections(self.server).discard(self.connection)
        super().finish()

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        # Without this the kept-alive connection would wait for the next request,
        # and the caller for an answer.
        self.close_connection = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the counts are at /_sandbox/calls."""


def _open_connections(server: Any) -> set[socket.socket]:
    connections: set[socket.socket] = server.verbatim_connections
    return connections


class RunningServer:
    """A served application; leaving the context stops it and hangs up on everybody."""

    def __init__(self, server: BaseWSGIServer) -> None:
        self._server = server
        self._connections: set[socket.socket] = set()
        server.verbatim_connections = self._connections  # type: ignore[attr-defined]  # read by the handler
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def stop(self) -> None:
        """Stop listening and close what is open; stopping twice is harmless."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for connection in list(self._connections):
            _hang_up(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The other side was quicker; that is what we wanted.
        return


def serve(app: Flask, port: int = 0) -> RunningServer:
    """Serve on 127.0.0.1; port 0 takes a free one."""
    return RunningServer(
        make_server(LOOPBACK, port, app, threaded=True, request_handler=_QuietHandler)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand(Generic[StateT]):
    """A stand-in: its web application, the world behind it, and its fault switches."""

    app: Flask
    state: StateT
    faults: Faults

    def serve(self, port: int = 0) -> RunningServer:
        return serve(self.app, port)
