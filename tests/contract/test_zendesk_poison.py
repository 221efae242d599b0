"""One ticket of odd JSON is set aside with its reason; the others of its page are stored."""

from typing import Any

import pytest

from connectors.zendesk.poison import MOST_MESSAGES
from service.domain.conversations import ConversationKey
from service.errors import Unreachable
from tests.contract.zendesk_stand import Copy, account, conversation, key_of


def unusable(copy: Copy) -> dict[ConversationKey, str]:
    return {each.key: each.why for page in copy.pages for each in page.unusable}


@pytest.mark.parametrize(
    "odd",
    [
        {"created_at": None},
        {"created_at": "soon"},
        {"created_at": "0001-01-01T00:00:00+14:00"},
        {"updated_at": {"at": "noon"}},
        {"tags": "vip"},
        {"tags": 7},
        {"custom_fields": {"id": 1}},
        {"subject": {"text": "Late"}},
        {"requester_id": [11]},
        {"organization_id": "acme"},
        {"assignee_id": True},
        {"comment_count": 5000},
    ],
)
def test_a_ticket_that_cannot_be_read_does_not_stop_the_other_ninety_nine(
    odd: dict[str, Any],
) -> None:
    with account(100) as desk:
        desk.stand.state.spoil_ticket(7, **odd)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert len(copy.heads) == 99
    assert all(len(copy.texts(key)) == 3 for key in copy.heads)
    assert set(unusable(copy)) == {key_of(7)}
    assert key_of(7) not in copy.messages


@pytest.mark.parametrize(
    "odd",
    [
        {"id": None},
        {"created_at": "soon"},
        {"body": {"text": "Hi"}, "html_body": None},
        {"html_body": ["Hi"]},
        {"body": "x" * 5_000_000, "html_body": "x" * 5_000_000},
    ],
)
def test_a_comment_that_cannot_be_read_sets_its_ticket_aside(odd: dict[str, Any]) -> None:
    with account(4) as desk:
        desk.stand.state.spoil_comment(2, 1, **odd)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert set(unusable(copy)) == {key_of(2)}
    assert key_of(2) not in copy.messages
    assert all(len(copy.texts(key_of(number))) == 3 for number in (1, 3, 4))


def test_the_reason_holds_none_of_the_words() -> None:
    with account(1) as desk:
        desk.stand.state.spoil_ticket(1, subject=["secret plan"], created_at="secret date")
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert "secret" not in unusable(copy)[key_of(1)]


@pytest.mark.parametrize("odd", [None, "Mail", 7, ["web"], {"channel": None}, {"channel": {}}])
def test_a_channel_of_any_kind_is_no_obstacle(odd: object) -> None:
    with account(2) as desk:
        desk.stand.state.spoil_ticket(1, via=odd)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert copy.heads[key_of(1)].channel == ("Mail" if odd == "Mail" else "unknown")


def test_null_fields_and_broken_characters_are_no_obstacle() -> None:
    with account(2) as desk:
        nothing = dict.fromkeys(("tags", "subject", "satisfaction_rating", "assignee_id", "fields"))
        desk.stand.state.spoil_ticket(1, **nothing)
        desk.stand.state.spoil_comment(1, 0, body="half \ud83d of it\x00", html_body=None)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert unusable(copy) == {}
    assert copy.texts(key_of(1))[0] == "half \ufffd of it\ufffd"
    "".join(copy.texts(key_of(1))).encode()


def test_large_markup_of_few_words_is_read_by_its_plain_text() -> None:
    with account(1) as desk:
        desk.stand.state.spoil_comment(1, 0, html_body=f"<p>Hi<!--{'x' * 2_000_000}--></p>")
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    assert copy.texts(key_of(1))[0] == "My <b>invoice</b> is wrong & late"


def test_rows_and_events_without_an_id_are_kept_out() -> None:
    with account(3) as desk:
        desk.stand.state.spoil_ticket(2, id=None)
        desk.clock.go(minutes=5)
        copy = Copy()
        copy.read(desk.connect())
    # The event export still names the ticket, and the row that is asked for has no id either.
    assert set(copy.heads) == {key_of(1), key_of(3)}


def test_an_organization_and_a_user_of_odd_json_are_no_obstacle() -> None:
    with account(2) as desk:
        company = desk.stand.state.organizations[5001]
        company.organization_fields = ["x"]  # type: ignore[assignment]  # that is the point
        company.domain_names = "acme.example"  # type: ignore[assignment]  # that is the point
        desk.stand.state.users[10001].name = None  # type: ignore[assignment]  # that is the point
        copy = Copy()
        copy.read(desk.connect())
    assert len(copy.heads) == 2
    assert copy.pages[0].accounts[0].aliases == ()


def test_a_conversation_with_too_many_messages_is_set_aside_however_they_arrive() -> None:
    words = conversation(1).messages
    many = conversation(1, messages=tuple(words[0] for _ in range(MOST_MESSAGES + 1)))
    chat = conversation(2, channel="messaging", messages=many.messages)
    with account(conversations=[conversation(0), many, chat]) as desk:
        copy = Copy()
        copy.read(desk.connect())
        assert set(copy.heads) == {key_of(1)}
        assert set(unusable(copy)) == {key_of(2), key_of(3)}
        assert len(next(iter(desk.connect().fetch([key_of(2)]))).unusable) == 1


def test_a_mended_ticket_is_read_again_with_all_its_words() -> None:
    with account(2) as desk:
        desk.stand.state.spoil_comment(2, 1, created_at="soon")
        desk.clock.go(minutes=5)
        helpdesk, copy = desk.connect(), Copy()
        copy.read(helpdesk)
        desk.stand.state.spoil_comment(2, 1)
        for page in helpdesk.fetch([key_of(2)]):
            copy.take(page)
    assert len(copy.texts(key_of(2))) == 3
    assert copy.pages[-1].complete == {key_of(2)}


def test_a_ticket_whose_comments_always_fail_is_set_aside() -> None:
    with account(3) as desk:
        desk.stand.faults.server_error(500, times=None, path="/api/v2/tickets/2/comments")
        desk.stand.faults.server_error(404, times=None, path="/api/v2/incremental/ticket_events")
        copy = Copy()
        copy.read(desk.connect())
    assert set(unusable(copy)) == {key_of(2)}
    assert len(copy.texts(key_of(3))) == 3


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_sets_no_ticket_after_ticket_aside(status: int) -> None:
    with account(9) as desk:
        for number in range(1, 10):
            path = f"/api/v2/tickets/{number}/comments"
            desk.stand.faults.server_error(status, times=None, path=path)
        desk.stand.faults.server_error(404, times=None, path="/api/v2/incremental/ticket_events")
        with pytest.raises(Unreachable):
            Copy().read(desk.connect())
