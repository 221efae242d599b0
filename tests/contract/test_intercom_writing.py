"""The Intercom connector writes little, and never takes its own writing for news."""

import hmac
import json
from collections.abc import Iterator, Mapping

import pytest

from connectors.intercom import build
from connectors.sandbox.faults import Fault, FaultKind
from service import measures
from service.custom_metrics import custom_metric
from service.domain.conversations import ConversationKey
from service.domain.writeback import FieldChange, FieldSpec, WriteOutcome, field_specs
from service.errors import Misused, SkipThis, Unauthorized
from tests.contract.intercom_workspace import SECRET, Workspace, small_corpus, workspace

PUT = "PUT /conversations/<int:conversation_id>"
SEARCH = "POST /conversations/search"
DRIVERS = ("Billing", "Unmapped")
SPECS: tuple[FieldSpec, ...] = field_specs(DRIVERS, ("refund",))
NEGATIVE: Mapping[str, str | None] = {"sentiment": "negative", "driver": "Billing"}


def ready(world: Workspace) -> None:
    world.desk.setup(SPECS, dry_run=False)
    world.sync()
    world.stand.faults.reset_calls()


def change(
    key: ConversationKey,
    fields: Mapping[str, str | None] = NEGATIVE,
    *,
    add: frozenset[str] = frozenset(),
    remove: frozenset[str] = frozenset(),
) -> FieldChange:
    return FieldChange(conversation=key, fields=fields, add_tags=add, remove_tags=remove)


def write(world: Workspace, *changes: FieldChange) -> list[WriteOutcome]:
    return world.store.record(world.desk.apply(changes))


def test_only_changed_values_are_written_with_one_call_each() -> None:
    with workspace(small_corpus(30)) as world:
        ready(world)
        outcomes = write(world, *(change(key) for key in world.all_keys()))
        assert all(outcome.written for outcome in outcomes)
        assert world.calls() == {PUT: 30, SEARCH: 1}
        row = world.state.conversations[world.id_of(world.all_keys()[0])]
        assert row.custom_attributes == {
            "Verbatim Sentiment": "negative",
            "Verbatim Driver": "Billing",
        }
        state = outcomes[0].state
        assert state is not None
        assert state.fields["sentiment"] == "negative"


def test_our_own_writing_is_not_read_again() -> None:
    with workspace(small_corpus(30)) as world:
        ready(world)
        write(world, *(change(key) for key in world.all_keys()))
        world.clock.move(minutes=5)
        world.stand.faults.reset_calls()
        world.sync()
        assert world.retrieved() == 0
        world.sync()
        assert world.retrieved() == 0


def test_what_changed_since_it_was_read_is_read_before_it_is_written() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        world.clock.move(hours=1)
        world.state.add_comment(world.id_of(key), "Nobody read this yet.")
        (outcome,) = write(world, change(key))
        assert (outcome.written, outcome.reason) == (False, "changed since it was read")
        world.clock.move(minutes=40)
        world.sync()
        assert "Nobody read this yet." in world.store.texts(key)
        assert write(world, change(key))[0].written


def test_a_reply_after_our_writing_retrieves_exactly_that_one() -> None:
    with workspace(small_corpus(10)) as world:
        ready(world)
        write(world, *(change(key) for key in world.all_keys()))
        world.clock.move(minutes=1)
        world.state.add_comment(world.id_of(world.all_keys()[3]), "And another thing.")
        world.clock.move(minutes=5)
        world.stand.faults.reset_calls()
        world.sync()
        assert world.retrieved() == 1


def test_an_open_conversation_is_left_alone_until_it_is_quiet() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        world.state.add_comment(world.id_of(key), "Hello again.")
        world.clock.move(minutes=2)
        world.sync()
        (outcome,) = write(world, change(key))
        assert (outcome.written, outcome.reason, outcome.permanent) == (
            False,
            "not quiet yet",
            False,
        )
        assert world.state.conversations[world.id_of(key)].custom_attributes == {}
        world.clock.move(minutes=30)
        assert write(world, change(key))[0].written


def test_a_closed_conversation_is_written_at_once() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        world.state.add_comment(world.id_of(key), "Thanks, bye.")
        world.state.close(world.id_of(key))
        world.clock.move(minutes=2)
        world.sync()
        assert write(world, change(key))[0].written


def test_a_value_that_the_helpdesk_does_not_know_says_what_to_do() -> None:
    with workspace() as world:
        ready(world)
        first, second, third = world.all_keys()
        (refused,) = write(world, change(first, {"driver": "Nowhere"}))
        assert (refused.written, refused.permanent) == (False, False)
        assert "'Verbatim Driver' has no option 'Nowhere'" in (refused.reason or "")
        assert "verbatim setup intercom" in (refused.reason or "")
        assert all(each.written for each in write(world, change(second), change(third)))


