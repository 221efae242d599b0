"""A loopback stand-in for the one endpoint that the Claude analyser calls. It answers what the test
scripted and keeps what was asked.
"""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class ClaudeStub:
    """Answers `answers` in turn; the last one again and again."""

    url: str
    answers: list[tuple[int, Mapping[str, Any], Mapping[str, str]]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def will_fill(self, form: Mapping[str, Any], *, stop_reason: str = "end_turn") -> None:
        self.will_say(json.dumps(form), stop_reason=stop_reason)

    def will_say(self, text: str, *, stop_reason: str = "end_turn") -> None:
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-haiku-5-5",
            "content": [{"type": "text", "text": text}],
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 1000, "output_tokens": 100},
        }
        self.answers.append((200, message, {}))

    def will_fail(self, status: int, **headers: str) -> None:
        error = {"type": "error", "error": {"type": "api_error", "message": "scripted"}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, error, named))

    def next_answer(self) -> tuple[int, Mapping[str, Any], Mapping[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def running_claude_stub() -> Iterator[ClaudeStub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    stub = ClaudeStub(url=f"http://127.0.0.1:{server.server_port}")
    server.stub = stub  # type: ignore[attr-defined]  # how a handler finds its script
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        stub: ClaudeStub = self.server.stub  # type: ignore[attr-defined]  # set above
        body = self.rfile.read(int(self.headers["content-length"]))
        asked = json.loads(body)
        stub.asked.append({"path": self.path, "key": self.headers.get("authorization"), **asked})
        status, answer, headers = stub.next_answer()
        payload = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(payload)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing: a test's output is its failures."""
