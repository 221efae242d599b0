"""Taxonomies: versions of the ladder of meaning, and the moving of stored tags."""

from collections.abc import Sequence
from typing import Protocol

from service.domain.governing import Impact, Remap, TaxonomyVersion, WaitingTag


class TaxonomyStore(Protocol):
    """Versions of the ladder of meaning, and the moving of stored tags."""

    def latest(self) -> TaxonomyVersion | None: ...

    def versions(self) -> list[TaxonomyVersion]:
        """Newest first."""
        ...

    def preview(self, remaps: Sequence[Remap]) -> Impact:
        """Return what moving would do; nothing is changed."""
        ...

    def apply(self, version: TaxonomyVersion, remaps: Sequence[Remap], *, before: str) -> Impact:
        """Store the version and move the tags, their facts and rollups, in one transaction.

        What was current under the version `before` stays current: nothing is measured again.
        """
        ...

    def waiting(self, limit: int) -> list[WaitingTag]:
        """Raw tags that map to nothing, those of most conversations first."""
        ...

    def touching(self, raws: Sequence[str]) -> int:
        """How many conversations have at least one of these raw tags."""
        ...

    def under(self, canonical: str, limit: int) -> list[WaitingTag]:
        """Raw tags that map to this canonical tag, those of most conversations first."""
        ...
