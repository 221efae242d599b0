"""Reads a question by a few words of its own, the same way every time, where a model would.

It fills the form that asks for a question's intent, number and names; it knows no meaning.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.claude_reading import Schema, prompt_text

_PARTS = {"intent", "metric", "evidence", "names", "period"}
_METRICS: Mapping[str, str] = {
    "cranky": "sentiment",
    "cross with us": "sentiment",
    "fed up": "sentiment",
    "walking away": "churn_risk_rate",
    "slog": "high_effort_rate",
    "workload": "conversations",
}
_INTENTS: Mapping[str, str] = {
    "how come": "why_change",
    "why": "why_change",
    "ranking": "top",
    "evolution": "trend",
    "voices": "quotes",
}
_SAME = 4  # letters that a word of the question and one of a name share


def question_in(body: Mapping[str, Any], schema: Schema) -> Mapping[str, Any] | None:
    """The question that a request is about, when its form asks for one."""
    if not set(schema.get("properties", {})) >= _PARTS:
        return None
    found = json.loads(prompt_text(body["messages"][-1]["content"]))
    return found if isinstance(found, Mapping) else None


def told(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filled form."""
    question = str(asked["question"]).lower()
    cue = next((one for one in _METRICS if one in question), "")
    metric = _METRICS.get(cue, "none")
    intent = next((meant for word, meant in _INTENTS.items() if word in question), "none")
    if intent == "none" and cue:
        intent = "count"
    return {
        "evidence": cue,
        "names": _names(asked),
        "period": "",
        "intent": intent,
        "metric": metric,
        "direction": "none",
        "by": "none",
    }


def _names(asked: Mapping[str, Any]) -> list[dict[str, str]]:
    found = []
    for said in asked["left_out"]:
        for one in asked["names"]:
            words = re.findall(r"[a-z]{4,}", one["name"].lower())
            if any(word[:_SAME] in said.lower() for word in words):
                found.append({"said": said, "kind": one["kind"], "name": one["name"]})
                break
    return found
