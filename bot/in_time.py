"""Slack's client with every answer over in time, headers and all, however slowly it comes.

The SDK's timeout bounds one wait for bytes, so a byte a second would hold a worker for hours.
"""

import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackRequestError
from slack_sdk.web.file_upload_v2_result import FileUploadV2Result

from service.in_time import Patience, bounded_answers

LONGEST_ANSWER = 60.0  # seconds for a whole answer


class PatientClient(WebClient):
    def __init__(self, *, now: Callable[[], float] = time.monotonic, **given: Any) -> None:
        super().__init__(**given)
        self._opener = _opener(Patience(now=now, longest=LONGEST_ANSWER))

    def _perform_urllib_http_request_internal(
        self, url: str, req: urllib.request.Request
    ) -> dict[str, Any]:
        """Do what the SDK does here, on connections of our own: it hands none on."""
        if not url.lower().startswith(("https://", "http://")):
            raise SlackRequestError(f"Slack is not at {url!r}.")
        with self._opener.open(req, timeout=self.timeout) as answer:
            charset = answer.headers.get_content_charset() or "utf-8"
            body = answer.read().decode(charset)
            return {"status": answer.status, "headers": answer.headers, "body": body}

    def _upload_file(self, *, url: str, data: bytes, **_: Any) -> FileUploadV2Result:
        """The SDK would send a file on a connection of its own."""
        sent = urllib.request.Request(url, data=data, method="POST")  # noqa: S310  # checked below
        answer = self._perform_urllib_http_request_internal(url, sent)
        return FileUploadV2Result(status=answer["status"], body=answer["body"])


def _opener(patience: Patience) -> urllib.request.OpenerDirector:
    answers = bounded_answers(patience)

    class Plain(HTTPConnection):
        response_class = answers

    class Tls(HTTPSConnection):
        response_class = answers

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> HTTPResponse:
            return self.do_open(Plain, req)

    class TlsHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> HTTPResponse:
            return self.do_open(Tls, req)

    return urllib.request.build_opener(PlainHandler, TlsHandler)
