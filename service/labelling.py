"""Turns the labels that come with a conversation into an analysis, measured by "imported"."""

from collections.abc import Mapping
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
        self._drivers = _drivers_of_tags(taxonomy)
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
        """Tags of the file with the drivers of the taxonomy, and drivers that no tag brings."""
        assigned = [_tag(name, self._drivers.get(name)) for name in labels.tags]
        found = {tag.driver for tag in assigned}
        assigned += [
            _driver(driver) for driver in map(self._spelled, labels.drivers) if driver not in found
        ]
        return tuple(assigned)

    def _as_the_taxonomy_writes(self, driver: str) -> str:
        return self._names.get(slug(driver), driver)


def _drivers_of_tags(taxonomy: Taxonomy) -> Mapping[str, str]:
    """Of a tag that stands under two drivers, the first has it."""
    return {tag.name: one.name for one in reversed(taxonomy.drivers) for tag in one.tags}


@lru_cache(_REMEMBERED)
def _measurement(metric: str, value: str | None) -> Measurement:
    reason = EmptyReason.LABELLED_EMPTY if value is None else None
    return Measurement(metric=metric, value=value, reason=reason, set_by=SetBy.IMPORTED)


@lru_cache(_REMEMBERED)
def _tag(name: str, driver: str | None) -> TagAssignment:
    return TagAssignment(raw=name, canonical=name if driver else None, driver=driver, confidence=1)


@lru_cache(_REMEMBERED)
def _driver(name: str) -> TagAssignment:
    return TagAssignment(raw=name, canonical=None, driver=name, confidence=1.0)
