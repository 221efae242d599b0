"""The names a question may use: accounts, drivers, tags, segments, people, and today's date.

Comes from a JSON file or from what is stored; it knows no grammar.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from service import measures
from service.domain.conversations import Account
from service.domain.governing import EarlierNames
from service.domain.measurements import CUSTOM, YesNo
from service.domain.people import SYSTEM, Viewer
from service.domain.taxonomy import Taxonomy, slug
from service.names import Entity, Names
from service.query import NO_VALUE, Dimension
from service.stores import Database

_LISTS: Mapping[str, str] = {
    "accounts": "account",
    "fixes": "fix",
    "funnels": "funnel",
    "tags": "tag",
    "drivers": "driver",
    "segments": "segment",
    "custom_metrics": "custom",
    "channels": "channel",
    "sources": "source",
    "agents": "agent",
    "owners": "owner",
    "terms": "term",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    today: date
    timezone: str = "UTC"
    date_order: str = "DMY"
    entities: tuple[Entity, ...] = ()
    by_kind: Mapping[str, tuple[Entity, ...]] = field(default_factory=dict, compare=False)
    _names: list[Names] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kinds: dict[str, list[Entity]] = {}
        for entity in self.entities:
            kinds.setdefault(entity.kind, []).append(entity)
        found = {kind: tuple(entities) for kind, entities in kinds.items()}
        object.__setattr__(self, "by_kind", found)

    @property
    def names(self) -> Names:
        """The index of all names; built when first asked for, and kept."""
        if not self._names:
            self._names.append(Names(self.entities))
        return self._names[0]

    def of(self, kind: str) -> tuple[Entity, ...]:
        return self.by_kind.get(kind, ())

    def group_of(self, segment: str) -> str | None:
        """What a segment is one of: a region, a plan."""
        entity = self.get("segment", segment)
        return entity.group if entity is not None else None

    def get(self, kind: str, entity_id: str) -> Entity | None:
        return next((one for one in self.of(kind) if one.id == entity_id), None)

    def keys(self, kind: str, entity_id: str) -> tuple[str, ...]:
        """Return what a Query filters by for one value of a reading."""
        found = self.get(kind, entity_id)
        return found.keys if found is not None and found.keys else (entity_id,)

    def name(self, kind: str, entity_id: str) -> str:
        found = self.get(kind, entity_id)
        return found.name if found is not None else entity_id

    @staticmethod
    def from_json(found: object) -> "Catalogue":
        """Read the catalogue's JSON; raises ValueError when it has another shape."""
        if not isinstance(found, Mapping):
            raise ValueError("it is not an object")  # noqa: TRY004  # bad input, not bad code
        workspace = found.get("workspace")
        if not isinstance(workspace, Mapping) or "today" not in workspace:
            raise ValueError("workspace.today is missing")
        return Catalogue(
            today=date.fromisoformat(str(workspace["today"])),
            timezone=str(workspace.get("timezone", "UTC")),
            date_order=str(workspace.get("date_order", "DMY")),
            entities=tuple(
                _entity(kind, one)
                for listed, kind in _LISTS.items()
                for one in _rows(found.get(listed))
            ),
        )

    @staticmethod
    def from_database(
        database: Database,
        taxonomy: Taxonomy,
        *,
        today: date,
        timezone: str = "UTC",
        date_order: str = "DMY",
        viewer: Viewer = SYSTEM,
        before: EarlierNames | None = None,
    ) -> "Catalogue":
        """Read the names in use, and those `before` them. Accounts outside the viewer's are not
        named.
        """
        before = before or EarlierNames()
        accounts = [
            account for account in database.conversations.accounts() if viewer.sees(account.key)
        ]
        agents = database.conversations.agents()
        used = {
            dimension: [
                value for value in database.facts.names(dimension, viewer) if value != NO_VALUE
            ]
            for dimension in (Dimension.DRIVER, Dimension.TAG, Dimension.CHANNEL, Dimension.SOURCE)
        }
        return Catalogue(
            today=today,
            timezone=timezone,
            date_order=date_order,
            entities=(
                *_accounts(accounts),
                *_tags(taxonomy, used[Dimension.TAG], before.tags),
                *_drivers(taxonomy, used[Dimension.DRIVER], before.drivers),
                *_named("segment", {a.segment for a in accounts if a.segment}),
                *_named("channel", {*used[Dimension.CHANNEL]}),
                *_named("source", {*used[Dimension.SOURCE]}),
                *_people("agent", [(agent.name, str(agent.key)) for agent in agents]),
                *_owners({a.owner for a in accounts if a.owner}),
                *_own_metrics(),
                *_terms(),
            ),
        )


