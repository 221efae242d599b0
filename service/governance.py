"""Governs the ladder of meaning: shows what a change would move, makes it, keeps every version.

What a change is stands in taxonomy_edits; rows are moved by the store. Nothing is measured again.
"""

from collections.abc import Sequence
from dataclasses import replace

from service import taxonomy_edits
from service.domain.governing import Edit, Impact, TaxonomyVersion
from service.domain.taxonomy import Taxonomy
from service.ports import Clock
from service.stores import Database
from service.themes import Theme, Vectors, find_themes, remembered, to_remember

THEMES = "themes"  # where names are remembered
MOST_WAITING = 2_000


class Governance:
    def __init__(
        self, *, database: Database, taxonomy: Taxonomy, file: Taxonomy, clock: Clock
    ) -> None:
        self.taxonomy = taxonomy
        self._database = database
        self._file = file
        self._clock = clock

    def preview(self, edit: Edit) -> Impact:
        return self._database.taxonomies.preview(edit.remaps)

    def apply(self, edit: Edit, *, by: str) -> Impact:
        version = TaxonomyVersion(
            taxonomy=edit.taxonomy,
            words=edit.words,
            by=by,
            at=self._clock(),
            base=self._file.edition,
        )
        store = self._database.taxonomies
        impact = store.apply(version, edit.remaps, before=self.taxonomy.version)
        self.taxonomy = edit.taxonomy
        return impact

    def history(self) -> list[TaxonomyVersion]:
        """Newest first."""
        return self._database.taxonomies.versions()

    def queue(self, vectors: Vectors) -> list[Theme]:
        """Themes among the raw tags that wait. Their names stay what they were."""
        work = self._database.work
        store = self._database.taxonomies
        found = find_themes(
            store.waiting(MOST_WAITING), vectors, earlier=remembered(work.recall(THEMES))
        )
        work.remember(THEMES, to_remember(found))
        # A conversation may have several raw tags of one theme.
        themes = [replace(one, conversations=store.touching(one.raws)) for one in found]
        return sorted(themes, key=lambda one: (-one.conversations, one.name))

    def mapping(self, name: str, canonical: str, *, driver: str | None) -> Edit:
        """Map a raw tag, or all raw tags of a theme that waits under this name."""
        themes = remembered(self._database.work.recall(THEMES))
        raws: Sequence[str] = themes.get(name) or [name]
        return taxonomy_edits.map_raw(self.taxonomy, raws, canonical, driver=driver)
