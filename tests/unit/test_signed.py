"""What every vendor's webhook check is made of: one header, one comparison, one window."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors._signed import fits, hex_hmac, is_fresh, json_object, the_header
from service.errors import SkipThis

NOW = datetime(2026, 11, 12, 9, tzinfo=UTC)


def test_a_header_that_comes_twice_is_none() -> None:
    assert the_header({"x-Time": "1"}, "X-Time") == "1"
    assert the_header({"x-time": "1", "X-Time": "2"}, "X-Time") == ""
    assert the_header({}, "X-Time") == ""


@pytest.mark.parametrize("given", ["", "é", "\ud800", "0" * 64])
def test_a_signature_of_odd_characters_does_not_fit_and_raises_nothing(given: str) -> None:
    assert not fits(hex_hmac("secret", b"body"), given)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_fresh(seconds: int) -> None:
    moment = NOW + timedelta(seconds=seconds)
    assert is_fresh(moment.isoformat(), now=NOW)
    assert is_fresh(str(int(moment.timestamp())), now=NOW)
    assert not is_fresh(str(int(moment.timestamp()) + (1 if seconds >= 0 else -1) * 301), now=NOW)


@pytest.mark.parametrize("time", ["", "soon", "-1", "9" * 30, "1e9", "\u0661", "nan"])
def test_a_time_that_is_none_is_not_fresh(time: str) -> None:
    assert not is_fresh(time, now=NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"[" * 100_000, b"\xff\xfe"])
def test_a_body_that_is_no_event_is_skipped(body: bytes) -> None:
    with pytest.raises(SkipThis):
        json_object(body)
