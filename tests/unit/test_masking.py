"""What of a page and of an imported row is masked, and what stays as it is."""

from dataclasses import replace

import pytest

from service.domain.conversations import HelpdeskState, Rating
from service.errors import Misused
from service.exchange import Labels, Row
from service.masking import masked_page, masked_row
from service.redaction import Redactor
from service.settings import read_settings, settings_from
from tests.builders import a_conversation, a_page

SECRET = "a@mail.example"
MASKS = Redactor()


def test_subject_rating_and_tags_of_a_fetched_head_are_masked() -> None:
    one = a_conversation(1, f"Write to {SECRET}.")
    head = replace(
        one.head,
        subject=f"From {SECRET}",
        rating=Rating(score="bad", comment=f"Ask {SECRET}"),
        helpdesk_tags=("vip", SECRET),
    )
    page = masked_page(a_page(replace(one, head=head)), MASKS)
    assert SECRET not in str(page)
    assert page.heads[0].helpdesk_tags == ("vip", "[email]")


def test_tags_of_a_helpdesk_state_are_masked_and_ours_stay() -> None:
    one = a_conversation(1)
    state = HelpdeskState(fields={}, tags=frozenset((SECRET, "verbatim_negative")), writable=True)
    page = masked_page(replace(a_page(one), states={one.key: state}), MASKS)
    assert page.states[one.key].tags == {"[email]", "verbatim_negative"}


def test_rating_tags_and_labels_of_an_imported_row_are_masked() -> None:
    one = a_conversation(1, f"Write to {SECRET}.")
    head = replace(one.head, rating=Rating(score="bad", comment=f"Ask Maya or {SECRET}"))
    row = Row(
        line=1,
        conversation=replace(one, head=head),
        labels=Labels(tags=(f"mail {SECRET}",)),
        known_names=("Maya Rose",),
    )
    masked = masked_row(row, MASKS)
    assert SECRET not in str(masked)
    assert "Maya" not in str(masked)


def test_the_regions_of_phone_numbers_are_a_setting() -> None:
    assert settings_from({}).phone_regions == ("US", "GB")
    assert settings_from({"VERBATIM_REGIONS": "de, at,DE"}).phone_regions == ("DE", "AT")


@pytest.mark.parametrize("wrong", ["", "Germany", "DE;AT", "ZZ"])
def test_what_is_no_country_is_refused_in_a_sentence(wrong: str) -> None:
    with pytest.raises(Misused, match="VERBATIM_REGIONS"):
        read_settings(regions=wrong)
