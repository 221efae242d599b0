"""Erasure on request: whom it is about, and what it took away. Holds ids and counts, no words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

WHY = "erased on request"
PAST_RETENTION = "past retention"


def quoted_name(post: str) -> str:
    """The name of the state that says whose words an outgoing message shows."""
    return f"quoted:{post}"


class SubjectKind(StrEnum):
    REQUESTER = "requester"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person as the helpdesk numbers them, or an account's key."""

    kind: SubjectKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was taken away, by its name in plain words; what was there already is not counted."""

    conversations: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)  # "messages" -> 17
    # Keys of outgoing messages that may show words of theirs: they are changed where they stand.
    posts: tuple[str, ...] = ()

    def and_(self, other: "Erased") -> "Erased":
        names = {**self.removed, **other.removed}
        return Erased(
            conversations=self.conversations + other.conversations,
            removed={n: self.removed.get(n, 0) + other.removed.get(n, 0) for n in names},
            posts=tuple(dict.fromkeys((*self.posts, *other.posts))),
        )
