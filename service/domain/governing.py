"""A change of the ladder of meaning: what it is called, what it moves, and who made it when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, takewhile

from service.domain.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Remap:
    """Stored tags that a change moves: those with this raw tag, this canonical tag or this driver.

    Exactly one of the three is given. `to_canonical` and `to_driver` are what they get; a driver
    that is only renamed keeps its tags.
    """

    raw: str | None = None
    canonical: str | None = None
    driver: str | None = None
    to_canonical: str | None = None
    to_driver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The ladder after a change, in words, and what has to move with it."""

    words: str  # "Moved Double charge from Billing to Payments"
    taxonomy: Taxonomy
    remaps: tuple[Remap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a change does, or would do, to what was measured."""

    conversations: int  # of which a tag moves
    drivers: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # name -> (before, after)

    def words(self) -> str:
        """Return "moves 41 conversations, Billing 120 -> 161"."""
        noun = "conversation" if self.conversations == 1 else "conversations"
        parts = [f"moves {self.conversations:,} {noun}"]
        parts += [f"{name} {before:,} -> {after:,}" for name, (before, after) in self.changed()]
        return ", ".join(parts)

    def changed(self) -> list[tuple[str, tuple[int, int]]]:
        """Drivers whose count changes, the largest change first."""
        moved = [(name, pair) for name, pair in self.drivers.items() if pair[0] != pair[1]]
        return sorted(moved, key=lambda one: (-abs(one[1][1] - one[1][0]), one[0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxonomyVersion:
    """The ladder as it stood from a moment on. Versions are kept for good."""

    taxonomy: Taxonomy
    words: str  # what changed
    by: str
    at: datetime
    base: str  # edition of the file that was in force; another file later wins over this


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTag:
    """A raw tag that maps to nothing, with how many conversations have it and a customer's words.

    The words are masked, and are not checked against the message any more.
    """

    raw: str
    conversations: int
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierNames:
    """Name now -> what it was called before, by people who renamed it."""

    drivers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tags: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def earlier_names(file: Taxonomy, versions: Sequence[TaxonomyVersion]) -> EarlierNames:
    """Follow what is in force back to the file. `versions` are the newest first."""
    own = takewhile(lambda one: one.base == file.edition, versions)
    ladders = [*(one.taxonomy for one in own), file]
    return EarlierNames(
        drivers=_followed([[[one.name for one in ladder.drivers]] for ladder in ladders]),
        tags=_followed(
            [[[tag.name for tag in one.tags] for one in ladder.drivers] for ladder in ladders]
        ),
    )


def _followed(ladders: Sequence[Sequence[Sequence[str]]]) -> Mapping[str, tuple[str, ...]]:
    """Rows of names, the newest ladder first. A name that changed kept its place in its row."""
    newest = {name for row in ladders[0] for name in row}
    called = {name: name for name in newest}  # in the ladder at hand -> now
    found: dict[str, list[str]] = {}
    for newer, older in pairwise(ladders):
        same = [pair for pair in zip(newer, older, strict=False) if len(pair[0]) == len(pair[1])]
        after = {old: new for row in same for new, old in zip(*row, strict=True)}
        names = [name for row in older for name in row]
        called = {old: called[to] for old in names if (to := after.get(old, old)) in called}
        for old, now in called.items():
            if old not in newest and old not in found.setdefault(now, []):
                found[now].append(old)
    return {now: tuple(before) for now, before in found.items() if before}


def in_force(file: Taxonomy, latest: TaxonomyVersion | None) -> Taxonomy:
    """The newest version, unless the file was edited since: then people meant the file."""
    if latest is None or latest.base != file.edition:
        return file
    return latest.taxonomy
