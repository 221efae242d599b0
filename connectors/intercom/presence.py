"""Tells which conversations Intercom has, and no longer has: many with one call, and no words.

Knows that a search lists late: what it lists is taken to be there until the next time, and what it
does not list is gone only when retrieving it says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from math import ceil

from connectors._http import Refused
from connectors.intercom.client import WORKERS, Client
from connectors.intercom.deletions import deleted_pages
from connectors.intercom.listing import Listing
from connectors.intercom.mapping import key_of
from connectors.intercom.payload import Json, identity, moment_of, rows
from connectors.intercom.retrieving import Retriever
from service.domain.conversations import ConversationKey, split_key
from service.errors import Unauthorized

BATCH = 100
_MOST_ROWS = 150


def created(
    client: Client, start: datetime, end: datetime
) -> Iterator[Mapping[ConversationKey, datetime | None]]:
    """Yield the keys of what was created in [start, end), with when each was last changed."""
    for page in Listing(client).created(ceil(start.timestamp()), ceil(end.timestamp())):
        yield {
            key_of(row.id): None if row.updated_at is None else moment_of(row.updated_at)
            for row in page
        }


def deleted(client: Client, since: datetime) -> Iterator[Sequence[ConversationKey]]:
    """Yield the keys on the list of what was deleted since; nothing where there is no list."""
    try:
        for ids in deleted_pages(client, int(since.timestamp())):
            yield [key_of(id_) for id_ in ids]
    except (Refused, Unauthorized):  # older versions and some plans have none
        return


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
