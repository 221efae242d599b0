"""The names that a helpdesk gives, masked wherever they stand alone."""

import re
from random import Random

from service.known_names import mask_names

NOTHING = re.compile(r"(?!)")
CARD = re.compile(r"\[card\]")


def masked(text: str, *names: str) -> str:
    return mask_names(text, names, signs=text, untouched=NOTHING)


def test_a_name_is_masked_whole_and_by_its_parts() -> None:
    assert masked("Anna Lund wrote, then Anna, then Lund.", "Anna Lund") == (
        "[name] wrote, then [name], then [name]."
    )


def test_any_white_space_may_stand_between_the_parts() -> None:
    assert masked("Anna\n  Lund\u00a0", "Anna Lund") == "[name]\u00a0"


def test_only_whole_words_are_names() -> None:
    text = "Annabel, anna, _Anna, Anna_, Anna2 and x@Anna"
    assert masked(text, "Anna") == text


def test_of_two_names_that_begin_together_the_longer_one_is_taken() -> None:
    assert masked("Anna Lund Berg", "Anna", "Anna Lund Berg", "Anna Lund") == "[name]"


def test_a_longer_name_that_does_not_end_here_leaves_the_shorter_one() -> None:
    assert masked("Anna Bergen", "Anna Berg") == "[name] Bergen"


def test_an_ordinary_word_is_masked_only_inside_a_full_name() -> None:
    assert masked("May Stone may come in May", "May Stone") == "[name] may come in May"


def test_what_is_untouched_stays() -> None:
    masked = mask_names("[card] Card Dow", ["card Dow", "card"], signs="[]CD", untouched=CARD)
    assert masked == "[card] Card [name]"


def test_marks_around_a_name_are_no_part_of_it() -> None:
    assert masked("Hello, Anna: you are", ": Anna, ;") == "Hello, [name]: you are"


def test_names_are_replaced_as_a_pattern_of_all_of_them_would() -> None:
    dice = Random(3)  # noqa: S311 - nothing secret is drawn
    parts = ("Ann", "Anna", "Ola", "An\u00e9", "O'Hara", "Ola-Ann")
    for _ in range(2_000):
        names = [" ".join(dice.choices(parts, k=dice.randint(1, 3))) for _ in range(3)]
        text = "".join(dice.choices((*parts, " ", "  ", "\n", "x", "@", "_", ".", "\u00e9"), k=12))
        words = sorted({*names, *(p for n in names for p in n.split())}, key=len, reverse=True)
        either = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in words)
        pattern = re.compile(rf"(?<![\w@])(?:{either})(?!\w)")
        assert masked(text, *names) == pattern.sub("[name]", text)


def test_a_text_of_nothing_but_names_takes_no_time_of_its_own() -> None:
    assert masked("Anna " * 20_000, "Anna") == "[name] " * 20_000
