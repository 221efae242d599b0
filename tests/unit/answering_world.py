"""Two weeks of made-up support: billing of enterprise accounts turns bad in the second."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from service.answers import Answers
from service.domain.conversations import Account, AccountKey, Conversation, account_key
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.links import Links
from service.second_reading import SecondReader
from service.stores import Database
from tests.builders import a_conversation, a_measurement, a_page, a_quote, an_analysis

TODAY = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)  # a Monday
BASELINE = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
TAXONOMY = Taxonomy(
    drivers=(
        Driver(name="Billing", tags=(CanonicalTag(name="Double charge"),)),
        Driver(name="Login"),
        Driver(name="Shipping"),
    )
)
ACCOUNTS = tuple(
    Account(
        key=account_key("zendesk", str(number)),
        name=f"Company {number:02d} Ltd",
        segment="enterprise" if number % 2 else "growth",
        owner="maya@example.com",
    )
    for number in range(1, 31)
)
UNHAPPY = "I am really unhappy with the invoice number {number}."


def fill(
    database: Database, *, now: Callable[[], datetime] = lambda: TODAY, turn: bool = True
) -> None:
    """Store 1,400 conversations, 100 a day; `turn` makes enterprise billing go wrong."""
    conversations: list[Conversation] = []
    labels: dict[str, tuple[str, str]] = {}
    for number in range(1400):
        day, place = divmod(number, 100)
        account = ACCOUNTS[(place * 7 + day) % 30]
        driver = ("Billing", "Login", "Shipping")[place % 3]
        text = UNHAPPY.format(number=number)
        one = a_conversation(
            number + 1,
            text,
            account=account.key,
            requester=f"r{number}",
            channel=("email", "chat")[place % 2],
            created_at=BASELINE + timedelta(days=day, minutes=place),
            updated_at=BASELINE + timedelta(days=day, minutes=place),
        )
        bad = (place // 3) % 5 == 0
        if turn and day >= 7 and driver == "Billing" and account.segment == "enterprise":
            bad = (place // 3) % 5 != 1
        labels[one.key] = (driver, "negative" if bad else "neutral")
        conversations.append(one)
    for start in range(0, len(conversations), 200):
        batch = conversations[start : start + 200]
        database.conversations.save_page(
            "zendesk", a_page(*batch, cursor=f"c{start}", accounts=ACCOUNTS)
        )
        database.analyses.save([_analysis(one, *labels[one.key]) for one in batch])
    database.conversations.sync_finished("zendesk", now())


def _analysis(one: Conversation, driver: str, sentiment: str):  # type: ignore[no-untyped-def]  # tests.builders names it
    quotes = (a_quote(one),) if sentiment == "negative" else ()
    return an_analysis(one, sentiment=sentiment, drivers=(driver,), quotes=quotes)


def answers_over(
    database: Database,
    *,
    now: Callable[[], datetime] = lambda: TODAY,
    second: SecondReader | None = None,
) -> Answers:
    return Answers(
        database=database,
        taxonomy=TAXONOMY,
        links=Links("https://verbatim.example"),
        clock=now,
        zone=ZoneInfo("UTC"),
        analyser_version=lambda: "local-1",
        second=second,
    )


__all__ = ["ACCOUNTS", "TAXONOMY", "TODAY", "AccountKey", "a_measurement", "answers_over", "fill"]
