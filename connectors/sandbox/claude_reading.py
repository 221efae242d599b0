"""Fills a JSON schema from a conversation by trivial rules, the same way every time.

It stands where a language model would: it follows the schema and quotes customers exactly. It knows
no meaning, so nothing may be concluded from its verdicts.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

CUES: Mapping[str, tuple[str, ...]] = {
    "churn": ("cancel", "switch to", "not renew", "leave you", "competitor", "close my account"),
    "effort": ("again", "still", "third time", "already told", "twice", "keep asking"),
    "negative": (
        "not work",
        "broken",
        "error",
        "fail",
        "wrong",
        "angry",
        "unacceptable",
        "charged",
    ),
    "positive": ("thank", "great", "love", "perfect", "solved"),
}
_ORDINARY = frozenset(
    [
        "about",
        "after",
        "again",
        "could",
        "every",
        "have",
        "hello",
        "please",
        "since",
        "there",
        "this",
        "with",
    ]
)
_CONFIDENCE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message of the conversation as the request carried it."""

    number: Any  # whatever the request calls it: an index or an id
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    said: tuple[Said, ...]  # by customers only

    def first(self, kind: str) -> tuple[Said, str] | None:
        """The first customer sentence with a cue of this kind."""
        for message, sentence in self._sentences():
            if any(cue in sentence.lower() for cue in CUES[kind]):
                return message, sentence
        return None

    def any_sentence(self) -> tuple[Said, str] | None:
        return next(self._sentences(), None)

    def _sentences(self) -> Iterator[tuple[Said, str]]:
        for message in self.said:
            for piece in re.findall(r"[^.!?\n]+[.!?]?", message.text):
                if piece.strip():
                    yield message, piece.strip()


def conversation_in(request: Mapping[str, Any]) -> Conversation:
    """Find the JSON array of messages in the request's last user turn."""
    text = prompt_text([m for m in request["messages"] if m["role"] == "user"][-1]["content"])
    for place in (match.start() for match in re.finditer(r"\[", text)):
        try:
            found, _ = json.JSONDecoder().raw_decode(text, place)
        except json.JSONDecodeError:
            continue
        if isinstance(found, list) and found and all(_is_message(item) for item in found):
            return Conversation(said=tuple(_customers(found)))
    return Conversation(said=())


def prompt_text(content: Any) -> str:
    """A turn's text; content is a string or a list of blocks."""
    if isinstance(content, str):
        return content
    return "\n".join(str(block.get("text", "")) for block in content or [])


def fill(schema: Schema, conversation: Conversation) -> Any:
    """Return a value that follows the schema."""
    return _Filler(schema, conversation).value("", schema)


def _is_message(item: object) -> bool:
    return isinstance(item, Mapping) and "role" in item and isinstance(item.get("text"), str)


