"""A stand-in of the Claude API over loopback HTTP: messages, token counts, models and batches.

Refuses what the vendor refuses. It does not stream, and its verdicts come from trivial rules.
Not verified against the live API: the exact wording of refusals.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request

from connectors.sandbox.claude_batches import add_batches
from connectors.sandbox.claude_questions import question_in, told
from connectors.sandbox.claude_reading import conversation_in, fill, prompt_text
from connectors.sandbox.claude_state import ClaudeState, Mode
from connectors.sandbox.faults import Faults, install
from connectors.sandbox.server import Stand

ClaudeStand = Stand[ClaudeState]

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
MOMENT = "2026-10-07T00:00:00Z"
LEAVES = "2026-11-30T00:00:00Z"
_SAMPLING = ("temperature", "top_p", "top_k")
_CHARACTERS_A_TOKEN = 4
_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_WORDS = {401: "invalid x-api-key", 529: "Overloaded"}


class _RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def claude_app(*, key: str) -> ClaudeStand:
    """Build the stand-in; `key` is the API key that it accepts."""
    state = ClaudeState()
    faults = Faults()
    app = Flask("connectors.sandbox.claude", static_folder=None)

    def check_key() -> None:
        if request.path.startswith("/v1/"):
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if key not in {bearer, request.headers.get("x-api-key")}:
                raise _RefusedError(401, _WORDS[401])

    def refuse(error: _RefusedError) -> tuple[Response, int]:
        return jsonify(_error(error.status, error.message)), error.status

    def number_answer(response: Response) -> Response:
        response.headers["request-id"] = f"req_{state.next_number():08}"
        return response

    app.before_request(check_key)
    app.register_error_handler(_RefusedError, refuse)
    app.register_error_handler(404, lambda _: refuse(_RefusedError(404, "Not found")))
    app.after_request(number_answer)
    _add_messages(app, state)
    _add_models(app, state)
    _add_batches(app, state)
    install(app, faults, _failure)
    return Stand(app=app, state=state, faults=faults)


def _add_messages(app: Flask, state: ClaudeState) -> None:
    def create() -> Response:
        body = _body()
        state.requests.append(body)
        return jsonify(_message(state, body))

    def count() -> Response:
        body = _body()
        _check_messages(body)
        return jsonify({"input_tokens": _tokens(_whole_prompt(body))})

    app.add_url_rule("/v1/messages", view_func=create, methods=["POST"])
    app.add_url_rule("/v1/messages/count_tokens", view_func=count, methods=["POST"])


def _add_models(app: Flask, state: ClaudeState) -> None:
    def models() -> Response:
        rows = [_model(name, state) for name in MODELS]
        page = {"data": rows, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
        return jsonify(page)

    def model(name: str) -> Response:
        if name not in MODELS:
            raise _RefusedError(404, f"model: {name}")
        return jsonify(_model(name, state))

    app.add_url_rule("/v1/models", view_func=models)
    app.add_url_rule("/v1/models/<name>", view_func=model)


def _add_batches(app: Flask, state: ClaudeState) -> None:
    def answer(params: Mapping[str, Any]) -> dict[str, Any]:
        try:
            message = _message(state, params)
        except _RefusedError as error:
            return {"type": "errored", "error": _error(error.status, error.message)}
        message["usage"]["service_tier"] = "batch"
        return {"type": "succeeded", "message": message}

    add_batches(app, state, body=_body, refuse=_RefusedError, answer=answer)


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise _RefusedError(400, "The request body is not valid JSON")
    return body


def _check_messages(body: Mapping[str, Any]) -> None:
    if body.get("model") is None:
        raise _RefusedError(400, "model: Field required")
    if body["model"] not in MODELS:
        raise _RefusedError(404, f"model: {body['model']}")
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise _RefusedError(400, "messages: at least one message is required")
    for place, turn in enumerate(messages):
        if turn.get("role") not in {"user", "assistant"}:
            raise _RefusedError(
                400, f"messages.{place}.role: Input should be 'user' or 'assistant'"
            )
        if not prompt_text(turn.get("content")).strip():
            raise _RefusedError(400, f"messages.{place}: text content must not be empty")
    if messages[-1]["role"] != "user":
        raise _RefusedError(400, "This model does not support assistant message prefill.")


def _check_request(body: Mapping[str, Any]) -> None:
    for name in _SAMPLING:
        if name in body:
            raise _RefusedError(400, f"{name}: Extra inputs are not permitted")
    limit = body.get("max_tokens")
    if not isinstance(limit, int) or limit < 1:
        raise _RefusedError(400, "max_tokens: Field required")
    if body.get("stream"):
        raise _RefusedError(400, "stream: this stand-in does not stream")
    _check_messages(body)
    schema = _schema(body)
    if schema is not None:
        _check_schema(schema)


def _check_schema(node: Any) -> None:
    if isinstance(node, Mapping):
        if node.get("type") == "object" and node.get("additionalProperties") is not False:
            raise _RefusedError(
                400,
                "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
                "explicitly set to false",
            )
        for inner in node.values():
            _check_schema(inner)
    elif isinstance(node, list):
        for inner in node:
            _check_schema(inner)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is None:
        return None
    if wanted.get("type") != "json_schema" or not isinstance(wanted.get("schema"), Mapping):
        raise _RefusedError(
            400, "output_config.format: Input should be a json_schema with a schema"
        )
    schema: Mapping[str, Any] = wanted["schema"]
    return schema


def _message(state: ClaudeState, body: Mapping[str, Any]) -> dict[str, Any]:
    _check_request(body)
    mode = state.next_mode()
    if mode is Mode.OVERLOADED:
        raise _RefusedError(529, _WORDS[529])
    text, stop_reason = _said(body, mode)
    return {
        "id": f"msg_{state.next_number():08}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": _stop_details(mode),
        "usage": _usage(state, body, text),
    }


def _said(body: Mapping[str, Any], mode: Mode) -> tuple[str, str]:
    if mode is Mode.REFUSAL:
        return "", "refusal"
    if mode is Mode.CONTEXT_WINDOW:
        return "", "model_context_window_exceeded"
    if mode is Mode.GARBAGE_JSON:
        return '{"sentiment": negative, "quotes": [}', "end_turn"
    schema = _schema(body)
    if schema is None or mode is Mode.NO_JSON:
        return "I am a stand-in and have nothing to say without a schema.", "end_turn"
    asked = question_in(body, schema)
    value = fill(schema, conversation_in(body)) if asked is None else told(asked)
    text = json.dumps(_SPOILERS.get(mode, _unchanged)(value, schema), ensure_ascii=False)
    room = body["max_tokens"] * _CHARACTERS_A_TOKEN
    if mode is Mode.MAX_TOKENS:
        room = min(room, len(text) // 2)
    return (text[:room], "max_tokens") if len(text) > room else (text, "end_turn")


def _unchanged(value: Any, schema: Mapping[str, Any]) -> Any:
    del schema
    return value


def _with_ungrounded_quote(value: Any, schema: Mapping[str, Any]) -> Any:
    del schema
    for quote in value.get("quotes", []):
        quote["text"] = "These exact words were never written by anybody here."
    return value


def _with_wrong_enum(value: Any, schema: Mapping[str, Any]) -> Any:
    """Break the first property that has a closed list of words."""
    for name, inner in schema.get("properties", {}).items():
        options = [inner, *inner.get("anyOf", [])]
        if any("enum" in one for one in options):
            return {**value, name: "catastrophic"}
    return value


_SPOILERS: Mapping[Mode, Callable[[Any, Mapping[str, Any]], Any]] = {
    Mode.UNGROUNDED_QUOTE: _with_ungrounded_quote,
    Mode.WRONG_ENUM: _with_wrong_enum,
}


def _stop_details(mode: Mode) -> dict[str, Any] | None:
    if mode is not Mode.REFUSAL:
        return None
    return {"type": "refusal", "category": "cyber", "explanation": "A scripted refusal."}


def _usage(state: ClaudeState, body: Mapping[str, Any], text: str) -> dict[str, Any]:
    prefix = prompt_text(body.get("system") or "")
    whole = _tokens(_whole_prompt(body))
    shared = _tokens(prefix) if "cache_control" in json.dumps(body.get("system", "")) else 0
    known = bool(shared) and state.was_cached(f"{body['model']}:{prefix}")
    return {
        "input_tokens": whole - shared,
        "output_tokens": _tokens(text),
        "cache_creation_input_tokens": 0 if known else shared,
        "cache_read_input_tokens": shared if known else 0,
        "output_tokens_details": {"thinking_tokens": 0},
        "service_tier": "standard",
    }


def _whole_prompt(body: Mapping[str, Any]) -> str:
    turns = "\n".join(prompt_text(turn.get("content")) for turn in body["messages"])
    return f"{prompt_text(body.get('system') or '')}{turns}"


def _tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS_A_TOKEN)


def _model(name: str, state: ClaudeState) -> dict[str, Any]:
    lifecycle = state.lifecycles.get(name, "active")
    leaving = None if lifecycle == "active" else LEAVES
    return {
        "id": name,
        "type": "model",
        "display_name": name.replace("-", " ").title(),
        "created_at": MOMENT,
        "lifecycle": lifecycle,
        "deprecated_at": leaving,
        "retires_at": leaving,
        "max_input_tokens": 1_000_000,
        "max_tokens": 64_000,
    }


def _error(status: int, message: str) -> dict[str, Any]:
    kind = _TYPES.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": None}


def _failure(
    status: int, path: str, retry_after: str | None
) -> tuple[dict[str, str], dict[str, Any]]:
    del path
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return headers, _error(status, _WORDS.get(status, "A scripted failure."))
