"""What a million conversations cost on both databases: answers, pages, quotes, receipts, upkeep.

SQLite is measured in CPU time, because the machine is shared; PostgreSQL works in other processes
and is measured by the clock. Cold is the first time that something is asked, warm the second.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from bench import million_data
from bench.million_store import ZONE, opened, postgres_database, sqlite_database
from bench.million_upkeep import upkeep
from bench.million_words import COMMON, RARE
from bench.table import at_most, line, percentile
from service.answers import Answers
from service.collecting import settled
from service.domain.answers import Intent
from service.domain.people import SYSTEM
from service.links import Links
from service.query import Dimension, Filter, Query, Window
from service.receipts import Receipts
from service.taxonomy_files import default_taxonomy
from storage.database import SqlDatabase

ROUNDS = 12
_FULL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A filled database and the clock that fits it."""

    name: str
    database: SqlDatabase
    size: int
    clock: Callable[[], float]

    def timed(self, work: Callable[[], object]) -> float:
        start = self.clock()
        work()
        return self.clock() - start


def million(cache: Path | None, size: int = _FULL) -> None:
    """Fill the databases, unless the cache has them, and print a line a figure."""
    with tempfile.TemporaryDirectory() as passing:
        folder = cache or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        _all(_open("SQLite", sqlite_database(folder, size), size, time.process_time))
        with postgres_database(folder, size) as url:
            _all(_open("PostgreSQL", url, size, time.perf_counter))


def _open(name: str, url: str, size: int, clock: Callable[[], float]) -> Stand:
    database = opened(url)
    database.migrate()
    settled()  # as a process that serves is
    return Stand(name=name, database=database, size=size, clock=clock)


def _all(stand: Stand) -> None:
    answers(stand)
    pages(stand)
    quotes(stand)
    receipts(stand)
    groups(stand)
    upkeep(stand.name, stand.database, stand.size, stand.timed)
    stand.database.close()


def tell(stand: Stand, what: str, works: Sequence[Callable[[], object]], bar: float) -> None:
    """Print p50 and p95 of the first and of the second time that each is done."""
    cold = [1000 * stand.timed(work) for work in works]
    warm = [1000 * stand.timed(work) for work in works]
    for how, found in (("cold", cold), ("warm", warm)):
        p95 = percentile(found, 95)
        line(
            f"{stand.name}: {what}, {how}",
            f"{statistics.median(found):.1f}, {p95:.1f} ms",
            f"p50 and p95 of {len(found)}, at most {max(found):.0f} ms",
            at_most(p95, bar, f"<= {bar:g} ms"),
        )


# --- What is asked -------------------------------------------------------------------------------


def _weeks(days: int, many: int = ROUNDS) -> Iterator[Window]:
    last = million_data.FIRST_DAY + timedelta(days=million_data.DAYS)
    for back in range(many):
        end = last - timedelta(days=7 * back)
        yield Window(end - timedelta(days=days), end)


def _only(dimension: Dimension, value: str) -> tuple[Filter, ...]:
    return (Filter.of(dimension, value),)


def answers(stand: Stand) -> None:
    gateway = Answers(
        database=stand.database,
        taxonomy=default_taxonomy(),
        links=Links("http://localhost"),
        clock=million_data.now,
        zone=ZONE,
        analyser_version=lambda: million_data.ANALYSER,
    )
    with _without_receipts(stand):
        for what, intent, asked, bar in _questions():
            works = [_asking(gateway, query, intent) for query in asked]
            tell(stand, f"ask {what}", works, bar)


def _asking(gateway: Answers, query: Query, intent: Intent) -> Callable[[], object]:
    return lambda: gateway.ask(query, SYSTEM, intent=intent)


