"""A step for every helpdesk in turn: one that fails hinders no other, and is told at the end."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from service.errors import VerbatimError

T = TypeVar("T")

logger = logging.getLogger(__name__)


class InTurn:
    """Takes steps, and keeps what went wrong by the helpdesk's name."""

    def __init__(self) -> None:
        self.problems: dict[str, VerbatimError] = {}

    def each(self, names: Iterable[str], step: Callable[[str], T]) -> dict[str, T]:
        """Return what came of the step, of those that did not fail."""
        done: dict[str, T] = {}
        for name in names:
            try:
                done[name] = step(name)
            except VerbatimError as error:
                logger.warning("helpdesk.failed", extra={"source": name, "why": str(error)})
                self.problems.setdefault(name, error)
        return done

    def raise_first(self) -> None:
        """Raise what went wrong first; the others stand beside it as notes."""
        if not self.problems:
            return
        first, *others = self.problems.values()
        for other in others:
            first.add_note(str(other))
        raise first
