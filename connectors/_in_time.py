"""Lets every answer that httpx reads be over in time, headers and all, however slow it is.

A timeout of httpx bounds one wait for bytes; a byte a second meets it for hours. Knows connections
and no request.
"""

from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

from connectors._http import LONGEST_ANSWER

SocketOptions = Iterable[tuple[Any, ...]] | None


def answer_in_time(client: httpx.Client, now: Callable[[], float]) -> None:
    """Bound the whole of each answer that this client reads.

    httpx hands no backend on, and a transport of our own would lose the proxies that it finds in
    the environment: so its pools get theirs here.
    """
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            pool = transport._pool
            pool._network_backend = _InTime(pool._network_backend, now)


class _InTime(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, now: Callable[[], float]) -> None:
        self._backend = backend
        self._now = now

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.NetworkStream:
        stream = self._backend.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._now)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._backend.connect_unix_socket(path, timeout, socket_options), self._now)

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Stream(httpcore.NetworkStream):
    """A connection on which the time of an answer begins when its question has been sent."""

    def __init__(self, stream: httpcore.NetworkStream, now: Callable[[], float]) -> None:
        self._stream = stream
        self._now = now
        self._until = now() + LONGEST_ANSWER

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._until - self._now()
        if left <= 0:
            raise httpcore.ReadTimeout("the whole answer took too long")
        return self._stream.read(max_bytes, left if timeout is None else min(timeout, left))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout)
        self._until = self._now() + LONGEST_ANSWER

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._now)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
