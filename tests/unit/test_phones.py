"""Looking at digits first saves time and misses no number: the library would find none either."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType, example_number_for_type, format_number

from service.phones import mask_phones, may_hold_valid, valid_phones

REGIONS = ("US", "GB", "DE", "FR", "IN", "IT", "CA", "AU", "NL", "SE", "JP", "JM", "MX", "BR")
KINDS = (
    *(PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.TOLL_FREE),
    *(PhoneNumberType.PREMIUM_RATE, PhoneNumberType.UAN, PhoneNumberType.VOIP),
)
BETWEEN = (" ", "-", ".", "/", "(", ") ", " - ", "  ", "(0)", " x", " ext. ", "")
BEFORE = ("", "12 ", "1 ", "0", "0 ", "44 ", "4400", "00 ", "011 ", "2018 ", "(", "+")
DIGITS = st.text("0123456789", min_size=1, max_size=11) | st.text("01478", min_size=1, max_size=9)


def numbers(region: str) -> list[str]:
    """Return the region's example of every kind, as they are written at home and abroad."""
    found = (example_number_for_type(region, kind) for kind in KINDS)
    forms = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.E164)
    return [format_number(number, form) for number in found if number for form in forms]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("before", BEFORE)
def test_no_number_that_is_valid_somewhere_is_passed_over(region: str, before: str) -> None:
    for number in numbers(region):
        for written in (number, f"{number.lstrip('+')} 12"):
            for here in (region, "US", "GB"):
                candidate = f"{before}{written}"
                found = list(valid_phones(candidate, here))
                assert may_hold_valid(candidate, here) or not found, (candidate, here)


@settings(max_examples=500)
@given(
    groups=st.lists(st.tuples(DIGITS, st.sampled_from(BETWEEN)), min_size=1, max_size=6),
    before=st.sampled_from(BEFORE),
    region=st.sampled_from(REGIONS),
)
def test_no_digits_are_passed_over_that_the_library_takes_for_a_number(
    groups: list[tuple[str, str]], before: str, region: str
) -> None:
    candidate = before + "".join(digits + between for digits, between in groups)
    assert may_hold_valid(candidate, region) or not list(valid_phones(candidate, region))


@pytest.mark.parametrize(
    "candidate", ["1234 5678", "4215 983", "4123 1234 1234 12", "25 06 2018 1"]
)
def test_digits_that_are_no_number_of_the_region_need_no_library(candidate: str) -> None:
    assert not may_hold_valid(candidate, "US")
    assert mask_phones(f"order {candidate} please", ("US",)) == f"order {candidate} please"


def test_a_country_code_and_a_trunk_zero_that_is_written_twice_still_ring() -> None:
    assert mask_phones("44007300732 588", ("GB",)) == "[phone]"
