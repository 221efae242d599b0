"""What a run of reading remembers: a note on every ticket it met, and the page in the making."""

from dataclasses import dataclass, field

from service.domain.conversations import (
    ConversationHead,
    ConversationKey,
    HelpdeskState,
    IncomingMessage,
    Unusable,
)


@dataclass(slots=True, kw_only=True)
class Note:
    """What this run knows of a ticket whose words still arrive."""

    requester: object
    assignee: object
    created: int
    updated: int
    stamp: str = ""  # updated_at as Zendesk wrote it, of a messaging ticket
    messaging: bool = False
    by_log: bool = False
    log_waits: bool = False  # not read yet, since perhaps only our own write happened
    last_write: int = 0  # the second of our own last change among the events
    stored: int | None = None  # the second of the change that is stored; None: nothing is
    comments: int | None = None  # by Zendesk's own count
    seen: int = 0  # comments among this run's events
    events: int = 0  # events of any kind in this run
    fetched: frozenset[str] = frozenset()  # ids of comments that were read one ticket at a time


@dataclass(slots=True, kw_only=True)
class Draft:
    """A page in the making."""

    heads: dict[ConversationKey, ConversationHead] = field(default_factory=dict)
    states: dict[ConversationKey, HelpdeskState] = field(default_factory=dict)
    names: dict[ConversationKey, tuple[str, ...]] = field(default_factory=dict)
    messages: list[IncomingMessage] = field(default_factory=list)
    gone: list[ConversationKey] = field(default_factory=list)
    complete: set[ConversationKey] = field(default_factory=set)
    unusable: dict[ConversationKey, Unusable] = field(default_factory=dict)
    organizations: list[object] = field(default_factory=list)
    people: list[object] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.heads or self.messages or self.gone or self.complete or self.unusable)

    def forget(self, key: ConversationKey) -> None:
        """Take out what was said of a conversation so far."""
        self.heads.pop(key, None)
        self.states.pop(key, None)
        self.names.pop(key, None)
        self.complete.discard(key)
        self.forget_messages(key)

    def forget_messages(self, key: ConversationKey) -> None:
        self.messages = [each for each in self.messages if each.conversation != key]
