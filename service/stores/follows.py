"""What people want to hear of accounts."""

from collections.abc import Mapping
from typing import Protocol

from service.domain.conversations import AccountKey
from service.domain.follows import Wish


class FollowStore(Protocol):
    def wish(self, person: str, account: AccountKey, wish: Wish | None) -> None:
        """Keep a person's wish; None takes back what was wished before."""
        ...

    def of_person(self, person: str) -> Mapping[AccountKey, Wish]: ...

    def of_account(self, account: AccountKey) -> Mapping[str, Wish]:
        """E-mail address -> what that person wishes."""
        ...
