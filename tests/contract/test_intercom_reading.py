"""The Intercom connector reads every conversation once, over real HTTP."""

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors._http import ServerFailed
from service.domain.conversations import Role, Status, is_customer_voice
from service.errors import Misbehaving, Unauthorized, Unreachable
from tests.contract.intercom_workspace import BEGUN, small_corpus, workspace

RETRIEVE = "/conversations/"


def test_the_pager_really_advances_and_every_conversation_comes_once() -> None:
    with workspace(small_corpus(320)) as world:
        pages = world.sync()
        assert [len(page.heads) for page in pages] == [150, 150, 20]
        assert len(world.store.heads) == 320
        assert world.retrieved() == 320
        assert world.searched() == 3
        assert sum(page.calls for page in pages) == world.desk.calls == sum(world.calls().values())


def test_a_second_pass_retrieves_nothing_and_still_moves_the_cursor() -> None:
    with workspace() as world:
        world.sync()
        first = world.store.cursor
        world.stand.faults.reset_calls()
        world.clock.move(minutes=5)
        (page,) = world.sync()
        assert (page.heads, world.retrieved(), world.searched()) == ((), 0, 1)
        assert world.store.cursor != first


@pytest.mark.parametrize("remembers", [True, False])
def test_what_was_read_in_the_overlap_is_not_read_again(remembers: bool) -> None:
    with workspace(remembers=remembers) as world:
        world.clock.now = BEGUN + timedelta(minutes=10)
        world.sync()
        assert world.retrieved() == 3
        world.clock.move(minutes=2)
        world.sync()
        world.sync()
        assert world.retrieved() == 3


def test_a_customers_reply_retrieves_exactly_that_conversation() -> None:
    with workspace(small_corpus(20)) as world:
        world.sync()
        key = world.all_keys()[7]
        world.stand.faults.reset_calls()
        world.clock.move(minutes=5)
        world.state.add_comment(world.id_of(key), "Still broken.")
        world.clock.move(minutes=5)
        world.sync()
        assert world.retrieved() == 1
        assert "Still broken." in world.store.texts(key)
        assert world.store.heads[key].status is Status.OPEN


def test_a_change_that_has_not_settled_waits_for_the_next_pass() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        world.clock.move(minutes=5)
        world.state.add_comment(world.id_of(key), "Just now.")
        world.sync()
        assert "Just now." not in world.store.texts(key)
        world.clock.move(minutes=2)
        world.sync()
        assert "Just now." in world.store.texts(key)


def test_a_conversation_says_who_spoke_and_whose_company_it_is() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        head = world.store.heads[key]
        account = world.store.accounts[str(head.account)]
        assert (account.name, account.segment) == ("Acme", "enterprise")
        assert account.owner == "csm@verbatim.example"
        assert world.store.agents[str(head.agent)].name == "Ada Agent"
        assert (head.status, head.channel, head.subject) == (Status.SOLVED, "chat", "Question 0")
        assert head.helpdesk_tags == ("billing",)
        assert head.url is not None
        assert head.url.startswith(world.url)
        told = [m for (k, _), m in world.store.messages.items() if k == key]
        assert [m.message.role for m in told] == [Role.CUSTOMER, Role.AGENT]
        assert set(told[0].known_names) >= {"Rita Customer", "Ada Agent"}
        assert key in world.store.complete


def test_a_private_note_is_never_the_customers_voice() -> None:
    with workspace() as world:
        number = min(world.state.conversations)
        world.state.reply_as_admin(number, "They are about to leave us.", public=False)
        world.clock.move(minutes=5)
        world.sync()
        note = next(
            m.message for m in world.store.messages.values() if "leave us" in m.message.text
        )
        assert (note.public, is_customer_voice(note)) == (False, False)


def test_a_redacted_message_loses_its_words() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[0]
        row = world.state.conversations[world.id_of(key)]
        world.clock.move(minutes=5)
        world.state.redact(row.id, row.source.id)
        world.clock.move(minutes=5)
        world.sync()
        assert world.store.texts(key) == ["", "Thank you, we are looking into it."]


def test_pages_shrink_when_intercom_cannot_make_large_ones() -> None:
    with workspace(small_corpus(120)) as world:
        world.stand.faults.server_error(502, times=2, path="/conversations/search")
        pages = world.sync()
        assert [len(page.heads) for page in pages] == [50, 50, 20]
        assert len(world.store.heads) == 120


def test_a_helpdesk_that_stays_down_leaves_the_cursor_where_it_was() -> None:
    with workspace() as world:
        world.stand.faults.server_error(503, times=None)
        with pytest.raises(ServerFailed):
            world.sync()
        assert world.store.cursor is None
        assert max(world.clock.slept) <= 30


@pytest.mark.parametrize("retry_after", ["7", "garbage", None])
def test_a_rate_limit_is_waited_for_with_or_without_headers(retry_after: str | None) -> None:
    with workspace() as world:
        world.stand.faults.rate_limit(3, retry_after=retry_after)
        world.sync()
        assert len(world.store.heads) == 3
        assert all(1 <= slept <= 12 for slept in world.clock.slept)
        assert len(world.clock.slept) >= 3


