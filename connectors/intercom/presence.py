"""Tells which conversations Intercom no longer has, a hundred with one call.

Knows that a search lists late: what it lists is taken to be there until the next time, and what it
does not list is gone only when retrieving it says so.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from connectors._http import Refused
from connectors.intercom.client import WORKERS, Client
from connectors.intercom.mapping import key_of
from connectors.intercom.payload import Json, identity, rows
from connectors.intercom.retrieving import Retriever
from service.domain.conversations import ConversationKey, split_key

BATCH = 100
_MOST_ROWS = 150


def missing(
    client: Client, keys: Sequence[ConversationKey], *, now: Callable[[], int]
) -> frozenset[ConversationKey]:
    """Return those of the keys that are certainly gone."""
    ids = list(dict.fromkeys(split_key(key)[1] for key in keys))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="intercom") as pool:
        retriever = Retriever(client, now=now, pool=pool)
        gone: set[ConversationKey] = set()
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            listed = {identity(row.get("id")) for row in rows_of(client, batch) or ()}
            doubtful = [id_ for id_ in batch if id_ not in listed]
            gone |= {key_of(each.id) for each in retriever.retrieve(doubtful) if each.gone}
    return frozenset(gone)


def rows_of(client: Client, ids: Sequence[str]) -> list[Json] | None:
    """Return the search's rows of these conversations; None where it knows no such question.

    How long a list of ids may be is documented nowhere; what is not answered is not listed.
    """
    question = {
        "query": {"field": "id", "operator": "IN", "value": list(ids)},
        "pagination": {"per_page": _MOST_ROWS},
    }
    try:
        return rows(client.search("/conversations/search", question), "conversations", "data")
    except Refused:
        return None
