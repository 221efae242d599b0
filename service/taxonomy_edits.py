"""Changes of the ladder of meaning: map, merge, rename, move, and who looks after a driver.

Pure: each takes a taxonomy and returns the new one with what stored tags have to follow.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from service.domain.governing import Edit, Remap
from service.domain.taxonomy import UNMAPPED, CanonicalTag, Driver, Taxonomy
from service.errors import Misused

LONGEST_NAME = 60  # a name becomes a helpdesk option and a tag
LONGEST_OWNER = 80  # a person, a team or an e-mail address


def map_raw(
    taxonomy: Taxonomy, raws: Sequence[str], canonical: str, *, driver: str | None = None
) -> Edit:
    """Map raw tags to a canonical tag, which is made under `driver` when there is none yet.

    A driver without tags can be mapped to by its own name. Mapped raw tags stay mapped and serve as
    examples of their kind.
    """
    plain = tuple(dict.fromkeys(" ".join(raw.lower().split()) for raw in raws))
    if not all(plain):
        raise Misused("A raw tag is a few words.")
    tag = _tag(taxonomy, canonical)
    alone = None if tag else _driver_alone(taxonomy, canonical)
    if tag is None and alone is None:
        if driver is None:
            raise _unknown(canonical, _names(taxonomy), "; give --driver to make a new one")
        taxonomy = _with_new_tag(taxonomy, canonical, driver)
        tag = _tag(taxonomy, canonical)
    elif driver is not None:
        raise Misused(f"{canonical!r} exists: move it with `verbatim taxonomy move`.")
    freed = _each(taxonomy, lambda item: _without_raws(item, plain))
    name = tag.name if tag else canonical
    mapped = _each(freed, lambda item: _with_raws(item, plain) if item.name == name else item)
    owner = mapped.driver_of(name) if tag else name
    return Edit(
        words=f"Mapped {', '.join(plain)} to {name}",
        taxonomy=mapped,
        remaps=tuple(
            Remap(raw=raw, to_canonical=name if tag else None, to_driver=owner) for raw in plain
        ),
    )


def merge(taxonomy: Taxonomy, source: str, target: str) -> Edit:
    """Make one canonical tag of two: the source's examples and raw tags go to the target."""
    old, kept = _known_tag(taxonomy, source), _known_tag(taxonomy, target)
    if old.name == kept.name:
        raise Misused(f"{old.name!r} cannot be merged with itself.")
    joined = replace(
        kept,
        examples=tuple(dict.fromkeys((*kept.examples, *old.examples))),
        raw_tags=tuple(dict.fromkeys((*kept.raw_tags, *old.raw_tags))),
    )
    without = _tags(taxonomy, lambda tags: (tag for tag in tags if tag.name != old.name))
    merged = _tags(without, lambda tags: (joined if t.name == kept.name else t for t in tags))
    _refuse_bare(taxonomy, merged)
    remap = Remap(canonical=old.name, to_canonical=kept.name, to_driver=merged.driver_of(kept.name))
    words = f"Merged {old.name} into {kept.name}"
    return Edit(words=words, taxonomy=merged, remaps=(remap,))


def rename(taxonomy: Taxonomy, old: str, new: str) -> Edit:
    """Give a canonical tag or a driver another name; what it holds stays."""
    name = _fit(new)
    tag = _tag(taxonomy, old)
    if tag is not None:
        if _tag(taxonomy, name) not in {None, tag}:
            raise Misused(f"There is a tag {name!r} already: merge the two.")
        renamed = _tags(
            taxonomy, lambda tags: (replace(t, name=name) if t == tag else t for t in tags)
        )
        remap = Remap(canonical=tag.name, to_canonical=name, to_driver=taxonomy.driver_of(tag.name))
        words = f"Renamed the tag {tag.name} to {name}"
        return Edit(words=words, taxonomy=renamed, remaps=(remap,))
    driver = _known_driver(taxonomy, old, names=_names(taxonomy))
    if _driver(taxonomy, name) not in {None, driver}:
        raise Misused(f"There is a driver {name!r} already: move its tags.")
    drivers = tuple(replace(d, name=name) if d == driver else d for d in taxonomy.drivers)
    return Edit(
        words=f"Renamed the driver {driver.name} to {name}",
        taxonomy=Taxonomy(drivers=drivers),
        remaps=(Remap(driver=driver.name, to_driver=name),),
    )


def move(taxonomy: Taxonomy, canonical: str, driver: str) -> Edit:
    """Put a canonical tag under another driver."""
    tag = _known_tag(taxonomy, canonical)
    target = _known_driver(taxonomy, driver, names=[d.name for d in taxonomy.drivers])
    before = taxonomy.driver_of(tag.name)
    if before == target.name:
        raise Misused(f"{tag.name!r} is under {target.name!r} already.")
    if not target.tags:
        raise Misused(
            f"{target.name!r} has no tags and is matched by itself: give it one with "
            "`verbatim taxonomy map RAW TAG --driver ...` first."
        )
    without = _tags(taxonomy, lambda tags: (one for one in tags if one != tag))
    _refuse_bare(taxonomy, without)
    drivers = tuple(
        replace(d, tags=(*d.tags, tag)) if d.name == target.name else d for d in without.drivers
    )
    return Edit(
        words=f"Moved {tag.name} from {before} to {target.name}",
        taxonomy=Taxonomy(drivers=drivers),
        remaps=(Remap(canonical=tag.name, to_canonical=tag.name, to_driver=target.name),),
    )


