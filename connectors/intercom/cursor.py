"""Where a walk through the conversations stands, as the text that is stored with each page.

Knows how to go on after a crash in the middle of a walk. Knows nothing of Intercom's own cursor
but that it is a text.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from connectors.intercom.payload import number

OVERLAP = 600  # seconds read again: search indexes late, and nobody promises its order
MOST_SEEN = 5000  # conversations of the overlap that are remembered
PAGE_SIZES = (150, 50, 10)  # 150 is the most; heavy days answer 502 until pages are smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A walk over updated_at in [since - OVERLAP, until]. `since` moves only when it has ended."""

    since: int = 0  # everything changed until here has been read
    until: int | None = None  # the walk under way; None between walks
    token: str | None = None  # Intercom's, of the next page
    full: bool = False  # read everything, also what is stored already
    deleted_since: int | None = None
    # When the fetched version of a conversation was last changed, by its id. Only conversations
    # that the next walk lists again.
    seen: Mapping[str, int] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return max(self.since - OVERLAP, 0)

    def begun(self, until: int) -> "Cursor":
        return replace(self, until=max(until, self.since), token=None)

    def ended(self) -> "Cursor":
        """Return the cursor between this walk and the next."""
        done = replace(self, since=self.until or self.since, until=None, token=None, full=False)
        recent = {id_: at for id_, at in done.seen.items() if at >= done.start}
        return replace(done, seen=_newest(recent))

    def after_page(self, token: str, fetched: Mapping[str, int]) -> "Cursor":
        return replace(self.having_seen(fetched), token=token)

    def having_seen(self, fetched: Mapping[str, int]) -> "Cursor":
        """Return the cursor that remembers those fetched conversations that are listed again."""
        again = (self.until or self.since) - OVERLAP
        fresh = {id_: at for id_, at in fetched.items() if at >= again}
        return replace(self, seen=_newest({**self.seen, **fresh}))

    def dump(self) -> str:
        return json.dumps(
            {
                "v": 1,
                "since": self.since,
                "until": self.until,
                "token": self.token,
                "full": self.full,
                "deleted_since": self.deleted_since,
                "seen": dict(self.seen),
            },
            separators=(",", ":"),
        )


def _newest(seen: Mapping[str, int]) -> Mapping[str, int]:
    if len(seen) <= MOST_SEEN:
        return seen
    return dict(sorted(seen.items(), key=lambda item: item[1])[-MOST_SEEN:])


def load(text: str | None) -> Cursor:
    """Return the stored cursor; without one, or with one that is not ours, read everything."""
    try:
        raw = json.loads(text) if text else None
    except ValueError:
        raw = None
    if not isinstance(raw, dict) or number(raw.get("since")) is None:
        return Cursor(full=True)
    seen = raw.get("seen")
    return Cursor(
        since=int(raw["since"]),
        until=number(raw.get("until")),
        token=str(raw["token"]) if raw.get("token") else None,
        full=raw.get("full") is True,
        deleted_since=number(raw.get("deleted_since")),
        seen={str(id_): int(at) for id_, at in seen.items()} if isinstance(seen, dict) else {},
    )
