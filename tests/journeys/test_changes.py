"""What happens between two cycles: a customer answers, an agent disagrees, a ticket is deleted."""

import json

from service.domain.conversations import ConversationKey
from service.progress import Silent
from tests.journeys.conftest import Ran


def test_a_customers_reply_is_the_only_thing_fetched_and_measured_again(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(t.id for t in state.tickets.values() if t.status == "solved")
    state.add_comment(ticket_id, "I was charged twice again, this is awful.")

    report = small.workspace.pipeline().cycle(Silent())

    assert report.analysed.analysed == 1
    assert sum(one.conversations for one in report.synced) == 1


def test_an_agents_edit_is_kept_and_counted_as_a_label(small: Ran) -> None:
    state = small.sandbox.stands["intercom"].state
    conversation_id = next(iter(state.conversation_ids.values()))
    state.set_field_as_agent(conversation_id, "Verbatim Sentiment", "positive")

    report = small.workspace.pipeline().cycle(Silent())

    assert sum(one.kept for one in report.written) == 1
    assert sum(one.written for one in report.written) == 0


def test_a_webhooks_hint_is_fetched_once_and_needs_no_export(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(t.id for t in state.tickets.values() if t.status == "solved")
    state.add_comment(ticket_id, "Still charged twice, I want my money back.")
    work, now = small.workspace.database().work, small.workspace.now()
    key = ConversationKey(f"zendesk:{ticket_id}")
    work.accept("zendesk", "event-1", json.dumps([key]), at=now)

    pipeline = small.workspace.pipeline()

    assert pipeline.follow_hints("zendesk") == 1
    assert pipeline.follow_hints("zendesk") == 0
    stored = small.workspace.database().conversations.get(key)
    assert stored is not None
    assert stored.messages[-1].text == "Still charged twice, I want my money back."


def test_the_sweep_finds_deletions_that_vanished_from_the_export(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(iter(state.tickets))
    state.vanish_ticket(ticket_id)

    purged = small.workspace.pipeline().sweep("zendesk", Silent())

    assert purged == 1
    key = ConversationKey(f"zendesk:{ticket_id}")
    assert small.workspace.database().conversations.get(key) is None


def test_what_the_helpdesk_deleted_is_gone_here(small: Ran) -> None:
    state = small.sandbox.stands["zendesk"].state
    ticket_id = next(iter(state.tickets))
    state.delete_ticket(ticket_id)

    report = small.workspace.pipeline().cycle(Silent())

    key = ConversationKey(f"zendesk:{ticket_id}")
    assert sum(one.gone for one in report.synced) == 1
    assert small.workspace.database().conversations.get(key) is None
