"""Lists what was deleted in Intercom.

Knows that the list exists from version 2.16 on; without it a deletion is noticed as a 404, by a
webhook or by the sweep.
"""

from collections.abc import Iterator

from connectors._http import Refused
from connectors.intercom.client import NEWER_VERSION, Client
from connectors.intercom.cursor import OVERLAP
from connectors.intercom.payload import Json, identity, number, part, rows, seconds
from service.errors import Unauthorized

_PER_PAGE = 60  # the most that the list gives
_MOST_PAGES = 500


def deleted_since(client: Client, moment: int) -> list[str] | None:
    """Return the ids of what was deleted since, and somewhat before; None without the list."""
    try:
        return [id_ for ids in deleted_pages(client, moment - OVERLAP) for id_ in ids]
    except (Refused, Unauthorized):  # our credentials just worked: it is the list that is not
        return None


def deleted_pages(client: Client, since: int) -> Iterator[list[str]]:
    """Yield pages of ids of the list, newest deletion first, down to `since`."""
    for page in range(1, _MOST_PAGES):
        params = {"page": str(page), "per_page": str(_PER_PAGE), "order": "desc"}
        answer = client.get("/conversations/deleted", params=params, version=NEWER_VERSION)
        listed = rows(answer, "conversations", "data")
        recent = [row for row in listed if _moment(row, since) >= since]
        yield [id_ for row in recent if (id_ := identity(row.get("id"))) is not None]
        total = number(part(answer, "pages").get("total_pages"))
        if len(recent) < len(listed) or not listed or (total is not None and page >= total):
            return


def _moment(row: Json, otherwise: int) -> int:
    told = seconds(row.get("deleted_at"))
    return otherwise if told is None else told
