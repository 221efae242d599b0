"""What the numbers of a period cannot hold: conversations that are missing or set aside.

It reads the coverage ledger and says it in words; it fetches nothing.
"""

from collections.abc import Sequence
from datetime import date

from service import wording
from service.answering.desk import Desk
from service.query import Query, Window


def gaps(desk: Desk, query: Query) -> list[str]:
    """Sentences for the footer, the missing first; nothing is said when nothing is amiss."""
    windows = _windows(desk, query)
    missing: dict[str, int] = {}
    for window in windows:
        for source, n in desk.database.coverage.missing(window).items():
            missing[source] = missing.get(source, 0) + n
    said = [
        wording.missing(source, n, _since(desk, source, windows))
        for source, n in sorted(missing.items())
        if n > 0
    ]
    aside = _set_aside(desk, windows)
    return [*said, wording.set_aside(aside)] if aside else said


def _windows(desk: Desk, query: Query) -> list[Window]:
    """The days that an answer counts; all of them when the question names none."""
    asked = [window for window in (query.compare_to, query.window) if window is not None]
    if asked:
        return asked
    known = desk.database.facts.days()
    return [] if known is None else [known]


def _set_aside(desk: Desk, windows: Sequence[Window]) -> int:
    """How many arrived unreadable in the period and are stored in no earlier form.

    Only the day of their arrival is known: what is in them could not be read.
    """
    store = desk.database.conversations
    arrived = [
        one.key
        for one in store.quarantined()
        if any(w.start <= one.since.astimezone(desk.zone).date() < w.end for w in windows)
    ]
    return len(set(arrived) - store.exists(arrived)) if arrived else 0


def _since(desk: Desk, source: str, windows: Sequence[Window]) -> date | None:
    """The first day of the period on which the helpdesk counts more than is stored."""
    days = [day for window in windows for day in desk.database.coverage.days(source, window)]
    return min((day.day for day in days if (day.missing or 0) > 0), default=None)
