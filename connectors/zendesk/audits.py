"""The audits of a page of ticket events, as far as they are read.

Nine tenths of a page are the other spellings of its comments and keys that nobody asks for; they
are passed over while it is decoded, and no object is made of them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from service.errors import Misbehaving

Json = Mapping[str, Any]
ABSENT = msgspec.UNSET


class Comment(msgspec.Struct, gc=False):
    """A comment, or whatever else an audit tells in its place. Any field may hold anything."""

    id: Any = ABSENT
    event_type: Any = None
    type: Any = None
    author_id: Any = None
    public: Any = ABSENT
    comment_public: Any = False
    created_at: Any = None
    html_body: Any = None
    body: Any = None


class Audit(msgspec.Struct, gc=False):
    """A step of a ticket's history, with what it tells."""

    id: Any = ABSENT
    ticket_id: Any = None
    updater_id: Any = None
    timestamp: Any = None
    created_at: Any = ABSENT
    child_events: Any = None

    def told(self) -> list[Comment]:
        if self.child_events is None:
            return []
        if not isinstance(self.child_events, list):
            raise Misbehaving("Zendesk answered no list of child_events.")
        return self.child_events


class _Whole(Audit, gc=False):
    child_events: list[Comment] | None = None


class _Page(msgspec.Struct, gc=False):
    ticket_events: list[_Whole]
    end_time: Any = ABSENT
    next_page: Any = ABSENT
    end_of_stream: Any = ABSENT


_ENDS = ("end_time", "next_page", "end_of_stream")
_read = msgspec.json.Decoder(_Page).decode


def audits_in(page: Json) -> list[Audit]:
    audits = page.get("ticket_events")
    if audits is None:
        return []
    if not isinstance(audits, list):
        raise Misbehaving("Zendesk answered no list of ticket_events.")
    return audits


def page_of_audits(content: bytes) -> dict[str, Any] | None:
    """Return a page with its audits; None for one that is odd anywhere, which may be well."""
    try:
        page = _read(content)
    except (ValueError, RecursionError):
        return None
    ends = {name: told for name in _ENDS if (told := getattr(page, name)) is not ABSENT}
    return {"ticket_events": page.ticket_events, **ends}


def with_audits(page: dict[str, Any]) -> dict[str, Any]:
    """Return a page that was decoded as a whole with its audits."""
    rows = page.get("ticket_events")
    if not isinstance(rows, list):
        return page
    return {**page, "ticket_events": [_audit_of(row) for row in rows if isinstance(row, dict)]}


def comment_of(row: Json) -> Comment:
    return Comment(**_given(row, Comment))


def _audit_of(row: Json) -> Audit:
    given, told = _given(row, Audit), row.get("child_events")
    if isinstance(told, list):
        given["child_events"] = [comment_of(each) for each in told if isinstance(each, dict)]
    return Audit(**given)


def _given(row: Json, kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: row[name] for name in kind.__struct_fields__ if name in row}
