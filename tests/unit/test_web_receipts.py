"""A receipt that no longer agrees: each difference is named, and none is made up."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from service.domain.answers import Receipt, Recount
from service.domain.conversations import ConversationKey, HelpdeskState, Page
from service.query import Query
from service.web.receipts import counted_now, difference
from tests.browser import sample
from tests.browser.sample import NOW, Sample

KEYS = tuple(ConversationKey(f"zendesk:{number}") for number in range(3))
RECEIPT = Receipt(id="r", query=Query(), as_of=NOW, versions={}, n=3, of=3, members=KEYS)
COUNTED = Recount(receipt=RECEIPT, now_n=3, now_of=3, arrived=(), left=(), erased=0)


@pytest.mark.parametrize(
    ("recount", "words"),
    [
        (COUNTED, "the same conversations"),
        (replace(COUNTED, receipt=replace(RECEIPT, members=())), "the same count"),
        (replace(COUNTED, now_of=5), "the same conversations, out of another total"),
        (
            replace(COUNTED, arrived=KEYS[:1], left=KEYS[1:], erased=1),
            "1 arrived, 1 left, 1 erased",
        ),
        (
            replace(COUNTED, receipt=replace(RECEIPT, members=()), now_n=9, now_of=9),
            "too many to keep with a receipt, so the difference is not named one by one",
        ),
    ],
)
def test_a_difference_is_named_or_said_to_be_unnamed(recount: Recount, words: str) -> None:
    assert difference(recount) == words


def test_a_receipt_names_what_it_counts_now() -> None:
    assert counted_now(COUNTED) == list(RECEIPT.members)
    moved = replace(COUNTED, arrived=(ConversationKey("zendesk:new"),), left=RECEIPT.members[:1])
    assert counted_now(moved) == [*RECEIPT.members[1:], "zendesk:new"]
    assert counted_now(replace(COUNTED, receipt=replace(RECEIPT, members=()))) == []


def test_what_was_erased_and_what_arrived_since_are_told_apart(tmp_path: Path) -> None:
    site = sample.make(tmp_path)
    client = site.client()
    listed = client.get("/?from=2026-11-09&to=2026-11-16&driver=Unmapped").text
    found = re.search(r'class="receipt" href="([^"]+)"', listed)
    keys = re.findall(r'/conversations/([^"?]+)"', listed)
    assert found is not None
    _change(site, gone=ConversationKey(keys[0]), reopened=ConversationKey(keys[1]))
    page = client.get(found[1]).text
    assert f"Then {len(keys)}, now {len(keys) - 1}: 0 arrived, 0 left, 1 erased." in page
    assert "1 conversation of this number is no longer stored" in page
    assert keys[0] not in page
    assert f'href="/conversations/{keys[1]}"' in page
    site.database.close()


def test_where_the_helpdesks_were_read_to_is_folded_away(tmp_path: Path) -> None:
    site = sample.make(tmp_path)
    client = site.client()
    found = re.search(r'class="receipt" href="([^"]+)"', client.get("/").text)
    assert found is not None
    shown, _, folded = client.get(found[1]).text.partition("<details><summary>How far each")
    assert "Analyser" in shown
    assert "Cursor" not in shown
    assert "zendesk 1" in folded
    site.database.close()


def _change(site: Sample, *, gone: ConversationKey, reopened: ConversationKey) -> None:
    """Fetch one more page of news: one conversation is deleted, another only updated."""
    stored = site.database.conversations.get(reopened)
    assert stored is not None
    head = replace(stored.head, updated_at=NOW + timedelta(minutes=1))
    state = HelpdeskState(fields={}, tags=frozenset(), writable=True)
    page = Page(cursor="2", heads=(head,), states={reopened: state}, gone=(gone,))
    site.database.conversations.save_page("zendesk", page)
