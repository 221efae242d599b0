"""The Claude stand-in, asked through the vendor's own SDK over loopback HTTP."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic
import httpx
import pytest

from connectors.sandbox.claude import ClaudeStand, claude_app
from connectors.sandbox.claude_state import Mode

KEY = "claude-key"
MODEL = "claude-haiku-5-5"
TALK: list[dict[str, Any]] = [
    {"i": 1, "role": "customer", "text": "Hello. I was charged twice and the export is broken!"},
    {"i": 2, "role": "agent", "text": "We will cancel the second charge."},
    {"i": 3, "role": "customer", "text": "Still broken. I will cancel if this goes on."},
]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["quotes", "raw_tags", "sentiment", "sentiment_confidence", "churn_risk"],
    "properties": {
        "quotes": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["message", "text", "shows"],
                "properties": {
                    "message": {"type": "integer"},
                    "text": {"type": "string"},
                    "shows": {"enum": ["sentiment", "churn", "effort"]},
                },
            },
        },
        "raw_tags": {"type": "array", "items": {"type": "string"}},
        "sentiment": {
            "anyOf": [{"enum": ["positive", "neutral", "negative"]}, {"type": "null"}],
        },
        "sentiment_confidence": {"type": "number"},
        "churn_risk": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
    },
}


@pytest.fixture
def stand() -> ClaudeStand:
    return claude_app(key=KEY)


@pytest.fixture
def url(stand: ClaudeStand) -> Iterator[str]:
    with stand.serve() as running:
        yield running.url


@pytest.fixture
def client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0) as found:
        yield found


def _ask(client: anthropic.Anthropic, **changes: Any) -> anthropic.types.Message:
    arguments: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 2000,
        "system": [{"type": "text", "text": "Rules.", "cache_control": {"type": "ephemeral"}}],
        "messages": [{"role": "user", "content": f"The data: {json.dumps(TALK)}"}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    found: anthropic.types.Message = client.messages.create(**{**arguments, **changes})
    return found


def _text(message: anthropic.types.Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def test_an_answer_follows_the_schema_and_quotes_customers_exactly(
    client: anthropic.Anthropic,
) -> None:
    message = _ask(client)
    found = json.loads(_text(message))
    assert message.stop_reason == "end_turn"
    assert set(found) == set(SCHEMA["properties"])
    assert found["sentiment"] == "negative"
    assert found["churn_risk"] is True
    said = {turn["i"]: turn["text"] for turn in TALK if turn["role"] == "customer"}
    assert {quote["shows"] for quote in found["quotes"]} == {"sentiment", "churn", "effort"}
    for quote in found["quotes"]:
        assert quote["text"] in said[quote["message"]]


def test_the_same_question_gets_the_same_answer(client: anthropic.Anthropic) -> None:
    first, second = _ask(client), _ask(client)
    assert _text(first) == _text(second)
    assert first.usage.cache_creation_input_tokens
    assert second.usage.cache_read_input_tokens == first.usage.cache_creation_input_tokens


def test_too_little_room_cuts_the_answer_and_says_so(client: anthropic.Anthropic) -> None:
    message = _ask(client, max_tokens=5)
    assert message.stop_reason == "max_tokens"
    with pytest.raises(json.JSONDecodeError):
        json.loads(_text(message))


@pytest.mark.parametrize("mode", [Mode.GARBAGE_JSON, Mode.NO_JSON, Mode.MAX_TOKENS])
def test_a_scripted_answer_can_be_no_json(
    stand: ClaudeStand, client: anthropic.Anthropic, mode: Mode
) -> None:
    stand.state.script(mode)
    with pytest.raises(json.JSONDecodeError):
        json.loads(_text(_ask(client)))
    json.loads(_text(_ask(client)))


def test_a_scripted_answer_can_lie(stand: ClaudeStand, client: anthropic.Anthropic) -> None:
    stand.state.script(Mode.UNGROUNDED_QUOTE)
    stand.state.script(Mode.WRONG_ENUM)
    quotes = json.loads(_text(_ask(client)))["quotes"]
    assert quotes
    assert not any(quote["text"] in json.dumps(TALK) for quote in quotes)
    assert json.loads(_text(_ask(client)))["sentiment"] == "catastrophic"


def test_a_scripted_refusal_and_a_full_context_have_no_text(
    stand: ClaudeStand, client: anthropic.Anthropic
) -> None:
    stand.state.script(Mode.REFUSAL)
    stand.state.script(Mode.CONTEXT_WINDOW)
    refused, full = _ask(client), _ask(client)
    assert (refused.stop_reason, _text(refused)) == ("refusal", "")
    assert refused.stop_details is not None
    assert full.stop_reason == "model_context_window_exceeded"


def test_an_overloaded_vendor_is_tried_again_by_the_sdk(stand: ClaudeStand, url: str) -> None:
    stand.state.script(Mode.OVERLOADED)
    with anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=1) as patient:
        json.loads(_text(_ask(patient)))
    assert stand.faults.calls() == {"POST /v1/messages": 2}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"model": "claude-2"}, 404),
        ({"max_tokens": 0}, 400),
        ({"extra_body": {"temperature": 0}}, 400),
        ({"messages": [{"role": "user", "content": " "}]}, 400),
        (
            {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
            400,
        ),
        ({"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}, 400),
    ],
)
def test_what_the_vendor_refuses_is_refused(
    client: anthropic.Anthropic, change: Mapping[str, Any], status: int
) -> None:
    with pytest.raises(anthropic.APIStatusError) as caught:
        _ask(client, **change)
    assert caught.value.status_code == status


def test_a_missing_limit_and_a_broken_body_are_refused(url: str) -> None:
    headers = {"x-api-key": KEY}
    body = {"model": MODEL, "messages": [{"role": "user", "content": "a"}]}
    answer = httpx.post(f"{url}/v1/messages", json=body, headers=headers, trust_env=False)
    assert answer.status_code == 400
    assert "max_tokens" in answer.json()["error"]["message"]
    answer = httpx.post(f"{url}/v1/messages", content="{", headers=headers, trust_env=False)
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_wrong_key_is_refused_in_the_vendors_words(url: str) -> None:
    with (
        anthropic.Anthropic(api_key="wrong", base_url=url, max_retries=0) as stranger,
        pytest.raises(anthropic.AuthenticationError) as caught,
    ):
        _ask(stranger)
    assert isinstance(caught.value.body, dict)
    assert caught.value.body["error"]["type"] == "authentication_error"


def test_models_and_token_counts_are_known(client: anthropic.Anthropic) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).lifecycle == "active"
    counted = client.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "x" * 40}]
    )
    assert counted.input_tokens == 10


def test_a_batch_ends_after_a_while_and_answers_each_request_in_any_order(
    client: anthropic.Anthropic,
) -> None:
    params: Any = {
        "model": MODEL,
        "max_tokens": 500,
        "messages": [{"role": "user", "content": json.dumps(TALK)}],
        "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    }
    broken: Any = {**params, "model": "claude-2"}
    batch = client.messages.batches.create(
        requests=[{"custom_id": "a", "params": params}, {"custom_id": "b", "params": broken}]
    )
    assert client.messages.batches.retrieve(batch.id).processing_status == "in_progress"
    assert client.messages.batches.retrieve(batch.id).processing_status == "ended"
    rows = list(client.messages.batches.results(batch.id))
    assert [row.custom_id for row in rows] == ["b", "a"]
    assert [row.result.type for row in rows] == ["errored", "succeeded"]
