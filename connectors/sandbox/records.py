"""What every helpdesk stand-in keeps: rows in order of change, times, and marked-up text.

Knows neither vendor's format.
"""

import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

Key = tuple[int, int]  # (seconds since 1970, id): stable under equal times

_QUOTE_HEADING = re.compile(r"^(On .{4,200} wrote:|-{2,} ?Original Message ?-{2,})$", re.IGNORECASE)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def iso(moment: datetime) -> str:
    """Return the time as the vendors print it, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_seconds(moment: int) -> datetime:
    return datetime.fromtimestamp(moment, tz=UTC)


class Keyset:
    """Ids ordered by a time and then by id; pages are cut with bisect, never by scanning."""

    def __init__(self, keys: Iterable[Key] = ()) -> None:
        self._keys = sorted(keys)
        self._time_of = {id_: time for time, id_ in self._keys}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, id_: object) -> bool:
        return id_ in self._time_of

    def put(self, id_: int, time: int) -> None:
        """Add the id or move it to its new time."""
        self.discard(id_)
        insort(self._keys, (time, id_))
        self._time_of[id_] = time

    def discard(self, id_: int) -> None:
        time = self._time_of.pop(id_, None)
        if time is not None:
            del self._keys[bisect_left(self._keys, (time, id_))]

    def after(self, key: Key, *, until: int, limit: int) -> list[Key]:
        """Return at most `limit` keys behind `key` whose time is not later than `until`."""
        start = bisect_right(self._keys, key)
        return self._keys[start : min(start + limit, self._end(until))]

    def since(self, time: int, *, until: int, limit: int) -> list[Key]:
        """Return at most `limit` keys from `time` on, `time` included."""
        start = bisect_left(self._keys, (time, -1))
        return self._keys[start : min(start + limit, self._end(until))]

    def between(self, start: int | None, end: int | None) -> list[Key]:
        """Return the keys of the half-open time window; None leaves that side open."""
        first = 0 if start is None else bisect_left(self._keys, (start, -1))
        last = len(self._keys) if end is None else bisect_left(self._keys, (end, -1))
        return self._keys[first:last]

    def _end(self, until: int) -> int:
        return bisect_left(self._keys, (until + 1, -1))


def html_of(text: str) -> str:
    """Mark the text up as mail programs do (quoted reply, signature); no word is added."""
    body, heading, quoted, signature = _parts_of(text)
    marked = _paragraphs(body)
    if quoted or heading:
        lead = f"<div>{escape(heading)}</div>" if heading else ""
        marked += (
            f'<div class="gmail_quote">{lead}<blockquote>{_paragraphs(quoted)}</blockquote></div>'
        )
    if signature:
        marked += f'<div class="gmail_signature">-- <br>{"<br>".join(map(escape, signature))}</div>'
    return marked


def _parts_of(text: str) -> tuple[list[str], str, list[str], list[str]]:
    body: list[str] = []
    quoted: list[str] = []
    heading = ""
    lines = text.splitlines()
    for position, line in enumerate(lines):
        if line.rstrip() == "--":
            return body, heading, quoted, lines[position + 1 :]
        if _QUOTE_HEADING.match(line.strip()):
            heading = line.strip()
        elif line.startswith(">"):
            quoted.append(line.lstrip("> "))
        else:
            body.append(line)
    return body, heading, quoted, []


def _paragraphs(lines: list[str]) -> str:
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "".join(f"<p>{escape(block).replace(chr(10), '<br>')}</p>" for block in blocks if block)
