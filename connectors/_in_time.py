"""Lets every answer that a connector reads through httpx be over in time, however slow it is."""

from collections.abc import Callable

import httpcore
import httpx

from connectors._http import LONGEST_ANSWER
from service import in_time


def answer_in_time(client: httpx.Client, now: Callable[[], float]) -> None:
    patience = in_time.Patience(now=now, longest=LONGEST_ANSWER)
    in_time.answer_in_time(client, patience, too_late=httpcore.ReadTimeout)
