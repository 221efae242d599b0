"""Reads the SDK's objects into ours: an answer, a line of a batch's results, what was used.

Believes no type of theirs: a body of another shape comes out of the SDK as half a model. Knows no
network and no price.
"""

from dataclasses import dataclass
from typing import Any

from service.domain.costs import Usage

_NOTHING = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The believable part of a message, and the call in the ledger that it belongs to."""

    text: str
    stop_reason: str
    usage: Usage
    call: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One line of a batch's results."""

    custom_id: str
    kind: str  # succeeded, errored, canceled or expired
    text: str = ""
    stop_reason: str = ""
    usage: Usage = _NOTHING
    why: str = ""
    is_final: bool = False  # an error that sending it again cannot mend


def text_of(message: Any) -> str:
    blocks = getattr(message, "content", None) or []
    return "".join(str(block.text) for block in blocks if getattr(block, "type", "") == "text")


def request_id(message: Any) -> str | None:
    found = getattr(message, "_request_id", None)
    return found if isinstance(found, str) else None


def usage_of(usage: Any) -> Usage:
    """Raise TypeError where the vendor did not say what a call cost."""
    if usage is None or usage.input_tokens is None:
        raise TypeError("an answer without usage")
    split = usage.cache_creation
    written = _tokens(usage.cache_creation_input_tokens)
    long = _tokens(split.ephemeral_1h_input_tokens) if split is not None else 0
    details = usage.output_tokens_details
    return Usage(
        tokens_in=_tokens(usage.input_tokens),
        tokens_out=_tokens(usage.output_tokens),
        cache_read=_tokens(usage.cache_read_input_tokens),
        cache_written=max(0, written - long),
        cache_written_long=long,
        thinking=_tokens(details.thinking_tokens) if details is not None else 0,
    )


def _tokens(said: Any) -> int:
    """Less than none would give money back to a day's budget."""
    if said is None:
        return 0
    if not isinstance(said, int) or said < 0:
        raise TypeError("tokens that are no count")
    return said


def ended_of(line: Any) -> Ended | None:
    """Read one line of the results; None when it is no line of ours at all."""
    custom_id, result = getattr(line, "custom_id", None), getattr(line, "result", None)
    kind = getattr(result, "type", None)
    if not isinstance(custom_id, str) or not isinstance(kind, str):
        return None
    if kind != "succeeded":
        error = getattr(getattr(result, "error", None), "error", None)
        said = str(getattr(error, "type", kind))
        return Ended(
            custom_id=custom_id, kind=kind, why=said, is_final=said == "invalid_request_error"
        )
    message = getattr(result, "message", None)
    try:
        usage = usage_of(getattr(message, "usage", None))
    except (TypeError, AttributeError):
        return Ended(custom_id=custom_id, kind="errored", why="an answer of another shape")
    return Ended(
        custom_id=custom_id,
        kind=kind,
        text=text_of(message),
        stop_reason=str(getattr(message, "stop_reason", "")),
        usage=usage,
    )


def lacking_in(capabilities: Any) -> str | None:
    """What the analyser needs and the vendor says that the model has not; unsaid is no no."""
    for name in ("structured_outputs", "batch"):
        said = getattr(getattr(capabilities, name, None), "supported", None)
        if said is False:
            return name.replace("_", " ")
    return None
