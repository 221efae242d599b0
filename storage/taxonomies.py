"""Versions of the ladder of meaning, the raw tags that wait, and the moving of stored tags.

A change and the tags it moves are one transaction; a preview is the same one, taken back.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, select, update

from service.domain.governing import Impact, Remap, TaxonomyVersion, WaitingTag
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.query import Dimension, Filter, Query
from storage import rollups
from storage.analysis_rows import SPOKEN_BY_CUSTOMER, quote_of
from storage.bulk import chunks, insert
from storage.engine import Engine
from storage.heads import dumped
from storage.moments import from_ms, to_ms
from storage.tables.alerts import alert_rule
from storage.tables.analyses import PERSON, analysis, assigned_tag, measurement, quote
from storage.tables.conversations import conversation, message
from storage.tables.facts import NOT_ANALYSED, fact, touch
from storage.tables.taxonomies import taxonomy_version


class SqlTaxonomies:
    """Implements TaxonomyStore."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self) -> TaxonomyVersion | None:
        found = self._versions(limit=1)
        return found[0] if found else None

    def versions(self) -> list[TaxonomyVersion]:
        """Newest first."""
        return self._versions(limit=None)

    def preview(self, remaps: Sequence[Remap]) -> Impact:
        """Return what moving would do; nothing is changed."""
        with self._engine.changing() as connection:
            savepoint = connection.begin_nested()
            impact = _moved(connection, remaps)
            savepoint.rollback()
        return impact

    def apply(self, version: TaxonomyVersion, remaps: Sequence[Remap], *, before: str) -> Impact:
        """Store the version and move the tags, together.

        What was current under the version `before` is current under the new one: nothing is
        measured again because of a name.
        """
        row = {
            "version": version.taxonomy.version,
            "base": version.base,
            "text": json.dumps(asdict(version.taxonomy)),
            "change": version.words,
            "by": version.by,
            "at": to_ms(version.at),
        }
        with self._engine.changing() as connection:
            impact = _moved(connection, remaps)
            insert(connection, taxonomy_version, [row])
            _carry_over(connection, before, version.taxonomy.version)
        return impact

    def waiting(self, limit: int) -> list[WaitingTag]:
        """Raw tags that map to nothing, those of most conversations first."""
        tag = assigned_tag.c
        return self._raws(and_(tag.canonical.is_(None), tag.driver.is_(None)), limit)

    def touching(self, raws: Sequence[str]) -> int:
        """How many conversations have at least one of these raw tags."""
        with self._engine.reading() as connection:
            return connection.execute(
                select(func.count(touch.c.conversation_id.distinct())).where(
                    touch.c.dimension == Dimension.RAW_TAG.value, touch.c.value.in_(raws)
                )
            ).scalar_one()

    def under(self, canonical: str, limit: int) -> list[WaitingTag]:
        """Raw tags that map to this canonical tag, those of most conversations first."""
        return self._raws(assigned_tag.c.canonical == canonical, limit)

    def _raws(self, chosen: ColumnElement[bool], limit: int) -> list[WaitingTag]:
        tag = assigned_tag.c
        counted = (
            select(tag.raw, func.count(tag.conversation_id.distinct()).label("n"))
            .where(chosen)
            .group_by(tag.raw)
            .order_by(func.count(tag.conversation_id.distinct()).desc(), tag.raw)
            .limit(limit)
        )
        with self._engine.reading() as connection:
            rows = connection.execute(counted).all()
            words = _examples(connection, [row.raw for row in rows])
        return [
            WaitingTag(raw=row.raw, conversations=row.n, example=words.get(row.raw, ""))
            for row in rows
        ]

    def _versions(self, limit: int | None) -> list[TaxonomyVersion]:
        query = select(taxonomy_version).order_by(taxonomy_version.c.id.desc()).limit(limit)
        with self._engine.reading() as connection:
            return [
                TaxonomyVersion(
                    taxonomy=_taxonomy(json.loads(row.text)),
                    words=row.change,
                    by=row.by,
                    at=from_ms(row.at),
                    base=row.base,
                )
                for row in connection.execute(query)
            ]


def _moved(connection: Connection, remaps: Sequence[Remap]) -> Impact:
    touched: set[int] = set()
    before = _by_driver(connection)
    for remap in remaps:
        touched |= _move(connection, remap)
    rollups.refresh(connection, touched)
    for chunk in chunks(sorted(touched)):
        connection.execute(
            update(conversation)
            .where(conversation.c.id.in_(chunk))
            .values(pending=conversation.c.pending + 1)
        )
    after = _by_driver(connection)
    names = sorted({*before, *after})
    drivers = {name: (before.get(name, 0), after.get(name, 0)) for name in names}
    return Impact(conversations=len(touched), drivers=drivers)


