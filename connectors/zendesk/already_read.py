"""Which words this process has read already, so that our own write does not make it read them
again: our write-back brings every ticket back. After a restart they are read once more.

A log costs a call per messaging ticket, and a message leaves no event. So a log is known to be
unchanged only when our write was made against the very version that was read (updated_stamp) and
nothing but our write happened since. Comments are known to be the same when they are as many.
"""


class AlreadyRead:
    def __init__(self) -> None:
        self._stamps: dict[int, str] = {}
        self._written: set[int] = set()
        self._comments: dict[int, int] = {}

    def log(self, ticket_id: int, updated_at: object) -> None:
        """Note that the log was read at this version of the ticket."""
        self._stamps[ticket_id] = str(updated_at)
        self._written.discard(ticket_id)

    def stamp_for_write(self, ticket_id: int) -> str | None:
        """Return the version a write must find, or None when nothing is known of the log.

        A second write finds another version than the one that was read, so it ends the knowledge.
        """
        if ticket_id in self._written:
            self._written.discard(ticket_id)
            self._stamps.pop(ticket_id, None)
        return self._stamps.get(ticket_id)

    def written(self, ticket_id: int) -> None:
        """Note that the version that was read is the one our write found."""
        if ticket_id in self._stamps:
            self._written.add(ticket_id)

    def log_may_be_unchanged(self, ticket_id: int) -> bool:
        return ticket_id in self._written

    def comments(self, ticket_id: int, count: int) -> None:
        """Note that all comments were read when Zendesk counted so many."""
        self._comments[ticket_id] = count

    def has_comments(self, ticket_id: int, count: int | None) -> bool:
        return count is not None and self._comments.get(ticket_id) == count
