"""How often one ticket may be updated: Zendesk takes 30 updates in ten minutes per user and ticket.

Counted by ourselves, since the thirty-first fails inside a job where nothing can wait for it.
"""

from collections.abc import Callable

MOST_UPDATES = 30
WINDOW = 600.0


class UpdateBudget:
    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._times: dict[int, list[float]] = {}

    def spend(self, ticket_id: int) -> bool:
        """Count an update, or return False when it would be one too many."""
        now = self._ticks()
        recent = [each for each in self._times.get(ticket_id, ()) if each > now - WINDOW]
        self._times[ticket_id] = recent
        if len(recent) >= MOST_UPDATES:
            return False
        recent.append(now)
        return True
