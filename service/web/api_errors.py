"""An error as the API tells it: what was wrong, what to do about it, and the status it has."""

from dataclasses import dataclass

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from service.errors import (
    AskedTooOften,
    Forbidden,
    Misused,
    NotFound,
    NotSignedIn,
    RetryLater,
    VerbatimError,
)

DESCRIPTION = "/api/v1/openapi.json"
_AGAIN = "Try again; when it happens again, tell whoever runs Verbatim."
WHAT_TO_DO = {
    400: f"Compare the request with {DESCRIPTION}.",
    401: "Send `Authorization: Bearer TOKEN`; `verbatim token make EMAIL` makes one.",
    403: "Ask with the token of somebody who may see it.",
    404: f"Check the address against {DESCRIPTION}.",
    405: f"{DESCRIPTION} names the method of every address.",
    413: "Send less.",
    415: "Send the header `Content-Type: application/json` and a JSON object.",
    429: "Wait as many seconds as the header Retry-After says.",
    503: "Ask again in a moment.",
}
_STATUS: tuple[tuple[type[VerbatimError], int], ...] = (
    (NotSignedIn, 401),
    (Misused, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (AskedTooOften, 429),
    (RetryLater, 503),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    status: int
    error: str
    headers: dict[str, str]

    def response(self) -> Response:
        answer = jsonify(error=self.error, what_to_do=WHAT_TO_DO.get(self.status, _AGAIN))
        answer.status_code = self.status
        answer.headers.update(self.headers)
        return answer


def of_ours(error: VerbatimError) -> Told:
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers = {}
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, AskedTooOften):
        headers["Retry-After"] = str(max(1, round(error.retry_after.total_seconds())))
    return Told(status=status, error=str(error), headers=headers)


def of_http(error: HTTPException) -> Told:
    """Tell what the web framework refused, such as an address that does not exist."""
    status = error.code or 500
    headers = {}
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        headers["Allow"] = ", ".join(sorted(error.valid_methods))
    words = "There is nothing at this address." if status == 404 else error.name
    return Told(status=status, error=f"{words.rstrip('.')}.", headers=headers)
