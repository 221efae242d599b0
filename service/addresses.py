"""Ports and addresses of our own processes."""

import socket
from urllib.parse import urlsplit

DEFAULT_PORT = 8765
LOOPBACK = "127.0.0.1"


def port_of(public_url: str) -> int:
    return urlsplit(public_url).port or DEFAULT_PORT


def free_port(wanted: int) -> int:
    """Return the wanted port if nobody listens on it, else one that is free now."""
    return wanted if _is_free(wanted) else _any_free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
