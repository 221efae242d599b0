"""The conversation JSONL: full rows, sparse rows, bad rows, and the line that `label` prints."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from service.domain.conversations import Rating, Role, Status
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    Quote,
    TagAssignment,
)
from service.errors import BadRow
from service.exchange import Row, label_line, read_row, read_rows

MINIMAL: dict[str, Any] = {"id": "1", "created_at": "2026-11-02T09:14:00Z", "messages": []}

FULL: dict[str, Any] = {
    "id": "z-1001",
    "source": "zendesk",
    "channel": "email",
    "subject": "Charged twice",
    "status": "closed",
    "created_at": "2026-11-02T09:14:00Z",
    "account": {"id": "a7", "name": "Acme", "segment": "enterprise", "owner": "maya@example.com"},
    "requester": {"id": "r1", "name": "Rosa Diaz"},
    "agent": {"id": "g4", "name": "Ana"},
    "tags": ["vip"],
    "rating": {"score": "bad", "comment": "slow"},
    "messages": [
        {"id": "m2", "role": "agent", "created_at": "2026-11-02T10:14:00+01:00", "text": "Hello"},
        {"id": "m1", "role": "customer", "created_at": "2026-11-02T09:00:00Z", "text": "Twice!"},
        {"id": "m3", "role": "agent", "public": False, "text": "a note"},
    ],
    "labels": {
        "sentiment": "negative",
        "churn_risk": True,
        "effort": None,
        "drivers": ["Billing"],
        "tags": ["double charge"],
        "custom": {"refund_asked": True, "tier": None},
    },
}


def row(**changes: Any) -> Row:
    return read_row(json.dumps({**MINIMAL, **changes}), number=7)


def test_a_full_row_becomes_domain_values() -> None:
    read = read_row(json.dumps(FULL))
    head = read.conversation.head
    assert head.key == "zendesk:z-1001"
    assert (head.status, head.channel, head.subject) == (Status.CLOSED, "email", "Charged twice")
    assert head.created_at == datetime(2026, 11, 2, 9, 14, tzinfo=UTC)
    assert (head.account, head.agent, head.requester) == ("zendesk:a7", "zendesk:g4", "r1")
    assert head.rating == Rating(score="bad", comment="slow")
    assert head.helpdesk_tags == ("vip",)
    assert read.account is not None
    assert (read.account.name, read.account.owner) == ("Acme", "maya@example.com")
    assert read.known_names == ("Rosa Diaz", "Ana")


def test_messages_are_put_in_the_order_of_time() -> None:
    messages = read_row(json.dumps(FULL)).conversation.messages
    assert [m.id for m in messages] == ["m1", "m2", "m3"]
    assert [m.role for m in messages] == [Role.CUSTOMER, Role.AGENT, Role.AGENT]
    assert [m.public for m in messages] == [True, True, False]


def test_labels_keep_measured_empty_and_missing_apart() -> None:
    labels = read_row(json.dumps(FULL)).labels
    assert labels is not None
    assert labels.measured == {"sentiment": "negative", "churn_risk": "yes", "effort": None}
    assert (labels.drivers, labels.tags) == (("Billing",), ("double charge",))
    assert labels.custom == {"refund_asked": "yes", "tier": None}


def test_a_labelled_row_without_text_counts() -> None:
    data = {"id": 5, "created_at": "2026-11-02", "labels": {"sentiment": "positive"}}
    read = read_row(json.dumps(data), source="intercom")
    assert read.conversation.messages == ()
    assert read.conversation.key == "intercom:5"


def test_a_message_without_id_or_time_gets_them_from_its_place() -> None:
    (message,) = row(messages=[{"role": "user", "text": "hi"}]).conversation.messages
    assert (message.id, message.role) == ("m1", Role.CUSTOMER)
    assert message.created_at == datetime(2026, 11, 2, 9, 14, tzinfo=UTC)


def test_what_no_database_takes_is_replaced_and_offsets_stay() -> None:
    (message,) = row(messages=[{"role": "customer", "text": "a\x00b\ud800c"}]).conversation.messages
    assert message.text == "a\ufffdb\ufffdc"


def test_what_cannot_be_stored_of_a_label_is_replaced_too() -> None:
    labels = row(labels={"custom": {"ti\ud800er": "g\x00ld"}}).labels
    assert labels is not None
    assert labels.custom == {"ti\ufffder": "g\ufffdld"}


BAD: list[tuple[Mapping[str, Any], str]] = [
    ({"id": None}, "`id` is missing"),
    ({"id": {}}, "`id` is not a text"),
    ({"created_at": None}, "`created_at` is missing"),
    ({"created_at": "yesterday"}, "`created_at` is not a time"),
    ({"messages": {}}, "`messages` is not a list"),
    ({"messages": ["hi"]}, "`messages[0]` is not an object"),
    ({"messages": [{"role": "robot", "text": "x"}]}, "role is 'robot'"),
    ({"messages": [{"role": "agent", "text": 3}]}, "text` is not a text"),
    ({"messages": [{"role": "agent", "public": "no"}]}, "true or false"),
    ({"messages": [{"id": "a", "role": "agent"}, {"id": "a", "role": "bot"}]}, "same `id`"),
    ({"status": "lost"}, "`status` is 'lost'"),
    ({"source": "a:b"}, "colon"),
    ({"tags": "vip"}, "`tags` is not a list of texts"),
    ({"account": "Acme"}, "`account` is not an object"),
    ({"labels": {"sentiment": "angry"}}, "`labels.sentiment` is 'angry'"),
]


@pytest.mark.parametrize(("changes", "why"), BAD)
def test_a_bad_row_says_its_line_and_why(changes: Mapping[str, Any], why: str) -> None:
    with pytest.raises(BadRow) as raised:
        row(**changes)
    assert raised.value.line == 7
    assert why in raised.value.why


def test_a_row_needs_messages_or_labels() -> None:
    with pytest.raises(BadRow, match="needs `messages` or `labels`"):
        read_row('{"id": "1", "created_at": "2026-11-02"}')


def test_bad_rows_do_not_stop_the_good_ones() -> None:
    lines = ["\ufeff" + json.dumps(MINIMAL), "", "{", "[1]", "[" * 100_000, json.dumps(MINIMAL)]
    read = list(read_rows(lines))
    assert [type(item).__name__ for item in read] == ["Row", "BadRow", "BadRow", "BadRow", "Row"]
    assert [item.line for item in read] == [1, 3, 4, 5, 6]


def test_reading_takes_one_line_at_a_time() -> None:
    taken: list[int] = []

    def lines() -> Any:
        for number in range(3):
            taken.append(number)
            yield json.dumps(MINIMAL)

    next(iter(read_rows(lines())))
    assert taken == [0]


def test_the_label_line_has_the_agreed_shape() -> None:
    quote = Quote(message="m1", start=0, end=6, text="Twice!", shows="sentiment")
    analysis = Analysis(
        conversation=read_row(json.dumps(FULL)).conversation.key,
        fingerprint="f",
        analyser="local-1",
        taxonomy="t",
        language="en",
        measurements=(
            Measurement(metric="sentiment", value="negative", confidence=0.9),
            Measurement(metric="effort", value=None, reason=EmptyReason.NO_BACK_AND_FORTH),
        ),
        tags=(
            TagAssignment(
                raw="charged twice", canonical="Double", driver="Billing", confidence=0.8
            ),
        ),
        quotes=(quote,),
        summary="Twice!",
        tone_start="negative",
        tone_end="neutral",
        created_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert json.loads(json.dumps(label_line(analysis, row_id="z-1001"))) == {
        "id": "z-1001",
        "sentiment": {"value": "negative", "confidence": 0.9, "reason": None},
        "effort": {"value": None, "confidence": None, "reason": "not enough back-and-forth"},
        "raw_tags": ["charged twice"],
        "canonical_tag": "Double",
        "driver": {"value": "Billing", "confidence": 0.8},
        "drivers": ["Billing"],
        "summary": "Twice!",
        "tone": {"start": "negative", "end": "neutral"},
        "quotes": [{"message": "m1", "start": 0, "end": 6, "text": "Twice!", "shows": "sentiment"}],
        "language": "en",
        "analyser": "local-1",
    }