def _questions() -> Iterator[tuple[str, Intent, list[Query], float]]:
    week, month = list(_weeks(7)), list(_weeks(28))
    rate = Query(metric="negative_rate")
    in_driver = replace(rate, filters=_only(Dimension.DRIVER, million_data.driver_name(3)))
    in_segment = replace(rate, filters=_only(Dimension.SEGMENT, "enterprise"))
    why, count, top = Intent.WHY_CHANGE, Intent.COUNT, Intent.TOP
    yield "why, a week", why, [rate.during(one) for one in week], 200
    yield "why, a week that changed", why, [rate.during(one) for one in _changed()], 200
    yield "why, 28 days", why, [rate.during(one) for one in month], 200
    yield "why, 28 days in a driver", why, [in_driver.during(one) for one in month], 200
    yield "count, 28 days", count, [rate.during(one) for one in month], 100
    yield "count, 28 days in a driver", count, [in_driver.during(one) for one in month], 100
    yield "count, 28 days in a segment", count, [in_segment.during(one) for one in month], 100
    by_driver = replace(rate, group_by=(Dimension.DRIVER,))
    yield "top drivers, 28 days", top, [by_driver.during(one) for one in month], 100
    by_tag = Query(group_by=(Dimension.TAG,), filters=_only(Dimension.CHANNEL, "chat"))
    yield "top tags of chats, a week", top, [by_tag.during(one) for one in week], 100
    by_week = replace(rate, group_by=(Dimension.WEEK,))
    quarter = list(_weeks(91))
    yield "trend, 13 weeks", Intent.TREND, [by_week.during(one) for one in quarter], 100
    words = [*_words(random.Random(1)), RARE, COMMON]  # noqa: S311 - nothing secret is drawn
    said = [Query(text=(word,), window=month[0]) for word in words]
    yield "count of any word, 28 days", count, said, 100
    yield "quotes of any word, 28 days", Intent.QUOTES, said, 200


