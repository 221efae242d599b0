"""Runs the explorer on a laptop. In a deployment gunicorn does (see the Procfile)."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from flask import Flask
from werkzeug.serving import make_server

from service.errors import Misused


def refuse_open_door(host: str, *, has_people: bool) -> None:
    """Raise Misused when others could reach an explorer that nobody owns yet."""
    if not has_people and not _is_loopback(host):
        raise Misused(
            f"Nobody can sign in yet, so the explorer is not opened on {host}. "
            "First: verbatim link you@example.com"
        )


@contextmanager
def serving(app: Flask, *, host: str, port: int) -> Iterator[None]:
    """Serve while the context lasts. Raises Misused when the port is taken."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its lines hold whole URLs
    try:
        server = make_server(host, port, app, threaded=True)
    except (OSError, SystemExit) as error:
        raise Misused(f"Port {port} is taken; choose another with --port.") from error
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
