"""What was said stays: parts are added and replaced, and never lost because others came."""

from collections.abc import Mapping
from typing import Any

from connectors.intercom.mapping import MOST_PARTS
from service.domain.conversations import ConversationKey, Message, Role, is_customer_voice
from service.domain.writeback import FieldChange, field_specs
from tests.contract.intercom_workspace import Workspace, workspace

VALUES: Mapping[str, str | None] = {"sentiment": "negative", "driver": "Billing"}


def messages(world: Workspace, key: ConversationKey) -> list[Message]:
    found = [m.message for (k, _), m in world.store.messages.items() if k == key]
    return sorted(found, key=lambda message: message.created_at)


def filled(world: Workspace, parts: int) -> ConversationKey:
    """Give the first conversation so many parts; every tenth is the customer's."""
    number = min(world.state.conversations)
    row = world.state.conversations[number]
    for count in range(parts - len(row.parts)):
        world.clock.move(seconds=1)
        if count % 10:
            world.state.reply_as_admin(number, f"Answer {count}")
        else:
            world.state.add_comment(number, f"Question {count}")
    world.clock.move(hours=1)
    return world.key_of(number)


def test_our_own_lines_push_old_words_out_and_nothing_is_lost_or_analysed_again() -> None:
    with workspace() as world:
        world.desk.setup(field_specs(("Billing",), ()), dry_run=False)
        key = filled(world, MOST_PARTS)
        world.sync()
        before, said = world.store.fingerprint(key), len(world.store.texts(key))
        assert key in world.store.complete
        change = FieldChange(conversation=key, fields=VALUES)
        (outcome,) = world.store.record(world.desk.apply([change]))
        assert outcome.written
        world.clock.move(minutes=5)
        world.sync()
        (page,) = world.fetch(key)
        assert key not in page.complete
        assert len(page.messages) < said
        assert len(world.store.texts(key)) == said
        assert world.store.fingerprint(key) == before


def test_of_a_thousand_parts_those_that_were_read_stay() -> None:
    with workspace() as world:
        key = filled(world, 300)
        world.sync()
        first = world.store.texts(key)[0]
        filled(world, 1000)
        world.sync()
        texts = world.store.texts(key)
        assert texts[0] == first
        assert len(texts) == 300 + MOST_PARTS


def test_an_answer_without_its_parts_removes_nothing() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        before = world.store.fingerprint(key)
        world.state.spoiled[world.id_of(key)] = lambda raw: {
            name: value for name, value in raw.items() if name != "conversation_parts"
        }
        (page,) = world.fetch(key)
        assert page.complete == frozenset()
        assert world.store.fingerprint(key) == before


def test_a_redacted_part_is_replaced_and_analysed_again() -> None:
    with workspace() as world:
        number = min(world.state.conversations)
        part = world.state.add_comment(number, "My password is hunter2.")
        world.clock.move(minutes=5)
        world.sync()
        key = world.key_of(number)
        before = world.store.fingerprint(key)
        world.state.redact(number, part.id)
        world.fetch(key)
        texts = world.store.texts(key)
        assert "hunter2" not in repr(texts)
        assert "This message was deleted" not in texts
        assert texts.count("") == 1
        assert world.store.fingerprint(key) != before


def test_who_spoke_is_told_by_the_author_and_a_note_is_never_public() -> None:
    with workspace() as world:
        number = min(world.state.conversations)
        world.state.add_comment(number, "Customer, which opens it again.")
        world.state.reply_as_bot(number, "Fin here.")
        for kind in ("close", "assignment", "open", "note_and_reopen", "note"):
            world.state.act_with_words(number, kind, f"Agent, with {kind}.")
        world.clock.move(minutes=5)
        world.sync()
        said = {m.text: m for m in messages(world, world.key_of(number))}
        assert is_customer_voice(said["Customer, which opens it again."])
        assert said["Fin here."].role is Role.BOT
        for kind in ("close", "assignment", "open"):
            assert (said[f"Agent, with {kind}."].role, said[f"Agent, with {kind}."].public) == (
                Role.AGENT,
                True,
            )
        assert not said["Agent, with note."].public
        assert not said["Agent, with note_and_reopen."].public
        voice = [text for text, m in said.items() if is_customer_voice(m)]
        assert len(voice) == 2


def test_an_answer_of_the_ai_agent_is_a_bots_whoever_signs_it() -> None:
    def by_machine(raw: dict[str, Any]) -> dict[str, Any]:
        for row in raw["conversation_parts"]["conversation_parts"]:
            row["author"]["is_ai_answer"] = True
        return raw

    with workspace() as world:
        number = min(world.state.conversations)
        world.state.spoiled[number] = by_machine
        world.sync()
        roles = [m.role for m in messages(world, world.key_of(number))]
        assert roles == [Role.CUSTOMER, Role.BOT]
