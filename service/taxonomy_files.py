"""Reads and writes the taxonomy as YAML. Knows the file's shape and says where it is wrong; what a
change of the ladder does to conversations is decided elsewhere.
"""

from pathlib import Path
from typing import Any

import yaml

from service.domain.taxonomy import UNMAPPED, CanonicalTag, Driver, Taxonomy
from service.errors import Misused
from service.yaml_nodes import (
    Fields,
    Place,
    fields_of,
    items,
    required,
    scalar,
    text_of,
    texts_of,
    top_of,
)

DEFAULT = Path(__file__).parent / "taxonomies" / "default.yaml"
LONGEST_NAME = 60  # a name becomes a helpdesk option and a tag

_DRIVER_FIELDS = frozenset({"name", "description", "owner", "examples", "tags", "raw_tags"})
_TAG_FIELDS = frozenset({"name", "description", "examples", "raw_tags"})


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
    top, root = top_of(text, name=name)
    fields = fields_of(root, top, frozenset({"drivers"}), "a mapping with `drivers`")
    place, node = required(fields, "drivers", top)
    drivers = tuple(_driver(item, at) for at, item in items(node, place))
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
    if driver.owner:
        data["owner"] = driver.owner
    if driver.tags:
        data["tags"] = [_named(tag) for tag in driver.tags]
    return data


def _named(item: Driver | CanonicalTag) -> dict[str, Any]:
    data: dict[str, Any] = {"name": item.name}
    if item.description:
        data["description"] = item.description
    if item.examples:
        data["examples"] = list(item.examples)
    if item.raw_tags:
        data["raw_tags"] = list(item.raw_tags)
    return data


def _driver(node: yaml.Node, at: Place) -> Driver:
    fields = fields_of(node, at, _DRIVER_FIELDS, "a driver with a `name`")
    tags: tuple[CanonicalTag, ...] = ()
    if "tags" in fields:
        place, tags_node = fields["tags"]
        tags = tuple(_tag(item, tag_at) for tag_at, item in items(tags_node, place))
    return Driver(
        name=_name(fields, at),
        description=text_of(fields, "description"),
        examples=texts_of(fields, "examples"),
        tags=tags,
        raw_tags=texts_of(fields, "raw_tags"),
        owner=text_of(fields, "owner"),
    )


def _tag(node: yaml.Node, at: Place) -> CanonicalTag:
    fields = fields_of(node, at, _TAG_FIELDS, "a tag with a `name`")
    return CanonicalTag(
        name=_name(fields, at),
        description=text_of(fields, "description"),
        examples=texts_of(fields, "examples"),
        raw_tags=texts_of(fields, "raw_tags"),
    )


def _name(fields: Fields, at: Place) -> str:
    place, node = required(fields, "name", at)
    name = " ".join(scalar(node, place).split())
    if not name:
        raise place.wrong("is empty")
    if len(name) > LONGEST_NAME:
        raise place.wrong(f"has more than {LONGEST_NAME} characters")
    if name.lower() == UNMAPPED.lower():
        raise place.wrong(f"cannot be {UNMAPPED!r}: that is what maps to nothing")
    return name


def _refuse_doubles(drivers: tuple[Driver, ...], place: Place) -> None:
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
