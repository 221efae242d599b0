"""What this process has read and written already.

Words: so that our own write does not make it read them again, since our write-back brings every
ticket back. After a restart they are read once more. A log costs a call per messaging ticket, and
a message leaves no event. So a log is known to be unchanged only when our write was made against
the very version that was read (updated_stamp) and nothing but our write happened since. Comments
are known to be the same when they are as many.

Versions: so that a write finds what was decided upon, and never replaces a value in silence that
a person has just set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectors.zendesk.packed import LARGEST, Packed
from connectors.zendesk.seconds import second_of, stamp_of

_NONE: Mapping[int, object] = MappingProxyType({})  # most tickets of a first run have no values
MOST_VERSIONS = 50_000  # a ticket that is forgotten is looked at once more before a write


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A ticket as we last read or wrote it."""

    stamp: str | None  # updated_at as Zendesk wrote it; None after our own write, which moves it
    values: Mapping[int, object]  # our fields' values, without the blank ones


class AlreadyRead:
    def __init__(self) -> None:
        self._logs: dict[int, str] = {}
        self._written: set[int] = set()
        self._comments = Packed("i")
        self._versions: dict[int, Version] = {}
        self._without_values = Packed("I")  # the second of the version; 0: not known so

    # --- Words -----------------------------------------------------------------------------------

    def log(self, ticket_id: int, stamp: str) -> None:
        """Note that the log was read at this version of the ticket."""
        self._logs[ticket_id] = stamp
        self._written.discard(ticket_id)

    def log_may_be_unchanged(self, ticket_id: int) -> bool:
        return ticket_id in self._written

    def comments(self, ticket_id: int, count: int) -> None:
        """Note that all comments were read when Zendesk counted so many."""
        if 0 < ticket_id <= LARGEST and 0 <= count < 2**31:
            self._comments.put(ticket_id, count)

    def recall_comments(self, counts: Iterable[tuple[int, int]]) -> None:
        """Take the counts that another process left; what this one knows is newer."""
        for ticket_id, count in counts:
            if self.comment_count(ticket_id) is None:
                self.comments(ticket_id, count)

    def comment_count(self, ticket_id: int) -> int | None:
        found = self._comments.get(ticket_id) if 0 < ticket_id <= LARGEST else None
        return found[0] if found is not None else None

    def has_comments(self, ticket_id: int, count: int | None) -> bool:
        return count is not None and self.comment_count(ticket_id) == count

    # --- Versions --------------------------------------------------------------------------------

    def ticket(self, ticket_id: int, stamp: str, values: Mapping[int, object]) -> None:
        """Note a ticket as it was read."""
        second = second_of(stamp)
        if not values and second and 0 < ticket_id <= LARGEST:
            self._versions.pop(ticket_id, None)
            self._without_values.put(ticket_id, second)
            return
        self._remember(ticket_id, Version(stamp=stamp, values=values or _NONE))

    def version(self, ticket_id: int) -> Version | None:
        version = self._versions.get(ticket_id)
        if version is None and 0 < ticket_id <= LARGEST:
            found = self._without_values.get(ticket_id)
            if found is not None and found[0]:
                version = Version(stamp=stamp_of(found[0]), values=_NONE)
        return version

    def written(self, ticket_id: int, values: Mapping[int, object], *, stamp: str | None) -> None:
        """Note our write, which found the version of this stamp.

        A write to another version than that of the log ends what is known of the log.
        """
        before = self.version(ticket_id)
        kept = {**(before.values if before else {}), **values}
        values = {id_: value for id_, value in kept.items() if value is not None}
        self._remember(ticket_id, Version(stamp=None, values=values))
        if stamp is not None and self._logs.get(ticket_id) == stamp:
            self._written.add(ticket_id)
        else:
            self._written.discard(ticket_id)
            self._logs.pop(ticket_id, None)

    def _remember(self, ticket_id: int, version: Version) -> None:
        self._versions.pop(ticket_id, None)
        self._versions[ticket_id] = version
        if 0 < ticket_id <= LARGEST and self._without_values.get(ticket_id):
            self._without_values.put(ticket_id, 0)
        if len(self._versions) > MOST_VERSIONS:
            del self._versions[next(iter(self._versions))]
