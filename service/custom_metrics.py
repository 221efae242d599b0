"""Metrics that a workspace defines as data: reads and writes their file, and says what is wrong.

Knows the file's shape and what a definition has to be; how a value is found is the analysers'.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from service.domain.conversations import Conversation
from service.domain.measurements import CUSTOM, Example, Measurement, Metric, Rate
from service.domain.taxonomy import slug
from service.errors import Misused
from service.query import ACCOUNTS, CONVERSATIONS, Dimension
from service.yaml_nodes import (
    Fields,
    Place,
    fields_of,
    given,
    items,
    required,
    scalar,
    text_of,
    texts_of,
    top_of,
)

MOST_VALUES = 12  # a value is a helpdesk option and a column
LONGEST_VALUE = 40
FEWEST_VALUES = 2

_FIELDS = frozenset(
    {"name", "title", "question", "values", "decision", "owner", "examples", "retired"}
)
# No double underscore: in a helpdesk's tag it parts the name from the value.
_ID = re.compile(r"(?=.{1,40}\Z)[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_VALUE = re.compile(rf"[a-z0-9][a-z0-9 _-]{{0,{LONGEST_VALUE - 1}}}")
# Beside the metrics there are: words that fields, filters and answers have for something else.
_OTHER_WORDS = frozenset(
    {*Dimension, CONVERSATIONS, ACCOUNTS, "topic", "evidence", "churn", "tone"}
)
_STATES = frozenset({"empty", "unmeasured", "none"})  # what other values are called in questions


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a metric would say of one conversation, and the words that show it."""

    conversation: Conversation
    measurement: Measurement
    words: str


