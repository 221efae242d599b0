"""The decision what to write back: pure, so every rule is one example."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service import writeback
from service.domain.conversations import ConversationKey, HelpdeskState, Status
from service.domain.measurements import Analysis, EmptyReason, Measurement, Quote, TagAssignment
from service.domain.writeback import FieldChange, FieldName, LedgerEntry, WriteRules
from service.links import Links

KEY = ConversationKey("zendesk:7")
LINKS = Links("https://verbatim.example")
ALL_FIELDS = frozenset(FieldName)
Noted = Mapping[str, Collection[str | None]]
AT = datetime(2026, 11, 16, 9, tzinfo=UTC)


def analysis(**values: str | None) -> Analysis:
    measurements = tuple(
        Measurement(
            metric=name, value=value, reason=None if value else EmptyReason.NO_CUSTOMER_TEXT
        )
        for name, value in values.items()
    )
    return Analysis(
        conversation=KEY,
        fingerprint="f",
        analyser="local-1",
        taxonomy="t",
        language="en",
        measurements=measurements,
        tags=(TagAssignment(raw="x", canonical="Double charge", driver="Billing", confidence=0.9),),
        quotes=(Quote(message="m1", start=0, end=4, text="Help", shows="sentiment"),),
        summary="",
        tone_start=None,
        tone_end=None,
        created_at=AT,
    )


def entry(
    *,
    fields: dict[str, str | None] | None = None,
    written: dict[str, str | None] | None = None,
    tags: frozenset[str] = frozenset(),
    kept: dict[str, str | None] | None = None,
    under_way: Noted | None = None,
) -> LedgerEntry:
    return LedgerEntry(
        conversation=KEY,
        status=Status.SOLVED,
        updated_at=AT,
        state=HelpdeskState(fields=fields or {}, tags=tags, writable=True),
        written=written or {},
        kept=kept or {},
        under_way=under_way or {},
    )


def planned(found: Analysis, current: LedgerEntry) -> object:
    wanted = writeback.desired(found, LINKS, fields=ALL_FIELDS)
    people_set = {name: current.state.fields.get(name) for name in current.kept}
    people_set |= writeback.agents_edits(current)
    return writeback.change(wanted, current, kept=people_set, flag_tags_only=False)


def edits(current: LedgerEntry) -> dict[str, str | None]:
    ours = writeback.ours_by_now(current)
    return writeback.agents_edits(replace(current, written={**current.written, **ours}))


def shown(found: Analysis) -> LedgerEntry:
    """The ledger after everything that this analysis wants was written."""
    wanted = writeback.desired(found, LINKS, fields=ALL_FIELDS)
    return entry(fields=dict(wanted.fields), written=dict(wanted.fields), tags=wanted.tags)


def test_a_new_conversation_gets_every_measured_field_and_its_tags() -> None:
    wanted = writeback.desired(analysis(sentiment="negative"), LINKS, fields=ALL_FIELDS)

    assert wanted.fields["sentiment"] == "negative"
    assert wanted.fields["driver"] == "Billing"
    assert wanted.fields["topic"] == "Double charge"
    assert wanted.tags == {"vb_sentiment__negative", "vb_driver__billing"}


def test_the_evidence_field_opens_the_words() -> None:
    wanted = writeback.desired(analysis(sentiment="negative"), LINKS, fields=ALL_FIELDS)

    assert (
        wanted.fields["evidence"]
        == "https://verbatim.example/conversations/zendesk:7?quote=m1:0-4#quote"
    )


def test_what_is_already_shown_is_not_written_again() -> None:
    found = analysis(sentiment="negative", effort="low")

    assert planned(found, shown(found)) is None


def test_only_the_field_that_changed_is_written() -> None:
    change = writeback.change(
        writeback.desired(analysis(sentiment="positive"), LINKS, fields=ALL_FIELDS),
        shown(analysis(sentiment="negative")),
        kept={},
        flag_tags_only=False,
    )

    assert change is not None
    assert dict(change.fields) == {"sentiment": "positive"}
    assert change.add_tags == {"vb_sentiment__positive"}
    assert change.remove_tags == {"vb_sentiment__negative"}


def test_a_value_that_became_blank_is_cleared() -> None:
    change = writeback.change(
        writeback.desired(analysis(sentiment=None), LINKS, fields=ALL_FIELDS),
        shown(analysis(sentiment="negative")),
        kept={},
        flag_tags_only=False,
    )

    assert change is not None
    assert change.fields["sentiment"] is None
    assert change.remove_tags == {"vb_sentiment__negative"}


def test_other_peoples_tags_are_never_touched() -> None:
    current = entry(tags=frozenset({"vip", "billing", "vb_sentiment__neutral"}))
    change = writeback.change(
        writeback.desired(analysis(sentiment="negative"), LINKS, fields=ALL_FIELDS),
        current,
        kept={},
        flag_tags_only=False,
    )

    assert change is not None
    assert change.remove_tags == {"vb_sentiment__neutral"}


def test_a_value_that_an_agent_changed_is_recognised_and_kept() -> None:
    found = analysis(sentiment="negative")
    current = shown(found)
    edited = entry(
        fields={**current.state.fields, "sentiment": "neutral"},
        written=dict(current.written),
        tags=(current.state.tags - {"vb_sentiment__negative"}) | {"vb_sentiment__neutral"},
    )

    assert edits(edited) == {"sentiment": "neutral"}
    assert planned(found, edited) is None


def test_a_field_that_an_agent_cleared_stays_clear() -> None:
    found = analysis(sentiment="negative")
    current = shown(found)
    cleared = entry(
        fields={**current.state.fields, "sentiment": None},
        written=dict(current.written),
        tags=current.state.tags - {"vb_sentiment__negative"},
    )

    assert edits(cleared) == {"sentiment": None}
    assert planned(found, cleared) is None


def test_an_agent_who_changes_their_mind_is_heard_again() -> None:
    once = {"sentiment": "neutral"}

    same = entry(fields={"sentiment": "neutral"}, kept=dict(once))
    cleared = entry(fields={"sentiment": None}, kept=dict(once))
    as_we_say = entry(fields={"sentiment": "negative"}, kept=dict(once))

    assert edits(same) == {}
    assert edits(cleared) == {"sentiment": None}
    assert edits(as_we_say) == {"sentiment": "negative"}


def test_values_beside_our_evidence_link_come_from_an_earlier_installation() -> None:
    found = entry(fields={"sentiment": "positive", "evidence": "https://old.example/x"})

    assert edits(found) == {}
    assert writeback.ours_by_now(found) == found.state.fields


def test_what_an_agent_sets_beside_an_evidence_link_of_this_installation_is_theirs() -> None:
    link = "https://verbatim.example/conversations/zendesk:7"
    stands: dict[str, str | None] = {"sentiment": "positive", "evidence": link}

    assert edits(entry(fields=stands, written={"evidence": link})) == {"sentiment": "positive"}
    noted: Noted = {"sentiment": ["negative"], "evidence": [link]}
    assert edits(entry(fields=stands, under_way=noted)) == {"sentiment": "positive"}


def test_a_value_in_a_field_we_never_wrote_is_a_persons_also_when_we_want_the_same() -> None:
    assert edits(entry(fields={"sentiment": "positive"})) == {"sentiment": "positive"}
    assert planned(analysis(sentiment="positive"), entry(fields={"sentiment": "positive"}))


def test_a_write_whose_outcome_was_lost_is_not_taken_for_an_agents() -> None:
    lost = entry(
        fields={"sentiment": "negative", "effort": None},
        written={"effort": "low"},
        under_way={"sentiment": ["negative"], "effort": [None]},
    )

    assert edits(lost) == {}
    assert writeback.ours_by_now(lost) == {"sentiment": "negative", "effort": None}


# --- When ----------------------------------------------------------------------------------------

RULES = WriteRules(quiet=timedelta(minutes=10), again=timedelta(hours=1))
MOOD = FieldChange(conversation=KEY, fields={"sentiment": "neutral"})


def waits(
    made: FieldChange = MOOD, *, status: Status = Status.OPEN, **minutes_ago: float
) -> str | None:
    moments = {name: AT - timedelta(minutes=each) for name, each in minutes_ago.items()}
    current = replace(entry(), status=status, **moments)  # type: ignore[arg-type]  # times only
    return writeback.waits_for(current, made, RULES, now=AT)


def test_a_conversation_waits_until_nobody_writes_in_it() -> None:
    assert waits(last_said=9) == writeback.NOT_QUIET
    assert waits(last_said=10) is None
    assert waits(status=Status.PENDING, last_said=1) == writeback.NOT_QUIET


@pytest.mark.parametrize("status", [Status.SOLVED, Status.CLOSED])
def test_a_conversation_that_is_over_does_not_wait(status: Status) -> None:
    assert waits(status=status, last_said=1) is None


def test_a_message_from_the_future_holds_nothing_up() -> None:
    assert waits(last_said=-60 * 24 * 365) is None


def test_a_conversation_is_written_to_once_an_hour() -> None:
    assert waits(last_said=30, written_at=59) == writeback.JUST_WRITTEN
    assert waits(last_said=30, written_at=60) is None


def test_what_people_act_on_does_not_wait_for_the_hour_but_for_quiet() -> None:
    flag = FieldChange(conversation=KEY, fields={"churn_risk": "yes"})
    tag = FieldChange(conversation=KEY, fields={}, remove_tags=frozenset({"vb_churn__yes"}))
    blank = FieldChange(conversation=KEY, fields={"driver": None})
    for urgent in (flag, tag, blank):
        assert waits(urgent, last_said=30, written_at=1) is None
        assert waits(urgent, last_said=1, written_at=1) == writeback.NOT_QUIET


def test_where_each_tag_costs_a_call_only_the_flag_is_written() -> None:
    change = writeback.change(
        writeback.desired(
            analysis(sentiment="negative", churn_risk="yes"), LINKS, fields=ALL_FIELDS
        ),
        entry(),
        kept={},
        flag_tags_only=True,
    )

    assert change is not None
    assert change.add_tags == {"vb_churn__yes"}
