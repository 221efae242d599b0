"""Gives the connections of urllib3, which zenpy asks through, answers that are over in time.

What is over in time is service.in_time's to know; this knows pools and no request.
"""

from collections.abc import Callable

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from connectors._http import LONGEST_ANSWER
from service.in_time import Patience, bounded_answers


def answer_in_time(pools: PoolManager, clock: Callable[[], float]) -> None:
    """Bound the whole of each answer on the connections that these pools will open."""
    answers = bounded_answers(Patience(now=clock, longest=LONGEST_ANSWER))

    class Plain(HTTPConnection):
        response_class = answers

    class Tls(HTTPSConnection):
        response_class = answers

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = Tls

    pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}