def read_metrics(path: Path) -> tuple[Metric, ...]:
    """Read a file of metrics, or raise Misused with the line and the field that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"The file of metrics {path} cannot be read.") from error
    return parse_metrics(text, name=path.name)


def parse_metrics(text: str, *, name: str = "metrics") -> tuple[Metric, ...]:
    top, root = top_of(text, name=name)
    fields = fields_of(root, top, frozenset({"metrics"}), "a mapping with `metrics`")
    place, node = required(fields, "metrics", top)
    found = tuple(_metric(item, at) for at, item in items(node, place))
    names = [metric.name for metric in found]
    for one in names:
        if names.count(one) > 1:
            raise place.wrong(f"names {one.removeprefix(CUSTOM)!r} twice")
    return found


def write_metrics(metrics: Sequence[Metric]) -> str:
    """Return the YAML that reads back as the same metrics."""
    data = {"metrics": [_data(metric) for metric in metrics]}
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return text


def custom_metric(
    *,
    name: str,
    title: str,
    question: str,
    values: Sequence[str],
    decision: str = "",
    owner: str = "",
    examples: Sequence[Example] = (),
) -> Metric:
    """Return the metric with a rate for each value, so that each can be asked for."""
    return Metric(
        name=f"{CUSTOM}{name}",
        title=title,
        question=question,
        values=tuple(values),
        rates=tuple(_rate(name, title, value) for value in values),
        empty_when=(
            "there is no customer text, its language is not supported, or no value is sure enough"
        ),
        decision=decision,
        owner=owner,
        examples=tuple(examples),
    )


def given_metric(
    *,
    name: str,
    title: str,
    question: str,
    values: Sequence[str],
    decision: str = "",
    owner: str = "",
    examples: Sequence[Example] = (),
) -> Metric:
    """Return the metric that a person gives field by field; Misused names the field to mend."""
    checked = _name_of(name, given("The name"))
    allowed = _values_of([(one, given("A value")) for one in values], given("The list of values"))
    asked = _short(question, 300, given("The question"))
    if not asked:
        raise given("The question").wrong("is empty: write what is asked of every conversation")
    return custom_metric(
        name=checked,
        title=_short(title, 60, given("The title")) or _title_of(checked),
        question=asked,
        values=allowed,
        decision=_short(decision, 200, given("The decision")),
        owner=_short(owner, 100, given("The owner")),
        examples=[_example_of(one, allowed) for one in examples],
    )


def _example_of(example: Example, allowed: Sequence[str]) -> Example:
    place = given("An example")
    if example.value not in allowed:
        raise place.wrong(f"is of {example.value!r}, which is none of {', '.join(allowed)}")
    text = _short(example.text, 500, place)
    if not text:
        raise place.wrong(f"of {example.value!r} has no words")
    return Example(value=example.value, text=text)


def _short(text: str, most: int, place: Place) -> str:
    found = " ".join(text.split())
    if len(found) > most:
        raise place.wrong(f"has {len(found)} characters; {most} are the most")
    return found


def refuse_taken(made: Metric, known: Sequence[Metric]) -> None:
    """Raise Misused when a new metric is called what something else is called already.

    Two columns, fields or filters of one name cannot be told apart, whatever their ids are.
    """
    others = [metric for metric in known if metric.name != made.name]
    words = [w for metric in others for w in (metric.name.removeprefix(CUSTOM), metric.title)]
    rates = [word for metric in others for rate in metric.rates for word in (rate.name, rate.title)]
    taken = {slug(word) for word in (*words, *rates, *_OTHER_WORDS)}
    for called in (made.name.removeprefix(CUSTOM), made.title):
        if slug(called) in taken:
            raise Misused(f"{called!r} is taken already: call the metric something else.")


def _rate(name: str, title: str, value: str) -> Rate:
    shown = title if value == "yes" else f"{title}: {value}"
    return Rate(name=f"{CUSTOM}{name}_{slug(value)}_rate", title=f"{shown}, share", value=value)


def _metric(node: yaml.Node, at: Place) -> Metric:
    fields = fields_of(node, at, _FIELDS, "a metric with a `name`")
    place, node = required(fields, "name", at)
    name = _name_of(scalar(node, place), place)
    place, _ = required(fields, "question", at)
    question = text_of(fields, "question")
    if not question:
        raise place.wrong("is empty")
    values = _values(fields, at)
    made = custom_metric(
        name=name,
        title=text_of(fields, "title") or _title_of(name),
        question=question,
        values=values,
        decision=text_of(fields, "decision"),
        owner=text_of(fields, "owner"),
        examples=_examples(fields, values),
    )
    return replace(made, retired=_is_retired(fields))


def _is_retired(fields: Fields) -> bool:
    said = text_of(fields, "retired").lower()
    if said not in {"", "true", "false"}:
        raise fields["retired"][0].wrong("has to be true or false")
    return said == "true"


def _title_of(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _name_of(text: str, place: Place) -> str:
    name = text.strip()
    if not _ID.fullmatch(name):
        raise place.wrong(
            "has to be a word such as feature_request: a-z, 0-9 and _ between them, at most 40"
        )
    return name


def _values(fields: Fields, at: Place) -> tuple[str, ...]:
    place, node = required(fields, "values", at)
    return _values_of([(scalar(item, its), its) for its, item in items(node, place)], place)


def _values_of(told: Sequence[tuple[str, Place]], place: Place) -> tuple[str, ...]:
    values = tuple(_value(text, its) for text, its in told)
    if not FEWEST_VALUES <= len(values) <= MOST_VALUES:
        raise place.wrong(f"needs {FEWEST_VALUES} to {MOST_VALUES} values")
    if len({slug(value) for value in values}) != len(values):
        raise place.wrong("names a value twice")
    return values


def _value(text: str, place: Place) -> str:
    value = " ".join(text.lower().split())
    if not _VALUE.fullmatch(value) or value in _STATES:
        raise place.wrong(
            f"has to be one or two plain words of at most {LONGEST_VALUE} characters, not {text!r}"
        )
    return value


def _examples(fields: Fields, values: Sequence[str]) -> tuple[Example, ...]:
    if "examples" not in fields:
        return ()
    place, node = fields["examples"]
    of_values = fields_of(node, place, frozenset(values), "a list of texts under each value")
    return tuple(
        Example(value=value, text=text) for value in values for text in texts_of(of_values, value)
    )


def _data(metric: Metric) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": metric.name.removeprefix(CUSTOM),
        "title": metric.title,
        "question": metric.question,
        "values": list(metric.values),
    }
    if metric.decision:
        data["decision"] = metric.decision
    if metric.owner:
        data["owner"] = metric.owner
    examples = {v: [e.text for e in metric.examples if e.value == v] for v in metric.values}
    shown = {value: texts for value, texts in examples.items() if texts}
    if shown:
        data["examples"] = shown
    if metric.retired:
        data["retired"] = True
    return data
