"""What a failed answer of Intercom means, in one sentence that says what to do.

Knows the vendor's error codes. Makes no call and waits for nothing.
"""

from collections.abc import Mapping

from connectors._http import Refused, ServerFailed, problem_of
from connectors.intercom.payload import complaint, complaint_code
from service.errors import Misbehaving, Unauthorized, VerbatimError

WHO = "Intercom"
_SETTING = "VERBATIM_HELPDESKS__INTERCOM__ACCESS_TOKEN"


class CodedRefusal(Refused):
    """Intercom refused a request and said why with a code of its own; "" when it did not."""

    def __init__(self, message: str | None = None, *, status: int, code: str) -> None:
        super().__init__(message, status=status)
        self.code = code


def problem_in(status: int, headers: Mapping[str, str], body: object) -> VerbatimError:
    """Return the error of an answer that cannot be used; a 429 is somebody else's matter."""
    says, code = complaint(body), complaint_code(body)
    if status == 401:
        return Unauthorized(f"{WHO} refused our credentials (401): check {_SETTING}.")
    if status == 403:
        return Unauthorized(_not_allowed(says, code))
    if status == 405 and not isinstance(body, dict):
        return ServerFailed(
            f"{WHO} sent a page for people instead of an answer (405): something in front of it,"
            " such as a captcha, takes us for a robot. It usually goes away by itself.",
            status=status,
        )
    found = problem_of(status, headers, who=WHO, says=says)
    if isinstance(found, Refused):
        return CodedRefusal(str(found), status=status, code=code)
    return found or Misbehaving(f"{WHO} sent an answer that breaks off.")


def _not_allowed(says: str, code: str) -> str:
    if code == "api_plan_restricted":
        return (
            f"The plan of this workspace does not include a call that we need (403, {code}):"
            f" ask {WHO} to add API access to the plan."
        )
    why = f", {says[:200]}" if says else ""
    return (
        f"{WHO} does not let our token do this (403{why}): give its app the right, or set"
        f" another {_SETTING}."
    )


def not_there(error: Refused) -> bool:
    return error.status in (404, 410)


def deleted_there(error: Refused) -> bool:
    """Say whether the thing is gone; an address that does not exist is told without a code."""
    return not_there(error) and isinstance(error, CodedRefusal) and error.code != ""
