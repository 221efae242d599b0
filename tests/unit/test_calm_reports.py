"""A problem stated calmly is not negative by itself; a dry complaint is, without an angry word."""

import pytest

from service.analysis import local
from service.analysis._calm import complains_dryly, is_bitter, states_calmly
from service.taxonomy_files import default_taxonomy
from tests.talk import customer, talk
from tests.unit.tone_cases import CALM, UNHAPPY


@pytest.fixture(scope="module")
def read() -> dict[str, str | None]:
    """The sentiment of every case, as a conversation of its own."""
    texts = (*CALM, *UNHAPPY)
    said = [talk(customer(text), number=number) for number, text in enumerate(texts)]
    found = local.build().analyse(said, default_taxonomy())
    values = [analysis.measured("sentiment") for analysis in found]
    return {t: m.value if m else None for t, m in zip(texts, values, strict=True)}


def test_hardly_any_calm_report_is_read_as_negative(read: dict[str, str | None]) -> None:
    negative = [text for text in CALM if read[text] == "negative"]
    assert len(negative) <= 0.1 * len(CALM), negative


def test_hardly_any_unhappy_customer_is_missed(read: dict[str, str | None]) -> None:
    missed = [text for text in UNHAPPY if read[text] != "negative"]
    assert len(missed) <= 0.15 * len(UNHAPPY), missed


def test_no_complaint_counts_as_a_calm_report() -> None:
    calm = [text for text in UNHAPPY if states_calmly(text)]
    assert len(calm) <= 0.03 * len(UNHAPPY), calm


def test_no_calm_report_counts_as_a_complaint() -> None:
    found = [text for text in CALM if complains_dryly(text) or is_bitter(text)]
    assert found == []


@pytest.mark.parametrize("added", ["!!", " I am so angry.", " Again.", " You broke it.", " :("])
def test_what_is_felt_or_blamed_ends_the_calm(added: str) -> None:
    report = "The export of our weekly report is not in the folder."
    assert states_calmly(report)
    assert not states_calmly(report + added)


@pytest.mark.parametrize(
    "added", [" Could you check?", " Thank you very much.", " Kind regards, Jo"]
)
def test_courtesies_do_not_end_the_calm(added: str) -> None:
    assert states_calmly(f"Good morning, my invoice has the wrong address.{added}")


def test_praise_that_means_its_opposite_is_bitter() -> None:
    assert is_bitter("Great, another outage on a Monday morning.")
    assert is_bitter("Not happy with the answer I got.")
    assert not is_bitter("Great, it works. We are happy with the answer.")
