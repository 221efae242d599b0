"""Reads and writes the taxonomy as YAML. Knows the file's shape and says where it is wrong; what a
change of the ladder does to conversations is decided elsewhere.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from service.domain.taxonomy import UNMAPPED, CanonicalTag, Driver, Taxonomy
from service.errors import Misused

DEFAULT = Path(__file__).parent / "taxonomies" / "default.yaml"
LONGEST_NAME = 60  # a name becomes a helpdesk option and a tag

_DRIVER_FIELDS = frozenset({"name", "description", "examples", "tags"})
_TAG_FIELDS = frozenset({"name", "description", "examples"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where in the file a value stands, for the sentence that says what is wrong with it."""

    file: str
    line: int
    field: str

    def wrong(self, why: str) -> Misused:
        return Misused(f"{self.file}, line {self.line}: {self.field} {why}.")


def default_taxonomy() -> Taxonomy:
    return read_taxonomy(DEFAULT)


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy file, or raise Misused with the line and the field that is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Misused(f"The taxonomy file {path} cannot be read.") from error
    return parse_taxonomy(text, name=path.name)


def parse_taxonomy(text: str, *, name: str = "taxonomy") -> Taxonomy:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(name, error) from error
    top = _Place(file=name, line=1, field="the file")
    fields = _fields(root, top, frozenset({"drivers"}), "a mapping with `drivers`")
    place, node = _required(fields, "drivers", top)
    drivers = tuple(_driver(item, at) for at, item in _items(node, place))
    if not drivers:
        raise place.wrong("needs at least one driver")
    _refuse_doubles(drivers, place)
    return Taxonomy(drivers=drivers)


def write_taxonomy(taxonomy: Taxonomy) -> str:
    """Return the YAML that reads back as the same taxonomy."""
    data = {"drivers": [_driver_data(driver) for driver in taxonomy.drivers]}
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    return text


def _driver_data(driver: Driver) -> dict[str, Any]:
    data = _named(driver)
    if driver.tags:
        data["tags"] = [_named(tag) for tag in driver.tags]
    return data


def _named(item: Driver | CanonicalTag) -> dict[str, Any]:
    data: dict[str, Any] = {"name": item.name}
    if item.description:
        data["description"] = item.description
    if item.examples:
        data["examples"] = list(item.examples)
    return data


_Fields = Mapping[str, tuple[_Place, yaml.Node]]


def _driver(node: yaml.Node, at: _Place) -> Driver:
    fields = _fields(node, at, _DRIVER_FIELDS, "a driver with a `name`")
    tags: tuple[CanonicalTag, ...] = ()
    if "tags" in fields:
        place, tags_node = fields["tags"]
        tags = tuple(_tag(item, tag_at) for tag_at, item in _items(tags_node, place))
    return Driver(
        name=_name(fields, at),
        description=_text(fields, "description"),
        examples=_examples(fields),
        tags=tags,
    )


def _tag(node: yaml.Node, at: _Place) -> CanonicalTag:
    fields = _fields(node, at, _TAG_FIELDS, "a tag with a `name`")
    return CanonicalTag(
        name=_name(fields, at),
        description=_text(fields, "description"),
        examples=_examples(fields),
    )


def _name(fields: _Fields, at: _Place) -> str:
    place, node = _required(fields, "name", at)
    name = " ".join(_scalar(node, place).split())
    if not name:
        raise place.wrong("is empty")
    if len(name) > LONGEST_NAME:
        raise place.wrong(f"has more than {LONGEST_NAME} characters")
    if name.lower() == UNMAPPED.lower():
        raise place.wrong(f"cannot be {UNMAPPED!r}: that is what maps to nothing")
    return name


def _text(fields: _Fields, name: str) -> str:
    if name not in fields:
        return ""
    place, node = fields[name]
    return " ".join(_scalar(node, place).split())


def _examples(fields: _Fields) -> tuple[str, ...]:
    if "examples" not in fields:
        return ()
    place, node = fields["examples"]
    texts = (_scalar(item, at).strip() for at, item in _items(node, place))
    return tuple(text for text in texts if text)


def _scalar(node: yaml.Node, place: _Place) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise place.wrong("has to be a text")
    if node.tag == "tag:yaml.org,2002:null":
        return ""
    return str(node.value)


def _items(node: yaml.Node, place: _Place) -> Iterator[tuple[_Place, yaml.Node]]:
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(node, yaml.SequenceNode):
        raise place.wrong("has to be a list")
    for number, item in enumerate(node.value, start=1):
        field = f"{place.field}[{number}]"
        yield _Place(file=place.file, line=item.start_mark.line + 1, field=field), item


def _fields(
    node: yaml.Node | None, at: _Place, known: frozenset[str], wanted: str
) -> dict[str, tuple[_Place, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise at.wrong(f"has to be {wanted}")
    fields: dict[str, tuple[_Place, yaml.Node]] = {}
    for key_node, value in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        place = _Place(file=at.file, line=line, field=_inside(at, key))
        if key not in known:
            raise place.wrong(f"is not known; known are {', '.join(sorted(known))}")
        if key in fields:
            raise place.wrong("stands there twice")
        fields[key] = place, value
    return fields


def _inside(at: _Place, key: str) -> str:
    return key if at.field == "the file" else f"{at.field}.{key}"


def _required(fields: _Fields, name: str, at: _Place) -> tuple[_Place, yaml.Node]:
    if name not in fields:
        raise at.wrong(f"needs `{name}`")
    return fields[name]


def _refuse_doubles(drivers: tuple[Driver, ...], place: _Place) -> None:
    """A canonical tag belongs to one driver: two of the same name could not be told apart."""
    seen: set[str] = set()
    for driver in drivers:
        if driver.name.lower() in seen:
            raise place.wrong(f"names the driver {driver.name!r} twice")
        seen.add(driver.name.lower())
    tags: dict[str, str] = {}
    for driver in drivers:
        for tag in driver.tags:
            other = tags.setdefault(tag.name.lower(), driver.name)
            if other != driver.name:
                raise place.wrong(f"puts {tag.name!r} under both {other!r} and {driver.name!r}")
        if len({tag.name.lower() for tag in driver.tags}) != len(driver.tags):
            raise place.wrong(f"names a tag of {driver.name!r} twice")


def _not_yaml(name: str, error: yaml.YAMLError) -> Misused:
    mark = getattr(error, "problem_mark", None)
    line = f", line {mark.line + 1}" if mark is not None else ""
    problem = getattr(error, "problem", None) or "it is not YAML"
    return Misused(f"{name}{line}: {problem}.")
