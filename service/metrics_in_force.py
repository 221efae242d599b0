"""Keeps the workspace's own metrics as its file says, also when another process writes it."""

from pathlib import Path

from service import measures
from service.errors import Misused
from service.logs import logger


class MetricsInForce:
    """The metrics of one file. One that has to be there and is not raises Misused."""

    def __init__(self, path: Path, *, required: bool) -> None:
        self._path = path
        self._required = required
        self._mark: tuple[int, int] | None = None

    def define(self) -> None:
        """Make them known before anything asks for the list of all metrics."""
        self._mark = self._now()
        if not self._required and not self._path.is_file():
            measures.define(())
            return
        from service.custom_metrics import read_metrics  # late: YAML costs start-up time

        measures.define(read_metrics(self._path))

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

    def _now(self) -> tuple[int, int] | None:
        """What tells one state of the file from the next; None while there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino
