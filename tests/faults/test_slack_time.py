"""Rows 33 to 35 and 39 of the fault matrix: clocks that are set, a worker that was down, and five
hundred flags at once. One digest a local week, one telling of each flag.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from bot.flagging import SlackFlagMessenger
from bot.publishing import SlackPublisher
from connectors.sandbox.slack_limits import texts
from connectors.sandbox.slack_state import Posted, SlackChannel, SlackPerson
from service.alerting import MOST_CARDS, Alerting
from service.digesting import week_of
from service.domain.conversations import Account, AccountKey, account_key
from service.domain.flags import FlagChange, FlagEvent
from service.domain.measurements import ChurnTier
from service.errors import VerbatimError
from service.flags import Flags
from service.schedule import Cron, Job, Schedule
from service.stores import Database
from tests.builders import Clockwork, a_page
from tests.contract.slack_answers import a_digest
from tests.contract.slack_workspace import CHANNEL_NAME, LINKS, Workspace, slack_workspace
from tests.databases import SqliteFiles, opened
from tests.faults.trials import Trial

MONDAYS = "0 9 * * 1"
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
# Times that a clock skips or repeats, in one of the zones or another.
ODD_TIMES = (MONDAYS, "30 2 * * 0", "0 2 * * 0", "15 2 * * 0", "45 1 * * 0", "0 3 * * 0")
LATE = timedelta(days=3)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("time"))


@pytest.fixture
def here(files: SqliteFiles, clock: Clockwork) -> Iterator[Workspace]:
    database = opened(files.migrated_url(), clock)
    with slack_workspace(database, clock) as found:
        yield found
    database.close()


@pytest.fixture
def every(request: pytest.FixtureRequest) -> bool:
    found: bool = request.config.getoption("--every-step", default=False)
    return found


# --- The worker ----------------------------------------------------------------------------------


def _worker(
    here: Workspace, zone: ZoneInfo, line: str = MONDAYS, *, name: str = "digest"
) -> Schedule:
    """The worker's schedule with the job of the digest alone, posting to Slack."""
    publisher = SlackPublisher(
        here.connection(), channel=CHANNEL_NAME, database=here.database, clock=here.clock
    )

    def run(due: datetime) -> str:
        day = due.astimezone(zone).date() - timedelta(days=7)
        return publisher.publish(a_digest(week=f"{week_of(day)} {name}"))

    job = Job(name=name, timing=Cron(line, zone, look_back=timedelta(days=8)), run=run, late=LATE)
    return Schedule([job], work=here.database.work, clock=here.clock, owner="worker")


def _weeks(here: Workspace) -> Counter[str]:
    """How often each week's digest stands in Slack."""
    return Counter(posted.text.split("week ")[1].split(".")[0] for posted in here.posted)


def _changes(zone: ZoneInfo, year: int) -> Iterator[datetime]:
    """The days of a year on which a zone's clock is set."""
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    for day, next_day in pairwise(days):
        if day.astimezone(zone).utcoffset() != next_day.astimezone(zone).utcoffset():
            yield day


@pytest.mark.fault(33, "the clock of the zone is set: spring gap and autumn repeat")
@pytest.mark.parametrize("zone", ZONES)
def test_a_clock_that_is_set_skips_no_digest_and_repeats_none(
    here: Workspace, every: bool, trial: Trial, zone: str
) -> None:
    local = ZoneInfo(zone)
    lines = ODD_TIMES if every else ODD_TIMES[1:2]
    changes = list(_changes(local, 2026))

    def once_a_week(line: str, change: datetime, number: int) -> bool:
        here.slack.state.messages.clear()
        worker = _worker(here, local, line, name=f"{line} {number}")
        begins, ends = change - timedelta(days=9), change + timedelta(days=9)
        moments = list(_moments(begins, ends, change, step=1 if every else 6))
        for moment in moments:
            here.clock.now = moment
            worker.tick()
        assert set(_weeks(here).values()) == {1}
        assert len(_weeks(here)) == len(_expected(begins, moments[-1], local, line))
        return True

    for line in lines:
        for number, change in enumerate(changes):
            trial.attempt(
                f"{zone} {line} {change:%Y-%m-%d}",
                lambda line=line, change=change, number=number: once_a_week(line, change, number),  # type: ignore[misc]  # bound at once
            )
    assert trial.lost == []


def _moments(
    begins: datetime, ends: datetime, change: datetime, *, step: int
) -> Iterator[datetime]:
    """Every few hours, and every half of an hour while the clock is set."""
    moment = begins
    while moment < ends:
        yield moment
        near = timedelta(0) <= moment - change < timedelta(days=1, hours=4)
        moment += timedelta(minutes=30) if near else timedelta(hours=step)