def _changed() -> Iterator[Window]:
    """The weeks in which a driver began to be worse, or ceased."""
    for one in _weeks(7, million_data.DAYS // 7 - 1):
        if (one.start - million_data.FIRST_DAY).days // 7 % million_data.MONTH_WEEKS == 0:
            yield one


def pages(stand: Stand) -> None:
    """Pages of 50 under every mix of filters, from the newest, the middle and the oldest rows."""
    facts = stand.database.facts
    works: list[Callable[[], object]] = []
    for place, after in enumerate(_depths(stand)):
        for query in _mixes(place):
            works.append(lambda q=query, a=after: facts.conversations(q, SYSTEM, after=a))  # type: ignore[misc]  # a lambda with defaults
    tell(stand, "page of 50", works, 50)


def _mixes(place: int) -> Iterator[Query]:
    negative = Filter.of(Dimension.SENTIMENT, "negative")
    driver = Filter.of(Dimension.DRIVER, million_data.driver_name(57 - place))
    tag = Filter.of(Dimension.TAG, f"Tag {290 - place:03d}")
    chat = Filter.of(Dimension.CHANNEL, "chat")
    account = Filter.of(Dimension.ACCOUNT, million_data.account_key(40 + place))
    agent = Filter.of(Dimension.AGENT, f"zendesk:g{place}")
    for filters in (
        (),
        (negative, chat),
        (negative, driver),
        (negative, driver, tag),
        (tag, chat),
        (account, negative),
        (agent, negative, chat),
    ):
        yield Query(filters=filters)
    yield Query(filters=(driver,), exclude=(negative,))
    yield Query(filters=(negative,), text=(RARE,))
    yield Query(filters=(driver,), text=(COMMON,))


def _depths(stand: Stand) -> list[str | None]:
    """No token, and those that begin in the middle and near the end of the table."""
    found: list[str | None] = [None]
    for days in (million_data.DAYS // 2, 12):
        end = million_data.FIRST_DAY + timedelta(days=days)
        shallow = Query(window=Window(million_data.FIRST_DAY, end))
        found.append(stand.database.facts.conversations(shallow, SYSTEM, limit=1).next)
    return found


def quotes(stand: Stand) -> None:
    """The candidates that three quotes are chosen from, for words from rare to very common."""
    facts, dice = stand.database.facts, random.Random(1)  # noqa: S311 - nothing secret is drawn
    negative = _only(Dimension.SENTIMENT, "negative")
    driver = _only(Dimension.DRIVER, million_data.driver_name(5))
    for what, words in (("a rare", [RARE]), ("a common", [COMMON]), ("any", _words(dice))):
        works: list[Callable[[], object]] = []
        for word in words:
            for filters in ((), negative, (*negative, *driver)):
                for window in (None, next(_weeks(28))):
                    query = Query(text=(word,), filters=filters, window=window)
                    works.append(
                        lambda q=query: facts.quotes(q, SYSTEM, shows=("driver",), limit=200)  # type: ignore[misc]  # a lambda with defaults
                    )
        tell(stand, f"quotes of {what} word", works, 50)


def _words(dice: random.Random) -> list[str]:
    from bench.million_words import texts

    customers, _ = texts(random.Random(million_data.SEED))  # noqa: S311 - as above
    return sorted({dice.choice(one.words.split()) for one in dice.sample(customers, 8)})


def receipts(stand: Stand) -> None:
    """Publish numbers of up to 2,000 conversations, then count each again."""
    made = Receipts(stand.database, million_data.now)
    with _without_receipts(stand):
        published: list[str] = []
        for place, window in enumerate(_weeks(28)):
            driver = _only(Dimension.DRIVER, million_data.driver_name(place + 4))
            query = Query(metric="negative_rate", window=window, filters=driver)
            tally = stand.database.facts.count(query, SYSTEM)
            counts = (tally.numerator, tally.known)
            asked_at = million_data.now()
            one = made.publish(query, SYSTEM, counts, versions={}, as_of=asked_at)
            published.append(one)
        works = [lambda i=one: made.told(made.recount(i, SYSTEM)) for one in published]
        tell(stand, "receipt", works, 100)


# --- Beside hand-written SQL ---------------------------------------------------------------------

_HAND_WRITTEN = {
    "sentiment by channel in a segment, 28 days": (
        Query(
            metric="negative_rate",
            group_by=(Dimension.CHANNEL,),
            filters=(
                Filter.of(Dimension.SEGMENT, "enterprise"),
                Filter.of(Dimension.STATUS, "closed"),
            ),
        ),
        "SELECT channel, count(*), sum(CASE WHEN sentiment = 'negative' THEN 1 ELSE 0 END),"
        " sum(CASE WHEN sentiment = 'empty' THEN 1 ELSE 0 END),"
        " sum(CASE WHEN sentiment = 'unmeasured' THEN 1 ELSE 0 END) FROM fact"
        " WHERE rank = 0 AND day >= {0} AND day < {1} AND segment = 'enterprise'"
        " AND status = 'closed' GROUP BY channel",
    ),
    "conversations by account, 28 days": (
        Query(group_by=(Dimension.ACCOUNT,)),
        "SELECT account, count(*) FROM fact"
        " WHERE rank = 0 AND day >= {0} AND day < {1} GROUP BY account",
    ),
    "sentiment by driver, 28 days": (
        Query(metric="negative_rate", group_by=(Dimension.DRIVER,)),
        "SELECT name, sum(n), sum(CASE WHEN value = 'negative' THEN n ELSE 0 END),"
        " sum(CASE WHEN value = 'empty' THEN n ELSE 0 END),"
        " sum(CASE WHEN value = 'unmeasured' THEN n ELSE 0 END) FROM rollup_day"
        " WHERE metric = 'sentiment' AND lens = 'driver' AND day >= {0} AND day < {1}"
        " GROUP BY name",
    ),
}


def groups(stand: Stand) -> None:
    for what, (query, statement) in _HAND_WRITTEN.items():
        ours, theirs = [], []
        for window in _weeks(28):
            asked = query.during(window)
            plain = statement.format(window.start.toordinal(), window.end.toordinal())
            theirs.append(stand.timed(lambda s=plain: _rows(stand, s)))  # type: ignore[misc]  # a lambda with defaults
            ours.append(stand.timed(lambda q=asked: stand.database.facts.groups(q, SYSTEM)))  # type: ignore[misc]  # as above
        ratio = statistics.median(ours) / statistics.median(theirs)
        line(
            f"{stand.name}: {what}",
            f"{1000 * statistics.median(ours):.1f} ms",
            f"{1000 * statistics.median(theirs):.1f} ms by hand, medians of {len(ours)}",
            at_most(ratio, 1.3, "<= 1.3 x by hand"),
        )


def _rows(stand: Stand, statement: str) -> int:
    with stand.database.engine.reading() as connection:
        return len(connection.exec_driver_sql(statement).fetchall())


@contextmanager
def _without_receipts(stand: Stand) -> Iterator[None]:
    """Each run publishes anew, and leaves the cached database as it was."""
    yield
    with stand.database.engine.writing() as connection:
        connection.exec_driver_sql("DELETE FROM receipt")
