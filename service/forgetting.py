"""Forgets a person or an account on request, everywhere: what is stored, remembered and posted.

Knows the order of the steps. The rows are the store's; what stands in Slack is the withdrawer's.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from service.alerting import show_again
from service.domain.conversations import AccountKey, account_key
from service.domain.erasures import Erased, Subject, SubjectKind
from service.errors import Misused, VerbatimError
from service.flags import Flags
from service.governance import MOST_WAITING, THEMES
from service.logs import logger
from service.ports import Clock
from service.stores import Database
from service.themes import remembered, still_waiting


class Withdrawer(Protocol):
    """Takes words out of messages that were sent."""

    def withdraw(self, post: str) -> None:
        """Say in the place of a message that its words were erased. Safe to repeat."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What an erasure took away, and what it could not reach yet."""

    conversations: int
    removed: Mapping[str, int]
    posts_changed: int
    posts_left: tuple[str, ...]  # Slack could not be reached: asked again by the next run

    def lines(self) -> list[str]:
        said = [f"{n:,} {name}" for name, n in self.removed.items() if n]
        lines = [f"Erased {self.conversations:,} conversations" + "".join(f", {s}" for s in said)]
        if self.posts_changed:
            lines.append(f"{self.posts_changed} messages in Slack that showed their words changed.")
        if self.posts_left:
            lines.append(
                f"{len(self.posts_left)} messages in Slack could not be changed yet; run it again."
            )
        if self.conversations:
            lines.append("Receipts count them as erased; no sync brings them back.")
        return lines


class Forgetting:
    def __init__(
        self, *, database: Database, flags: Flags, withdrawer: Withdrawer, clock: Clock
    ) -> None:
        self._database = database
        self._flags = flags
        self._withdrawer = withdrawer
        self._clock = clock

    def held(self, subject: Subject) -> Erased:
        return self._database.erasures.held(subject)

    def doubts(self, subject: Subject) -> list[str]:
        """Say what an id looks like when nothing is stored of this one; nothing otherwise."""
        accounts = {one.key for one in self._database.conversations.accounts()}
        if subject.id in accounts or self.held(subject).conversations:
            return []
        if subject.kind is SubjectKind.ACCOUNT:
            unknown = f"No account {subject.id} is known, or it is erased already."
            return [unknown, *_like(subject.id, accounts)]
        return [
            f"No requester {subject.id} is known, or they are erased already.",
            "A requester is named by the helpdesk's own id of the person, not by name or address.",
        ]

    def forget(self, subject: Subject) -> Forgotten:
        """Killed anywhere and run again, it ends with the same: nothing is left."""
        return self._follow(self._database.erasures.erase(subject, at=self._clock()))

    def resume(self) -> Forgotten:
        """Finish what was cut off."""
        return self._follow(self._database.erasures.resume())

    def account(self, id_: str) -> Subject:
        """Return the account of this id; raises Misused when its helpdesk has to be named."""
        known = {one.key for one in self._database.conversations.accounts()}
        sources = sorted({key.partition(":")[0] for key in known})
        if id_ in known or id_.partition(":")[0] in sources:
            return Subject(kind=SubjectKind.ACCOUNT, id=id_)
        found: list[AccountKey] = [key for s in sources if (key := account_key(s, id_)) in known]
        if len(found) == 1:
            return Subject(kind=SubjectKind.ACCOUNT, id=found[0])
        if found:
            raise Misused(f"Several helpdesks have an account {id_}: write {' or '.join(found)}.")
        raise Misused(" ".join([f"No account has the id {id_}.", *_like(id_, known)]))

    def _follow(self, erased: Erased) -> Forgotten:
        """What follows from rows that are gone: names of themes, flags, messages in Slack."""
        self._forget_themes()
        self._flags.update()
        left = [post for post in erased.posts if not self._withdrawn(post)]
        return Forgotten(
            conversations=erased.conversations,
            removed=erased.removed,
            posts_changed=len(erased.posts) - len(left),
            posts_left=tuple(left),
        )

    def _forget_themes(self) -> None:
        """A theme is named in customers' words: it is named anew when one of them is gone."""
        work = self._database.work
        kept = work.recall(THEMES)
        if kept is not None:
            waiting = {one.raw for one in self._database.taxonomies.waiting(MOST_WAITING)}
            work.remember(THEMES, json.dumps(still_waiting(remembered(kept), waiting)))

    def _withdrawn(self, post: str) -> bool:
        try:
            self._withdrawer.withdraw(post)
        except VerbatimError as error:
            logger.warning("erasure.post_left", extra={"error": type(error).__name__})
            return False
        self._database.erasures.withdrawn(post)
        show_again(self._database.work, post)
        return True


def _like(id_: str, accounts: Collection[AccountKey]) -> list[str]:
    """How accounts are written, by one that there is, of the same helpdesk if one is named."""
    if not accounts:
        return ["No account is stored yet."]
    source = id_.partition(":")[0]
    example = min([key for key in accounts if key.partition(":")[0] == source] or accounts)
    return [f"Accounts are written as {example}: see the address of an account's page."]