def test_writing_stops_when_the_attributes_are_not_there() -> None:
    with workspace(small_corpus(150)) as world:
        world.sync()
        outcomes = write(world, *(change(key) for key in world.all_keys()))
        assert len(outcomes) == 150
        assert not any(outcome.written or outcome.permanent for outcome in outcomes)
        assert world.calls()[PUT] <= 8
        assert "no attribute 'Verbatim" in (outcomes[-1].reason or "")


OWN = custom_metric(
    name="legal_threat", title="Threat of court", question="Is there one?", values=("yes", "no")
)
OF_OWN: Mapping[str, str | None] = {"sentiment": "negative", OWN.name: "yes"}


@pytest.fixture
def own_metric() -> Iterator[None]:
    measures.define([OWN])
    yield
    measures.define(())


@pytest.mark.usefixtures("own_metric")
def test_a_metric_that_is_newer_than_setup_gets_its_attribute_with_its_first_value() -> None:
    with workspace() as world:
        ready(world)
        (outcome,) = write(world, change(world.all_keys()[0], OF_OWN))
        assert outcome.written
        assert outcome.state is not None
        assert outcome.state.fields[OWN.name] == "yes"
        row = world.state.conversations[world.id_of(world.all_keys()[0])]
        assert row.custom_attributes["Verbatim Legal threat"] == "yes"
        made = world.state.attributes.all()[-1]
        assert (made.name, made.labels) == ("Verbatim Legal threat", {"yes", "no"})


@pytest.mark.usefixtures("own_metric")
def test_an_agents_value_and_blank_of_an_own_metric_are_told_as_they_stand() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        write(world, change(key, OF_OWN))
        for value in ("no", None):
            world.clock.move(hours=1)
            world.state.set_field_as_agent(world.id_of(key), "Verbatim Legal threat", value)
            world.clock.move(minutes=5)
            world.sync()
            assert world.store.states[key].fields[OWN.name] == value


@pytest.mark.usefixtures("own_metric")
def test_what_has_no_attribute_yet_waits_alone_and_the_rest_is_written_once() -> None:
    with workspace() as world:
        ready(world)
        world.stand.faults.server_error(403, times=None, path="/conversations/attributes")
        outcomes = write(world, *(change(key, OF_OWN) for key in world.all_keys()))
        assert {(each.written, each.permanent) for each in outcomes} == {(False, False)}
        assert "no attribute 'Verbatim Legal threat'" in (outcomes[0].reason or "")
        for outcome in outcomes:
            row = world.state.conversations[world.id_of(outcome.change.conversation)]
            assert row.custom_attributes == {"Verbatim Sentiment": "negative"}
            assert outcome.state is not None
            assert outcome.state.fields["sentiment"] == "negative"
        world.stand.faults.clear()
        (outcome,) = write(world, change(world.all_keys()[0], {OWN.name: "yes"}))
        assert outcome.written


def test_writing_stops_when_everything_is_refused_without_a_reason() -> None:
    with workspace(small_corpus(150)) as world:
        ready(world)
        world.stand.faults.add(
            Fault(kind=FaultKind.SERVER_ERROR, status=422, times=None, method="PUT")
        )
        outcomes = write(world, *(change(key) for key in world.all_keys()))
        assert len(outcomes) == 150
        assert not any(outcome.written for outcome in outcomes)
        assert 10 <= world.calls()[PUT] <= 20


def test_a_deleted_conversation_cannot_be_written() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        world.state.delete_conversation(world.id_of(key))
        (outcome,) = write(world, change(key))
        assert (outcome.written, outcome.reason, outcome.permanent) == (False, "deleted", True)


def test_a_blank_clears_an_earlier_value() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        write(world, change(key, {"sentiment": "negative"}))
        world.clock.move(hours=1)
        write(world, change(key, {"sentiment": None}))
        assert world.state.conversations[world.id_of(key)].custom_attributes == {}


def test_a_lost_answer_writes_the_same_value_once() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        world.stand.faults.drop_after_doing(1, path="/conversations/", method="PUT")
        assert write(world, change(key, {"sentiment": "negative"}))[0].written
        row = world.state.conversations[world.id_of(key)]
        lines = [part for part in row.parts if part.part_type.startswith("conversation_attribute")]
        assert len(lines) == 1


