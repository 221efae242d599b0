"""What writing to a helpdesk promises: only what is ours, once, and every change's fate told."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service import measures
from service.custom_metrics import custom_metric
from service.domain.conversations import ConversationKey
from service.domain.measurements import CUSTOM
from service.domain.writeback import (
    TAG_PREFIX,
    FieldChange,
    FieldName,
    FieldSpec,
    WriteOutcome,
    field_specs,
    tag_of,
    takes,
)
from service.errors import RetryLater, TellPerson
from service.ports import Helpdesk
from tests.contract.helpdesk_bench import FOREIGN_TAG, Copy, HelpdeskBench

OWN = custom_metric(
    name="legal_threat",
    title="Legal threat",
    question="Does the customer threaten legal action?",
    values=("yes", "not at all"),
)
SPECS = field_specs(("Billing", "Account Access"), ("Double charge",), [OWN])
VALUES: dict[str, str | None] = {
    FieldName.SENTIMENT: "negative",
    FieldName.CHURN_RISK: "yes",
    FieldName.EFFORT: "high",
    FieldName.DRIVER: "Account Access",
    FieldName.TOPIC: "Double charge",
    FieldName.EVIDENCE: "https://verbatim.example.com/conversations/1",
    OWN.name: "not at all",
}
CHURN = tag_of(FieldName.CHURN_RISK, "yes")


def specs_of(helpdesk: Helpdesk) -> list[FieldSpec]:
    return [spec for spec in SPECS if takes(helpdesk.fields, spec.name)]


def change(helpdesk: Helpdesk, key: ConversationKey, **values: str | None) -> FieldChange:
    """Return a change as write-back decides it for this helpdesk."""
    wanted = {**VALUES, **values}
    fields = {name: value for name, value in wanted.items() if takes(helpdesk.fields, name)}
    tags = {
        tag_of(name, value)
        for name, value in fields.items()
        if value is not None and name not in (FieldName.TOPIC, FieldName.EVIDENCE)
    }
    if helpdesk.flag_tags_only:
        tags &= {CHURN}
    return FieldChange(conversation=key, fields=fields, add_tags=frozenset(tags))


class Ready:
    """A helpdesk that was set up and read once, a while ago."""

    def __init__(self, bench: HelpdeskBench) -> None:
        self.bench = bench
        self.copy = Copy()
        self.helpdesk = bench.connect(self.copy)
        self.helpdesk.setup(specs_of(self.helpdesk), dry_run=False)
        self.copy.read(self.helpdesk)
        bench.later()
        self.copy.read(self.helpdesk)

    def restart(self) -> None:
        self.helpdesk = self.bench.connect(self.copy)

    def write(self, *changes: FieldChange) -> list[WriteOutcome]:
        return self.copy.record(self.helpdesk.apply(changes))

    def shown(self, key: ConversationKey) -> tuple[dict[str, str | None], list[str]]:
        """Return what people see of ours: fields by name, and our tags as often as they stand."""
        again = Copy()
        again.take_all(self.bench.connect(again).fetch([key]))
        ours = [tag for tag in self.bench.tags(key) if tag.startswith(TAG_PREFIX)]
        return dict(again.states[key].fields), sorted(ours)


class WritingLaws:
    desk: ClassVar[type[HelpdeskBench]]

    @pytest.fixture(autouse=True)
    def own_metrics(self) -> Iterator[None]:
        measures.define([OWN])
        yield
        measures.define(())

    @pytest.fixture
    def ready(self, bench: HelpdeskBench) -> Ready:
        return Ready(bench)

    # Setting up.

    def test_a_dry_run_of_setup_writes_nothing_and_says_the_same(
        self, bench: HelpdeskBench
    ) -> None:
        helpdesk = bench.connect()
        told = helpdesk.setup(specs_of(helpdesk), dry_run=True)
        assert bench.writes() == 0
        done = bench.connect().setup(specs_of(helpdesk), dry_run=False)
        assert set(told.created) == set(done.created)
        assert set(done.created) == {spec.title for spec in specs_of(helpdesk)}

    def test_setup_creates_once_and_adopts_from_then_on(self, bench: HelpdeskBench) -> None:
        helpdesk = bench.connect()
        helpdesk.setup(specs_of(helpdesk), dry_run=False)
        bench.faults.reset_calls()
        for again in (helpdesk, bench.connect()):
            report = again.setup(specs_of(helpdesk), dry_run=False)
            assert (report.created, report.extended, report.by_hand) == ((), (), ())
            assert set(report.adopted) == {spec.title for spec in specs_of(helpdesk)}
        assert bench.writes() == 0

    def test_setup_adds_the_options_that_a_grown_taxonomy_needs(self, bench: HelpdeskBench) -> None:
        helpdesk = bench.connect()
        helpdesk.setup(specs_of(helpdesk), dry_run=False)
        grown = [
            spec
            for spec in field_specs(("Billing", "Delivery"), ("Double charge",))
            if takes(helpdesk.fields, spec.name)
        ]
        assert bench.connect().setup(grown, dry_run=False).extended == ("Verbatim Driver",)
        assert bench.connect().setup(grown, dry_run=False).extended == ()

    def test_a_metric_of_the_workspace_has_a_field_where_the_helpdesk_takes_it(
        self, ready: Ready
    ) -> None:
        if CUSTOM not in ready.helpdesk.fields:
            assert OWN.name not in ready.shown(ready.bench.all_keys[0])[0]
            return
        key = ready.bench.all_keys[0]
        ready.write(change(ready.helpdesk, key))
        fields, tags = ready.shown(key)
        assert fields[OWN.name] == "not at all"
        assert (tag_of(OWN.name, "not at all") in tags) is not ready.helpdesk.flag_tags_only
        ready.bench.later()
        ready.copy.read(ready.helpdesk)
        (outcome,) = ready.write(FieldChange(conversation=key, fields={OWN.name: None}))
        assert outcome.written
        fields, tags = ready.shown(key)
        assert fields[OWN.name] is None
        assert tag_of(OWN.name, "not at all") not in tags

    # Writing.

    def test_a_change_is_written_and_shows_in_our_words(self, ready: Ready) -> None:
        key = ready.bench.all_keys[0]
        wanted = change(ready.helpdesk, key)
        (outcome,) = ready.write(wanted)
        assert outcome.written
        fields, tags = ready.shown(key)
        assert {name: fields[name] for name in wanted.fields} == dict(wanted.fields)
        assert set(wanted.add_tags) <= set(tags)
        assert len(tags) == len(set(tags))

    def test_a_blank_takes_the_value_and_our_tag_away_and_nothing_else(self, ready: Ready) -> None:
        key = ready.bench.all_keys[0]
        ready.write(change(ready.helpdesk, key))
        ready.bench.later()
        ready.copy.read(ready.helpdesk)
        blank = FieldChange(
            conversation=key,
            fields={FieldName.CHURN_RISK: None},
            remove_tags=frozenset({CHURN}),
        )
        (outcome,) = ready.write(blank)
        assert outcome.written
        fields, tags = ready.shown(key)
        assert fields[FieldName.CHURN_RISK] is None
        assert fields[FieldName.SENTIMENT] == "negative"
        assert CHURN not in tags
        assert FOREIGN_TAG in ready.bench.tags(key)

    def test_foreign_tags_and_fields_survive(self, ready: Ready) -> None:
        key = ready.bench.all_keys[0]
        ready.bench.set_foreign_field(key, "A-17")
        ready.bench.later()
        ready.write(change(ready.helpdesk, key))
        assert ready.bench.foreign_field(key) == "A-17"
        assert FOREIGN_TAG in ready.bench.tags(key)

    def test_no_words_are_ever_written(self, ready: Ready) -> None:
        before = {key: ready.copy.said(key) for key in ready.bench.all_keys}
        ready.write(*(change(ready.helpdesk, key) for key in ready.bench.all_keys))
        fresh = Copy()
        fresh.take_all(ready.bench.connect(fresh).fetch(ready.bench.all_keys))
        assert {key: fresh.said(key) for key in ready.bench.all_keys} == before

    def test_every_change_has_one_outcome_also_those_that_cannot_be_made(
        self, ready: Ready
    ) -> None:
        keys = ready.bench.all_keys
        ready.bench.delete(keys[1])
        ready.bench.later()
        outcomes = ready.write(*(change(ready.helpdesk, key) for key in keys[:4]))
        told = {outcome.change.conversation: outcome for outcome in outcomes}
        assert sorted(told) == sorted(keys[:4])
        assert len(outcomes) == len(told)
        assert [told[key].written for key in keys[:4]] == [True, False, True, True]
        assert told[keys[1]].permanent
        assert told[keys[1]].reason

    def test_a_value_nobody_made_an_option_for_is_an_outcome_or_becomes_one(
        self, ready: Ready
    ) -> None:
        keys = ready.bench.all_keys
        odd = change(ready.helpdesk, keys[0], driver="Brand New Driver")
        outcomes = ready.write(odd, change(ready.helpdesk, keys[2]))
        told = {outcome.change.conversation: outcome for outcome in outcomes}
        assert told[keys[2]].written
        assert told[keys[0]].written or told[keys[0]].reason

    @pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE])
    def test_a_lost_answer_does_not_write_twice(self, kind: FaultKind) -> None:
        wanted = self._written_cleanly()
        for method, path in self.desk.write_calls:
            for place in range(3):
                with self.desk.opened() as bench:
                    ready = Ready(bench)
                    bench.fail(Fault(kind=kind, method=method, path=path, skip=place))
                    self._write_until_settled(ready)
                    bench.faults.clear()
                    assert _as_people_see(ready) == wanted, f"{method} {path} {place}"

    def test_a_connector_that_was_restarted_writes_nothing_twice(self) -> None:
        wanted = self._written_cleanly()
        with self.desk.opened() as bench:
            ready = Ready(bench)
            keys = bench.all_keys[:3]
            list(ready.helpdesk.apply([change(ready.helpdesk, key) for key in keys]))
            ready.restart()  # it died before it could record what became of them
            bench.later()
            ready.write(*(change(ready.helpdesk, key) for key in keys))
            assert _as_people_see(ready) == wanted

    def test_a_write_that_is_refused_for_its_token_is_told(self, ready: Ready) -> None:
        for method, path in ready.bench.write_calls:
            ready.bench.fail(
                Fault(kind=FaultKind.UNAUTHORIZED, times=None, method=method, path=path)
            )
        with pytest.raises(TellPerson):
            ready.write(change(ready.helpdesk, ready.bench.all_keys[0]))

    # Reading what was written.

    def test_our_own_write_brings_no_changed_message_and_then_is_quiet(self, ready: Ready) -> None:
        keys = ready.bench.all_keys
        words = {key: ready.copy.said(key) for key in keys}
        ready.write(*(change(ready.helpdesk, key) for key in keys[:3]))
        for helpdesk in (ready.helpdesk, ready.bench.connect(ready.copy)):
            ready.bench.later()
            ready.copy.read(helpdesk)
            assert {key: ready.copy.said(key) for key in keys} == words
        ready.bench.later()
        news = ready.copy.read(ready.helpdesk)
        assert (news.heads, news.messages, news.gone) == ({}, {}, set())

    def test_a_reply_beside_our_write_is_not_lost(self, ready: Ready) -> None:
        first, second = ready.bench.all_keys[0], ready.bench.all_keys[2]
        ready.bench.reply(first, "Just before your write")
        ready.write(change(ready.helpdesk, first), change(ready.helpdesk, second))
        ready.bench.reply(second, "In the very second of your write")
        ready.bench.later()
        ready.copy.read(ready.helpdesk)
        ready.bench.later()
        ready.copy.read(ready.bench.connect(ready.copy))
        assert ready.copy.said(first)[-1].text == "Just before your write"
        assert ready.copy.said(second)[-1].text == "In the very second of your write"

    def test_an_agents_edit_shows_in_the_state(self, ready: Ready) -> None:
        keys = ready.bench.all_keys[:2]
        ready.write(*(change(ready.helpdesk, key) for key in keys))
        ready.bench.later()
        ready.copy.read(ready.helpdesk)
        ready.bench.edit(keys[0], FieldName.SENTIMENT, "positive")
        ready.bench.later()
        ready.copy.read(ready.helpdesk)
        shown = [ready.copy.states[key].fields[FieldName.SENTIMENT] for key in keys]
        assert shown[0] == "positive"

    def _written_cleanly(self) -> list[object]:
        with self.desk.opened() as bench:
            ready = Ready(bench)
            self._write_until_settled(ready)
            return _as_people_see(ready)

    def _write_until_settled(self, ready: Ready) -> None:
        """Write as cycles do: what is not settled is tried again in the next."""
        waiting: Sequence[FieldChange] = [
            change(ready.helpdesk, key) for key in ready.bench.all_keys[:3]
        ]
        for _ in range(4):
            try:
                outcomes = ready.write(*waiting)
            except (RetryLater, TellPerson):
                outcomes = []
            settled = {each.change.conversation for each in outcomes if each.written}
            waiting = [each for each in waiting if each.conversation not in settled]
            if not waiting:
                return
            ready.bench.later()
        pytest.fail(f"never written: {waiting}")


def _as_people_see(ready: Ready) -> list[object]:
    return [(ready.shown(key), ready.bench.traces(key)) for key in ready.bench.all_keys[:3]]
