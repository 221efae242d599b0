"""Reads the few sentences that may speak of leaving, for wordings that no phrase foresaw.

Learnt words let a sentence through to a small transformer; a very short one is read with its
neighbours. What may not count at all, the rules of churn decide.
"""

from collections.abc import Iterator, Sequence
from math import log

from service.analysis._churn_words import FEWEST_WORDS, ChurnWords
from service.analysis._matching import Vectors
from service.analysis._models import Artefacts, TextModel
from service.analysis._sentences import Sentence, count_words
from service.domain.segments import lies_in_new_text

NAME = "churn"
# Log-odds of leaving with what the gate adds to them, chosen on the banks and on public texts: of
# those, in which hardly anybody leaves, too many sound like it to the reader alone.
GATE_COUNTS = 0.5
LEAVES_ABOVE = 2.9
OF_MANY = 0.7  # the more somebody writes, the clearer one sentence of it has to be
TOGETHER_ABOVE = 5.0  # of two sentences: more words sound like it by chance
STAYS_BELOW = -2.5
MOST_WORDS = 40  # of two sentences that are read together
NOT_READ = float("-inf")


class ChurnReader:
    """How far above (or below) the threshold each sentence lies."""

    def __init__(self, artefacts: Artefacts, vectors: Vectors, *, threads: int = 1) -> None:
        self._words = ChurnWords(artefacts, vectors)
        self._model = TextModel(artefacts, NAME, threads=threads)

    def margins(self, sentences: Sequence[Sentence]) -> list[float]:
        """Return how clearly each sentence states leaving; what is not above 0 does not."""
        by_place = {place: list(_readings(sentences, place)) for place in range(len(sentences))}
        chance = OF_MANY * log(max(1, len(sentences)))
        asked = [place for place, its in by_place.items() if its]
        passed = self._words.margins([sentences[place].text for place in asked])
        readings = [
            (place, text, needed + chance - GATE_COUNTS * margin)
            for place, margin in zip(asked, passed, strict=True)
            if margin > 0
            for text, needed in by_place[place]
        ]
        found = [NOT_READ] * len(sentences)
        odds = self._odds([text for _, text, _ in readings])
        for (place, _, needed), own in zip(readings, odds, strict=True):
            found[place] = max(found[place], own - needed)
        return found

    def denies(self, sentence: Sentence) -> bool:
        """Whether a sentence in which a phrase was found clearly says something else."""
        return self._odds([sentence.text])[0] < STAYS_BELOW

    def _odds(self, texts: Sequence[str]) -> list[float]:
        return [float(leaves - stays) for stays, leaves in self._model.logits(texts)]


def _readings(sentences: Sequence[Sentence], place: int) -> Iterator[tuple[str, float]]:
    """The sentence; a very short one with the one before and after it: "Do not renew. That's all."

    Beside each stands how clear it has to be.
    """
    own = sentences[place]
    if own.words >= FEWEST_WORDS:
        yield own.text, LEAVES_ABOVE
        return
    for one, two in ((place - 1, place), (place, place + 1)):
        if one < 0 or two == len(sentences) or sentences[one].turn != sentences[two].turn:
            continue
        text, start, end = own.message.text, sentences[one].start, sentences[two].end
        together = text[start:end]
        if not FEWEST_WORDS <= count_words(together) <= MOST_WORDS:
            continue
        if lies_in_new_text(text, start, end):  # no old mail stands between them
            yield together, TOGETHER_ABOVE
