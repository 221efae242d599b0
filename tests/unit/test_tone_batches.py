"""A text's tone is its own: whatever is read beside it, its numbers are the same to the bit."""

import random

import pytest

from service.analysis._models import TextModel, checked_artefacts

_BEGINNINGS = ("The export", "My invoice for March", "Your team", "Nothing at all", "Login")
_ENDINGS = (
    "fails.",
    "was wrong again and nobody answered for two whole weeks, which is not acceptable.",
    "works now, thank you so much!",
    "shows 17 rows instead of 18 after the update that came yesterday",
    "?",
)
TEXTS = [
    f"{one} {two} {' '.join([two] * n)}"
    for one in _BEGINNINGS
    for two in _ENDINGS
    for n in (0, 1, 3)
]


def fresh_model() -> TextModel:
    """Each reads for itself: a model that remembers a text would compare it with itself."""
    return TextModel(checked_artefacts(), "sentiment")


@pytest.fixture(scope="module")
def alone() -> dict[str, bytes]:
    model = fresh_model()
    return {text: model.logits([text])[0].tobytes() for text in TEXTS}


@pytest.mark.parametrize("seed", range(3))
def test_a_texts_numbers_do_not_hang_on_what_is_read_beside_it(
    alone: dict[str, bytes], seed: int
) -> None:
    chooser = random.Random(seed)  # noqa: S311
    texts = chooser.sample(TEXTS, len(TEXTS))
    model = fresh_model()
    while texts:
        together = [texts.pop() for _ in range(min(len(texts), chooser.choice((1, 2, 7, 40))))]
        found = [row.tobytes() for row in model.logits(together)]
        assert found == [alone[text] for text in together]


def test_texts_of_every_length_are_told_apart(alone: dict[str, bytes]) -> None:
    assert len(set(alone.values())) == len(TEXTS)
