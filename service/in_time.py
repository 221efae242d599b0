"""Lets every answer that an HTTP library reads be over in time, headers and all.

A timeout of such a library bounds one wait for bytes; a byte a second meets it for hours. Knows
the streams under httpx and under http.client, and no request.
"""

import http.client
import io
import math
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a whole answer may take."""

    now: Clock
    longest: float  # seconds
    slowest: float = math.inf  # bytes a second that earn more time, for answers of any length


def answer_in_time(client: Any, patience: Patience, *, too_late: type[Exception]) -> None:
    """Bound the whole of each answer that this client of httpx, or of httpx2, reads.

    They hand no backend on, and a transport of our own would lose the proxies that they find in
    the environment: so their pools get theirs here. `too_late` is their own network's timeout.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _Backend(pool._network_backend, patience, too_late)


def bounded_answers(patience: Patience) -> type[http.client.HTTPResponse]:
    """Return the class that a connection of http.client should read its answers with."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, sock: socket.socket, *about: Any, **more: Any) -> None:
            super().__init__(sock, *about, **more)
            whole = self.fp
            self.fp = io.BufferedReader(_Bytes(whole.detach(), sock, patience))

    return Answer


class _Backend:
    def __init__(self, backend: Any, patience: Patience, too_late: type[Exception]) -> None:
        self._backend = backend
        self._patience = patience
        self._too_late = too_late

    def connect_tcp(self, *where: Any, **how: Any) -> "_Stream":
        return self._bounded(self._backend.connect_tcp(*where, **how))

    def connect_unix_socket(self, *where: Any, **how: Any) -> "_Stream":
        return self._bounded(self._backend.connect_unix_socket(*where, **how))

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)

    def _bounded(self, stream: Any) -> "_Stream":
        return _Stream(stream, self._patience, self._too_late)


class _Stream:
    """A connection on which the time of an answer begins when its question has been sent."""

    def __init__(self, stream: Any, patience: Patience, too_late: type[Exception]) -> None:
        self._stream = stream
        self._patience = patience
        self._too_late = too_late
        self._until = patience.now() + patience.longest

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._until - self._patience.now()
        if left <= 0:
            raise self._too_late("the whole answer took too long")
        found: bytes = self._stream.read(max_bytes, left if timeout is None else min(timeout, left))
        self._until += len(found) / self._patience.slowest
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._until = self._patience.now() + self._patience.longest

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, *how: Any, **more: Any) -> "_Stream":
        return _Stream(self._stream.start_tls(*how, **more), self._patience, self._too_late)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Bytes(io.RawIOBase):
    """The bytes of one answer, until it must be over."""

    def __init__(self, raw: Any, sock: socket.socket, patience: Patience) -> None:
        self._raw = raw
        self._socket = sock
        self._patience = patience
        self._each = sock.gettimeout()
        self._until = patience.now() + patience.longest

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left = self._until - self._patience.now()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._socket.settimeout(left if self._each is None else min(self._each, left))
        count: int | None = self._raw.readinto(into)
        self._socket.settimeout(self._each)  # the next question has its own time
        return count

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        self._raw.close()
        super().close()
