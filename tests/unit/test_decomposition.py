"""The decomposition is exact, follows the worked example, and names causes that were put there."""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.decomposition import (
    ENOUGH,
    Decomposition,
    Kind,
    Row,
    Verdict,
    decompose,
    within,
)
from service.query import Dimension
from service.sides import Cell, Sides
from service.weekdays import weekday_weights

DRIVER, SEGMENT, CHANNEL = Dimension.DRIVER, Dimension.SEGMENT, Dimension.CHANNEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One made-up conversation."""

    drivers: frozenset[str]
    channel: str
    weekday: int
    account: str
    counted: int


Windows = tuple[list[Talk], ...]


def about(talk: Talk) -> Collection[str]:
    return talk.drivers or ("Unmapped",)


def through(talk: Talk) -> Collection[str]:
    return (talk.channel,)


def cell(value: str, n: int, x: int, *, m: int = 1, weekday: int = 0, account: str = "") -> Cell:
    return Cell(value=value, m=m, weekday=weekday, account=account, n=n, x=x)


def worked_example() -> Decomposition:
    before = [
        cell("billing", 120, 36),
        cell("login", 160, 24),
        cell("billing", 40, 16, m=2),
        cell("login", 40, 16, m=2),
        cell("shipping", 60, 12),
        cell("none", 20, 2),
    ]
    after = [
        cell("billing", 150, 75),
        cell("login", 190, 30),
        cell("billing", 60, 33, m=2),
        cell("login", 60, 33, m=2),
        cell("outage", 75, 45),
        cell("none", 25, 2),
    ]
    total = Sides.of([cell("", 400, 90)], [cell("", 500, 185)])
    return decompose(total, {DRIVER: Sides.of(before, after)})


@pytest.mark.parametrize(
    ("value", "n0", "x0", "n1", "x1", "rate", "mix", "state"),
    [
        ("billing", 140, 44, 180, 91.5, 6.8887, 0.1138, None),
        ("login", 180, 32, 220, 46.5, 1.4946, 0.1029, None),
        ("outage", 0, 0, 75, 45, 0, 4.5375, "new"),
        ("shipping", 60, 12, 0, 0, 0, 1.4625, "gone"),
        ("none", 20, 2, 25, 2, -0.1000, 0, None),
    ],
)
def test_rows_match_the_worked_example(
    value: str,
    n0: float,
    x0: float,
    n1: float,
    x1: float,
    rate: float,
    mix: float,
    state: str | None,
) -> None:
    row = next(row for row in worked_example().lenses[DRIVER] if row.value == value)
    assert [float(one) for one in (row.n0, row.x0, row.n1, row.x1)] == [n0, x0, n1, x1]
    assert float(100 * row.rate) == pytest.approx(rate, abs=5e-5)
    assert float(100 * row.mix) == pytest.approx(mix, abs=5e-5)
    assert row.state == state


def test_the_worked_example_sums_exactly() -> None:
    found = worked_example()
    assert found.delta == Fraction(29, 200)
    assert sum(row.total for row in found.lenses[DRIVER]) == Fraction(29, 200)
    assert found.composition == 0
    assert found.z == pytest.approx(4.6924, abs=5e-5)


def test_a_conversation_counts_once_for_each_of_its_drivers() -> None:
    row = next(row for row in worked_example().lenses[DRIVER] if row.value == "billing")
    assert row.touched0 == (160, 52)
    assert row.touched1 == (210, 108)


def test_more_weekend_is_told_as_composition() -> None:
    before = [cell("", 800, 160), cell("", 200, 80, weekday=5)]
    after = [cell("", 100, 20), cell("", 100, 40, weekday=5)]
    found = decompose(Sides.of(before, after), {DRIVER: Sides.of(before, after)})
    assert (found.p0, found.p1, found.composition) == (
        Fraction(24, 100),
        Fraction(30, 100),
        Fraction(6, 100),
    )
    assert all(row.rate == row.mix == 0 for row in found.lenses[DRIVER])
    assert found.verdict is Verdict.NO_CHANGE
    assert found.weights.grain == "weekend"


def test_a_group_that_the_baseline_lacks_is_named() -> None:
    before = [cell("", 50, 10)]
    after = [cell("", 50, 10), cell("", 10, 5, weekday=6)]
    assert weekday_weights(Sides.of(before, after)).missing == ("weekend",)


def accounts(value: str, n: int, x: int, *, many: int = 20) -> list[Cell]:
    """Spread n conversations of a value, x of them counted, evenly over accounts and weekdays."""
    return [cell(value, n, x, weekday=number % 7, account=f"a{number}") for number in range(many)]


def lens_and_total(cells: Sequence[Cell]) -> list[Cell]:
    return [cell("", c.n, c.x, weekday=c.weekday, account=c.account) for c in cells]


def explained(before: Sequence[Cell], after: Sequence[Cell]) -> Decomposition:
    total = Sides.of(lens_and_total(before), lens_and_total(after))
    return decompose(total, {DRIVER: Sides.of(before, after)})


def test_the_driver_whose_rate_rose_is_the_cause() -> None:
    before = accounts("billing", 20, 4) + accounts("login", 20, 4)
    after = accounts("billing", 20, 9) + accounts("login", 20, 4)
    found = explained(before, after)
    assert found.verdict is Verdict.CHANGE
    assert found.cause is not None
    assert (found.cause.kind, found.cause.value) == (Kind.RATE, "billing")


def test_the_same_rates_are_no_change() -> None:
    cells = accounts("billing", 20, 4) + accounts("login", 20, 4)
    found = explained(cells, cells)
    assert (found.verdict, found.cause) == (Verdict.NO_CHANGE, None)


def test_one_account_that_makes_the_change_is_named() -> None:
    before = accounts("billing", 20, 4)
    after = [*accounts("billing", 20, 4), cell("billing", 100, 95, account="a3")]
    found = explained(before, after)
    assert found.verdict is Verdict.CONCENTRATED
    assert found.cause is not None
    assert (found.cause.kind, found.cause.value) == (Kind.ACCOUNT, "a3")


def test_a_handful_of_conversations_gets_no_verdict() -> None:
    found = explained([cell("billing", 10, 1)], [cell("billing", 10, 9)])
    assert (found.verdict, found.cause) == (Verdict.TOO_FEW, None)


def test_the_segment_that_carries_a_driver_is_named_within_it() -> None:
    before = accounts("enterprise", 10, 2) + accounts("growth", 10, 2)
    after = accounts("enterprise", 10, 6) + accounts("growth", 10, 2)
    total = Sides.of(lens_and_total(before), lens_and_total(after))
    assert within(total, {SEGMENT: Sides.of(before, after)}) == (SEGMENT, "enterprise")


def test_one_of_the_drivers_that_conversations_have_is_named_within() -> None:
    """Each conversation has three of six drivers, and those about billing got worse."""

    drivers = ("billing", "login", "shipping", "outage", "refund", "export")
    talks = list(combinations(drivers, 3))
    worse = [12 if "billing" in three else 6 for three in talks]
    windows = [list(zip(talks, hits, strict=True)) for hits in ([6] * len(talks), worse)]
    total = Sides.of(*([cell("", 20, x) for _, x in window] for window in windows))
    lens = Sides.of(
        *([cell(one, 20, x, m=3) for three, x in window for one in three] for window in windows)
    )
    assert within(total, {DRIVER: lens}) == (DRIVER, "billing")


def test_a_segment_that_merely_holds_everything_says_nothing_more() -> None:
    before, after = accounts("enterprise", 10, 2), accounts("enterprise", 10, 6)
    total = Sides.of(lens_and_total(before), lens_and_total(after))
    assert within(total, {SEGMENT: Sides.of(before, after)}) is None


CHANNELS = ("email", "chat", "none")
conversations = st.lists(
    st.builds(
        Talk,
        drivers=st.frozensets(
            st.sampled_from(["billing", "login", "shipping", "outage"]), max_size=3
        ),
        channel=st.sampled_from(CHANNELS),
        weekday=st.integers(0, 6),
        account=st.sampled_from(["", "a", "b", "c", "d", "e", "f"]),
        counted=st.integers(0, 1),
    ),
    min_size=1,
    max_size=60,
)
both_windows = st.tuples(conversations, conversations)
perhaps_empty = st.tuples(*[st.just([]) | conversations] * 2)


def cells_of(windows: Windows, values: Callable[[Talk], Collection[str]]) -> list[list[Cell]]:
    """The cells of a lens: one conversation in each, which decompose adds up."""
    return [
        [
            cell(value, 1, talk.counted, m=len(found), weekday=talk.weekday, account=talk.account)
            for talk in window
            for found in (values(talk),)
            for value in found
        ]
        for window in windows
    ]


def sides_of(windows: Windows, values: Callable[[Talk], Collection[str]]) -> Sides:
    return Sides.of(*cells_of(windows, values))


def decomposed(windows: Windows) -> Decomposition:
    lenses = {DRIVER: sides_of(windows, about), CHANNEL: sides_of(windows, through)}
    return decompose(sides_of(windows, lambda _: ("",)), lenses)


@settings(max_examples=50)
@given(perhaps_empty)
def test_composition_and_parts_always_sum_to_the_change(windows: Windows) -> None:
    found = decomposed(windows)
    for rows in found.lenses.values():
        parts = sum((row.rate + row.mix for row in rows), Fraction(0))
        assert found.composition + parts == found.delta == found.p1 - found.p0


@settings(max_examples=50)
@given(both_windows)
def test_a_conversation_with_several_drivers_weighs_one(windows: Windows) -> None:
    found = decomposed(windows)
    for rows in found.lenses.values():
        assert sum(row.n0 for row in rows) == found.n0 == len(windows[0])
        assert sum(row.n1 for row in rows) == found.n1 == len(windows[1])
        assert sum(row.x0 for row in rows) == found.x0
        assert sum(row.x1 for row in rows) == found.x1


@settings(max_examples=50)
@given(both_windows)
def test_a_new_or_gone_value_has_no_rate_part(windows: Windows) -> None:
    for rows in decomposed(windows).lenses.values():
        for row in rows:
            assert (row.state is None) == (row.n0 > 0 and row.n1 > 0)
            if row.state:
                assert row.rate == 0
                assert row.z_rate == 0


@settings(max_examples=50)
@given(both_windows)
def test_the_windows_swapped_give_the_opposite_parts(windows: Windows) -> None:
    """Where no weekday has to be adjusted, no window comes first."""
    level = tuple([replace(talk, weekday=0) for talk in window] for window in windows)
    there, back = decomposed(level), decomposed(level[::-1])
    for lens, rows in there.lenses.items():
        opposite = {row.value: row for row in back.lenses[lens]}
        for row in rows:
            assert (row.rate, row.mix) == (-opposite[row.value].rate, -opposite[row.value].mix)
            assert row.z == pytest.approx(-opposite[row.value].z, abs=1e-9)


@settings(max_examples=50)
@given(both_windows)
def test_too_few_and_no_change_name_nothing(windows: Windows) -> None:
    found = decomposed(windows)
    if min(found.n0, found.n1) < ENOUGH:
        assert found.verdict is Verdict.TOO_FEW
    if found.verdict in {Verdict.TOO_FEW, Verdict.NO_CHANGE}:
        assert found.cause is None
    elif found.cause:
        assert found.p_value < 0.05


@settings(max_examples=25)
@given(both_windows, st.integers(2, 5))
def test_more_of_the_same_is_surer(windows: Windows, times: int) -> None:
    """The same conversations of ever other accounts: the change stays, and its z grows."""
    many = tuple(
        [
            replace(talk, account=f"{talk.account or number} {copy}")
            for number, talk in enumerate(window)
            for copy in range(times)
        ]
        for window in windows
    )
    once, more = decomposed(windows), decomposed(many)
    assert more.delta == once.delta
    assert abs(more.z) == pytest.approx(abs(once.z) * times**0.5)
    if once.verdict is Verdict.CHANGE:
        assert more.verdict is not Verdict.NO_CHANGE


@settings(max_examples=50)
@given(both_windows)
def test_nothing_is_surer_than_chance_allows(windows: Windows) -> None:
    """Accounts that happen to agree are no proof; of shares half of chance's error is the least."""
    found = decomposed(windows)
    size0 = sum(float(found.weights.by_weekday[talk.weekday]) for talk in windows[0])
    for row in found.lenses[DRIVER]:
        s = [float(row.adjusted_n0) / size0, float(row.n1) / found.n1]
        share = sum(s) / 2
        if row.z_rate:
            (n0, x0), (n1, x1) = row.touched0, row.touched1
            pooled = (x0 + x1) / (n0 + n1)
            least = share * (pooled * (1 - pooled) * (1 / n0 + 1 / n1)) ** 0.5
            assert abs(row.z_rate) <= abs(float(row.rate)) / least * (1 + 1e-9)
        if row.z_mix:
            pivot = float(row.mix) / (s[1] - s[0])
            least = abs(pivot) * (share * (1 - share) * (1 / size0 + 1 / found.n1)) ** 0.5 / 2
            assert abs(row.z_mix) <= abs(float(row.mix)) / least * (1 + 1e-9)


