"""What a connector promises when the other side fails: survive it, or say so and lose nothing."""

from collections.abc import Callable
from typing import ClassVar

import pytest

from connectors.sandbox.faults import Call, Fault, FaultKind
from service.errors import RetryLater, TellPerson, Unauthorized, VerbatimError
from tests.contract.helpdesk_bench import Copy, HelpdeskBench

WRONG = "a-wrong-token-0815"
PASSING = (
    FaultKind.RATE_LIMIT,
    FaultKind.SERVER_ERROR,
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.TRUNCATE_JSON,
    FaultKind.CUT_TRANSFER,
    FaultKind.HTML_PAGE,
)
_MOST_CALLS = 100  # of a pass that fails for good; more is a busy loop


class FailingLaws:
    desk: ClassVar[type[HelpdeskBench]]

    def test_a_wrong_token_is_told_in_one_sentence_without_the_token(
        self, bench: HelpdeskBench
    ) -> None:
        helpdesk = bench.connect(token=WRONG)
        for attempt in (helpdesk.check, lambda: list(helpdesk.pages(None))):
            with pytest.raises(Unauthorized) as told:
                attempt()
            assert WRONG not in str(told.value)
            assert "\n" not in str(told.value)
            assert str(told.value).endswith(".")
        assert bench.calls() <= 4  # it is not tried again and again

    @pytest.mark.parametrize("kind", PASSING)
    def test_whichever_request_fails_once_everything_arrives(
        self, bench: HelpdeskBench, whole: Copy, kind: FaultKind
    ) -> None:
        requests = bench.calls()
        for place in range(requests):
            copy = Copy()
            bench.fail(Fault(kind=kind, skip=place, retry_after="1"))
            copy.read(bench.connect(copy))
            bench.faults.clear()
            assert copy.content() == whole.content(), f"request {place} of {requests}"

    @pytest.mark.parametrize("kind", PASSING)
    def test_what_fails_for_good_is_told_and_the_cursor_stands_still(
        self, bench: HelpdeskBench, whole: Copy, kind: FaultKind
    ) -> None:
        copy = Copy()
        bench.faults.reset_calls()
        bench.fail(Fault(kind=kind, times=None, skip=1, path=bench.list_path, retry_after="1"))
        with pytest.raises((RetryLater, TellPerson)) as told:
            copy.read(bench.connect(copy))
        assert "\n" not in str(told.value)
        assert bench.calls() <= _MOST_CALLS
        assert copy.cursor == (copy.pages[-1].cursor if copy.pages else None)
        bench.faults.clear()
        copy.read(bench.connect(copy))
        assert copy.content() == whole.content()

    def test_a_token_that_is_revoked_half_way_stops_the_pass_at_once(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        copy = Copy()
        bench.faults.reset_calls()
        bench.fail(Fault(kind=FaultKind.UNAUTHORIZED, times=None, skip=2))
        with pytest.raises(Unauthorized):
            copy.read(bench.connect(copy))
        assert bench.calls() < 20
        bench.faults.clear()
        copy.read(bench.connect(copy))
        assert copy.content() == whole.content()

    @pytest.mark.parametrize("asked", ["1", "60", "Mon, 02 Mar 2037 09:00:00 GMT", "-5", "1e9"])
    def test_whatever_a_429_asks_for_is_waited_within_bounds(
        self, bench: HelpdeskBench, whole: Copy, asked: str
    ) -> None:
        copy = Copy()
        bench.clock.waits.clear()
        bench.fail(
            Fault(kind=FaultKind.RATE_LIMIT, times=2, path=bench.list_path, retry_after=asked)
        )
        copy.read(bench.connect(copy))
        assert copy.content() == whole.content()
        assert len(bench.clock.waits) >= 2
        assert all(1 <= wait <= 16 * 60 for wait in bench.clock.waits)
        if asked == "60":
            assert (
                max(bench.clock.waits) >= 59
            )  # a whole second is what a clock of seconds can lose

    def test_a_429_without_a_time_is_waited_out_too(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        copy = Copy()
        bench.fail(Fault(kind=FaultKind.RATE_LIMIT, times=2, path=bench.list_path))
        copy.read(bench.connect(copy))
        assert copy.content() == whole.content()
        assert all(wait >= 1 for wait in bench.clock.waits)

    def test_an_empty_page_in_the_middle_is_not_the_end(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        for place in range(3):
            copy = Copy()
            bench.fail(Fault(kind=FaultKind.EMPTY_PAGE, path=bench.list_path, skip=place))
            copy.read(bench.connect(copy))
            bench.faults.clear()
            assert copy.content() == whole.content()

    @pytest.mark.parametrize("kind", [FaultKind.EMPTY_PAGE, FaultKind.REPEAT_CURSOR])
    def test_pages_that_lead_nowhere_end_in_an_error_and_not_in_a_loop(
        self, bench: HelpdeskBench, kind: FaultKind
    ) -> None:
        copy = Copy()
        bench.fail(Fault(kind=kind, times=None, path=bench.list_path, skip=1))
        bench.faults.before_answering = _rescue(bench)
        with pytest.raises(RetryLater):
            copy.read(bench.connect(copy))
        bench.faults.clear()
        copy.read(bench.connect(copy))
        assert sorted(copy.heads) == sorted(bench.all_keys)

    def test_nobody_there_or_no_tls_there_is_told_after_a_few_tries(
        self, bench: HelpdeskBench
    ) -> None:
        for address in ("http://127.0.0.1:1", bench.url.replace("http:", "https:")):
            bench.url = address
            bench.clock.waits.clear()
            with pytest.raises((RetryLater, TellPerson)) as told:
                list(bench.connect().pages(None))
            assert "\n" not in str(told.value)
            assert 0 < len(bench.clock.waits) < 20

    def test_a_redirect_is_not_followed_and_no_other_host_is_asked(
        self, bench: HelpdeskBench
    ) -> None:
        bench.redirecting = True
        for attempt in (
            lambda: bench.connect().check(),
            lambda: list(bench.connect().pages(None)),
            lambda: list(bench.connect().fetch(bench.all_keys[:1])),
        ):
            with pytest.raises(VerbatimError):
                attempt()
        assert bench.strangers == []

    def test_links_in_answers_never_lead_to_another_host(
        self, bench: HelpdeskBench, whole: Copy
    ) -> None:
        bench.tell_other_hosts()
        copy = Copy()
        copy.read(bench.connect(copy))
        assert {key: copy.said(key) for key in copy.heads} == {
            key: whole.said(key) for key in whole.heads
        }
        assert bench.strangers == []


def _rescue(bench: HelpdeskBench) -> Callable[[Call], None]:
    """Repair the stand-in when it is asked too often, so that an endless loop ends and is told."""
    before = bench.calls()

    def count(_: Call) -> None:
        if bench.calls() > before + _MOST_CALLS:
            bench.faults.clear()

    return count
