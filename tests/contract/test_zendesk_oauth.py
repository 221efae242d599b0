"""OAuth with refresh tokens that work once: kept before used, renewed once, never lost."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest

from connectors.sandbox.faults import Call
from connectors.zendesk import build
from service.errors import Misused, Unauthorized
from service.ports import Helpdesk, Keeper
from tests.contract.zendesk_stand import Account, account
from tests.databases import opened


class Shelf:
    """A Keeper in memory, which also tells when something was kept."""

    def __init__(self, story: list[str] | None = None) -> None:
        self.kept: dict[str, str] = {}
        self.story = [] if story is None else story

    def load(self, name: str) -> str | None:
        return self.kept.get(name)

    def save(self, name: str, value: str) -> None:
        self.story.append("kept")
        self.kept[name] = value


class BrokenShelf(Shelf):
    def save(self, name: str, value: str) -> None:
        raise OSError("the disk is full")


def renewing(*tokens: str, tell_expiry: bool = True) -> AbstractContextManager[Account]:
    return account(
        1,
        oauth_clients={"app": "hush"},
        token_lifetime=timedelta(hours=1),
        refresh_tokens=tokens or ("first",),
        tell_expiry=tell_expiry,
    )


def signed_in(desk: Account, shelf: Keeper, *, first: str = "first") -> Helpdesk:
    return desk.connect(
        keeper=shelf,
        oauth_token="",
        oauth_client_id="app",
        oauth_client_secret="hush",
        oauth_refresh_token=first,
    )


def grants(desk: Account) -> int:
    return desk.calls().get("POST /oauth/tokens", 0)


def test_a_new_pair_is_kept_before_it_is_used() -> None:
    story: list[str] = []
    with renewing() as desk:
        desk.stand.faults.before_answering = lambda call: story.append(call.path)
        assert signed_in(desk, Shelf(story)).check().endswith("admin")
    assert story == ["/oauth/tokens", "kept", "/api/v2/users/me"]


def test_a_pair_that_could_not_be_kept_is_not_used() -> None:
    with renewing() as desk:
        with pytest.raises(OSError, match="full"):
            signed_in(desk, BrokenShelf()).check()
        assert desk.calls() == {"POST /oauth/tokens": 1}


def test_every_refresh_token_is_used_once() -> None:
    with renewing() as desk:
        helpdesk = signed_in(desk, Shelf())
        for _ in range(4):
            helpdesk.check()
            desk.clock.go(hours=2)
        assert grants(desk) == 4


def test_after_a_restart_the_kept_pair_wins_over_the_setting() -> None:
    shelf = Shelf()
    with renewing() as desk:
        signed_in(desk, shelf).check()
        signed_in(desk, shelf).check()
        assert grants(desk) == 1
        desk.clock.go(hours=2)
        assert signed_in(desk, shelf).check().endswith("admin")
        assert grants(desk) == 2


def test_a_refresh_token_that_a_person_set_anew_wins_over_the_kept_pair() -> None:
    shelf = Shelf()
    with renewing("first", "second") as desk:
        signed_in(desk, shelf).check()
        signed_in(desk, shelf, first="second").check()
        assert grants(desk) == 2
    assert json.loads(shelf.kept["oauth"])["refresh"] not in ("first", "second")


def test_a_used_up_refresh_token_says_what_to_do() -> None:
    with renewing("another") as desk, pytest.raises(Unauthorized, match="OAUTH_REFRESH_TOKEN"):
        signed_in(desk, Shelf()).check()


def test_of_many_that_find_the_token_run_out_one_renews_it() -> None:
    with renewing() as desk:
        helpdesk = signed_in(desk, Shelf())
        helpdesk.check()
        desk.clock.go(hours=2)
        together = Barrier(6)

        def ask() -> str:
            together.wait()
            return helpdesk.check()

        with ThreadPoolExecutor(6) as pool:
            told = [each.result() for each in [pool.submit(ask) for _ in range(6)]]
        assert all(each.endswith("admin") for each in told)
        assert grants(desk) == 2


def test_what_another_process_renewed_is_used_and_not_renewed_again() -> None:
    shelf = Shelf()
    with renewing() as desk:
        one, another = signed_in(desk, shelf), signed_in(desk, shelf)
        one.check()
        another.check()
        desk.clock.go(hours=2)
        one.check()
        another.check()
        assert grants(desk) == 2


def test_two_programs_on_one_database_share_the_kept_pair_through_restarts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with renewing() as desk:
        opened_once = [opened(f"sqlite:///{tmp_path / 'verbatim.db'}", desk.clock) for _ in (1, 2)]
        opened_once[0].migrate()
        for database in opened_once:
            signed_in(desk, database.keeper("zendesk")).check()
            desk.clock.go(hours=2)
            signed_in(desk, database.keeper("zendesk")).check()
            database.close()
        kept = opened(f"sqlite:///{tmp_path / 'verbatim.db'}", desk.clock)
        pair = kept.keeper("zendesk").load("oauth")
        kept.close()
        assert pair is not None
        assert grants(desk) == 3
        secrets = [value for value in json.loads(pair).values() if isinstance(value, str)]
        assert not [each for each in secrets if each and each in caplog.text]
        assert pair.encode() not in (tmp_path / "verbatim.db").read_bytes()


def test_a_race_for_the_refresh_token_is_lost_without_harm() -> None:
    shelf = Shelf()
    with renewing() as desk:
        slow, quick = signed_in(desk, shelf), signed_in(desk, shelf)
        quick.check()
        slow.check()
        desk.clock.go(hours=2)
        faults = desk.stand.faults

        def overtake(call: Call) -> None:
            if call.path == "/oauth/tokens":
                faults.before_answering = None
                quick.check()

        faults.before_answering = overtake
        assert slow.check().endswith("admin")


def test_an_answer_that_does_not_say_when_the_token_ends_is_taken() -> None:
    with renewing(tell_expiry=False) as desk:
        helpdesk = signed_in(desk, Shelf())
        helpdesk.check()
        desk.clock.go(hours=2)
        assert helpdesk.check().endswith("admin")


def test_a_damaged_kept_pair_is_as_good_as_none() -> None:
    shelf = Shelf()
    shelf.kept["oauth"] = "{"
    with renewing() as desk:
        assert signed_in(desk, shelf).check().endswith("admin")


def test_a_write_whose_token_had_run_out_is_made_once() -> None:
    from service.domain.writeback import field_specs

    with renewing() as desk:
        helpdesk = signed_in(desk, Shelf())
        helpdesk.check()
        desk.clock.go(hours=2)
        helpdesk.setup(field_specs((), ())[:1], dry_run=False)
        assert len(desk.stand.state.fields.custom()) == 1


def test_a_refresh_token_needs_a_store_and_a_client() -> None:
    settings = {"subdomain": "acme", "oauth_refresh_token": "first"}
    with pytest.raises(Misused, match="OAUTH_CLIENT_ID"):
        build(settings)
    with pytest.raises(Misused, match="store"):
        build({**settings, "oauth_client_id": "app", "oauth_client_secret": "hush"})


def test_an_api_token_is_taken_with_the_date_on_which_it_ends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with account(1) as desk:
        helpdesk = desk.connect(oauth_token="", email="gus@example.com", api_token="good-token")
        assert "2027-04-30" in helpdesk.check()
        assert [each.message for each in caplog.records] == ["zendesk.api_token_ends"]
        caplog.clear()
        assert "2027" not in desk.connect().check()
        assert caplog.records == []