def drifting(much: float, *, many: int, each: int = 40) -> Windows:
    """As many accounts, each with its own rate in each window."""
    dice = Random(5)  # noqa: S311  # made-up conversations

    def window() -> list[Talk]:
        talks = []
        for account in range(many):
            rate = min(0.95, max(0.05, 0.3 + dice.gauss(0, much)))
            for _ in range(each):
                told = frozenset([dice.choice(["billing", "login", "shipping"])])
                talks.append(talk_of(told, f"a{account}", int(dice.random() < rate)))
        return talks

    return window(), window()


def talk_of(drivers: frozenset[str], account: str, counted: int) -> Talk:
    return Talk(drivers=drivers, channel="email", weekday=0, account=account, counted=counted)


def test_errors_are_those_of_each_conversations_influence() -> None:
    """The folded sums against the definition, written out over every single conversation.

    Of many accounts that differ, what all of them show and what each of them hides weigh little.
    """
    windows = drifting(0.2, many=60)
    found = decomposed(windows)
    for row in found.lenses[DRIVER]:
        rate, mix = influences(windows, found, row)
        for z, effect, parts in ((row.z_rate, row.rate, rate), (row.z_mix, row.mix, mix)):
            defined = float(effect) / clustered(windows, parts, clusters=True) ** 0.5
            assert z == pytest.approx(defined, rel=0.05)


