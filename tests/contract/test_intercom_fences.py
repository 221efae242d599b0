"""Nothing is written twice, over somebody else's value, or where everything would be refused."""

from collections.abc import Mapping

import pytest

from connectors.sandbox.faults import Call
from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange, FieldSpec, WriteOutcome, field_specs
from tests.contract.intercom_workspace import Workspace, small_corpus, workspace

PUT = "PUT /conversations/<int:conversation_id>"
SPECS: tuple[FieldSpec, ...] = field_specs(("Billing", "Unmapped"), ())
NEGATIVE: Mapping[str, str | None] = {"sentiment": "negative", "driver": "Billing"}


def ready(world: Workspace) -> list[ConversationKey]:
    world.desk.setup(SPECS, dry_run=False)
    world.sync()
    world.stand.faults.reset_calls()
    return world.all_keys()


def write(
    world: Workspace, *keys: ConversationKey, fields: Mapping[str, str | None] = NEGATIVE
) -> list[WriteOutcome]:
    changes = [FieldChange(conversation=key, fields=fields) for key in keys]
    return world.store.record(world.desk.apply(changes))


def attributes_of(world: Workspace, key: ConversationKey) -> str:
    return ", ".join(world.state.conversations[world.id_of(key)].custom_attributes)


def lines(world: Workspace, key: ConversationKey) -> int:
    """Return how many lines about attributes the thread shows."""
    parts = world.state.conversations[world.id_of(key)].parts
    return sum(part.part_type.startswith("conversation_attribute") for part in parts)


def values(world: Workspace, key: ConversationKey) -> Mapping[str, object]:
    found: Mapping[str, object] = world.state.conversations[world.id_of(key)].custom_attributes
    return found


@pytest.mark.parametrize("remembers", [True, False])
def test_the_same_values_again_leave_no_line_and_no_news(remembers: bool) -> None:
    with workspace(remembers=remembers) as world:
        keys = ready(world)
        write(world, *keys)
        world.clock.move(hours=1)
        write(world, *keys)
        assert [lines(world, key) for key in keys] == [2, 2, 2]


def test_our_writing_changes_no_fingerprint_and_is_seen_as_it_was_written() -> None:
    with workspace() as world:
        keys = ready(world)
        before = {key: world.store.fingerprint(key) for key in keys}
        write(world, *keys)
        world.clock.move(minutes=5)
        world.fetch(*keys)
        assert {key: world.store.fingerprint(key) for key in keys} == before
        assert all(world.store.states[key].fields["sentiment"] == "negative" for key in keys)


def test_after_a_lost_answer_the_conversation_is_read_and_not_written_again() -> None:
    with workspace() as world:
        key, *_ = ready(world)
        world.stand.faults.drop_after_doing(1, path="/conversations/", method="PUT")
        (outcome,) = write(world, key)
        assert outcome.written
        assert outcome.updated_at is not None
        assert (world.calls()[PUT], world.retrieved(), lines(world, key)) == (1, 1, 2)


def test_after_a_request_that_never_arrived_it_is_written_once() -> None:
    with workspace() as world:
        key, *_ = ready(world)
        world.stand.faults.drop_before_answering(2, path="/conversations/", method="PUT")
        assert write(world, key)[0].written
        assert (world.calls()[PUT], lines(world, key)) == (3, 2)


def test_a_value_that_an_agent_sets_after_a_lost_answer_stays() -> None:
    with workspace() as world:
        key, *_ = ready(world)

        def agent(call: Call) -> None:
            if call.method == "PUT":
                world.stand.faults.before_answering = None
                world.state.set_field_as_agent(world.id_of(key), "Verbatim Sentiment", "positive")

        world.stand.faults.before_answering = agent
        world.stand.faults.drop_before_answering(1, path="/conversations/", method="PUT")
        (outcome,) = write(world, key)
        assert (outcome.written, outcome.reason) == (False, "changed since it was read")
        assert values(world, key)["Verbatim Sentiment"] == "positive"


@pytest.mark.parametrize("hours", [0, 5])
def test_an_agents_edit_since_the_last_pass_is_not_overwritten_and_becomes_visible(
    hours: int,
) -> None:
    with workspace() as world:
        key, other, _ = ready(world)
        world.clock.move(hours=hours, seconds=1)
        world.state.set_field_as_agent(world.id_of(key), "Verbatim Sentiment", "positive")
        mine, theirs = write(world, key), write(world, other)
        assert (mine[0].written, theirs[0].written) == (False, True)
        assert values(world, key) == {"Verbatim Sentiment": "positive"}
        world.clock.move(minutes=5)
        world.sync()
        assert world.store.states[key].fields["sentiment"] == "positive"