def test_only_the_churn_tag_is_written_and_only_our_tags_are_removed() -> None:
    with workspace(small_corpus(4)) as world:
        ready(world)
        tags = frozenset({"vb_churn__yes", "vb_effort__high"})
        write(world, *(change(key, {}, add=tags) for key in world.all_keys()))
        shown = {world.state.tags[id_] for id_ in _tags(world)}
        assert shown == {"billing", "vb_churn__yes"}
        assert world.calls()["POST /tags"] == 1
        key = world.all_keys()[0]
        write(world, change(key, {}, remove=frozenset({"vb_churn__yes", "billing"})))
        assert {world.state.tags[id_] for id_ in _tags(world)} == {"billing"}


def _tags(world: Workspace) -> list[int]:
    return list(world.state.conversations[world.id_of(world.all_keys()[0])].tags)


def test_without_an_admin_no_tag_is_written() -> None:
    with workspace(admin_id="") as world:
        ready(world)
        key = world.all_keys()[0]
        (outcome,) = write(world, change(key, {}, add=frozenset({"vb_churn__yes"})))
        assert outcome.written
        assert world.calls() == {}


def test_our_tag_is_not_news_either() -> None:
    with workspace() as world:
        ready(world)
        key = world.all_keys()[0]
        write(world, change(key, add=frozenset({"vb_churn__yes"})))
        world.clock.move(minutes=5)
        world.stand.faults.reset_calls()
        world.sync()
        assert world.retrieved() == 0


def test_setup_creates_then_adopts_then_extends() -> None:
    with workspace() as world:
        dry = world.desk.setup(SPECS, dry_run=True)
        assert world.state.attributes.all() == []
        made = world.desk.setup(SPECS, dry_run=False)
        assert dry == made
        assert made.created == (
            "Verbatim Sentiment",
            "Verbatim Churn risk",
            "Verbatim Effort",
            "Verbatim Driver",
        )
        assert world.desk.setup(SPECS, dry_run=False).adopted == made.created
        more = world.desk.setup(field_specs((*DRIVERS, "Account access"), ()), dry_run=False)
        assert more.extended == ("Verbatim Driver",)
        assert world.desk.setup(SPECS, dry_run=False).extended == ()


def test_setup_says_what_to_click_where_it_may_not_create() -> None:
    with workspace() as world:
        world.stand.faults.server_error(400, times=None, path="/conversations/attributes")
        report = world.desk.setup(SPECS, dry_run=False)
        assert report.created == ()
        assert len(report.by_hand) == 4
        assert "'Verbatim Sentiment' with the options" in report.by_hand[0]


def test_setup_names_two_attributes_that_share_a_name() -> None:
    with workspace() as world:
        for _ in range(2):
            world.state.make_attribute("Verbatim Effort", "list", options=["high", "low"])
        report = world.desk.setup(SPECS, dry_run=True)
        assert "archive all but one attribute named 'Verbatim Effort'" in report.by_hand[0]


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, "sha1").hexdigest()}


def event(topic: str, item: object) -> bytes:
    return json.dumps(
        {"type": "notification_event", "topic": topic, "data": {"item": item}}
    ).encode()


def test_a_signed_event_names_its_conversation_and_nothing_else() -> None:
    with workspace() as world:
        said = {"type": "conversation", "id": 42, "source": {"body": "never read"}}
        for topic in ("conversation.user.replied", "conversation.deleted"):
            body = event(topic, said)
            assert world.desk.parse_event(signed(body), body) == ("intercom:42",)
        part = event(
            "conversation_part.redacted", {"type": "conversation_part", "conversation_id": "7"}
        )
        assert world.desk.parse_event(signed(part), part) == ("intercom:7",)
        for silent in (
            event("ping", {"type": "ping", "message": "hello"}),
            event("company.updated", {"type": "company", "id": "1"}),
        ):
            assert world.desk.parse_event(signed(silent), silent) == ()
        assert world.desk.calls == 0


def test_an_event_with_a_wrong_signature_is_refused() -> None:
    body = event("ping", {})
    with workspace() as world:
        for headers in ({}, signed(body, "another"), {"x-hub-signature": "sha1="}):
            with pytest.raises(Unauthorized):
                world.desk.parse_event(headers, body)
        with pytest.raises(SkipThis):
            world.desk.parse_event(signed(b"{"), b"{")
    with workspace(client_secret=None) as world, pytest.raises(Unauthorized):
        world.desk.parse_event(signed(body), body)


def test_settings_are_refused_without_showing_the_token() -> None:
    for wrong in ({"base_url": "http://helpdesk.example.com"}, {"region": "mars"}):
        with pytest.raises(Misused) as told:
            build({"access_token": "hidden-token", **wrong})
        assert "VERBATIM_HELPDESKS__INTERCOM__" in str(told.value)
        assert "hidden-token" not in str(told.value)
