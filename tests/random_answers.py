"""Random answers, digests and flags for Slack: the same number makes the same ones.

The sentences are put together by `service.wording`, as answers do it; names, words of customers and
which parts are missing are as bad as they come.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from service import wording
from service.charting import WeekBar
from service.digest import Digest, DriverLine
from service.domain.answers import (
    Answer,
    Change,
    Counted,
    Coverage,
    EvidenceLink,
    Group,
    Headline,
    Intent,
    Part,
)
from service.domain.conversations import Account, AccountKey, ConversationKey, account_key
from service.domain.flags import Flag, FlagState, Signal
from service.domain.measurements import ChurnTier
from service.flags import Evidence, ShownFlag
from service.query import Dimension, Query, Window

T = TypeVar("T")

HOME = "https://verbatim.example"
_ZONE = ZoneInfo("Europe/Berlin")
_DAY = datetime(2026, 11, 12, 9, 30, tzinfo=UTC)
_WEEK = Window(date(2026, 11, 9), date(2026, 11, 16))
# What customers and agents may write into words, names and channels.
HOSTILE = (
    "<!channel>", "<!here|here>", "<@U00000001>", "<#C00000001|leaders>", "<!subteam^S1>",
    "<https://evil.example|Click>", "https://evil.example/login?next=", "http://evil.example",
    "(https://evil.example)", "mailto:evil@evil.example", "@channel @here @everyone", "*bold*",
    "_slanted_", "~gone~", "`code`", "```block```", "> quoted", "\n> quoted", "- row\n- row",
    "1. one\n2. two", ":skull: :rotating_light:", "&lt;!channel&gt;", "&amp;lt;", "<b>html</b>",
    "\u202edesrever\u202c", "\u2067rtl\u2069", "\u200b\u200d\ufeff", "\x00\x07\x1b[31m", "\ud83d",
    "שלום עולם", "مرحبا بالعالم", "你好 世界", "नमस्ते", "👩‍👩‍👧‍👦🏳️‍🌈", "Z̸̛a̴l̶g̷o̸", "\r\n\r\n", "\t",
    '"quoted" (zendesk:1, 12 Nov 2026, email) https://evil.example/x', "More: https://evil.example",
    "Also changed: nothing. ", ". . . ", ": ", "=HYPERLINK(1)", "{{secret}}", "null", "",
)  # fmt: skip
_WORDS = (
    "invoice",
    "charged",
    "twice",
    "refund",
    "Billing",
    "Ärger",
    "the",
    "again",
    "login",
    "no",
)


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws whatever an answer is made of."""

    random: Random

    def of(self, *choices: T) -> T:
        return self.random.choice(choices)

    def maybe(self, make: Callable[[], T]) -> T | None:
        return make() if self.random.random() < 0.8 else None

    def some(self, make: Callable[[], T], *sizes: int) -> tuple[T, ...]:
        return tuple(make() for _ in range(self.of(*sizes)))

    def words(self, *sizes: int) -> str:
        """Sentences with the worst in them: about so many characters, of one of the sizes."""
        size = self.of(*(sizes or (0, 5, 60, 60, 200, 600, 2_000)))
        glue = self.of(" ", " ", " ", "\n", "", "\u00a0")
        said = glue.join(
            self.of(*HOSTILE) if self.random.random() < 0.3 else self.of(*_WORDS)
            for _ in range(min(size, 400) // 7 + bool(size))
        )
        return said * (size // (len(said) + 1) + 1) if said else ""

    def name(self) -> str:
        return self.words(4, 20, 20, 60, 400) or "Acme"

    def url(self) -> str:
        """Ours: short as most, at the edge of what Slack takes, or beyond."""
        length = self.of(6, 30, 30, 200, 900, 2_970, 9_000)
        return f"{HOME}/r/{'x' * length}"

    def counted(self) -> Counted:
        n = self.of(0, 1, 7, 36, 121, 10**7)
        return Counted(n=n, of=n + self.of(0, 3, 250), low=0.1, high=0.4, **self._places())

    def _places(self) -> dict[str, str]:
        return {"receipt": self.url(), "listing": self.url()}

    def quote(self) -> EvidenceLink:
        text = self.words(0, 10, 80, 200, 220, 1_000, 200_000)
        key = ConversationKey(f"zendesk:{self.of('1', '1041', 'x' * 300)}")
        return EvidenceLink(
            conversation=key,
            message="m1",
            start=0,
            end=len(text),
            text=text,
            url=f"{HOME}/conversations/{self.of('zendesk:1', 'y' * 250, 'y' * 3_000)}#quote",
            helpdesk_url="https://acme.zendesk.example/1",
            shows="sentiment",
            account=self.maybe(lambda: AccountKey("zendesk:a1")),
            account_name=self.maybe(self.name),
            channel=self.of("email", "chat", self.name()),
            created_at=_DAY - timedelta(days=self.of(0, 3, 400)),
        )

    def headline(self) -> Headline:
        change = Change(
            points=self.of(-12.0, 0.0, 9.0), low=-20, high=20, clear=self.of(True, False)
        )
        return Headline(
            metric="negative_rate",
            current=self.counted(),
            baseline=self.maybe(self.counted),
            change=self.maybe(lambda: change),
        )

    def part(self) -> Part:
        return Part(
            dimension="driver",
            value=self.name(),
            points=self.of(-3.25, 0.0, 5.8),
            rate_effect=1.0,
            mix_effect=0.0,
            current=self.maybe(self.counted),
            baseline=self.maybe(self.counted),
            receipt=self.maybe(self.url),
            clear=True,
        )

    def driver(self) -> DriverLine:
        return DriverLine(
            name=self.name(),
            current=self.counted(),
            baseline=self.maybe(self.counted),
            quote=self.maybe(self.quote),
        )

    def query_over_time(self) -> Query:
        end = _WEEK.end - timedelta(days=self.of(0, 3))
        return Query(
            metric=self.of("negative_rate", "conversations", "accounts"),
            window=self.of(None, Window(end - timedelta(days=self.of(9, 60, 700)), end)),
            group_by=(self.of(Dimension.DAY, Dimension.WEEK, Dimension.MONTH),),
        )

    def periods(self, query: Query) -> tuple[Group, ...]:
        """Days, weeks or months of the question's window, with gaps."""
        (grain,) = query.group_by
        last = (query.window or _WEEK).end
        first = query.window.start if query.window else last - timedelta(days=self.of(1, 30, 400))
        days = [first + timedelta(days=number) for number in range((last - first).days)]
        begun = sorted({_begin(grain, day) for day in days if self.random.random() < 0.7})
        return tuple(Group(values=(f"{day}",), counted=self.counted()) for day in begun)

    def coverage(self) -> Coverage:
        return Coverage(
            total=self.of(0, 731, 10**6),
            analysed=self.of(0, 728),
            failed=self.of(0, 3),
            waiting=self.of(0, 5),
            empty=self.of({}, {"too short": 4}, {"too short": 4, "other language": 2}),
            as_of=self.maybe(lambda: _DAY),
            taxonomy="tax-1",
            analyser="local-1",
        )


def _begin(grain: Dimension, day: date) -> date:
    """The first day of the day's week or month."""
    if grain is Dimension.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday() if grain is Dimension.WEEK else 0)


def _together(groups: Sequence[Group]) -> Counted:
    n, of = sum(g.counted.n for g in groups), sum(g.counted.of for g in groups)
    return replace(groups[0].counted, n=n, of=of)


def random_answer(seed: int) -> Answer:
    """An answer as the service might give it, its text told line by line."""
    chance = Chance(Random(seed))  # noqa: S311  # tests, not secrets
    headline = chance.maybe(chance.headline)
    listing = headline.current.listing if headline else None
    quotes = chance.some(chance.quote, 0, 1, 3, 3, 12)
    parts = chance.some(chance.part, 0, 1, 4, 9)
    groups = tuple(
        Group(values=(chance.name(),), counted=chance.counted())
        for _ in range(chance.of(0, 0, 3, 25, 400))
    )
    over_time = chance.maybe(chance.query_over_time) if seed % 3 == 0 else None
    if over_time is not None:
        groups = chance.periods(over_time)
        if headline and groups:
            headline = replace(headline, current=_together(groups))
    coverage = chance.maybe(chance.coverage)
    understood = wording.understood(
        chance.of("negative share", chance.name()),
        chance.some(chance.name, 0, 1, 3),
        chance.maybe(lambda: _WEEK),
        _WEEK.preceding(),
        "Europe/Berlin",
        chance.some(chance.words, 0, 0, 1),
    )
    counter = chance.maybe(chance.quote)
    lines = [
        *_first(chance, understood, headline),
        *(wording.part(p.value, p.points, p.baseline, p.current) + f" {p.receipt}" for p in parts),
        *(f"{g.values[0]}: {wording.share(g.counted)} {g.counted.receipt}" for g in groups),
        *_told(chance, quotes),
        *chance.some(lambda: f"Also changed: {chance.words(5, 60, 600)}.", 0, 1),
    ]
    explore = chance.maybe(lambda: listing or chance.url())
    text = wording.shorten(lines, explore, footer=_footer(chance, coverage, counter))
    return Answer(
        intent=chance.of(Intent.TREND, Intent.COUNT) if over_time else chance.of(*Intent),
        query=over_time or chance.maybe(lambda: Query(metric="negative_rate", window=_WEEK)),
        reading={"intent": "why_change"},
        understood=understood,
        headline=headline,
        parts=parts,
        groups=groups,
        quotes=quotes,
        counter_quote=counter,
        coverage=coverage,
        options=chance.some(chance.name, 0, 0, 2, 8),
        text=chance.of(text, text, text, tuple(lines), text[:1], text[-2:], ()),
        explore_url=explore,
    )


def _first(chance: Chance, understood: str, headline: Headline | None) -> list[str]:
    if headline is None:
        return [understood]
    said = wording.headline(chance.of("negative share", chance.name()), headline, None)
    return [understood, f"{said} {headline.current.receipt}"]


def _told(chance: Chance, quotes: Sequence[EvidenceLink]) -> list[str]:
    """Quotes as lines of their own, and one inside another line, as in an account's brief."""
    lines = [wording.quote(one, _ZONE) for one in quotes]
    if chance.random.random() < 0.5 and lines:
        lines.append(f"Churn-risk signals: 3 conversations. {lines[0]}")
    return lines


def _footer(chance: Chance, coverage: Coverage | None, counter: EvidenceLink | None) -> str:
    if coverage is None:
        return ""
    said = wording.coverage(coverage, _ZONE, chance.some(chance.words, 0, 1, 3))
    return f"{said} {wording.counter_quote(counter.url)}" if counter else said


def random_digest(seed: int) -> Digest:
    chance = Chance(Random(seed))  # noqa: S311  # tests, not secrets
    mondays = [_WEEK.start - timedelta(days=7 * back) for back in range(chance.of(0, 1, 8, 60))]
    return Digest(
        week="2026-W46",
        window=_WEEK,
        volume=random_answer(seed),
        drivers=chance.some(chance.driver, 0, 1, 3, 40),
        withheld=chance.some(chance.words, 0, 1, 9),
        trust=chance.words(),
        report_url=chance.url(),
        lines=(),
        first=chance.some(chance.words, 0, 1, 12),
        headline=chance.words(0, 60, 600),
        shares=chance.some(chance.words, 0, 3),
        notes=chance.some(chance.words, 0, 2, 12),
        flags=chance.words(0, 60),
        flagged=chance.words(0, 60),
        flags_url=chance.url(),
        pages=(("Weeks", chance.url()), ("Trust", chance.url())),
        weeks=tuple(WeekBar(monday=day, n=chance.of(0, 700)) for day in reversed(mondays)),
    )


def random_flag(seed: int) -> ShownFlag:
    chance = Chance(Random(seed))  # noqa: S311  # tests, not secrets
    account = Account(
        key=account_key("zendesk", chance.of("a1", "k" * 200)),
        name=chance.name(),
        owner=chance.maybe(chance.name),
    )
    flag = Flag(
        account=account.key,
        state=chance.of(*FlagState),
        tier=chance.of(*ChurnTier),
        since=_DAY,
        changed_at=_DAY,
        changed_by=chance.of("rule", chance.name()),
        reason=chance.words(),
        signals=(),
        changes=2,
        until=chance.maybe(lambda: _DAY),
    )
    return ShownFlag(
        flag=flag,
        account=account,
        evidence=chance.some(lambda: _evidence(chance, account.key), 0, 1, 9),
        drivers=chance.some(chance.name, 0, 2, 9),
    )


def _evidence(chance: Chance, account: AccountKey) -> Evidence:
    said = chance.quote()
    signal = Signal(
        account=account,
        conversation=said.conversation,
        message=said.message,
        start=said.start,
        end=said.end,
        at=said.created_at,
        tier=chance.of(*ChurnTier),
        driver=None,
    )
    return Evidence(signal=signal, text=said.text, url=said.url)
