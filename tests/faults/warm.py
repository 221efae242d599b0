"""What is slow to load and asks nobody: loaded once, before the processes that are killed fork off.

Importing it loads. Only one thread runs the model, so a fork may go on with it.
"""

from service.analysis.local import build
from service.domain.taxonomy import Taxonomy
from service.masking import Masks
from service.ports import Analyser
from service.redaction import Redactor
from service.taxonomy_files import default_taxonomy
from verbatim import Built

ANALYSER = build()
TAXONOMY = default_taxonomy()
MASKS = Redactor()
MASKS.mask("Ria wrote from ria@example.com", ["Ria"])


class Warm(Built):
    """The program itself, but for how these parts are come by."""

    def taxonomy(self) -> Taxonomy:
        return TAXONOMY

    def masks(self) -> Masks:
        return MASKS

    def analyser(self, name: str | None = None) -> Analyser:
        chosen = name or self.settings.analyser_name
        return ANALYSER if chosen == ANALYSER.name else super().analyser(name)
