"""Retrieves conversations whole, several at a time, and tells one that is broken from an outage.

Knows that a conversation can be gone, or can fail again and again while all others are answered.
Reads none of its content.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from urllib.parse import quote

from connectors._http import Refused, ServerFailed
from connectors.intercom.client import WORKERS, Client
from connectors.intercom.payload import Json, identity, rows
from connectors.intercom.problems import not_there
from connectors.intercom.retrying import TRIES
from service.errors import Misbehaving, VerbatimError

_PROBE_TRIES = 2
_MOST_PROBES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """What became of one conversation that was asked for."""

    id: str
    at: int  # the second in which it was asked for
    raw: Json | None = None
    gone: bool = False
    problem: ServerFailed | Misbehaving | None = None  # after all tries


def path_of(external_id: str) -> str:
    """Return a conversation's address; an id that came in from outside names nothing else."""
    return f"/conversations/{quote(external_id, safe='')}"


class Retriever:
    """Retrieves with a pool of threads. An outage is raised; one broken conversation is told."""

    def __init__(self, client: Client, *, now: Callable[[], int], pool: ThreadPoolExecutor) -> None:
        self._client = client
        self._now = now
        self._pool = pool

    def retrieve(self, ids: Sequence[str]) -> list[Retrieved]:
        """Return one for each id, in their order."""
        found: dict[str, Retrieved] = {}
        doubtful: list[VerbatimError] = []  # failures since one was last answered
        for each in self._as_they_come(ids):
            found[each.id] = each
            doubtful = [] if each.problem is None else [*doubtful, each.problem]
            if len(doubtful) >= WORKERS:
                self._make_sure(doubtful[-1], found)
                doubtful = []
        if doubtful:
            self._make_sure(doubtful[-1], found)
        return [found[id_] for id_ in dict.fromkeys(ids)]

    def _as_they_come(self, ids: Sequence[str]) -> Iterator[Retrieved]:
        """Yield answers as they arrive, with few requests under way when the caller gives up."""
        waiting = iter(dict.fromkeys(ids))
        running: set[Future[Retrieved]] = set()
        try:
            while True:
                more = islice(waiting, WORKERS - len(running))
                running |= {self._pool.submit(self.one, id_) for id_ in more}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            wait(running)

    def one(self, id_: str, *, tries: int = TRIES) -> Retrieved:
        at = self._now()
        try:
            return Retrieved(id=id_, at=at, raw=self._client.get(path_of(id_), tries=tries))
        except (ServerFailed, Misbehaving) as error:
            if isinstance(error, Refused) and not_there(error):
                return Retrieved(id=id_, at=at, gone=True)
            return Retrieved(id=id_, at=at, problem=error)

    def _make_sure(self, problem: VerbatimError, known: Mapping[str, Retrieved]) -> None:
        """Raise the problem unless Intercom still answers for another conversation.

        Without this an outage would set aside one conversation after another.
        """
        query = {
            "query": {"field": "updated_at", "operator": ">", "value": 0},
            "pagination": {"per_page": WORKERS * 2},
        }
        listed = rows(
            self._client.search("/conversations/search", query, tries=_PROBE_TRIES),
            "conversations",
            "data",
        )
        others = [id_ for row in listed if (id_ := identity(row.get("id"))) and id_ not in known]
        answered = [id_ for id_, each in known.items() if each.problem is None]
        for id_ in [*others[:_MOST_PROBES], *answered[-1:]]:
            if self.one(id_, tries=_PROBE_TRIES).problem is None:
                return
        raise problem