def mixed(seed: int = 3) -> Windows:
    """Accounts of unlike size, conversations without one, several drivers, one driver gone."""
    dice = Random(seed)  # noqa: S311  # made-up conversations

    def window(names: Sequence[str], many: int) -> list[Talk]:
        return [
            Talk(
                drivers=frozenset(dice.choices(names, k=dice.choice([0, 1, 1, 2]))),
                channel=dice.choice(CHANNELS),
                weekday=dice.choice([0, 1, 2, 3, 4, 5, 6, 6]),
                account=dice.choice(["", "a", "a", "a", "b", "b", "c", "d", "e", "f"]),
                counted=int(dice.random() < 0.4),
            )
            for _ in range(many)
        ]

    return window(["billing", "login", "shipping"], 300), window(["billing", "login"], 200)


AS_BEFORE = {  # z and p of the rate and of the mix part
    "login": (-0.622617, 3.222385, 0.539744, 0.0060724),
    "Unmapped": (0.458283, 0.119861, 0.649281, 0.906986),
    "billing": (-0.120689, 2.642400, 0.905070, 0.0222724),
    "shipping": (0.000000, -8.423446, 1.000000, 5.30209e-08),
}


def test_errors_weigh_accounts_as_before() -> None:
    """What the formula, value by value and account by account, gave for these conversations."""
    rows = {row.value: row for row in decomposed(mixed()).lenses[DRIVER]}
    assert set(rows) == set(AS_BEFORE)
    for value, row in rows.items():
        told = (row.z_rate, row.z_mix, row.p_rate, row.p_mix)
        assert told == pytest.approx(AS_BEFORE[value], rel=1e-4, abs=1e-6)