def look_after(taxonomy: Taxonomy, driver: str, owner: str) -> Edit:
    """Say who looks after a driver; nobody, when `owner` is blank."""
    found = _known_driver(taxonomy, driver, names=[d.name for d in taxonomy.drivers])
    name = " ".join(owner.split())
    if len(name) > LONGEST_OWNER:
        raise Misused(f"An owner has at most {LONGEST_OWNER} characters.")
    drivers = tuple(replace(d, owner=name) if d == found else d for d in taxonomy.drivers)
    words = f"{found.name} is looked after by {name or 'nobody'}"
    return Edit(words=words, taxonomy=Taxonomy(drivers=drivers), remaps=())


def _names(taxonomy: Taxonomy) -> list[str]:
    """Everything that a name on the command line can mean."""
    tags = [tag.name for driver in taxonomy.drivers for tag in driver.tags]
    return [*tags, *(driver.name for driver in taxonomy.drivers)]


def _tag(taxonomy: Taxonomy, name: str) -> CanonicalTag | None:
    wanted = " ".join(name.lower().split())
    tags = (tag for driver in taxonomy.drivers for tag in driver.tags)
    return next((tag for tag in tags if tag.name.lower() == wanted), None)


def _driver(taxonomy: Taxonomy, name: str) -> Driver | None:
    wanted = " ".join(name.lower().split())
    return next((d for d in taxonomy.drivers if d.name.lower() == wanted), None)


def _driver_alone(taxonomy: Taxonomy, name: str) -> Driver | None:
    found = _driver(taxonomy, name)
    return found if found is not None and not found.tags else None


def _known_tag(taxonomy: Taxonomy, name: str) -> CanonicalTag:
    found = _tag(taxonomy, name)
    if found is None:
        raise _unknown(name, [t.name for d in taxonomy.drivers for t in d.tags])
    return found


def _known_driver(taxonomy: Taxonomy, name: str, *, names: Sequence[str]) -> Driver:
    found = _driver(taxonomy, name)
    if found is None:
        raise _unknown(name, names)
    return found


def _unknown(name: str, names: Sequence[str], hint: str = "") -> Misused:
    near = get_close_matches(name, names, n=3, cutoff=0.4) or sorted(names)[:5]
    return Misused(f"There is no {name!r}; near are {', '.join(near)}{hint}.")


def _fit(name: str) -> str:
    fitted = " ".join(name.split())
    if not fitted or len(fitted) > LONGEST_NAME or fitted.lower() == UNMAPPED.lower():
        raise Misused(f"A name has 1 to {LONGEST_NAME} characters and is not {UNMAPPED!r}.")
    return fitted


def _with_new_tag(taxonomy: Taxonomy, name: str, driver: str) -> Taxonomy:
    target = _known_driver(taxonomy, driver, names=[d.name for d in taxonomy.drivers])
    made = CanonicalTag(name=_fit(name))
    return Taxonomy(
        drivers=tuple(
            replace(d, tags=(*d.tags, made)) if d == target else d for d in taxonomy.drivers
        )
    )


def _refuse_bare(before: Taxonomy, after: Taxonomy) -> None:
    """A driver that loses its last tag would silently be matched by its own name instead."""
    for old, new in zip(before.drivers, after.drivers, strict=True):
        if old.tags and not new.tags:
            raise Misused(f"{old.name!r} would be left without a tag: rename or keep one.")


def _tags(
    taxonomy: Taxonomy, change: Callable[[tuple[CanonicalTag, ...]], Iterable[CanonicalTag]]
) -> Taxonomy:
    drivers = (replace(driver, tags=tuple(change(driver.tags))) for driver in taxonomy.drivers)
    return Taxonomy(drivers=tuple(drivers))


def _each(
    taxonomy: Taxonomy,
    change: Callable[[Driver | CanonicalTag], Driver | CanonicalTag],
) -> Taxonomy:
    """Change whatever can hold raw tags: canonical tags, and drivers without any."""
    drivers = []
    for driver in taxonomy.drivers:
        if driver.tags:
            tags = tuple(t for t in map(change, driver.tags) if isinstance(t, CanonicalTag))
            drivers.append(replace(driver, tags=tags))
        else:
            drivers += [d for d in (change(driver),) if isinstance(d, Driver)]
    return Taxonomy(drivers=tuple(drivers))


def _with_raws(item: Driver | CanonicalTag, raws: Sequence[str]) -> Driver | CanonicalTag:
    return replace(item, raw_tags=tuple(dict.fromkeys((*item.raw_tags, *raws))))


def _without_raws(item: Driver | CanonicalTag, raws: Sequence[str]) -> Driver | CanonicalTag:
    return replace(item, raw_tags=tuple(raw for raw in item.raw_tags if raw not in raws))
