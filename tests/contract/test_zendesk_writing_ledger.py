"""The ledger of what is written to Zendesk: when, why not, whose value, and how often."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from service.domain.conversations import Conversation
from service.domain.measurements import Analysis, Measurement, SetBy
from service.domain.taxonomy import Taxonomy
from service.domain.writeback import LedgerEntry, WriteRules, field_specs
from service.errors import TellPerson, Unauthorized
from service.links import Links
from service.pipeline import Pipeline
from service.ports import Helpdesk
from service.progress import Silent
from service.redaction import Redactor
from service.taxonomy_files import default_taxonomy
from service.writing_back import SWITCHED_OFF, WriteReport
from storage.database import SqlDatabase
from storage.writeback import MOST_REFUSALS
from tests.contract.zendesk_stand import Account, account, conversation, key_of
from tests.databases import opened

JOBS = "PUT tickets/update_many"
QUIET = timedelta(minutes=10)


class Says:
    """An analyser of one opinion, which may change."""

    name = "says"

    def __init__(self) -> None:
        self.version = "says-1"
        self.sentiment = "negative"

    def changes_to(self, sentiment: str) -> None:
        self.sentiment, self.version = sentiment, f"says {sentiment}"

    def analyse(
        self, conversations: Sequence[Conversation], taxonomy: Taxonomy
    ) -> Iterator[Analysis]:
        for each in conversations:
            yield Analysis(
                conversation=each.key,
                fingerprint=each.fingerprint(),
                analyser=self.version,
                taxonomy=taxonomy.version,
                language="en",
                measurements=(Measurement(metric="sentiment", value=self.sentiment, reason=None),),
                tags=(),
                quotes=(),
                summary="",
                tone_start=None,
                tone_end=None,
                created_at=each.head.created_at,
            )


@dataclass(slots=True)
class Office:
    """Zendesk, a workspace beside it, and an analyser to be told what to say."""

    desk: Account
    database: SqlDatabase
    helpdesk: Helpdesk
    says: Says

    def cycle(self, *, switched_on: bool = True) -> WriteReport:
        rules = WriteRules(switched_on=switched_on, quiet=QUIET, again=timedelta(hours=1))
        pipeline = Pipeline(
            database=self.database,
            helpdesks={"zendesk": self.helpdesk},
            analyser=self.says,
            taxonomy=default_taxonomy(),
            masks=Redactor(),
            links=Links("https://verbatim.example"),
            clock=self.desk.clock,
            write_rules=rules,
        )
        (report,) = pipeline.cycle(Silent()).written
        return report

    def entry(self, number: int = 1) -> LedgerEntry:
        found = self.database.write_back.get(key_of(number))
        assert found is not None
        return found

    def shown(self, number: int = 1) -> object:
        return self.desk.stand.state.tickets[number].custom_fields.get(self.field("Sentiment"))

    def field(self, title: str) -> int:
        fields = self.desk.stand.state.fields.custom()
        return next(each.id for each in fields if each.title.endswith(title))

    def agent_sets(self, value: str) -> None:
        self.desk.stand.state.set_field_as_agent(
            1, self.field("Sentiment"), f"vb_sentiment__{value}"
        )
        self.desk.clock.go(minutes=5)

    def in_force(self) -> Measurement | None:
        analysis = self.database.analyses.get(key_of(1))
        return analysis.measured("sentiment") if analysis else None


@contextmanager
def office(folder: Path, count: int = 1, **values: object) -> Iterator[Office]:
    told = [conversation(number, **values) for number in range(count)]
    with account(conversations=told) as desk:
        database = opened(f"sqlite:///{folder / 'verbatim.db'}", desk.clock)
        database.migrate()

        helpdesk = desk.connect(
            known=database.conversations.updated_at, keeper=database.keeper("zendesk")
        )
        helpdesk.setup(field_specs(*default_taxonomy().choices()), dry_run=False)
        yield Office(desk=desk, database=database, helpdesk=helpdesk, says=Says())
        database.close()


# --- When ----------------------------------------------------------------------------------------


def test_an_open_ticket_is_written_to_once_it_is_quiet(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.desk.stand.state.add_comment(1, "Are you there?")
        here.desk.clock.go(minutes=5)
        assert here.cycle().not_written == {"not quiet yet": 1}
        assert here.database.write_back.not_written("zendesk") == {"not quiet yet": 1}
        assert JOBS not in here.desk.calls()
        here.desk.clock.go(minutes=6)
        assert here.cycle().written == 1
        assert here.database.write_back.not_written("zendesk") == {}


def test_a_solved_ticket_is_written_to_at_once(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.desk.stand.state.add_comment(1, "Thanks, bye")
        here.desk.stand.state.set_status(1, "solved")
        here.desk.clock.go(minutes=2)
        assert here.cycle().written == 1


def test_a_change_of_mind_waits_for_the_hour_and_is_not_lost(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        assert here.cycle().written == 1
        assert here.entry().written_at == here.desk.clock.now
        here.says.changes_to("neutral")
        here.desk.clock.go(minutes=30)
        assert here.cycle().not_written == {"written to a short while ago": 1}
        assert here.shown() == "vb_sentiment__negative"
        here.desk.clock.go(minutes=31)
        assert here.cycle().written == 1
        assert here.shown() == "vb_sentiment__neutral"


def test_switched_off_nothing_is_written_and_the_ledger_says_so(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        report = here.cycle(switched_on=False)
        assert (report.switched_off, report.written, report.calls) == (True, 0, 0)
        assert here.database.write_back.not_written("zendesk") == {SWITCHED_OFF: 1}
        assert here.shown() is None
        assert here.cycle().written == 1
        assert here.database.write_back.not_written("zendesk") == {}


# --- Why not -------------------------------------------------------------------------------------


def test_a_missing_field_is_the_reason_of_all_that_wait(tmp_path: Path) -> None:
    with office(tmp_path, 3) as here:
        here.desk.stand.state.delete_field(here.field("Sentiment"))
        here.desk.clock.go(minutes=5)
        with pytest.raises(TellPerson, match="verbatim setup zendesk"):
            here.cycle()
        ((reason, count),) = here.database.write_back.not_written("zendesk").items()
        assert "Verbatim Sentiment" in reason
        assert count == 3
        here.helpdesk.setup(field_specs(*default_taxonomy().choices()), dry_run=False)
        assert here.cycle().written == 3
        assert here.database.write_back.not_written("zendesk") == {}


def test_a_lost_right_is_the_reason_of_all_that_wait(tmp_path: Path) -> None:
    with office(tmp_path, 2) as here:
        here.desk.stand.faults.server_error(403, times=None, path="/api/v2/tickets/update_many")
        with pytest.raises(Unauthorized):
            here.cycle()
        ((reason, count),) = here.database.write_back.not_written("zendesk").items()
        assert "403" in reason
        assert count == 2
        here.desk.stand.faults.clear()
        assert here.cycle().written == 2


def test_a_closed_ticket_is_told_once_and_not_tried(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.desk.stand.state.close(1)
        here.desk.clock.go(minutes=5)
        assert here.cycle().not_written == {"closed": 1}
        assert here.cycle().not_written == {}
        assert here.database.write_back.not_written("zendesk") == {"closed": 1}
        assert JOBS not in here.desk.calls()


def test_a_refusal_without_end_is_believed_after_a_while(tmp_path: Path) -> None:
    with office(tmp_path) as here:

        def refuse(_: object) -> None:
            for job in here.desk.stand.state.jobs.values():
                for row in job.results:
                    row |= {"success": False, "error": "TicketUpdateFailed", "details": "Odd"}

        here.desk.stand.faults.before_answering = refuse
        for number in range(MOST_REFUSALS):
            assert here.entry().refused == number if number else True
            here.desk.clock.go(minutes=30)
            assert here.cycle().not_written == {"Odd": 1}
            here.desk.stand.state.tickets[1].custom_fields.clear()
        calls = here.desk.calls()[JOBS]
        assert here.cycle().not_written == {}
        assert here.desk.calls()[JOBS] == calls
        assert (here.entry().reason, here.entry().refused) == ("Odd", MOST_REFUSALS)


# --- Whose ---------------------------------------------------------------------------------------


def test_an_agents_value_is_kept_through_every_change_of_ours(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.cycle()
        here.desk.clock.go(hours=2)
        here.agent_sets("positive")
        assert here.cycle().kept == 1
        for mind in ("neutral", "negative"):
            here.says.changes_to(mind)
            here.desk.clock.go(hours=2)
            here.cycle()
            found = here.in_force()
            assert found is not None
            assert (found.value, found.set_by) == ("positive", SetBy.AGENT)
            assert here.shown() == "vb_sentiment__positive"
        assert here.entry().kept == {"sentiment": "positive"}


def test_what_an_agent_set_before_we_came_is_theirs_also_when_we_agree(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.agent_sets("negative")
        here.desk.clock.go(minutes=10)
        assert here.cycle().kept == 1
        here.says.changes_to("positive")
        here.desk.clock.go(hours=2)
        here.cycle()
        assert here.shown() == "vb_sentiment__negative"


def test_who_set_which_value_when_can_be_read_back(tmp_path: Path) -> None:
    with office(tmp_path) as here:
        here.cycle()
        here.desk.clock.go(hours=2)
        here.agent_sets("positive")
        here.cycle()
        told = [
            each for each in here.database.analyses.history(key_of(1)) if each.metric == "sentiment"
        ]
        assert [(each.value, each.set_by) for each in told] == [
            ("negative", SetBy.ANALYSER),
            ("positive", SetBy.AGENT),
        ]
        assert told[1].at == here.desk.clock.now
