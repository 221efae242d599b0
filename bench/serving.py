"""The application in a process of its own, as the Procfile serves it."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import httpx

PATIENCE = 120.0  # seconds, for whatever has to begin


@contextmanager
def served(environment: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Give its address, and the process that its workers belong to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "verbatim:create_web_app()", "--bind", address]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", "8"]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(f"http://{address}/healthz", server), "the server")
        yield f"http://{address}", server.pid
    finally:
        server.terminate()
        server.wait()


def wait_until(true: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not begin")
        time.sleep(0.1)


def _answers(url: str, server: "subprocess.Popen[bytes]") -> bool:
    if server.poll() is not None:
        raise RuntimeError(f"The server ended with {server.returncode}.")
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.HTTPError:
        return False
