"""The laws of every helpdesk, kept by the Intercom connector."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from connectors.intercom import build
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.intercom import intercom_app
from connectors.sandbox.server import Stand
from service.domain.conversations import ConversationKey, conversation_key, split_key
from service.domain.writeback import field_specs
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import SECRET, TOKEN, Copy, HelpdeskBench
from tests.contract.helpdesk_contract import HelpdeskContract

_ORDER = "Order number"
_TITLES = {spec.name: spec.title for spec in field_specs((), ())}
_SERVICE_ADMIN = "900"


def id_of(key: ConversationKey) -> int:
    return int(split_key(key)[1])


class IntercomBench(HelpdeskBench):
    source = "intercom"
    list_path = "/conversations/search"
    write_calls = (
        ("PUT", "/conversations/2"),
        ("POST", "/conversations/2"),
        ("POST", "/tags"),
    )
    reading_posts = ("POST /conversations/search", "POST /contacts/search")
    signs_time = False  # X-Hub-Signature covers the body alone

    def make_stand(self, corpus: Corpus, page_size: int) -> Stand[Any]:
        stand = intercom_app(corpus, token=TOKEN, clock=self.clock)
        _cap_pages(stand.app, page_size)
        return stand

    def build(self, token: str, copy: Copy) -> Helpdesk:
        return build(
            {
                "access_token": token,
                "base_url": self.url,
                "client_secret": SECRET,
                "admin_id": _SERVICE_ADMIN,
            },
            known=copy.known,
            clock=self.clock,
            sleep=self.clock.sleep,
        )

    def key_of(self, corpus_id: str) -> ConversationKey:
        return conversation_key(self.source, str(self.stand.state.conversation_ids[corpus_id]))

    def shows(self, node: dict[str, Any], key: ConversationKey) -> bool:
        return node.get("id") == str(id_of(key)) and "source" in node

    def channel(self, key: ConversationKey, channel: str) -> None:
        self.tell(lambda node: node["source"].update(type=channel), key)

    def reply(self, key: ConversationKey, text: str) -> None:
        self.stand.state.add_comment(id_of(key), text)

    def note(self, key: ConversationKey, text: str) -> None:
        self.stand.state.reply_as_admin(id_of(key), text, public=False)

    def delete(self, key: ConversationKey) -> None:
        self.stand.state.delete_conversation(id_of(key))

    def edit(self, key: ConversationKey, name: str, value: str) -> None:
        self.stand.state.set_field_as_agent(id_of(key), _TITLES[name], value)

    def set_foreign_field(self, key: ConversationKey, value: str) -> None:
        self.stand.state.make_attribute(_ORDER, "string")
        self.stand.state.set_field_as_agent(id_of(key), _ORDER, value)

    def foreign_field(self, key: ConversationKey) -> object:
        return self.stand.state.conversations[id_of(key)].custom_attributes[_ORDER]

    def tags(self, key: ConversationKey) -> Sequence[str]:
        state = self.stand.state
        return sorted(state.tags[id_] for id_ in state.conversations[id_of(key)].tags)

    def traces(self, key: ConversationKey) -> int:
        return len(self.stand.state.conversations[id_of(key)].parts)

    def hook(
        self, key: ConversationKey, *, secret: str = SECRET, at: datetime | None = None
    ) -> tuple[dict[str, str], bytes]:
        return signed_hook(key, secret=secret, at=at or self.clock.now)


def signed_hook(
    key: ConversationKey, *, secret: str, at: datetime, topic: str = "conversation.user.replied"
) -> tuple[dict[str, str], bytes]:
    """Return a notification as Intercom sends it: the body alone is signed."""
    event = {
        "type": "notification_event",
        "topic": topic,
        "id": f"notif_{int(at.timestamp())}",
        "created_at": int(at.timestamp()),
        "data": {"item": {"type": "conversation", "id": split_key(key)[1]}},
    }
    body = json.dumps(event).encode()
    digest = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    return {"X-Hub-Signature": f"sha1={digest}"}, body


def _cap_pages(app: Flask, most: int) -> None:
    """Let a search give fewer rows than it was asked for, so that few rows make many pages."""
    inner = app.wsgi_app

    def capped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == IntercomBench.list_path:
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            question = json.loads(body)
            paging = question.setdefault("pagination", {})
            paging["per_page"] = min(most, paging.get("per_page", most))
            body = json.dumps(question).encode()
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return inner(environ, start_response)

    app.wsgi_app = capped  # type: ignore[method-assign]  # Flask documents this way to wrap


class TestIntercom(HelpdeskContract):
    desk = IntercomBench
