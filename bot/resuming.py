"""Takes up unfinished questions again and again, so that a crash or a bad minute delays an answer
and does not lose it. Knows only when; what to do is handed in.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

logger = logging.getLogger("verbatim")

EVERY = 30.0  # seconds


class Resuming:
    """Calls `resume` at once and then every half minute until closed."""

    def __init__(self, resume: Callable[[], int], *, every: float = EVERY) -> None:
        self._resume = resume
        self._every = every
        self._stop = threading.Event()
        self._rounds = ThreadPoolExecutor(1, thread_name_prefix="verbatim-slack-resume")
        self._timer = threading.Thread(target=self._run, name="verbatim-slack-timer", daemon=True)
        self._timer.start()

    def close(self) -> None:
        self._stop.set()
        self._timer.join()
        self._rounds.shutdown(wait=True)

    def _run(self) -> None:
        while True:
            self._rounds.submit(self._resume).add_done_callback(_say)
            if self._stop.wait(self._every):
                return


def _say(done: "Future[int]") -> None:
    """A round that fails is logged; the next one comes."""
    error = done.exception()
    if error is not None:
        logger.error("slack.resume_failed", extra={"error": type(error).__name__})
    elif done.result():
        logger.info("slack.resumed", extra={"questions": done.result()})