def daily(shifts: Sequence[float], worse: Collection[str]) -> list[Cell]:
    """A week of 200 conversations a day of each driver, 30 % of them counted but for the shifts."""
    return [
        cell(driver, 200, round(200 * (0.3 + (shift if driver in worse else 0.0))), weekday=day)
        for driver in ("billing", "login", "shipping")
        for day, shift in enumerate(shifts)
    ]


@pytest.mark.parametrize(
    ("shifts", "worse", "verdict", "cause"),
    [
        # Days that are better and worse for everybody, as days are.
        ((0.12, -0.05, 0.11, -0.06, 0.1, 0.02, 0.0), "billing login shipping", "no_change", None),
        ((0.034,) * 7, "billing login shipping", "change", None),
        # What befalls one driver on some days is its own.
        ((0.0, 0.0, 0.0, 0.0, 0.15, 0.16, 0.14), "billing", "change", "billing"),
    ],
)
def test_days_that_differ_for_everybody_are_no_change(
    shifts: Sequence[float], worse: str, verdict: str, cause: str | None
) -> None:
    lens = Sides.of(daily([0.0] * 7, ()), daily(shifts, worse.split()))
    found = decompose(lens, {DRIVER: lens})
    assert found.verdict == verdict
    assert (found.cause and found.cause.value) == cause


