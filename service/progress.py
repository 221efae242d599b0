"""How long work tells how far it is. A terminal draws bars; everything else stays silent."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    def step(self, title: str, total: int | None) -> AbstractContextManager[Advance]:
        """Open one step of `total` items (None: unknown); call the result with what was done."""
        ...


class Silent:
    """Progress for tests, JSON output and background work."""

    @contextmanager
    def step(self, title: str, total: int | None) -> Iterator[Advance]:
        del title, total
        yield lambda _done: None
