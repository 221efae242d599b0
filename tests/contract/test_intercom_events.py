"""A webhook is verified, names conversations, and is believed in nothing else."""

import hmac
import json

import pytest

from service.errors import SkipThis, Unauthorized
from tests.contract.intercom_workspace import SECRET, Workspace, workspace


def signed(body: bytes) -> dict[str, str]:
    return {"x-hub-signature": "sha1=" + hmac.new(SECRET.encode(), body, "sha1").hexdigest()}


def heard(world: Workspace, topic: object, item: object) -> tuple[str, ...]:
    told = {"type": "notification_event", "topic": topic, "id": "n1", "data": {"item": item}}
    body = json.dumps(told).encode()
    return world.desk.parse_event(signed(body), body)


WHOLE = {"type": "conversation", "id": "42", "state": "closed", "updated_at": 1}


@pytest.mark.parametrize(
    "topic",
    [
        "conversation.user.created",
        "conversation.user.replied",
        "conversation.admin.closed",
        "conversation.operator.replied",
        "conversation.rating.added",
        "conversation.deleted",
        "conversation.something.new",
    ],
)
def test_a_topic_of_conversations_names_one(topic: str) -> None:
    with workspace() as world:
        assert heard(world, topic, WHOLE) == ("intercom:42",)


def test_a_deletion_that_tells_only_the_id_is_enough() -> None:
    with workspace() as world:
        assert heard(world, "conversation.deleted", {"id": 42}) == ("intercom:42",)


@pytest.mark.parametrize("topic", ["conversation_part.redacted", "conversation_part.tag.created"])
@pytest.mark.parametrize(
    "item",
    [
        WHOLE,
        {"type": "conversation_part", "id": "7", "conversation_id": "42"},
        {"id": "7", "conversation_id": 42},
        {"type": "conversation_part", "id": "7", "conversation": {"id": "42"}},
    ],
)
def test_a_topic_of_parts_names_the_conversation_and_not_the_part(
    topic: str, item: dict[str, object]
) -> None:
    with workspace() as world:
        assert heard(world, topic, item) == ("intercom:42",)


@pytest.mark.parametrize(
    ("topic", "item"),
    [
        ("ping", {"type": "ping", "message": "hello"}),
        ("company.updated", {"type": "company", "id": "42"}),
        ("contact.merged", {"type": "contact", "id": "42"}),
        ("ticket.created", {"type": "ticket", "id": "42"}),
        ("conversations_are_nice", WHOLE),
        ("something.else", WHOLE),
        (None, WHOLE),
        (["conversation.user.replied"], WHOLE),
        ("conversation_part.redacted", {"id": "7"}),
        ("conversation.deleted", None),
        ("conversation.deleted", {"id": {"a": 1}}),
    ],
)
def test_everything_else_names_nothing(topic: object, item: object) -> None:
    with workspace() as world:
        assert heard(world, topic, item) == ()
        assert world.desk.calls == 0


@pytest.mark.parametrize("again", ["x-hub-signature", "X-HUB-SIGNATURE"])
def test_of_two_signatures_neither_is_believed(again: str) -> None:
    body = json.dumps({"topic": "conversation.deleted", "data": {"item": WHOLE}}).encode()
    right = signed(body)["x-hub-signature"]
    with workspace() as world:
        assert world.desk.parse_event({again: right}, body) == ("intercom:42",)
        with pytest.raises(Unauthorized):
            world.desk.parse_event({"X-Hub-Signature": "sha1=0", again: right}, body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"[" * 100_000, b"\xff\xfe"])
def test_a_signed_body_that_is_no_event_is_skipped(body: bytes) -> None:
    with workspace() as world, pytest.raises(SkipThis):
        world.desk.parse_event(signed(body), body)


@pytest.mark.parametrize("given", ["", "sha1=", "sha1=0000", "sha1=\u00e9", "sha256=" + "0" * 64])
def test_a_body_is_not_read_before_its_signature_fits(given: str) -> None:
    with workspace() as world, pytest.raises(Unauthorized):
        world.desk.parse_event({"X-Hub-Signature": given}, b"{")


def test_one_changed_byte_spoils_the_signature() -> None:
    body = json.dumps({"topic": "conversation.deleted", "data": {"item": WHOLE}}).encode()
    with workspace() as world, pytest.raises(Unauthorized):
        world.desk.parse_event(signed(body), body + b" ")


def test_late_and_repeated_events_change_nothing_but_what_is_fetched() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        world.state.add_comment(world.id_of(key), "The newest.")
        old = {"type": "conversation", "id": str(world.id_of(key)), "state": "closed"}
        hints = [heard(world, "conversation.admin.closed", old) for _ in range(3)]
        assert len(set(hints)) == 1
        world.fetch(*(key for hint in hints for key in world.all_keys() if key in hint))
        assert world.store.heads[key].status == "open"
        assert world.store.texts(key).count("The newest.") == 1
