"""What people want to hear of accounts: one wish each, the last one counts."""

from service.domain.conversations import account_key
from service.domain.follows import Wish
from storage.database import SqlDatabase

ONE, TWO = account_key("zendesk", "1"), account_key("zendesk", "2")


def test_the_last_wish_counts_and_can_be_taken_back(database: SqlDatabase) -> None:
    store = database.follows
    store.wish("Ada@example.com", ONE, Wish.FOLLOW)
    store.wish("ada@example.com", ONE, Wish.MUTE)
    store.wish("ada@example.com", TWO, Wish.FOLLOW)
    store.wish("bob@example.com", TWO, Wish.FOLLOW)
    assert store.of_person("ADA@example.com") == {ONE: Wish.MUTE, TWO: Wish.FOLLOW}
    assert store.of_account(TWO) == {"ada@example.com": Wish.FOLLOW, "bob@example.com": Wish.FOLLOW}
    store.wish("ada@example.com", ONE, None)
    store.wish("ada@example.com", ONE, None)
    assert store.of_account(ONE) == {}
