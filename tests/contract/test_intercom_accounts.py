"""A conversation's account is Intercom's own or the contact's only company, and never a guess."""

from dataclasses import replace

import pytest

from service.errors import Unreachable
from tests.contract.intercom_workspace import Workspace, small_corpus, workspace


def contact_of(world: Workspace) -> int:
    """Leave the conversations to their contact's companies, and return the contact."""
    for row in world.state.conversations.values():
        row.company = None
    number: int = next(iter(world.state.conversations.values())).contact
    return number


def accounts(world: Workspace) -> list[str | None]:
    return [world.store.heads[key].account for key in world.all_keys()]


def add_companies(world: Workspace, contact: int, count: int) -> None:
    row = world.state.contacts[contact]
    first = world.state.companies[row.companies[0]]
    for number in range(5900, 5900 + count):
        world.state.companies[number] = replace(first, id=number, name=f"Company {number}")
        row.companies.append(number)


@pytest.mark.parametrize("more", [1, 9, 10, 30])
def test_several_companies_are_no_account(more: int) -> None:
    with workspace() as world:
        add_companies(world, contact_of(world), more)
        world.sync()
        assert accounts(world) == [None] * 3


def test_intercoms_own_company_wins_over_the_contacts_many() -> None:
    with workspace() as world:
        number = min(world.state.conversations)
        company = world.state.conversations[number].company
        add_companies(world, contact_of(world), 12)
        world.state.conversations[number].company = company
        world.sync()
        assert [account is None for account in accounts(world)] == [False, True, True]


def test_the_conversations_of_a_merged_contact_go_with_the_other() -> None:
    with workspace() as world:
        source = contact_of(world)
        target = next(number for number in world.state.contacts if number != source)
        world.sync()
        assert None not in accounts(world)
        world.clock.move(minutes=5)
        world.state.merge_contact(source, target)
        world.clock.move(minutes=5)
        world.sync()
        assert accounts(world) == [None] * 3  # the other contact has no company


def test_a_contact_that_vanished_leaves_no_account() -> None:
    with workspace() as world:
        del world.state.contacts[contact_of(world)]
        world.sync()
        assert accounts(world) == [None] * 3
        assert world.store.unusable == {}


def test_a_deleted_company_is_no_account_and_its_stored_name_stays() -> None:
    with workspace() as world:
        contact = contact_of(world)
        world.sync()
        (name,) = (account.name for account in world.store.accounts.values())
        world.state.delete_company(world.state.contacts[contact].companies[0])
        world.fetch(*world.all_keys())
        assert accounts(world) == [None] * 3
        assert [account.name for account in world.store.accounts.values()] == [name]


def test_a_contact_that_is_never_answered_sets_its_conversations_aside() -> None:
    with workspace(small_corpus(6)) as world:
        contact_of(world)
        world.stand.faults.server_error(500, times=None, path="/contacts")
        (page,) = world.sync()
        assert (page.heads, len(page.unusable)) == ((), 6)
        assert "contact" in page.unusable[0].why
        world.stand.faults.clear()
        world.fetch(*world.store.unusable)
        assert None not in accounts(world)


def test_an_outage_while_looking_people_up_moves_no_cursor() -> None:
    with workspace() as world:
        contact_of(world)
        world.stand.faults.server_error(500, times=None, path="/contacts")
        world.stand.faults.server_error(500, times=None, path="/me", skip=1)
        with pytest.raises(Unreachable):
            world.sync()
        assert world.store.cursor is None