def test_a_dropped_or_broken_answer_is_asked_for_again() -> None:
    with workspace(small_corpus(10)) as world:
        world.stand.faults.drop_after_doing(1, path=RETRIEVE, skip=2)
        world.stand.faults.truncate_json(1, path=RETRIEVE, skip=4)
        world.stand.faults.cut_transfer(1, path="/admins")
        world.stand.faults.html_page(1, path="/conversations/search")
        world.sync()
        assert len(world.store.heads) == 10


def test_a_wrong_token_is_told_in_one_sentence() -> None:
    with workspace(token="a-wrong-one") as world:
        for ask in (world.sync, world.desk.check):
            with pytest.raises(Unauthorized) as told:
                ask()
            assert "Intercom refused our credentials" in str(told.value)
            assert "a-wrong-one" not in str(told.value)
        assert world.clock.slept == []


def test_nobody_listening_is_unreachable() -> None:
    with workspace() as world:
        world.stand.faults.drop_before_answering(None)
        with pytest.raises(Unreachable):
            world.desk.check()


def test_the_check_names_the_workspace() -> None:
    with workspace() as world:
        assert "Intercom workspace" in world.desk.check()


def test_what_is_deleted_between_list_and_retrieve_is_gone() -> None:
    with workspace() as world:
        doomed = min(world.state.conversations)

        def delete(call: object) -> None:
            world.stand.faults.after_answering = None
            world.state.delete_conversation(doomed)

        world.stand.faults.after_answering = delete
        world.sync()
        assert world.store.gone == {f"intercom:{doomed}"}
        assert len(world.store.heads) == 2


def test_a_deleted_conversation_is_gone_in_the_next_pass() -> None:
    with workspace() as world:
        world.sync()
        key = world.all_keys()[1]
        world.clock.move(minutes=5)
        world.state.delete_conversation(world.id_of(key))
        world.clock.move(minutes=5)
        world.sync()
        assert world.store.gone == {key}


def test_a_list_of_deletions_that_is_missing_stops_nothing() -> None:
    with workspace() as world:
        world.sync()
        world.stand.faults.server_error(404, times=None, path="/conversations/deleted")
        world.clock.move(minutes=5)
        assert len(world.sync()) == 1


def test_more_parts_than_are_returned_are_not_called_complete() -> None:
    with workspace() as world:
        number = min(world.state.conversations)
        for count in range(500):
            world.state.reply_as_admin(number, f"Part {count}")
        world.clock.move(minutes=5)
        world.sync()
        key = world.all_keys()[0]
        assert key not in world.store.complete
        assert len(world.store.texts(key)) == 501
        assert world.all_keys()[1] in world.store.complete


def test_a_contact_with_several_companies_has_no_account() -> None:
    with workspace() as world:
        first, second = sorted(world.state.conversations)[:2]
        for number in (first, second):
            world.state.conversations[number].company = None
        contact = world.state.contacts[world.state.conversations[first].contact]
        company = world.state.companies[contact.companies[0]]
        world.state.companies[5999] = replace(company, id=5999, company_id="other", name="Other")
        contact.companies.append(5999)
        world.sync()
        accounts = [world.store.heads[key].account for key in world.all_keys()]
        assert accounts[:2] == [None, None]
        assert accounts[2] is not None


def test_the_only_company_of_the_contact_is_the_account() -> None:
    with workspace() as world:
        for row in world.state.conversations.values():
            row.company = None
        world.sync()
        assert {head.account for head in world.store.heads.values()} == set(world.store.accounts)


def test_a_pass_that_broke_off_goes_on_with_the_next_page() -> None:
    with workspace(small_corpus(310)) as world:
        walk = world.desk.pages(None)
        world.store.save(next(walk))
        walk.close()  # type: ignore[attr-defined]  # an iterator made by a generator
        assert world.retrieved() == 150
        world.sync()
        assert (len(world.store.heads), world.retrieved()) == (310, 310)


def test_a_stored_page_token_that_is_refused_begins_the_walk_again() -> None:
    with workspace(small_corpus(200)) as world:
        walk = world.desk.pages(None)
        world.store.save(next(walk))
        walk.close()  # type: ignore[attr-defined]  # an iterator made by a generator
        world.stand.faults.server_error(400, path="/conversations/search")
        world.sync()
        assert len(world.store.heads) == 200


def test_a_repeated_page_token_is_an_error_and_no_loop() -> None:
    with workspace(small_corpus(400)) as world:
        world.stand.faults.repeat_cursor(None, path="/conversations/search")
        with pytest.raises(Misbehaving):
            world.sync()


def test_an_empty_page_that_says_there_is_more_is_followed() -> None:
    with workspace(small_corpus(200)) as world:
        world.stand.faults.empty_page_once(path="/conversations/search")
        world.sync()
        assert len(world.store.heads) == 200


def test_the_helpdesks_own_count_is_half_open() -> None:
    with workspace() as world:
        minute = timedelta(minutes=1)
        assert world.desk.count(BEGUN, BEGUN + minute * 3) == 3
        assert world.desk.count(BEGUN + minute, BEGUN + minute * 2) == 1
        assert world.desk.count(BEGUN - minute, BEGUN) == 0


def test_starting_without_a_cursor_reads_everything_again() -> None:
    with workspace() as world:
        world.sync()
        world.store.cursor = None
        world.sync()
        assert world.retrieved() == 6
