"""Receipts: one number of one state of the data is one receipt."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from service.domain.answers import Tally
from service.domain.conversations import account_key
from service.domain.people import PersonRole, Viewer
from service.query import ACCOUNTS, CONVERSATIONS, Dimension, Filter, Query, Window
from service.receipts import n_of, receipt_id, scoped

QUERY = Query(metric="negative_rate", window=Window(date(2026, 11, 9), date(2026, 11, 16)))
VERSIONS = {"analyser": "local-1", "taxonomy": "t1"}
ACME, BOLT = account_key("zendesk", "1"), account_key("zendesk", "2")


def csm(*accounts: str) -> Viewer:
    keys = frozenset(account_key("zendesk", one) for one in accounts)
    return Viewer(person="c@example.com", role=PersonRole.CSM, accounts=keys)


@given(st.integers(0, 999), st.integers(0, 999))
def test_the_id_is_short_and_the_same_for_the_same_number(n: int, of: int) -> None:
    one = receipt_id(QUERY, VERSIONS, n=n, of=of, as_of="2026-11-16")
    assert one == receipt_id(
        QUERY, dict(reversed(VERSIONS.items())), n=n, of=of, as_of="2026-11-16"
    )
    assert len(one) == 12
    assert one != receipt_id(QUERY, VERSIONS, n=n + 1, of=of, as_of="2026-11-16")
    assert one != receipt_id(QUERY, VERSIONS, n=n, of=of, as_of="2026-11-17")


def test_a_receipt_counts_only_what_its_reader_could_see() -> None:
    assert scoped(QUERY, csm("1")).values_of(Dimension.ACCOUNT) == (ACME,)


def test_foreign_accounts_stay_as_asked_and_count_nothing() -> None:
    asked = Query(filters=(Filter.of(Dimension.ACCOUNT, BOLT),))
    assert scoped(asked, csm("1")) == asked


def test_each_metric_publishes_its_own_number() -> None:
    tally = Tally(numerator=3, complement=5, empty=2, unmeasured=1)
    assert n_of("negative_rate", tally) == (3, 8)
    assert n_of(CONVERSATIONS, tally) == (11, 11)
    assert n_of(ACCOUNTS, tally) == (3, 3)
