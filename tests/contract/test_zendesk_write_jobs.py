"""Bulk jobs: kept before they are asked about, a few at a time, and no result row left unread."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

import pytest

from connectors.sandbox.faults import Call
from connectors.sandbox.zendesk_state import Job
from connectors.sandbox.zendesk_writes import MOST_JOBS
from connectors.zendesk.jobs import FULL, MOST_AT_ONCE
from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange, WriteOutcome, field_specs
from service.errors import Unauthorized
from service.ports import Helpdesk
from tests.contract.zendesk_stand import Account, Copy, account, key_of

SPECS = field_specs(("Billing", "Account Access"), ("Double charge",))
JOBS = "PUT tickets/update_many"
STATUS = "GET job_statuses/<job_id>"
LOOK = "GET tickets/show_many"


class Killed(BaseException):
    """Nothing of ours catches it."""


@dataclass(slots=True)
class Kept:
    """Keeps what a connector must not lose; may be the last thing that its process does."""

    desk: Account
    values: dict[str, str] = field(default_factory=dict)
    calls_before: list[Mapping[str, int]] = field(default_factory=list)
    is_last_act: bool = False

    def load(self, name: str) -> str | None:
        return self.values.get(name)

    def save(self, name: str, value: str) -> None:
        self.calls_before.append(self.desk.calls())
        self.values[name] = value
        if self.is_last_act:
            raise Killed


def change(number: int, value: str = "negative") -> FieldChange:
    return FieldChange(conversation=key_of(number), fields={"sentiment": value})


def ready(desk: Account, kept: Kept | None = None, *, copy: Copy | None = None) -> Helpdesk:
    """Return a process that was set up and has read everything into `copy`."""
    mine = Copy() if copy is None else copy

    def known(keys: Sequence[ConversationKey]) -> Mapping[ConversationKey, datetime]:
        return {key: mine.heads[key].updated_at for key in keys if key in mine.heads}

    helpdesk = desk.connect(known=known, keeper=kept)
    if copy is None:
        helpdesk.setup(SPECS, dry_run=False)
        mine.read(helpdesk)
        desk.stand.faults.reset_calls()
    return helpdesk


def told(outcomes: Sequence[WriteOutcome]) -> dict[ConversationKey, WriteOutcome]:
    return {each.change.conversation: each for each in outcomes}


def sentiment_id(desk: Account) -> int:
    fields = desk.stand.state.fields.custom()
    return next(each.id for each in fields if each.title.endswith("Sentiment"))


def shown(desk: Account, number: int) -> object:
    return desk.stand.state.tickets[number].custom_fields.get(sentiment_id(desk))


def died_after_a_job(desk: Account, changes: Sequence[FieldChange]) -> tuple[Kept, Copy]:
    """Let a process die between a job's acceptance and the first question about it."""
    kept, copy = Kept(desk), Copy()
    ready(desk)
    helpdesk = ready(desk, kept, copy=copy)
    copy.read(helpdesk)
    kept.is_last_act = True
    with pytest.raises(Killed):
        list(helpdesk.apply(changes))
    kept.is_last_act = False
    desk.stand.faults.reset_calls()
    return kept, copy


# --- Killed in the middle ------------------------------------------------------------------------


def test_a_jobs_id_is_kept_before_anybody_asks_about_it() -> None:
    with account(2) as desk:
        kept = Kept(desk)
        list(ready(desk, kept).apply([change(1), change(2)]))
        (before,) = kept.calls_before
        assert (before[JOBS], STATUS in before) == (1, False)
        (job,) = desk.stand.state.jobs
        assert job in kept.values["jobs"]


def test_what_a_killed_process_sent_is_settled_by_every_row_of_its_job() -> None:
    changes = [change(n) for n in (1, 2, 3)]
    with account(3) as desk:
        desk.stand.faults.before_answering = lambda call: (
            desk.stand.state.close(2) if call.path.endswith("update_many") else None
        )
        kept, copy = died_after_a_job(desk, changes)
        desk.stand.faults.before_answering = None
        outcomes = told(list(ready(desk, kept, copy=copy).apply(changes)))
        assert [outcomes[key_of(n)].written for n in (1, 2, 3)] == [True, False, True]
        assert outcomes[key_of(2)].permanent
        assert JOBS not in desk.calls()
        assert desk.calls()[STATUS] >= 1
        assert desk.calls().get(LOOK, 0) <= 1  # for the one that was in conflict


def test_a_job_that_is_forgotten_meanwhile_is_settled_by_the_tickets() -> None:
    changes = [change(1), change(2)]
    with account(2) as desk:
        kept, copy = died_after_a_job(desk, changes)
        desk.stand.state.lose_jobs()
        outcomes = list(ready(desk, kept, copy=copy).apply(changes))
        assert [each.written for each in outcomes] == [True, True]
        assert desk.calls().get(JOBS, 0) == 0
        assert desk.calls()[LOOK] == 1


def test_the_changes_of_one_job_may_be_asked_for_one_after_another() -> None:
    with account(2) as desk:
        kept, copy = died_after_a_job(desk, [change(1), change(2)])
        helpdesk = ready(desk, kept, copy=copy)
        for number in (1, 2):
            assert all(each.written for each in helpdesk.apply([change(number)]))
        assert {JOBS, LOOK}.isdisjoint(desk.calls())


def test_a_process_killed_again_while_it_resumes_asks_once_more() -> None:
    with account(1) as desk:
        kept, copy = died_after_a_job(desk, [change(1)])
        for _ in range(2):  # the first of them never stores what it heard
            helpdesk = ready(desk, kept, copy=copy)
            assert next(iter(helpdesk.apply([change(1)]))).written
            assert {JOBS, LOOK}.isdisjoint(desk.calls())


def test_a_result_says_nothing_of_a_ticket_that_was_read_since() -> None:
    with account(1) as desk:
        kept, copy = died_after_a_job(desk, [change(1)])
        desk.clock.go(minutes=1)
        desk.stand.state.set_field_as_agent(1, sentiment_id(desk), "vb_sentiment__positive")
        desk.clock.go(minutes=5)
        helpdesk = ready(desk, kept, copy=copy)
        copy.read(helpdesk)
        # Asked for again with the agent's value known: it is written, not believed to be there.
        list(helpdesk.apply([change(1)]))
        assert shown(desk, 1) == "vb_sentiment__negative"


def test_another_change_than_the_one_that_was_sent_is_made() -> None:
    with account(1) as desk:
        kept, copy = died_after_a_job(desk, [change(1, "negative")])
        helpdesk = ready(desk, kept, copy=copy)
        desk.clock.go(minutes=5)
        copy.read(helpdesk)
        assert next(iter(helpdesk.apply([change(1, "neutral")]))).written
        assert shown(desk, 1) == "vb_sentiment__neutral"


def test_jobs_are_not_kept_for_ever() -> None:
    with account(3) as desk:
        kept = Kept(desk)
        helpdesk = ready(desk, kept)
        for number in (1, 2, 3):
            list(helpdesk.apply([change(number)]))
        assert len(desk.stand.state.jobs) == 3
        assert sum(job in kept.values["jobs"] for job in desk.stand.state.jobs) == 1


# --- Many ----------------------------------------------------------------------------------------


def test_a_thousand_tickets_are_ten_jobs_of_which_every_row_is_read() -> None:
    with account(1000, page_limit=1000) as desk:
        helpdesk = ready(desk)
        for number in range(50, 1000, 100):
            desk.stand.state.close(number)
        at_once: list[int] = []

        def count(call: Call) -> None:
            if call.path.endswith("update_many"):
                at_once.append(sum(each.polls < 2 for each in desk.stand.state.jobs.values()))

        desk.stand.faults.after_answering = count
        changes = [change(number) for number in range(1, 1001)]
        outcomes = told(list(helpdesk.apply(changes)))
        refused = [each for each in outcomes.values() if not each.written]
        assert len(outcomes) == 1000
        assert {each.reason for each in refused} == {"closed"}
        assert len(refused) == 10
        assert desk.calls()[JOBS] == 10
        assert max(at_once) == MOST_AT_ONCE
        assert sum(desk.waits) < 10  # one after another they would take ten times as long


def test_no_second_sees_more_changes_than_an_export_can_page_through() -> None:
    with account(1000, page_limit=1000) as desk:
        list(ready(desk).apply([change(number) for number in range(1, 1001)]))
        seconds = Counter(
            row.updated_at.replace(microsecond=0)
            for row in desk.stand.state.tickets.values()
            if shown(desk, row.id)
        )
        assert sum(seconds.values()) == 1000
        assert max(seconds.values()) <= 500


def test_when_others_fill_the_queue_ours_go_in_as_there_is_room() -> None:
    with account(400, page_limit=1000) as desk:
        helpdesk = ready(desk)
        _fill_queue(desk, MOST_JOBS - 1)
        changes = [change(number) for number in range(1, 401)]
        assert all(each.written for each in helpdesk.apply(changes))


def test_a_queue_that_stays_full_leaves_everything_to_the_next_run() -> None:
    with account(2) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.rate_limit(None, retry_after=None, path="/api/v2/tickets/update_many")
        outcomes = list(helpdesk.apply([change(1), change(2)]))
        assert [(each.written, each.reason, each.permanent) for each in outcomes] == [
            (False, FULL, False)
        ] * 2
        desk.stand.faults.clear()
        assert all(each.written for each in helpdesk.apply([change(1), change(2)]))


def test_a_right_lost_in_the_middle_is_told_after_what_was_begun_is_read() -> None:
    with account(300, page_limit=1000) as desk:
        helpdesk = ready(desk)
        desk.stand.faults.server_error(403, times=None, path="/api/v2/tickets/update_many", skip=1)
        outcomes = helpdesk.apply([change(number) for number in range(1, 301)])
        assert all(each.written for each in islice(outcomes, 100))
        with pytest.raises(Unauthorized, match="rights"):
            next(outcomes)
        assert desk.calls()[JOBS] == 2


def _fill_queue(desk: Account, count: int) -> None:
    for number in range(count):
        made = Job(
            id=f"theirs-{number}", created_at=desk.clock.now + timedelta(hours=1), results=[]
        )
        desk.stand.state.jobs[made.id] = made
