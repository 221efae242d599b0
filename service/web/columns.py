"""Which columns of Explore a person wants: said in the address, remembered by the browser.

It knows names of columns and nothing of conversations.
"""

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from service.measures import all_metrics

COOKIE = "verbatim_columns"
PARAM = "columns"
_NOTHING = "none"  # an empty choice would look like no choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column that can be added or removed, and the address that does it."""

    name: str
    title: str
    shown: bool
    toggle: str


def chosen(asked: str | None, remembered: str | None) -> frozenset[str]:
    """The names of the columns to show: as asked, else as remembered, else all.

    Names that are no column any more, such as those of a metric that was removed, are left out.
    """
    known = frozenset(_titles())
    said = remembered if asked is None else asked
    return known if said is None else known & frozenset(said.split(","))


def written(shown: Collection[str]) -> str:
    """The choice as one word, in the order of the columns."""
    return ",".join(name for name in _titles() if name in shown) or _NOTHING


def choices(shown: Collection[str], address: str) -> list[Column]:
    """Every column with the address that shows the same list with it, or without it."""
    return [
        Column(
            name=name,
            title=title,
            shown=name in shown,
            toggle=_at(address, set(shown) ^ {name}),
        )
        for name, title in _titles().items()
    ]


def _titles() -> dict[str, str]:
    metrics = {metric.name: metric.title for metric in all_metrics()}
    return {"account": "Account", "channel": "Channel", **metrics, "drivers": "Drivers and tags"}


def _at(address: str, shown: Collection[str]) -> str:
    joint = "&" if "?" in address else "?"
    return f"{address}{joint}{urlencode({PARAM: written(shown)}, safe=',')}"
