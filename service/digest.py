"""What a weekly digest is, and how it reads as lines: never more than fifteen.

How one is made is service.digesting's.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from service import wording
from service.charting import WeekBar
from service.domain.answers import Answer, Counted, EvidenceLink
from service.query import Window

MOST_LINES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverLine:
    """One driver: this week's conversations, the week before, and one customer's words."""

    name: str
    current: Counted
    baseline: Counted | None
    quote: EvidenceLink | None
    points: float | None = None  # its part of all conversations against the week before
    owner: str = ""  # who looks after it
    playbook: str = ""  # what to do about it

    @property
    def counts(self) -> tuple[int, int]:
        """Conversations the week before and now."""
        return (self.baseline.n if self.baseline else 0), self.current.n

    @property
    def care(self) -> str:
        """Who looks after it, and what to do or that somebody has to decide it."""
        owner = f"Owner: {self.owner}" if self.owner else "No owner on record"
        step = f"Playbook: {self.playbook}" if self.playbook else "No playbook: decision needed"
        return f"{owner}. {step.rstrip('.')}."

    @property
    def part(self) -> str:
        """How its part of all conversations moved, in words."""
        return "" if self.points is None else f" ({wording.points(self.points)} of all)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    week: str  # ISO, "2026-W46"
    window: Window
    volume: Answer
    drivers: tuple[DriverLine, ...]  # those that clearly changed
    withheld: tuple[str, ...]  # one line with the metrics that are not validated
    trust: str
    report_url: str
    lines: tuple[str, ...]  # the whole message in words, at most fifteen lines
    first: tuple[str, ...] = ()  # what is missing or stale: said before any number
    headline: str = ""  # the volume against last week and the usual range
    shares: tuple[str, ...] = ()  # of the validated metrics
    notes: tuple[str, ...] = ()  # what improved, or that the week was quiet
    flags: str = ""  # what happened to churn-risk flags, in counts
    flagged: str = ""  # the accounts behind the counts, where they may be named
    flags_url: str = ""  # the conversations behind the counts
    weeks: tuple[WeekBar, ...] = ()  # the chart: the weeks before and this one
    pages: tuple[tuple[str, str], ...] = ()  # beside the report: what it is called, its address

    @property
    def flag_line(self) -> str:
        return " ".join(part for part in (self.flags, self.flagged, self.flags_url) if part)


class Publisher(Protocol):
    prints: ClassVar[bool]  # it has no other place than the terminal

    def publish(self, digest: Digest) -> str:
        """Post the digest once a week and channel; posting again replaces it. Return where."""
        ...


def lines_of(digest: Digest) -> tuple[str, ...]:
    """At most fifteen lines: the last drivers' quotes give way first, never a number."""
    pages = [("Report", digest.report_url), *digest.pages]
    before = [
        " ".join(digest.first),
        f"Week {digest.week}: {digest.volume.understood}",
        digest.headline,
        *digest.shares,
    ]
    foot = " ".join([digest.trust, *(f"{one}." for one in digest.withheld)])
    last = " · ".join(f"{name}: {url}" for name, url in pages)
    after = [digest.flag_line, *digest.notes, foot, last]
    room = MOST_LINES - sum(map(bool, (*before, *after))) - len(digest.drivers)
    told: list[str] = []
    for driver in digest.drivers:
        told.append(_driver_line(driver))
        if driver.quote is not None and room > 0:
            told.append(f"  “{driver.quote.shown()}” {driver.quote.url}")
            room -= 1
    return tuple(line for line in (*before, *told, *after) if line)


def _driver_line(driver: DriverLine) -> str:
    before, now = driver.counts
    verb = "rose" if now > before else "fell"
    counts = f"{verb} from {before} to {now} conversations{driver.part}"
    return f"{driver.name} {counts}. {driver.care} {driver.current.receipt}"