def test_an_agents_edit_that_the_search_did_not_show_yet_is_given_back() -> None:
    with workspace() as world:
        key, other, _ = ready(world)
        world.clock.move(hours=5)
        world.state.search_lag = 600
        world.state.set_field_as_agent(world.id_of(key), "Verbatim Sentiment", "positive")
        (outcome,) = write(world, key)
        assert values(world, key) == {
            "Verbatim Sentiment": "positive",
            "Verbatim Driver": "Billing",
        }
        assert outcome.state is not None
        assert outcome.state.fields["sentiment"] == "positive"
        assert write(world, other)[0].written
        assert values(world, other)["Verbatim Sentiment"] == "negative"


def test_two_attributes_of_one_name_stop_writing_but_not_reading() -> None:
    with workspace(small_corpus(120)) as world:
        keys = ready(world)
        world.state.make_attribute("Anything else", "string")
        world.state.make_attribute("Anything else", "string")
        outcomes = write(world, *keys)
        assert len(outcomes) == 120
        assert world.calls()[PUT] <= 8
        reasons = {outcome.reason for outcome in outcomes}
        assert len(reasons) == 1
        (reason,) = reasons
        assert reason is not None
        assert "share a name (Anything else): archive all but one" in reason
        assert not any(outcome.written or outcome.permanent for outcome in outcomes)
        world.clock.move(minutes=5)
        world.state.add_comment(world.id_of(keys[0]), "Still read.")
        world.clock.move(minutes=5)
        world.sync()
        assert "Still read." in world.store.texts(keys[0])


def test_writing_goes_on_once_the_name_is_free_again() -> None:
    with workspace() as world:
        keys = ready(world)
        double = world.state.make_attribute("Verbatim Driver", "list", options=["Billing"])
        assert not write(world, keys[0])[0].written
        double.archived = True
        assert write(world, keys[0])[0].written


def test_an_option_that_was_removed_concerns_only_its_value() -> None:
    with workspace(small_corpus(40)) as world:
        keys = ready(world)
        driver = next(a for a in world.state.attributes.all() if a.name == "Verbatim Driver")
        gone = next(option for option in driver.options if option.label == "Billing")
        gone.archived = True
        refused = write(world, *keys[:20])
        assert world.calls()[PUT] <= 20 + 8  # one for what can be written, and a few to learn
        assert not any(each.written or each.permanent for each in refused)
        assert {attributes_of(world, key) for key in keys[:20]} == {"Verbatim Sentiment"}
        assert {each.reason for each in refused} == {
            "The attribute 'Verbatim Driver' has no option 'Billing' in Intercom:"
            " run `verbatim setup intercom`"
        }
        assert all(each.written for each in write(world, *keys[20:], fields={"driver": "Unmapped"}))
        assert world.desk.setup(SPECS, dry_run=False).extended == ("Verbatim Driver",)
        assert all(each.written for each in write(world, *keys[:20]))


def test_an_archived_attribute_is_named_and_made_again_by_setup() -> None:
    with workspace() as world:
        keys = ready(world)
        for attribute in world.state.attributes.all():
            attribute.archived = attribute.name == "Verbatim Sentiment"
        (refused, *_) = write(world, *keys)
        assert "no attribute 'Verbatim Sentiment'" in (refused.reason or "")
        assert world.desk.setup(SPECS, dry_run=False).created == ("Verbatim Sentiment",)
        assert all(each.written for each in write(world, *keys))


@pytest.mark.parametrize("kind", ["boolean", "decimal", "integer", "datetime"])
def test_an_attribute_of_another_kind_is_not_adopted(kind: str) -> None:
    with workspace() as world:
        world.state.make_attribute("Verbatim Churn risk", kind)
        report = world.desk.setup(SPECS, dry_run=False)
        assert "Verbatim Churn risk" not in (*report.adopted, *report.created, *report.extended)
        (advice,) = report.by_hand
        assert "rename or archive 'Verbatim Churn risk'" in advice
        assert f"is a {kind} there" in advice
        assert "with the options yes, no" in advice
        world.sync()
        (refused,) = write(world, world.all_keys()[0], fields={"churn_risk": "yes"})
        assert (refused.written, refused.permanent) == (False, False)
        assert f"is a {kind} in Intercom" in (refused.reason or "")


def test_a_kill_between_two_writes_repeats_nothing() -> None:
    with workspace(small_corpus(10)) as world:
        keys = ready(world)
        outcomes = world.desk.apply([FieldChange(conversation=k, fields=NEGATIVE) for k in keys])
        next(iter(outcomes))
        del outcomes
        write(world, *keys)
        world.clock.move(minutes=5)
        world.sync()
        write(world, *keys)
        assert {lines(world, key) for key in keys} == {2}


def test_a_server_that_finds_no_ids_is_read_before_it_is_written() -> None:
    with workspace() as world:
        keys = ready(world)
        world.stand.faults.server_error(400, times=None, path="/conversations/search")
        assert all(outcome.written for outcome in write(world, *keys))
        assert world.retrieved() == 3


def test_a_hundred_writes_cost_a_hundred_and_one_calls() -> None:
    with workspace(small_corpus(100)) as world:
        keys = ready(world)
        write(world, *keys)
        assert sum(world.calls().values()) == 101
