"""The taxonomy file: what it says, where it is wrong, and that writing it loses nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.errors import Misused
from service.taxonomy_files import default_taxonomy, parse_taxonomy, read_taxonomy, write_taxonomy

DRIVERS = [
    "Billing",
    "Account Access",
    "Transfers & Payments",
    "Delivery & Orders",
    "Product Bugs",
    "Performance & Outages",
    "Onboarding & Setup",
    "Integrations & API",
    "Reports & Data",
    "Plans & Cancellation",
    "Security & Fraud",
    "Support Experience",
]

WRONG = [
    ("[]", "line 1", "mapping with `drivers`"),
    ("", "line 1", "mapping with `drivers`"),
    ("drivers: 3", "line 1", "drivers has to be a list"),
    ("drivers: []", "line 1", "at least one driver"),
    ("drivers:\n  - description: x", "line 2", "needs `name`"),
    ("drivers:\n  - name: A\n    tag: []", "line 3", "drivers[1].tag is not known"),
    ("drivers:\n  - name: A\n    tags:\n      - {name: ''}", "line 4", "name is empty"),
    ("drivers:\n  - name: A\n    tags:\n      - {name: [x]}", "line 4", "has to be a text"),
    ("drivers:\n  - name: A\n    examples: x", "line 3", "examples has to be a list"),
    ("drivers:\n  - {name: A}\n  - {name: a}", "line 1", "'a' twice"),
    (
        "drivers:\n  - {name: A, tags: [{name: x}]}\n  - {name: B, tags: [{name: X}]}",
        "line 1",
        "under both",
    ),
    ("drivers:\n  - {name: A, tags: [{name: x}, {name: X}]}", "line 1", "tag of 'A' twice"),
    ("drivers:\n  - name: unmapped", "line 2", "cannot be 'Unmapped'"),
    ("drivers:\n  - name: A\n    name: B", "line 3", "stands there twice"),
    ("drivers: [", "line 1", "."),
]


@pytest.mark.parametrize(("text", "line", "why"), WRONG)
def test_a_wrong_file_names_the_line_and_the_field(text: str, line: str, why: str) -> None:
    with pytest.raises(Misused) as raised:
        parse_taxonomy(text, name="mine.yaml")
    assert str(raised.value).startswith("mine.yaml")
    assert line in str(raised.value)
    assert why in str(raised.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Misused, match="cannot be read"):
        read_taxonomy(tmp_path / "none.yaml")


def test_the_default_has_the_drivers_of_a_support_desk() -> None:
    taxonomy = default_taxonomy()
    assert [driver.name for driver in taxonomy.drivers] == DRIVERS
    for driver in taxonomy.drivers:
        assert 3 <= len(driver.tags) <= 9
        assert driver.description
        for tag in driver.tags:
            assert tag.description
            assert 1 <= len(tag.examples) <= 3


def test_a_file_with_a_byte_order_mark_reads(tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    path.write_text("\ufeffdrivers:\n  - name: Billing\n", encoding="utf-8")
    assert read_taxonomy(path).drivers == (Driver(name="Billing"),)


def test_numbers_and_dates_stay_the_words_they_were() -> None:
    taxonomy = parse_taxonomy("drivers:\n  - name: 2026-11-02\n    examples: [1.50, yes]")
    assert taxonomy.drivers[0] == Driver(name="2026-11-02", examples=("1.50", "yes"))


_words = st.text(alphabet="abcXYZ 019:#-'\"&?\u00fc", min_size=1, max_size=20).map(
    lambda text: " ".join(text.split())
)
_texts = _words.filter(bool)
_tags = st.builds(
    CanonicalTag, name=_texts, description=_words, examples=st.lists(_texts, max_size=2).map(tuple)
)
_drivers = st.builds(
    Driver,
    name=_texts,
    description=_words,
    examples=st.lists(_texts, max_size=2).map(tuple),
    tags=st.lists(_tags, max_size=2, unique_by=lambda tag: tag.name.lower()).map(tuple),
    owner=_words,
)


@settings(max_examples=60)
@given(_drivers)
def test_what_is_written_reads_back_the_same(driver: Driver) -> None:
    taxonomy = Taxonomy(drivers=(driver,))
    assert parse_taxonomy(write_taxonomy(taxonomy)) == taxonomy


def test_the_default_survives_writing() -> None:
    assert parse_taxonomy(write_taxonomy(default_taxonomy())) == default_taxonomy()
