"""Who we are to Zendesk, and where our requests may go."""

from datetime import timedelta

import pytest
import responses

from connectors._http import Retries
from connectors.zendesk import Settings, build
from service.errors import Misbehaving, Misused, Unauthorized
from service.ports import Helpdesk
from tests.contract.zendesk_stand import BEGIN, account

GOOD = {"subdomain": "acme", "oauth_token": "t"}


def test_we_are_told_who_we_are() -> None:
    with account(1) as desk:
        assert desk.connect().check().endswith("admin")


def test_a_wrong_token_is_one_clear_sentence() -> None:
    with account(1) as desk, pytest.raises(Unauthorized) as told:
        desk.connect(oauth_token="wrong-token").check()
    assert str(told.value).count(".") == 1
    assert "wrong-token" not in str(told.value)


def test_a_wrong_token_is_not_tried_again() -> None:
    with account(1) as desk:
        with pytest.raises(Unauthorized):
            list(desk.connect(oauth_token="wrong-token").pages(None))
        assert sum(desk.calls().values()) == 1


def test_an_api_token_signs_in_with_the_email() -> None:
    with account(1) as desk:
        helpdesk = desk.connect(oauth_token="", email="gus@example.com", api_token="good-token")
        assert "Gus Agent" in helpdesk.check()


def test_client_credentials_get_a_token_and_a_new_one_when_it_has_run_out() -> None:
    with account(1, oauth_clients={"app": "hush"}, token_lifetime=timedelta(hours=1)) as desk:
        helpdesk = desk.connect(oauth_token="", oauth_client_id="app", oauth_client_secret="hush")
        assert helpdesk.check().endswith("admin")
        desk.clock.go(hours=2)
        assert helpdesk.check().endswith("admin")
        assert desk.calls()["POST /oauth/tokens"] == 2


def test_a_wrong_client_secret_is_one_clear_sentence() -> None:
    with account(1, oauth_clients={"app": "hush"}) as desk:
        helpdesk = desk.connect(oauth_token="", oauth_client_id="app", oauth_client_secret="wrong")
        with pytest.raises(Unauthorized, match="OAuth client"):
            helpdesk.check()


def test_the_vendors_own_count_of_a_window_is_told() -> None:
    with account(5) as desk:
        helpdesk = desk.connect()
        assert helpdesk.count(BEGIN, BEGIN + timedelta(minutes=30)) == 3
        desk.stand.faults.server_error(422, path="/api/v2/search/count")
        assert helpdesk.count(BEGIN, BEGIN + timedelta(minutes=30)) is None


def quick(settings: dict[str, str]) -> Helpdesk:
    return build(settings, retries=Retries(sleep=lambda _: None))


@responses.activate
def test_without_a_base_url_the_vendors_own_host_is_called() -> None:
    user = {"id": 1, "name": "Ann", "email": "ann@example.com", "role": "admin"}
    responses.get("https://acme.zendesk.com/api/v2/users/me.json", json={"user": user})
    assert quick(GOOD).check() == "Ann <ann@example.com>, admin"


@responses.activate
def test_an_anonymous_answer_is_not_signed_in() -> None:
    anonymous = {"id": None, "name": "Anonymous user"}
    responses.get("https://acme.zendesk.com/api/v2/users/me.json", json={"user": anonymous})
    with pytest.raises(Unauthorized, match="who we are"):
        quick(GOOD).check()


@responses.activate
def test_a_redirect_to_another_host_is_not_followed() -> None:
    responses.get(
        "https://acme.zendesk.com/api/v2/users/me.json",
        status=302,
        headers={"Location": "https://evil.example/steal"},
    )
    with pytest.raises(Misbehaving):
        quick(GOOD).check()
    assert all(str(call.request.url).startswith("https://acme.") for call in responses.calls)


def test_another_host_is_refused_before_anything_is_sent() -> None:
    from connectors.zendesk.oauth import Credentials, Login
    from connectors.zendesk.transport import AccountAdapter, open_session

    adapter = AccountAdapter(
        base_url="http://127.0.0.1:1", credentials=Credentials(Login()), on_call=lambda: None
    )
    session = open_session(adapter, account_url="https://acme.zendesk.com")
    for address in ("https://evil.example/x", "http://acme.zendesk.com/x", "http://127.0.0.1:1/"):
        with pytest.raises(Misbehaving, match="another host"):
            session.get(address)
    session.close()


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({}, "SUBDOMAIN"),
        ({"subdomain": "acme"}, "credentials"),
        ({"subdomain": "acme", "email": "a@example.com"}, "API_TOKEN"),
        ({"subdomain": "acme", "oauth_client_id": "x"}, "OAUTH_CLIENT_SECRET"),
        ({"subdomain": "acme/../evil", "oauth_token": "t"}, "SUBDOMAIN"),
        ({**GOOD, "base_url": "http://desk.example.com"}, "https"),
        ({**GOOD, "calls_per_minute": "many"}, "CALLS_PER_MINUTE"),
        ({**GOOD, "tokn": "secret-thing"}, "TOKN"),
    ],
)
def test_a_wrong_setting_is_one_sentence_without_the_value(
    settings: dict[str, str], word: str
) -> None:
    with pytest.raises(Misused) as told:
        build(settings)
    assert word in str(told.value)
    assert "\n" not in str(told.value)
    assert "secret-thing" not in str(told.value)


def test_settings_never_print_a_secret() -> None:
    assert "hush-hush" not in repr(Settings(subdomain="acme", oauth_token="hush-hush"))  # type: ignore[arg-type]  # pydantic wraps it