def _customers(found: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
    for place, item in enumerate(found):
        if item["role"] == "customer" and item["text"].strip():
            number = next((item[name] for name in ("i", "id", "message") if name in item), place)
            yield Said(number=number, text=item["text"])


class _Filler:
    def __init__(self, root: Schema, conversation: Conversation) -> None:
        self._definitions = root.get("$defs", {})
        self._conversation = conversation

    def value(self, name: str, schema: Schema) -> Any:
        schema = self._resolved(schema)
        if name == "quotes":
            return self._quotes(schema)
        if "enum" in schema or "const" in schema:
            return self._choice(name, list(schema.get("enum", [schema.get("const")])))
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if kind == "object":
            properties = schema.get("properties", {})
            return {key: self.value(_joined(name, key), inner) for key, inner in properties.items()}
        if kind == "array":
            return self._list(name, schema.get("items", {}))
        return self._plain(name, kind)

    def _resolved(self, schema: Schema) -> Schema:
        """Follow $ref, and take the first alternative that is not null."""
        while True:
            if "$ref" in schema:
                schema = self._definitions[str(schema["$ref"]).rsplit("/", 1)[-1]]
            elif "anyOf" in schema:
                options = schema["anyOf"]
                schema = next((one for one in options if one.get("type") != "null"), options[0])
            else:
                return schema

    def _choice(self, name: str, values: list[Any]) -> Any:
        wanted = [*self._preferences(name), *self._mentioned(values), "none", None]
        return next((one for one in wanted if one in values), values[0])

    def _mentioned(self, values: list[Any]) -> list[Any]:
        """The names of a list that share longer words with what the customer wrote, best first."""
        said = _words(" ".join(message.text for message in self._conversation.said))
        shared = {one: len(_words(one) & said) for one in values if isinstance(one, str)}
        return sorted((one for one in shared if shared[one]), key=lambda one: -shared[one])

    def _preferences(self, name: str) -> tuple[Any, ...]:
        """What a property of this name should say, most wanted first."""
        talk = self._conversation
        if "churn" in name or "tier" in name:
            return ("yes", "explicit") if talk.first("churn") else ("no", "none")
        if "effort" in name:
            return ("high", "yes") if talk.first("effort") else ("low", "no")
        if "sentiment" in name or "tone" in name:
            if talk.first("negative"):
                return ("negative",)
            return ("positive",) if talk.first("positive") else ("neutral",)
        if "language" in name:
            return ("en",)
        return ()

    def _plain(self, name: str, kind: object) -> Any:
        if kind == "boolean":
            cue = "churn" if "churn" in name else "effort"
            return bool(self._conversation.first(cue))
        if kind == "number":
            return _CONFIDENCE
        if kind == "integer":
            return 1
        if kind != "string":
            return None
        if "language" in name:
            return "en"
        if "tag" in name:
            return next(iter(self._tags()), "question")
        for wanted in self._preferences(name):
            if isinstance(wanted, str):
                return wanted
        found = self._conversation.any_sentence()
        return (
            "The customer wrote in."
            if found is None
            else f"The customer asks: {_plainly(found[1])}"
        )

    def _list(self, name: str, items: Schema) -> list[Any]:
        resolved = self._resolved(items)
        if "tag" in name and resolved.get("type") == "string":
            return self._tags()
        if "enum" in resolved:
            shown = "effort" in name and self._conversation.first("effort")
            return resolved["enum"][:1] if shown else []
        return [self.value(name, items)] if resolved.get("type") == "object" else []

    def _tags(self) -> list[str]:
        found = self._conversation.first("negative") or self._conversation.any_sentence()
        words = re.findall(r"[a-z]{4,20}", found[1].lower()) if found else []
        kept = [word for word in words if word not in _ORDINARY]
        return [" ".join(kept[:3])] if kept else []

    def _quotes(self, schema: Schema) -> list[dict[str, Any]]:
        items = self._resolved(schema.get("items", {}))
        properties = items.get("properties", {})
        allowed = self._resolved(properties.get("shows", {})).get("enum", ["sentiment"])
        found = []
        for shows in allowed:
            hit = self._evidence(str(shows))
            if hit is not None:
                message, sentence = hit
                found.append(self._quote(properties, message, sentence, shows))
        return found

    def _evidence(self, shows: str) -> tuple[Said, str] | None:
        talk = self._conversation
        if "churn" in shows:
            return talk.first("churn")
        if "effort" in shows:
            return talk.first("effort")
        if shows == "sentiment":
            return talk.first("negative") or talk.first("positive") or talk.any_sentence()
        return talk.first("negative") or talk.any_sentence()

    def _quote(
        self, properties: Mapping[str, Schema], message: Said, sentence: str, shows: object
    ) -> dict[str, Any]:
        named = {"text": sentence, "quote": sentence, "shows": shows}
        for name in ("message", "i", "message_id"):
            named[name] = message.number
        return {
            name: named[name] if name in named else self.value(name, inner)
            for name, inner in properties.items()
        }


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]{4,}", text.lower())) - _ORDINARY


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer else inner


def _plainly(sentence: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[<>@]|https?://\S+", "", sentence))[:120].strip()
