"""The worked example keeps every law of a helpdesk, and the page about it shows it as it is."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors._http import Retries
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.server import Stand
from service.domain.conversations import ConversationKey, conversation_key, split_key
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import SECRET, TOKEN, Copy, HelpdeskBench
from tests.contract.helpdesk_contract import HelpdeskContract
from tests.examples.deskly import build
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


def test_the_page_shows_the_file_as_it_is() -> None:
    page = (ROOT / "docs" / "extend-helpdesk.md").read_text()
    code = (ROOT / "tests" / "examples" / "deskly.py").read_text()
    assert f"```python\n{code}```" in page