def _expected(begins: datetime, ends: datetime, zone: ZoneInfo, line: str) -> Sequence[datetime]:
    """The days on which it is due from three days before on, on the wall's calendar."""
    weekday = 6 if line.endswith("0") else 0
    found = []
    day = (begins - LATE).astimezone(zone).date()
    while day <= ends.astimezone(zone).date():
        minute, hour = map(int, line.split()[:2])
        due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
        if day.weekday() == weekday and begins - LATE <= due <= ends:
            found.append(due)
        day += timedelta(days=1)
    return found


@pytest.mark.fault(34, "our own clock jumps an hour or a year, and back")
@pytest.mark.parametrize("minutes", [-40, -1, 1, 40], ids=lambda m: f"{m} minutes past nine")
def test_a_clock_that_jumps_posts_no_digest_twice_and_skips_none(
    here: Workspace, minutes: int
) -> None:
    """Jumps +1 h, back, -1 h, back, +1 year, back, shortly before or after the digest is due."""
    zone = ZoneInfo("Europe/Berlin")
    worker = _worker(here, zone)
    for week in range(3):
        true = datetime(2026, 11, 16 + 7 * week, 8, tzinfo=UTC) + timedelta(minutes=minutes)
        for number, jump in enumerate((0, 1, 0, -1, 0, 8_760, 0)):
            here.clock.now = true + timedelta(hours=jump, minutes=number)
            worker.tick()
        here.clock.now = true + timedelta(hours=2)
        worker.tick()
    found = _weeks(here)
    assert set(found.values()) == {1}
    assert {"2026-W46 digest", "2026-W47 digest", "2026-W48 digest"} <= found.keys()


@pytest.mark.fault(34, "our own clock jumps while a question is answered")
@pytest.mark.parametrize("hours", [1, -1, 8_760, -8_760])
def test_a_question_outlives_a_clock_that_jumps(here: Workspace, hours: int) -> None:
    """It is accepted, tried and not answered while the clock is wrong; then the clock is right."""
    right = here.clock.now
    here.clock.now = right + timedelta(hours=hours)
    here.slack.faults.server_error(503, times=None)
    with here.running() as slack:
        assert slack.mention("why?", ts="1.1").status_code == 200
    here.clock.now = right
    here.slack.faults.clear()
    for _ in range(2):
        here.clock.advance(minutes=5)
        with here.running():
            pass
    assert [posted.thread_ts for posted in here.posted] == ["1.1"]
    assert here.database.work.unfinished("slack") == []


@pytest.mark.fault(35, "the worker is down when the digest is due")
@pytest.mark.parametrize(
    ("away", "posted"),
    [
        (timedelta(minutes=10), 2),
        (timedelta(days=2, hours=23), 2),
        (timedelta(days=3, minutes=1), 1),
        (timedelta(days=6), 1),
        (timedelta(days=21, minutes=10), 2),
        (timedelta(days=25), 1),
    ],
    ids=str,
)
def test_a_digest_comes_late_once_or_is_skipped_with_a_note(
    here: Workspace,
    away: timedelta,
    posted: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2026, 11, 9, 8, 0, 5, tzinfo=UTC)
    here.clock.now = first
    _worker(here, zone).tick()
    here.clock.now = first + timedelta(days=7) + away
    said = [line for _ in range(3) for line in _worker(here, zone).tick()]
    assert sum(_weeks(here).values()) == posted
    assert set(_weeks(here).values()) == {1}
    skipped = [line for line in said if "skipped" in line]
    assert len(skipped) == (posted == 1)
    assert caplog.messages.count("job.skipped") == (posted == 1)


@pytest.mark.fault(35, "a workspace that is new has missed no digest")
def test_a_new_workspace_is_told_of_no_digest_that_was_before_it(here: Workspace) -> None:
    here.clock.now = datetime(2026, 11, 13, 8, tzinfo=UTC)  # a Friday
    assert _worker(here, ZoneInfo("Europe/Berlin")).tick() == []


# --- A storm -------------------------------------------------------------------------------------

STORM, FEW = 500, 60  # flags; the law does not hang on how many


def _alerting(here: Workspace) -> Alerting:
    messenger = SlackFlagMessenger(
        here.connection(),
        channel="churn-risk",
        database=here.database,
        links=LINKS,
        clock=here.clock,
    )
    flags = Flags(database=here.database, links=LINKS, clock=here.clock)
    return Alerting(
        database=here.database,
        flags=flags,
        messenger=messenger,
        zone=ZoneInfo("Europe/Berlin"),
        clock=here.clock,
    )


def _storm(here: Workspace, *, flags: int) -> list[AccountKey]:
    """So many flags: half of them of one owner, a few each of many, the others of nobody."""
    for number in range(100, 100 + _owners(flags)):
        email = f"owner{number}@ledgerly.example"
        person = SlackPerson(id=f"U{number:08}", name=f"owner{number}", email=email)
        here.slack.state.people[person.id] = person
        direct = SlackChannel(id=f"D{number:08}", name=person.name, is_im=True, member=person.id)
        here.slack.state.channels[direct.id] = direct
    accounts = [_account(here, number, of=flags) for number in range(flags)]
    here.database.conversations.save_page("zendesk", a_page(accounts=tuple(accounts)))
    for account in accounts:
        _note(here.database, account.key, FlagEvent.RAISED, here.clock.now, nth=0)
    return [account.key for account in accounts]


