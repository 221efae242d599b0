"""Where a page of an export ends and whether it was the last one, also for servers that leave out
half of what Zendesk says about it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.zendesk import mapping

Json = Mapping[str, Any]


def is_last_ticket_page(answer: Json, rows: Sequence[Json]) -> bool:
    if "end_of_stream" in answer:
        return bool(answer["end_of_stream"])
    return not rows or not answer.get("after_cursor")


def is_last_event_page(answer: Json, rows: Sequence[Json], start: int) -> bool:
    if "end_of_stream" in answer:
        return bool(answer["end_of_stream"])
    return not rows or not answer.get("next_page") or end_of(answer, rows, start) <= start


def end_of(answer: Json, rows: Iterable[Json], start: int) -> int:
    """Return the second to go on from; a server may leave end_time out or null."""
    end = answer.get("end_time")
    if isinstance(end, int | float):
        return max(int(end), start)
    return max([start, *map(second_of, rows)])


def ids_at(
    second: int, rows: Iterable[Json], *, before: frozenset[int], start: int
) -> tuple[int, ...]:
    """Return the events of the second that the next page starts with, which will come again."""
    ids = {row["id"] for row in rows if isinstance(row.get("id"), int) and second_of(row) == second}
    return tuple(sorted(ids | before if second == start else ids))


def second_of(event: Json) -> int:
    stamp = event.get("timestamp")
    if isinstance(stamp, int | float):
        return int(stamp)
    return int(mapping.moment(event["created_at"]).timestamp()) if "created_at" in event else 0