@settings(max_examples=25)
@given(both_windows, st.sampled_from(["billing", "login", "shipping", "outage"]))
def test_a_value_is_as_sure_beside_others_as_alone(windows: Windows, value: str) -> None:
    """Values are taken at once; none may lean on another's accounts."""

    def split(found: Sequence[Row]) -> dict[str, tuple[float, ...]]:
        return {row.value: (row.z_rate, row.z_mix, row.p_rate, row.p_mix) for row in found}

    total, lens = sides_of(windows, lambda _: ("",)), sides_of(windows, about)
    cells = [[one for one in side if one.value == value] for side in cells_of(windows, about)]
    alone = split(decompose(total, {DRIVER: Sides.of(*cells)}).lenses[DRIVER])
    beside = split(decompose(total, {DRIVER: lens}).lenses[DRIVER])
    assert set(alone) == {value} & set(beside)
    if alone:
        assert alone[value] == pytest.approx(beside[value], rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(("much", "clear"), [(0.0, True), (0.25, False)])
def test_one_account_is_as_sure_as_accounts_are_steady(much: float, clear: bool) -> None:
    """A driver of a single account got worse: beyond what accounts do by themselves, or not."""
    before, after = drifting(much, many=90, each=30)
    before += [talk_of(frozenset(["outage"]), "b", int(n < 30)) for n in range(100)]
    after += [talk_of(frozenset(["outage"]), "b", int(n < 60)) for n in range(100)]
    row = next(r for r in decomposed((before, after)).lenses[DRIVER] if r.value == "outage")
    assert row.rate_clear is clear


def influences(windows: Windows, found: Decomposition, row: Row) -> tuple[list[float], list[float]]:
    days = found.weights.by_weekday
    size0 = sum(float(days[talk.weekday]) for talk in windows[0])
    sizes = (size0, float(found.n1))
    n = (float(row.adjusted_n0), float(row.n1))
    x = (float(row.adjusted_x0), float(row.x1))
    own = [x[side] / n[side] if n[side] else None for side in (0, 1)]
    r = [
        next((one for one in (own[side], own[1 - side]) if one is not None), 0.0) for side in (0, 1)
    ]
    s = [n[side] / sizes[side] for side in (0, 1)]
    middle = float(found.p0 + found.composition + found.p1) / 2
    rate, mix = [], []
    for side, sign in ((0, -1), (1, 1)):
        for talk in windows[side]:
            day = float(days[talk.weekday]) if side == 0 else 1.0
            w = 1 / len(about(talk)) if row.value in about(talk) else 0.0
            moved = w * (talk.counted - r[side]) / n[side] if n[side] else 0.0
            rate.append(sign * day * sum(s) / 2 * moved)
            mix.append(sign * day * (sum(r) / 2 - middle) * (w - s[side]) / sizes[side])
    return rate, mix


def clustered(windows: Windows, parts: Sequence[float], *, clusters: bool) -> float:
    sums: dict[str, float] = defaultdict(float)
    talks = [talk for window in windows for talk in window]
    for number, (talk, part) in enumerate(zip(talks, parts, strict=True)):
        sums[talk.account if clusters and talk.account else str(number)] += part
    return sum(value**2 for value in sums.values())
