"""How a number is written: the rules for small numbers, once, for every page.

It formats tallies and refuses to count.
"""

from dataclasses import dataclass
from enum import StrEnum

from service import wording
from service.domain.answers import Tally

LIST_THEM = 5  # under this, a share says nothing: list the conversations
ENOUGH = wording.FEW + 1  # from here on, a percentage is shown


class Confidence(StrEnum):
    """How much a share can carry; pages style it, so it is never a colour alone."""

    NOTHING = "nothing"
    LIST = "list"
    FEW = "few"
    ENOUGH = "enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    n: int
    of: int

    @property
    def confidence(self) -> Confidence:
        if self.of == 0:
            return Confidence.NOTHING
        if self.of < LIST_THEM:
            return Confidence.LIST
        return Confidence.FEW if self.of < ENOUGH else Confidence.ENOUGH

    @property
    def rate(self) -> float:
        return self.n / self.of if self.of else 0.0

    @property
    def words(self) -> str:
        """Return "31% (112 of 361)", or "7 of 18" where a percentage would pretend."""
        if self.of == 0:
            return "none known"
        plain = f"{whole(self.n)} of {whole(self.of)}"
        if self.confidence is not Confidence.ENOUGH:
            return plain
        return f"{percent(self.n, self.of)} ({plain})"

    @property
    def remark(self) -> str:
        return {
            Confidence.NOTHING: "",
            Confidence.LIST: "too few for a share",
            Confidence.FEW: "few conversations",
            Confidence.ENOUGH: "",
        }[self.confidence]


def share(tally: Tally) -> Share:
    return Share(n=tally.numerator, of=tally.known)


def percent(n: int, of: int) -> str:
    """A whole percentage that never rounds some to none or nearly all to all."""
    value = 100 * n / of
    if 0 < value < 1:
        return "<1%"
    if 99 < value < 100:
        return ">99%"
    return f"{int(value + 0.5)}%"


def whole(n: int) -> str:
    """1234 -> "1,234"."""
    return f"{n:,}"


def counted(n: int, noun: str) -> str:
    """(1, "conversation") -> "1 conversation"; (2, ...) -> "2 conversations"."""
    return f"{whole(n)} {noun}" + ("" if n == 1 else "s")
