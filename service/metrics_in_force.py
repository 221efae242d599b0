"""The workspace's own metrics as their file says: kept, changed, and noticed when another process
changes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from service import measures
from service.domain.measurements import CUSTOM, Metric
from service.errors import Misused
from service.logs import logger

if TYPE_CHECKING:
    from service.masking import Masks


class MetricsInForce:
    """The metrics of one file. One that has to be there and is not raises Misused."""

    def __init__(self, path: Path, *, required: bool, masks: "Callable[[], Masks]") -> None:
        self.path = path
        self._required = required
        self._masks = masks
        self._mark: tuple[int, int] | None = None

    def define(self) -> None:
        """Make them known before anything asks for the list of all metrics."""
        self._mark = self._now()
        measures.define(self._stored())

    def notice(self) -> bool:
        """Read the file again when it was written; return whether it was.

        A file that cannot be read changes nothing: what was asked is asked on.
        """
        if self._mark == self._now():
            return False
        try:
            self.define()
        except Misused as error:
            logger.warning("metrics.unreadable", extra={"error": str(error)})
        return True

    def checked(self, made: Metric) -> Metric:
        """Return the metric as it would be kept, or raise Misused where its name is taken.

        Examples are customers' words, so they are masked like any others.
        """
        from service.custom_metrics import refuse_taken

        built_in = [one for one in measures.all_metrics() if not one.is_custom]
        refuse_taken(made, [*built_in, *(one for one in self._stored() if not one.retired)])
        mask = self._masks().mask
        return replace(made, examples=tuple(replace(e, text=mask(e.text)) for e in made.examples))

    def add(self, made: Metric) -> Metric:
        """Keep a new metric, or a new definition of the one that has its name."""
        kept = self.checked(made)
        stored = self._stored()
        if any(one.name == kept.name for one in stored):
            self._keep([kept if one.name == kept.name else one for one in stored])
        else:
            self._keep([*stored, kept])
        return kept

    def remove(self, name: str) -> None:
        """Ask a metric no more. Its definition is kept: numbers of it were published."""
        stored = self._stored()
        if not any(one.name == f"{CUSTOM}{name}" and not one.retired for one in stored):
            raise Misused(f"There is no metric of your own called {name!r}: verbatim metrics list.")
        self._keep(
            [replace(one, retired=one.retired or one.name == f"{CUSTOM}{name}") for one in stored]
        )

    def _stored(self) -> tuple[Metric, ...]:
        if not self._required and not self.path.is_file():
            return ()
        from service.custom_metrics import read_metrics  # late: YAML costs start-up time

        return read_metrics(self.path)

    def _keep(self, metrics: Sequence[Metric]) -> None:
        """Replace the file in one step: a reader sees the old one or the new one."""
        from service.custom_metrics import parse_metrics, write_metrics

        text = write_metrics(metrics)
        parse_metrics(text, name=self.path.name)  # what cannot be read back is not written
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_name(f"{self.path.name}.new")
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.path)
        except OSError as error:
            raise Misused(f"{self.path} cannot be written ({error.strerror}).") from error
        self.define()

    def _now(self) -> tuple[int, int] | None:
        """What tells one state of the file from the next; None while there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
