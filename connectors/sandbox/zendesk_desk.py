"""What all routes of the Zendesk stand-in share: state, switches, and the vendor's paging."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, g, jsonify, request

from connectors.sandbox.faults import Faults
from connectors.sandbox.zendesk_fields import Refusal
from connectors.sandbox.zendesk_json import Json, ticket_json
from connectors.sandbox.zendesk_records import Ticket
from connectors.sandbox.zendesk_state import ZendeskState

RowT = TypeVar("RowT")
_MOST_PER_LIST_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The account behind the routes."""

    state: ZendeskState
    faults: Faults
    page_limit: int  # most rows on a page of an export
    null_cursor_on_empty: bool  # an empty last page carries null instead of the cursor it got

    def ticket(self, ticket_id: int) -> Ticket:
        """Return the ticket, or refuse as for one that is deleted or never was."""
        row = self.state.live(ticket_id)
        if row is None:
            raise not_found()
        return row

    def show(self, row: Ticket) -> Json:
        return ticket_json(row, self.state.fields.custom(), request.url_root)


def not_found() -> Refusal:
    return Refusal(404, "RecordNotFound", "Not found")


def acting_user() -> int:
    return int(g.user_id)


def number(name: str, default: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise Refusal(400, "InvalidValue", f"{name} must be an integer") from None


def ids_asked(name: str = "ids", *, most: int = 100) -> list[int]:
    texts = [text for text in request.args.get(name, "").split(",") if text.strip()]
    if len(texts) > most:
        raise too_many(most)
    try:
        return [int(text) for text in texts]
    except ValueError:
        raise Refusal(400, "InvalidValue", f"{name} must be integers") from None


def too_many(most: int) -> Refusal:
    return Refusal(400, "TooManyValues", f"Too many values; at most {most} are allowed")


def includes() -> frozenset[str]:
    return frozenset(filter(None, request.args.get("include", "").split(",")))


def encode_cursor(time: int, id_: int) -> str:
    return urlsafe_b64encode(f"{time}.0||{id_}|".encode()).decode()


def decode_cursor(cursor: str) -> tuple[int, int]:
    try:
        time, _, rest = urlsafe_b64decode(cursor.encode()).decode().partition(".0||")
        return int(time), int(rest.rstrip("|"))
    except (Base64Error, UnicodeDecodeError, ValueError):
        raise Refusal(400, "InvalidCursor", "The cursor is invalid") from None


def address(**changed: Any) -> str:
    """Return this request's address with other parameters, as the vendor's links do."""
    wanted = {**request.args.to_dict(), **changed}
    query = "&".join(f"{name}={value}" for name, value in wanted.items() if value is not None)
    return f"{request.base_url}?{query}"


def listed(name: str, rows: Sequence[RowT], show: Callable[[RowT], Json]) -> dict[str, Any]:
    """Cut one page: with page[size] by cursor, else by page number."""
    if "page[size]" in request.args or "page[after]" in request.args:
        return _cursor_page(name, rows, show)
    per_page = max(1, min(number("per_page", _MOST_PER_LIST_PAGE), _MOST_PER_LIST_PAGE))
    page = max(1, number("page", 1))
    start = (page - 1) * per_page
    more = start + per_page < len(rows)
    return {
        name: [show(row) for row in rows[start : start + per_page]],
        "count": len(rows),
        "next_page": address(page=page + 1) if more else None,
        "previous_page": address(page=page - 1) if page > 1 else None,
    }


def _cursor_page(name: str, rows: Sequence[RowT], show: Callable[[RowT], Json]) -> dict[str, Any]:
    size = max(1, min(number("page[size]", _MOST_PER_LIST_PAGE), _MOST_PER_LIST_PAGE))
    after = request.args.get("page[after]")
    start = decode_cursor(after)[1] if after else 0
    end = min(start + size, len(rows))
    cursor = encode_cursor(0, end)
    more = end < len(rows)
    return {
        name: [show(row) for row in rows[start:end]],
        "meta": {
            "has_more": more,
            "after_cursor": cursor if end > start else None,
            "before_cursor": None,
        },
        "links": {"prev": None, "next": address(**{"page[after]": cursor}) if more else None},
    }


def refused(refusal: Refusal) -> Response:
    body: Json = {"error": refusal.error, "description": refusal.description}
    if refusal.details is not None:
        body["details"] = refusal.details
    response = jsonify(body)
    response.status_code = refusal.status
    return response