def _owners(flags: int) -> int:
    """So many that each has fewer than make a list."""
    return flags // 12


def _account(here: Workspace, number: int, *, of: int) -> Account:
    owner = f"owner{100 + number % _owners(of)}@ledgerly.example" if number < 0.3 * of else None
    if number >= of / 2:
        owner = here.person.email
    return Account(
        key=account_key("zendesk", f"s{number}"), name=f"Company {number:03d}", owner=owner
    )


def _note(
    database: Database, account: AccountKey, event: FlagEvent, at: datetime, *, nth: int
) -> None:
    by, tier = ("rule", ChurnTier.EXPLICIT) if event is FlagEvent.RAISED else ("a@b.example", None)
    change = FlagChange(
        account=account, nth=nth, event=event, at=at, by=by, reason="They said so.", tier=tier
    )
    assert database.flags.add(change)


def _tell(here: Workspace) -> None:
    try:
        _alerting(here).run()
    except VerbatimError:
        return  # the next cycle goes on


def _named(here: Workspace) -> Counter[str]:
    """How often each account was told of, in a card; lists say how many they are about."""
    cards = [posted for posted in here.posted if posted.text.startswith("Churn risk: Company")]
    return Counter(posted.text.split(": ")[1].split(".")[0] for posted in cards)


def _listed(here: Workspace) -> int:
    lists = [posted for posted in here.posted if "accounts are flagged" in posted.text]
    return sum(int(posted.text.split(": ")[1].split()[0]) for posted in lists)


def _most_in_one_place(posts: Sequence[Posted]) -> int:
    return max(Counter(posted.channel for posted in posts).values())


@pytest.mark.fault(39, "five hundred flags are raised while Slack is away for an hour")
@pytest.mark.parametrize("how", ["503", "busy", "answers are lost"])
def test_a_storm_of_flags_is_grouped_told_once_and_as_it_stands(
    here: Workspace, trial: Trial, every: bool, how: str
) -> None:
    keys = _storm(here, flags=STORM if every else FEW)
    faults = here.slack.faults
    if how == "answers are lost":
        here.slack.state.scopes.add("channels:history")
        here.database.work.remember("slack-channel:churn-risk", "C00000003")
        faults.drop_after_doing(times=3, path="/api/chat.postMessage", skip=5)
    elif how == "busy":
        faults.rate_limit(times=None, retry_after="600")
    else:
        faults.server_error(503, times=None)
    for _ in range(3):
        _tell(here)
        here.clock.advance(minutes=20)
    known = _named(here)
    for key in keys[:10]:  # somebody acts meanwhile: that is the newest state
        _note(here.database, key, FlagEvent.ADDRESSED, here.clock.now, nth=1)
    faults.clear()
    for _ in range(4):
        _tell(here)
    unheard = [number for number in range(10) if not known[f"Company {number:03d}"]]
    _everything_was_told_once(here, trial, flags=len(keys) - len(unheard))
    assert _most_in_one_place(here.posted) <= MOST_CARDS
    before = len(here.posted)
    _tell(here)
    assert len(here.posted) == before


def _everything_was_told_once(here: Workspace, trial: Trial, *, flags: int) -> None:
    named = _named(here)

    def told(name: str) -> bool:
        assert named[name] == 1
        return True

    for name in named:
        trial.attempt(name, lambda name=name: told(name))  # type: ignore[misc]  # bound at once
    assert trial.lost == []
    assert len(named) + _listed(here) == flags
    cards = [posted for posted in here.posted if posted.text.startswith("Churn risk: Company 00")]
    assert all("addressed by" in "".join(_words(card)) for card in cards)


def _words(posted: Posted) -> Iterator[str]:
    for block in posted.blocks:
        yield from texts(block)


@pytest.mark.fault(39, "many flags that nobody addressed go to the channel")
def test_what_nobody_took_care_of_reaches_the_channel_as_one_list(here: Workspace) -> None:
    _storm(here, flags=FEW)
    _tell(here)
    told = len(here.posted)
    here.clock.advance(days=7)
    for _ in range(3):
        _tell(here)
    new = here.posted[told:]
    assert [posted.channel for posted in new] == ["C00000003"]
    assert "accounts are flagged" in new[0].text


@pytest.mark.fault(39, "one place takes nothing, and many others wait behind it")
def test_a_channel_that_takes_nothing_stops_nobody_else(here: Workspace) -> None:
    _storm(here, flags=FEW)
    here.slack.state.channels["C00000003"].archived = True
    here.database.people.save(here.person)
    _tell(here)
    named = {posted.channel for posted in here.posted}
    assert len([channel for channel in named if channel.startswith("D000001")]) == _owners(FEW)
    assert here.database.work.outbox_open()[0] == 0
