"""Which tickets were created in a time, by Zendesk's search: how many, and their ids.

The incremental exports go by change and cannot be asked for a day of creation; the search of
exports can, a hundred tickets a call and without the thousand that other searches end at. It
indexes some minutes late, so its rows say which tickets to fetch and nothing else.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice

from connectors._http import Refused
from connectors.zendesk import mapping, poison
from connectors.zendesk.client import Client, Json
from service.domain.conversations import ConversationKey
from service.errors import Misbehaving

_AT_ONCE = 100


def count_created(client: Client, start: datetime, end: datetime) -> int | None:
    """Return how many were created in [start, end), or None when Zendesk does not say."""
    try:
        answer = client.find("search/count", query=f"type:ticket {_within(start, end)}")
    except Refused:
        return None
    found = answer.get("count") if answer else None
    return found if isinstance(found, int) else None


def created(
    client: Client, start: datetime, end: datetime
) -> Iterator[Mapping[ConversationKey, datetime | None]]:
    """Yield the keys of what was created in [start, end), with when each was last changed."""
    asked: dict[str, object] = {"query": _within(start, end), "filter[type]": "ticket"}
    rows = client.listed("search/export", "results", **asked)
    while some := list(islice(rows, _AT_ONCE)):
        living = [row for row in some if isinstance(row.get("id"), int) and _is_there(row)]
        yield {mapping.ticket_key(row["id"]): _changed(row) for row in living}


def _is_there(row: Json) -> bool:
    """A row that cannot be read is there: fetching it tells what is wrong with it."""
    try:
        return not mapping.is_gone(row)
    except poison.UNREADABLE:
        return True


def _changed(row: Json) -> datetime | None:
    try:
        return mapping.moment(row.get("updated_at"))
    except Misbehaving:
        return None


def _within(start: datetime, end: datetime) -> str:
    """A ticket that was merged away is part of another one."""
    return f"created>={_utc(start)} created<{_utc(end)} -tags:{mapping.MERGED_TAG}"


def _utc(moment: datetime) -> str:
    """Return the first whole second that is not before: Zendesk's times are whole seconds."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    if whole < moment:
        whole += timedelta(seconds=1)
    return whole.strftime("%Y-%m-%dT%H:%M:%SZ")