def _move(connection: Connection, remap: Remap) -> set[int]:
    tag = assigned_tag.c
    wanted: ColumnElement[bool]
    values: dict[str, str | None] = {"driver": remap.to_driver}
    if remap.driver is not None:
        wanted = tag.driver == remap.driver
    else:
        column, value = (
            (tag.raw, remap.raw) if remap.raw is not None else (tag.canonical, remap.canonical)
        )
        wanted = column == value
        values["canonical"] = remap.to_canonical
    ids = set(connection.execute(select(tag.conversation_id).where(wanted)).scalars())
    connection.execute(update(assigned_tag).where(wanted).values(**values))
    if remap.driver is not None:
        ids |= _people_follow(connection, remap.driver, remap.to_driver)
        _rules_follow(connection, Dimension.DRIVER, remap.driver, remap.to_driver)
    elif remap.canonical is not None:
        _rules_follow(connection, Dimension.TAG, remap.canonical, remap.to_canonical)
    return ids


def _people_follow(connection: Connection, old: str, new: str | None) -> set[int]:
    """A driver that a person chose goes by its new name too."""
    chosen = and_(
        measurement.c.metric == "driver",
        measurement.c.origin == PERSON,
        measurement.c.value == old,
    )
    ids = set(connection.execute(select(measurement.c.conversation_id).where(chosen)).scalars())
    connection.execute(update(measurement).where(chosen).values(value=new))
    return ids


def _rules_follow(connection: Connection, dimension: Dimension, old: str, new: str | None) -> None:
    """An alert rule on what is renamed would be quiet for ever."""
    for row in connection.execute(select(alert_rule.c.id, alert_rule.c.query)).all():
        query = Query.from_params((name, value) for name, value in json.loads(row.query))
        followed = replace(
            query,
            filters=_with_name(query.filters, dimension, old, new),
            exclude=_with_name(query.exclude, dimension, old, new),
        )
        if followed != query:
            text = dumped([list(pair) for pair in followed.to_params()])
            changed = update(alert_rule).where(alert_rule.c.id == row.id).values(query=text)
            connection.execute(changed)


def _with_name(
    filters: Sequence[Filter], dimension: Dimension, old: str, new: str | None
) -> tuple[Filter, ...]:
    return tuple(
        Filter.of(dimension, *(new if new and value == old else value for value in one.values))
        if one.dimension is dimension
        else one
        for one in filters
    )


def _carry_over(connection: Connection, before: str, after: str) -> None:
    if before == after:  # another owner is no other meaning
        return
    connection.execute(update(analysis).where(analysis.c.taxonomy == before).values(taxonomy=after))
    mark = conversation.c.measured_by
    connection.execute(
        update(conversation)
        .where(mark.endswith(f"|{before}", autoescape=True))
        .values(measured_by=func.replace(mark, literal(f"|{before}"), literal(f"|{after}")))
    )


def _by_driver(connection: Connection) -> dict[str, int]:
    query = (
        select(fact.c.driver, func.count().label("n"))
        .where(fact.c.driver != NOT_ANALYSED)
        .group_by(fact.c.driver)
    )
    return {row.driver: row.n for row in connection.execute(query)}


def _examples(connection: Connection, raws: Sequence[str]) -> Mapping[str, str]:
    """A customer's sentence for each raw tag that stands first in some conversation."""
    query = (
        select(assigned_tag.c.raw, quote, message.c.text)
        .join(quote, quote.c.conversation_id == assigned_tag.c.conversation_id)
        .join(message, SPOKEN_BY_CUSTOMER)
        .where(
            assigned_tag.c.raw.in_(raws),
            assigned_tag.c.nth == 0,
            quote.c.shows == "driver",
            quote.c.nth_of_kind == 0,
        )
        .order_by(assigned_tag.c.conversation_id.desc())
    )
    found: dict[str, str] = {}
    for row in connection.execute(query):
        if row.raw in found:
            continue
        one = quote_of(row)
        if one is not None:
            found[row.raw] = one.text
    return found


def _taxonomy(data: dict[str, Any]) -> Taxonomy:
    return Taxonomy(drivers=tuple(_driver(one) for one in data["drivers"]))


def _driver(data: dict[str, Any]) -> Driver:
    tags = tuple(CanonicalTag(**_texts(tag)) for tag in data["tags"])
    return Driver(**_texts({**data, "tags": ()}) | {"tags": tags})


def _texts(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
