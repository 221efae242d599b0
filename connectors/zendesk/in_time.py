"""Lets every answer that urllib3 reads be over in time, headers and all, however slow it is.

A timeout of urllib3 bounds one wait for bytes; a byte a second meets it for hours. Knows
connections and no request.
"""

import io
import socket
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors._http import LONGEST_ANSWER


def answer_in_time(pools: PoolManager, clock: Callable[[], float]) -> None:
    """Bound the whole of each answer on the connections that these pools will open."""

    class Answer(HTTPResponse):
        def __init__(self, sock: socket.socket, *about: Any, **more: Any) -> None:
            super().__init__(sock, *about, **more)
            whole = self.fp
            self.fp = io.BufferedReader(_InTime(whole.detach(), sock, clock))

    class Plain(HTTPConnection):
        response_class = Answer

    class Tls(HTTPSConnection):
        response_class = Answer

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}


class _InTime(io.RawIOBase):
    """The bytes of one answer, until it must be over."""

    def __init__(self, raw: Any, sock: socket.socket, clock: Callable[[], float]) -> None:
        self._raw = raw
        self._socket = sock
        self._clock = clock
        self._patience = sock.gettimeout()
        self._until = clock() + LONGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left = self._until - self._clock()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self._socket.settimeout(left if self._patience is None else min(self._patience, left))
        count: int | None = self._raw.readinto(into)
        self._socket.settimeout(self._patience)  # the next question has its own time
        return count

    def fileno(self) -> int:
        return int(self._raw.fileno())

    def close(self) -> None:
        self._raw.close()
        super().close()
