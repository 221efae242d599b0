"""Which webhooks of Zendesk are believed, and what is taken from them: ids, never content."""

import hmac
from base64 import b64encode
from hashlib import sha256

import pytest

from connectors.zendesk import build
from service.errors import Unauthorized
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Clock

GOOD = {"subdomain": "acme", "oauth_token": "t"}
SECRET = "hook-secret"


def hook(body: bytes, *, at: str, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), at.encode() + body, sha256).digest()
    return {
        "X-Zendesk-Webhook-Signature": b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": at,
    }


BODY = (
    b'{"subject": "zen:ticket:42", "type": "zen:event-type:ticket.updated", "detail": {"id": "42"}}'
)
NOW = "2026-11-12T09:00:00Z"


def listener(**settings: str) -> Helpdesk:
    return build({**GOOD, "webhook_secret": SECRET, **settings}, clock=Clock())


def test_a_genuine_webhook_names_its_conversation() -> None:
    assert listener().parse_event(hook(BODY, at=NOW), BODY) == ("zendesk:42",)


def test_header_names_may_come_in_any_case() -> None:
    headers = {name.lower(): value for name, value in hook(BODY, at=NOW).items()}
    assert listener().parse_event(headers, BODY) == ("zendesk:42",)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        hook(BODY, at=NOW, secret="another"),
        hook(b"{}", at=NOW),
        {**hook(BODY, at=NOW), "X-Zendesk-Webhook-Signature-Timestamp": "2026-11-12T09:00:01Z"},
        {**hook(BODY, at=NOW), "X-Zendesk-Webhook-Signature": "é"},
        hook(BODY, at="2026-11-12T08:54:59Z"),
        hook(BODY, at="2026-11-12T09:05:01Z"),
        hook(BODY, at="yesterday"),
        hook(BODY, at=""),
        {"X-Zendesk-Webhook-Signature-Timestamp": NOW},
        {"X-Zendesk-Webhook-Signature": hook(BODY, at=NOW)["X-Zendesk-Webhook-Signature"]},
        {**hook(BODY, at=NOW), "x-zendesk-webhook-signature-timestamp": NOW},
        {**hook(BODY, at=NOW), "X-ZENDESK-WEBHOOK-SIGNATURE": "forged"},
        {**hook(BODY, at=NOW), "X-Zendesk-Webhook-Signature-Timestamp": f"{NOW},{NOW}"},
    ],
)
def test_a_forged_or_replayed_webhook_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorized):
        listener().parse_event(headers, BODY)


def test_webhooks_without_a_secret_are_refused() -> None:
    with pytest.raises(Unauthorized, match="WEBHOOK_SECRET"):
        build(GOOD, clock=Clock()).parse_event(hook(BODY, at=NOW), BODY)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b'{"ticket_id": 7}', ("zendesk:7",)),
        (b'{"type": "zen:event-type:user.deleted", "detail": {"id": "9"}}', ()),
        (b'{"detail": {"id": "1 OR 1"}}', ()),
        (b"[1]", ()),
        (b"not json", ()),
        (b"\xff\xfe", ()),
        (b"[" * 100_000, ()),
        (b'{"type": "zen:event-type:ticket.deleted", "subject": "zen:ticket:5"}', ("zendesk:5",)),
        (b'{"type": "zen:event-type:article.published", "subject": "zen:article:5"}', ()),
        (b'{"type": "zen:event-type:messaging.what_comes_next", "detail": {"id": "5"}}', ()),
        (b'{"type": 7, "subject": ["zen:ticket:5"], "detail": "x"}', ()),
        ('{"ticket_id": "\u0664\u0662"}'.encode(), ()),
        (b'{"ticket_id": {"id": 5}}', ()),
    ],
)
def test_other_genuine_bodies_are_read_or_name_nothing(body: bytes, found: tuple[str, ...]) -> None:
    assert listener().parse_event(hook(body, at=NOW), body) == found


@pytest.mark.parametrize(
    "at", ["2026-11-12T08:55:00Z", "2026-11-12T09:05:00Z", "2026-11-12T10:00:00+01:00"]
)
def test_five_minutes_either_way_are_believed(at: str) -> None:
    assert listener().parse_event(hook(BODY, at=at), BODY) == ("zendesk:42",)


def test_the_body_is_signed_byte_by_byte() -> None:
    with pytest.raises(Unauthorized):
        listener().parse_event(hook(BODY, at=NOW), BODY + b" ")


def test_a_hook_names_ids_and_never_brings_content() -> None:
    body = b'{"subject": "zen:ticket:42", "detail": {"id": "42", "description": "My invoice"}}'
    assert listener().parse_event(hook(body, at=NOW), body) == ("zendesk:42",)


OF_ACCOUNT = b'{"account_id": 77, "subject": "zen:ticket:42"}'


@pytest.mark.parametrize(
    ("header", "body", "believed"),
    [
        ("77", OF_ACCOUNT, True),
        (None, OF_ACCOUNT, True),
        ("77", BODY, True),
        ("78", OF_ACCOUNT, False),
        ("78", BODY, False),
        (None, OF_ACCOUNT.replace(b"77", b"78"), False),
        (None, BODY, False),
    ],
)
def test_only_the_account_of_the_setting_is_believed(
    header: str | None, body: bytes, *, believed: bool
) -> None:
    headers = hook(body, at=NOW) | ({} if header is None else {"X-Zendesk-Account-Id": header})
    if believed:
        assert listener(account_id="77").parse_event(headers, body) == ("zendesk:42",)
    else:
        with pytest.raises(Unauthorized, match="another Zendesk account"):
            listener(account_id="77").parse_event(headers, body)
