"""Reads YAML so that whatever is wrong is named by its file, line and field.

Knows nodes and places; what the fields mean is the readers'.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from service.errors import Misused


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the file a value stands, for the sentence that says what is wrong with it."""

    file: str
    line: int
    field: str

    def wrong(self, why: str) -> Misused:
        where = f"{self.file}, line {self.line}: " if self.file else ""
        return Misused(f"{where}{self.field} {why}.")


def given(field: str) -> Place:
    """Return the place of a value that a person gives alone, without a file around it."""
    return Place(file="", line=0, field=field)


Fields = Mapping[str, tuple[Place, yaml.Node]]


def top_of(text: str, *, name: str) -> tuple[Place, yaml.Node | None]:
    """Return the root of a file's text, or raise Misused when it is no YAML."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(name, error) from error
    return Place(file=name, line=1, field="the file"), root


def text_of(fields: Fields, name: str) -> str:
    if name not in fields:
        return ""
    place, node = fields[name]
    return " ".join(scalar(node, place).split())


def texts_of(fields: Fields, name: str) -> tuple[str, ...]:
    if name not in fields:
        return ()
    place, node = fields[name]
    texts = (scalar(item, at).strip() for at, item in items(node, place))
    return tuple(text for text in texts if text)


def scalar(node: yaml.Node, place: Place) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise place.wrong("has to be a text")
    if node.tag == "tag:yaml.org,2002:null":
        return ""
    return str(node.value)


def items(node: yaml.Node, place: Place) -> Iterator[tuple[Place, yaml.Node]]:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(node, yaml.SequenceNode):
        raise place.wrong("has to be a list")
    for number, item in enumerate(node.value, start=1):
        field = f"{place.field}[{number}]"
        yield Place(file=place.file, line=item.start_mark.line + 1, field=field), item


def fields_of(
    node: yaml.Node | None, at: Place, known: frozenset[str], wanted: str
) -> dict[str, tuple[Place, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise at.wrong(f"has to be {wanted}")
    fields: dict[str, tuple[Place, yaml.Node]] = {}
    for key_node, value in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        place = Place(file=at.file, line=line, field=_inside(at, key))
        if key not in known:
            raise place.wrong(f"is not known; known are {', '.join(sorted(known))}")
        if key in fields:
            raise place.wrong("stands there twice")
        fields[key] = place, value
    return fields


def _inside(at: Place, key: str) -> str:
    return key if at.field == "the file" else f"{at.field}.{key}"


def required(fields: Fields, name: str, at: Place) -> tuple[Place, yaml.Node]:
    if name not in fields:
        raise at.wrong(f"needs `{name}`")
    return fields[name]


def _not_yaml(name: str, error: yaml.YAMLError) -> Misused:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or "it is not YAML"
    return Misused(f"{name}{line}: {problem}.")
