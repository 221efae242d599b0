"""The worked example keeps every law of a helpdesk, and the page about it shows it as it is."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from connectors._http import Retries
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.server import Stand
from service.domain.conversations import ConversationKey, conversation_key, split_key
from service.errors import Unauthorized
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import BEGUN, SECRET, TOKEN, Copy, HelpdeskBench, small_corpus
from tests.contract.helpdesk_contract import HelpdeskContract
from tests.examples.deskly import Deskly, build
from tests.examples.deskly_stand import deskly_app

ROOT = Path(__file__).parents[2]


class DesklyBench(HelpdeskBench):
    source = "deskly"
    list_path = "/changes"
    born = "created"
    write_calls = (("PUT", "/threads"),)

    def make_stand(self, corpus: Corpus, page_size: int) -> Stand[Any]:
        return deskly_app(corpus, token=TOKEN, clock=self.clock, page_size=page_size)

    def build(self, token: str, copy: Copy) -> Helpdesk:
        given = {"base_url": self.url, "token": token, "webhook_secret": SECRET}
        return build(
            given, known=copy.known, retries=Retries(sleep=self.clock.sleep), clock=self.clock
        )

    def key_of(self, corpus_id: str) -> ConversationKey:
        return conversation_key(self.source, corpus_id)

    def shows(self, node: dict[str, Any], key: ConversationKey) -> bool:
        return node.get("id") == _id(key) and "sequence" in node

    def channel(self, key: ConversationKey, channel: str) -> None:
        self._row(key)["channel"] = channel

    def reply(self, key: ConversationKey, text: str) -> None:
        self.stand.state.say(_id(key), text, by="customer", public=True)

    def note(self, key: ConversationKey, text: str) -> None:
        self.stand.state.say(_id(key), text, by="agent", public=False)

    def delete(self, key: ConversationKey) -> None:
        self.stand.state.delete(_id(key))

    def edit(self, key: ConversationKey, name: str, value: str) -> None:
        self._row(key)["fields"][name] = value
        self.stand.state.touch(self._row(key))

    def set_foreign_field(self, key: ConversationKey, value: str) -> None:
        self._row(key)["fields"]["order"] = value

    def foreign_field(self, key: ConversationKey) -> object:
        return self._row(key)["fields"]["order"]

    def tags(self, key: ConversationKey) -> Sequence[str]:
        return list(self._row(key)["tags"])

    def traces(self, key: ConversationKey) -> int:
        return int(self._row(key)["labelled"])

    def hook(
        self, key: ConversationKey, *, secret: str = SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        moment = str(int((at or self.clock.now).timestamp()))
        body = json.dumps({"thread": _id(key)}).encode()
        made = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256)
        return {"X-Deskly-Time": moment, "X-Deskly-Signature": made.hexdigest()}, body

    def _row(self, key: ConversationKey) -> dict[str, Any]:
        row: dict[str, Any] = self.stand.state.threads[_id(key)]
        return row


def _id(key: ConversationKey) -> str:
    return split_key(key)[1]


class TestDeskly(HelpdeskContract):
    desk = DesklyBench


def test_what_was_created_in_a_window_is_listed_page_by_page() -> None:
    with DesklyBench.opened() as bench:
        told = bench.corpus.conversations
        bench.delete(bench.all_keys[3])
        pages = list(bench.connect().created(told[2].created_at, told[6].created_at))
        assert [list(page) for page in pages] == [bench.all_keys[2:3] + bench.all_keys[4:6]]
        everything = list(bench.connect().created(BEGUN, BEGUN + timedelta(days=1)))
        assert [len(page) for page in everything] == [3, 3]


def test_any_number_of_conversations_is_asked_about_a_hundred_at_a_time() -> None:
    with DesklyBench.opened(small_corpus("deskly", 230)) as bench:
        assert bench.connect().missing(bench.all_keys) == frozenset()
        assert bench.calls() == 3


def test_without_a_secret_no_webhook_is_believed() -> None:
    helpdesk = build({"base_url": "http://127.0.0.1:1", "token": TOKEN})
    with pytest.raises(Unauthorized, match="WEBHOOK_SECRET"):
        helpdesk.parse_event({}, b"{}")
    cast(Deskly, helpdesk).close()


@pytest.mark.parametrize("address", ["http://helpdesk.example.com", "ftp://127.0.0.1", "soon"])
def test_an_address_that_would_show_the_token_to_others_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="base_url") as told:
        build({"base_url": address, "token": TOKEN})
    assert TOKEN not in str(told.value)


def test_the_worked_example_stays_short() -> None:
    assert len((ROOT / "tests" / "examples" / "deskly.py").read_text().splitlines()) <= 80


def test_the_page_shows_the_file_as_it_is() -> None:
    page = (ROOT / "docs" / "extend-helpdesk.md").read_text()
    code = (ROOT / "tests" / "examples" / "deskly.py").read_text()
    assert f"```python\n{code}```" in page
