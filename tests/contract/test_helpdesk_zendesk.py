"""The laws of every helpdesk, kept by the Zendesk connector."""

import hmac
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from connectors._http import Retries
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.server import Stand
from connectors.sandbox.zendesk import zendesk_app
from connectors.zendesk import build
from service.domain.conversations import ConversationKey, conversation_key, split_key
from service.domain.writeback import field_specs, tag_of
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import SECRET, TOKEN, Copy, HelpdeskBench
from tests.contract.helpdesk_contract import HelpdeskContract

_ORDER = "Order number"
_TITLES = {spec.name: spec.title for spec in field_specs((), ())}


def id_of(key: ConversationKey) -> int:
    return int(split_key(key)[1])


class ZendeskBench(HelpdeskBench):
    source = "zendesk"
    list_path = "/api/v2/incremental/tickets"
    write_calls = (("PUT", "/api/v2/tickets/update_many"), ("GET", "/api/v2/job_statuses"))

    def make_stand(self, corpus: Corpus, page_size: int) -> Stand[Any]:
        return zendesk_app(corpus, token=TOKEN, clock=self.clock, page_limit=page_size)

    def build(self, token: str, copy: Copy) -> Helpdesk:
        return build(
            {
                "subdomain": "acme",
                "base_url": self.url,
                "oauth_token": token,
                "webhook_secret": SECRET,
            },
            known=copy.known,
            retries=Retries(sleep=self.clock.sleep),
            clock=self.clock,
        )

    def key_of(self, corpus_id: str) -> ConversationKey:
        return conversation_key(self.source, str(self.stand.state.ticket_ids[corpus_id]))

    def shows(self, node: dict[str, Any], key: ConversationKey) -> bool:
        return node.get("id") == id_of(key) and "generated_timestamp" in node

    def channel(self, key: ConversationKey, channel: str) -> None:
        self.stand.state.tickets[id_of(key)].channel = channel

    def reply(self, key: ConversationKey, text: str) -> None:
        self.stand.state.add_comment(id_of(key), text)

    def note(self, key: ConversationKey, text: str) -> None:
        agent = self.stand.state.user_ids["gus"]
        self.stand.state.add_comment(id_of(key), text, author_id=agent, public=False)

    def delete(self, key: ConversationKey) -> None:
        self.stand.state.delete_ticket(id_of(key))

    def edit(self, key: ConversationKey, name: str, value: str) -> None:
        field = self._field(_TITLES[name])
        self.stand.state.set_field_as_agent(id_of(key), field.id, tag_of(name, value))

    def set_foreign_field(self, key: ConversationKey, value: str) -> None:
        state = self.stand.state
        made = state.fields.create({"type": "text", "title": _ORDER}, self.clock.now)
        state.set_field_as_agent(id_of(key), made.id, value)

    def foreign_field(self, key: ConversationKey) -> object:
        return self.stand.state.tickets[id_of(key)].custom_fields[self._field(_ORDER).id]

    def tags(self, key: ConversationKey) -> Sequence[str]:
        return sorted(self.stand.state.tickets[id_of(key)].tags)

    def traces(self, key: ConversationKey) -> int:
        row = self.stand.state.tickets[id_of(key)]
        return len(row.audits) + len(row.comments)

    def hook(
        self, key: ConversationKey, *, secret: str = SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        return signed_hook(key, secret=secret, at=at or self.clock.now)

    def _field(self, title: str) -> Any:
        return next(each for each in self.stand.state.fields.custom() if each.title == title)


def signed_hook(
    key: ConversationKey, *, secret: str, at: datetime, invocation: str | None = None
) -> tuple[dict[str, str], bytes]:
    """Return a webhook as Zendesk sends it: the time is signed together with the body."""
    number = split_key(key)[1]
    event = {
        "subject": f"zen:ticket:{number}",
        "type": "zen:event-type:ticket.updated",
        "time": at.isoformat(),
        "detail": {"id": number},
    }
    body, moment = json.dumps(event).encode(), at.strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.new(secret.encode(), moment.encode() + body, sha256).digest()
    headers = {
        "X-Zendesk-Webhook-Signature": b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": moment,
    }
    if invocation is not None:
        headers["X-Zendesk-Webhook-Invocation-Id"] = invocation
    return headers, body


class TestZendesk(HelpdeskContract):
    desk = ZendeskBench
