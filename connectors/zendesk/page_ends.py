"""Where a page of an export ends and whether it was the last one, also for servers that leave out
half of what Zendesk says about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.zendesk import mapping
from connectors.zendesk.audits import ABSENT, Audit

Json = Mapping[str, Any]


def is_last_ticket_page(answer: Json, rows: Sequence[Json]) -> bool:
    if "end_of_stream" in answer:
        return bool(answer["end_of_stream"])
    return not rows or not answer.get("after_cursor")


def is_last_event_page(answer: Json, rows: Sequence[Audit], start: int) -> bool:
    if "end_of_stream" in answer:
        return bool(answer["end_of_stream"])
    return not rows or not answer.get("next_page") or end_of(answer, rows, start) <= start


def end_of(answer: Json, rows: Iterable[Audit], start: int) -> int:
    """Return the second to go on from; a server may leave end_time out or null."""
    end = answer.get("end_time")
    if isinstance(end, int | float):
        return max(int(end), start)
    return max([start, *map(second_of, rows)])


def ids_at(
    second: int, rows: Iterable[Audit], *, before: frozenset[int], start: int
) -> tuple[int, ...]:
    """Return the events of the second that the next page starts with, which will come again."""
    ids = {row.id for row in rows if isinstance(row.id, int) and second_of(row) == second}
    return tuple(sorted(ids | before if second == start else ids))


def second_of(event: Audit) -> int:
    stamp = event.timestamp
    if type(stamp) is int or isinstance(stamp, float | int):
        return int(stamp)
    if event.created_at is ABSENT:
        return 0
    return int(mapping.moment(event.created_at).timestamp())
