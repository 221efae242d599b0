"""Turns the labels that come with a conversation into an analysis, measured by "imported"."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from service.domain.conversations import ConversationKey
from service.domain.measurements import (
    Analysis,
    EmptyReason,
    Measurement,
    SetBy,
    TagAssignment,
)
from service.domain.taxonomy import Taxonomy, slug
from service.exchange import Labels
from service.ports import Clock

IMPORTED = "imported"  # the analyser's name of labels that came with the file
_REMEMBERED = 4096  # names and values that labels repeat row after row


class Labeller:
    """Looks a taxonomy's names up once; a file asks for them in every row."""

    def __init__(self, taxonomy: Taxonomy, clock: Clock) -> None:
        self._version = taxonomy.version
        self._ladder = _ladder(taxonomy)
        self._names = {slug(one.name): one.name for one in reversed(taxonomy.drivers)}
        self._spelled = lru_cache(_REMEMBERED)(self._as_the_taxonomy_writes)
        self._clock = clock

    def analysis(self, key: ConversationKey, labels: Labels, fingerprint: str) -> Analysis:
        """Return what the labels say of the words that have this fingerprint."""
        return Analysis(
            conversation=key,
            fingerprint=fingerprint,
            analyser=IMPORTED,
            taxonomy=self._version,
            language=None,
            measurements=tuple(_measurement(n, v) for n, v in labels.by_metric().items()),
            tags=self._tags(labels),
            quotes=(),
            summary="",
            tone_start=None,
            tone_end=None,
            created_at=self._clock(),
        )

    def _tags(self, labels: Labels) -> tuple[TagAssignment, ...]:
        """Tags as the ladder maps them. Drivers that the file names are these and no others."""
        assigned = [_tag(name, *self._ladder.get(name, (None, None))) for name in labels.tags]
        if labels.drivers is None:
            return tuple(assigned)
        said = {self._spelled(driver): place for place, driver in enumerate(labels.drivers)}
        kept = [tag if tag.driver in said else replace(tag, driver=None) for tag in assigned]
        brought = {tag.driver for tag in kept}
        kept += [_driver(driver) for driver in said if driver not in brought]
        return tuple(sorted(kept, key=lambda tag: said.get(tag.driver or "", len(said))))

    def _as_the_taxonomy_writes(self, driver: str) -> str:
        return self._names.get(slug(driver), driver)


def _ladder(taxonomy: Taxonomy) -> Mapping[str, tuple[str | None, str]]:
    """What a tag's name, or else what a person mapped, stands for; the first of two drivers."""
    named = {
        tag.name: (tag.name, driver.name)
        for driver in reversed(taxonomy.drivers)
        for tag in driver.tags
    }
    return {**taxonomy.mapped(), **named}


@lru_cache(_REMEMBERED)
def _measurement(metric: str, value: str | None) -> Measurement:
    reason = EmptyReason.LABELLED_EMPTY if value is None else None
    return Measurement(metric=metric, value=value, reason=reason, set_by=SetBy.IMPORTED)


@lru_cache(_REMEMBERED)
def _tag(name: str, canonical: str | None, driver: str | None) -> TagAssignment:
    return TagAssignment(raw=name, canonical=canonical, driver=driver, confidence=1.0)


@lru_cache(_REMEMBERED)
def _driver(name: str) -> TagAssignment:
    return TagAssignment(raw=name, canonical=None, driver=name, confidence=1.0)