def _rows(value: object) -> list[Mapping[str, object]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError("a list of names is not a list of objects")
    return value


def _entity(kind: str, row: Mapping[str, object]) -> Entity:
    if "id" not in row or "name" not in row:
        raise ValueError(f"a {kind} has no id or no name")
    aliases = row.get("aliases")
    day, tags = row.get("date"), row.get("tags")
    return Entity(
        kind=kind,
        id=str(row["id"]),
        name=str(row["name"]),
        aliases=tuple(str(one) for one in aliases) if isinstance(aliases, list) else (),
        group=str(row["group"]) if row.get("group") else None,
        flavour=str(row["kind"]) if row.get("kind") else None,
        day=date.fromisoformat(str(day)) if day else None,
        tags=tuple(str(one) for one in tags) if isinstance(tags, list) else (),
    )


def _accounts(accounts: Sequence[Account]) -> list[Entity]:
    """One name in two helpdesks is one entity with two keys."""
    named: dict[str, list[Account]] = {}
    for account in accounts:
        named.setdefault(account.name.casefold(), []).append(account)
    return [
        Entity(
            kind="account",
            id=slug(same[0].name) or str(same[0].key),
            name=same[0].name,
            aliases=tuple(dict.fromkeys(alias for one in same for alias in one.aliases)),
            keys=tuple(sorted(str(one.key) for one in same)),
        )
        for same in named.values()
    ]


_Before = Mapping[str, tuple[str, ...]]  # name -> what it was called


def _drivers(taxonomy: Taxonomy, used: Iterable[str], before: _Before) -> list[Entity]:
    return _named("driver", dict.fromkeys([*(d.name for d in taxonomy.drivers), *used]), before)


def _tags(taxonomy: Taxonomy, used: Iterable[str], before: _Before) -> list[Entity]:
    known = [tag.name for driver in taxonomy.drivers for tag in driver.tags]
    return _named("tag", dict.fromkeys([*known, *used]), before)


def _named(kind: str, names: Iterable[str], before: _Before | None = None) -> list[Entity]:
    aliases = before or {}
    return [
        Entity(kind=kind, id=slug(n) or n, name=n, aliases=aliases.get(n, ()), keys=(n,))
        for n in sorted(names)
    ]


def _people(kind: str, people: Iterable[tuple[str, str]]) -> list[Entity]:
    """One name in two helpdesks is one person; the first name is an alias."""
    keys: dict[str, list[str]] = {}
    for name, key in people:
        keys.setdefault(name, []).append(key)
    return [
        Entity(
            kind=kind,
            id=slug(name) or found[0],
            name=name,
            aliases=tuple(name.split()[:1]) if " " in name else (),
            keys=tuple(sorted(found)),
        )
        for name, found in sorted(keys.items())
    ]


def _owners(addresses: Iterable[str]) -> list[Entity]:
    people = []
    for address in addresses:
        words = address.partition("@")[0].replace(".", " ").replace("_", " ")
        people.append((words.title(), address))
    return _people("owner", people)


def _own_metrics() -> list[Entity]:
    """One name for each value that can be asked for; "yes" goes by the metric's title alone."""
    return [
        Entity(
            kind="custom",
            id=rate.name.removeprefix(CUSTOM).removesuffix("_rate").removesuffix("_yes"),
            name=metric.title if rate.value == YesNo.YES else f"{metric.title} {rate.value}",
            aliases=() if rate.value == YesNo.YES else (f"{rate.value} {metric.title}",),
            keys=(metric.name, rate.value),
        )
        for metric in measures.own_metrics()
        for rate in metric.rates
    ]


def _terms() -> list[Entity]:
    """What can be asked "what does it mean": the metrics and the words of the ladder."""
    words = {
        "raw_tag": "Raw tag",
        "tag": "Tag",
        "driver": "Driver",
        "baseline": "Baseline",
        "validation": "Validation",
        "confidence": "Confidence",
        "effort_empty": "Empty effort",
        "receipt": "Receipt",
    }
    aliases = {
        "tag": ("canonical tag",),
        "baseline": ("comparison period",),
        "validation": ("spot check", "agreement"),
        "effort_empty": ("effort empty", "blank effort"),
        "churn_risk": ("churn flag", "at risk"),
        "effort": ("high effort", "low effort"),
    }
    metrics = {metric.name: metric.title for metric in measures.all_metrics()}
    return [
        Entity(kind="term", id=term, name=name, aliases=aliases.get(term, ()))
        for term, name in (metrics | words).items()
    ]
