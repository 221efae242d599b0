"""Signing in and out, forms of other sites, webhooks and health: the doors of the explorer."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from flask.testing import FlaskClient

from service.access import ABSOLUTE_LIMIT, IDLE_LIMIT, LINK_LIFETIME, Access, viewer
from service.domain.conversations import ConversationKey
from service.errors import Forbidden, Misused, NotFound, NotSignedIn, Unauthorized
from service.ports import Helpdesk
from service.stores import Person
from tests.browser import sample
from tests.browser.sample import ANA, NOW, Sample

OWN = {"Origin": "http://localhost"}


class Watch:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


class SignedDesk:
    """The part of a helpdesk that a webhook needs: events are signed by one word."""

    name = "zendesk"
    fields: frozenset[str] = frozenset()
    flag_tags_only = False
    calls = 0

    def parse_event(self, headers: Mapping[str, str], body: bytes) -> tuple[ConversationKey, ...]:
        if headers.get("X-Signature") != hashlib.sha256(body).hexdigest():
            raise Unauthorized
        if not body:
            raise Misused("The event is empty.")
        return (ConversationKey("zendesk:1"),)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    desks = {"zendesk": cast(Helpdesk, SignedDesk())}
    empty = sample.make(tmp_path, filled=False, helpdesks=desks)
    yield empty
    empty.database.close()


def _form(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def _sign_in(client: FlaskClient, link: str) -> int:
    page = client.get(f"/sign-in?token={link}").text
    return client.post("/sign-in", data=_form(page), headers=OWN).status_code


def test_a_link_signs_in_once(site: Sample) -> None:
    link = site.link(ANA)
    client = site.client(None)
    sent = _form(client.get(f"/sign-in?token={link}").text)
    assert client.post("/sign-in", data=sent, headers=OWN).location == "/"
    assert client.get("/").status_code == 200
    other = site.client(None)
    refused = other.post("/sign-in", data=sent, headers=OWN)
    assert refused.status_code == 403
    assert "used already" in refused.text
    assert other.get("/").status_code == 303


def test_opening_a_link_spends_nothing(site: Sample) -> None:
    link = site.link(ANA)
    for _ in range(3):
        page = site.client(None).get(f"/sign-in?token={link}").text
        assert f"Sign in as {ANA.email}" in page
    assert site.client(None).head(f"/sign-in?token={link}").status_code == 200
    assert _sign_in(site.client(None), link) == 303


def test_a_made_up_link_shows_no_button(site: Sample) -> None:
    for token in ("", "nonsense", site.link(ANA)[:-1] + "x"):
        page = site.client(None).get("/sign-in", query_string={"token": token}).text
        assert "Sign in as" not in page
        assert "verbatim link" in page


def test_a_link_that_lost_a_part_says_so(site: Sample) -> None:
    assert "a part of it got lost" in site.client(None).get("/sign-in?token=cut.off").text
    assert "a part of it got lost" not in site.client(None).get("/sign-in").text


def test_the_page_that_was_asked_for_opens_after_signing_in(site: Sample) -> None:
    address = f"/sign-in?token={site.link(ANA)}&next=/trust"
    client = site.client(None)
    sent = _form(client.get(address).text)
    assert client.post("/sign-in", data=sent, headers=OWN).location == "/trust"


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(site: Sample, target: str) -> None:
    client = site.client(None)
    page = client.get("/sign-in", query_string={"token": site.link(ANA), "next": target}).text
    sent = {**_form(page), "next": target}
    assert client.post("/sign-in", data=sent, headers=OWN).location == "/"


def test_a_form_of_another_site_is_refused(site: Sample) -> None:
    link = site.link(ANA)
    client = site.client(None)
    sent = _form(client.get(f"/sign-in?token={link}").text)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        assert client.post("/sign-in", data=sent, headers=headers).status_code == 403
    assert client.post("/sign-in", data=sent, headers=OWN).status_code == 303


def test_signing_out_needs_the_sessions_own_token(site: Sample) -> None:
    client, other = site.client(ANA), site.client(ANA)
    stolen = _form(other.get("/trust").text)
    assert client.post("/sign-out", headers=OWN).status_code == 403
    assert client.post("/sign-out", data=stolen, headers=OWN).status_code == 403
    assert client.get("/trust").status_code == 200


def test_signing_out_ends_the_session_everywhere(site: Sample) -> None:
    client = site.client(ANA)
    cookie = client.get_cookie("verbatim", domain="localhost")
    assert cookie is not None
    sent = _form(client.get("/trust").text)
    assert client.post("/sign-out", data=sent, headers=OWN).status_code == 303
    client.set_cookie("verbatim", cookie.value, domain="localhost")
    assert client.get("/trust").status_code == 303


def test_the_session_cookie_is_out_of_reach_of_scripts(site: Sample) -> None:
    client = site.client(None)
    sent = _form(client.get(f"/sign-in?token={site.link(ANA)}").text)
    cookie = client.post("/sign-in", data=sent, headers=OWN).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_bound_to_the_host(tmp_path: Path) -> None:
    site = sample.make(tmp_path, "https://cx.example.com", filled=False)
    client = site.client(None)
    sent = _form(client.get(f"/sign-in?token={site.link(ANA)}").text)
    own = {"Origin": "https://cx.example.com"}
    response = client.post("/sign-in", data=sent, headers=own)
    assert response.headers["Set-Cookie"].startswith("__Host-verbatim=")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age" in response.headers["Strict-Transport-Security"]
    site.database.close()


def test_a_link_expires(site: Sample) -> None:
    watch = Watch()
    access = Access(site.database.people, b"secret", watch)
    token = access.make_sign_in_link(ANA.email)
    watch.at += LINK_LIFETIME + timedelta(seconds=1)
    with pytest.raises(NotSignedIn):
        access.use_sign_in_link(token)


def test_a_session_ends_when_it_idles_and_lives_while_it_is_used(site: Sample) -> None:
    watch = Watch()
    access = Access(site.database.people, b"secret", watch)
    cookie = access.use_sign_in_link(access.make_sign_in_link(ANA.email))
    watch.at += IDLE_LIMIT - timedelta(minutes=1)
    session = access.session(cookie)
    assert session is not None
    assert session.renewed is not None
    watch.at += timedelta(hours=1)
    assert access.session(cookie) is None
    assert access.session(session.renewed) is not None


def test_no_session_outlives_the_absolute_limit(site: Sample) -> None:
    watch = Watch()
    access = Access(site.database.people, b"secret", watch)
    cookie = access.use_sign_in_link(access.make_sign_in_link(ANA.email))
    while watch.at < NOW + ABSOLUTE_LIMIT - timedelta(hours=2):
        watch.at += timedelta(hours=2)
        session = access.session(cookie)
        assert session is not None
        cookie = session.renewed or cookie
    watch.at += timedelta(hours=2, seconds=1)
    assert access.session(cookie) is None


@pytest.mark.parametrize("cookie", ["", "x", "a.b.c", "a.1.", "..", "é.1.é"])
def test_a_forged_cookie_opens_nothing(site: Sample, cookie: str) -> None:
    assert site.access().session(cookie) is None


def test_nobody_unknown_gets_a_link(site: Sample) -> None:
    with pytest.raises(NotFound):
        site.access().make_sign_in_link("stranger@example.com")


def test_a_person_without_a_known_role_is_no_viewer() -> None:
    with pytest.raises(Forbidden):
        viewer(Person(email="x@example.com", name="X", role="owner"))


def test_a_signed_event_is_remembered_once(site: Sample) -> None:
    client = site.client(None)
    body = b'{"id": 1}'
    signed = {"X-Signature": hashlib.sha256(body).hexdigest()}
    first = client.post("/hooks/zendesk", data=body, headers=signed)
    again = client.post("/hooks/zendesk", data=body, headers=signed)
    assert (first.status_code, first.json) == (200, {"accepted": True, "conversations": 1})
    assert (again.status_code, again.json) == (200, {"accepted": False, "conversations": 1})
    assert [payload for _, payload in site.database.work.unfinished("zendesk")] == ['["zendesk:1"]']


def test_an_event_with_a_bad_signature_leaves_nothing(site: Sample) -> None:
    response = site.client(None).post("/hooks/zendesk", data=b"x", headers={"X-Signature": "no"})
    assert response.status_code == 401
    assert site.database.work.unfinished("zendesk") == []


def test_the_doors_of_unknown_helpdesks_are_closed(site: Sample) -> None:
    client = site.client(None)
    assert client.post("/hooks/freshdesk", data=b"{}").status_code == 404
    assert client.head("/hooks/zendesk").status_code == 200
    assert client.get("/hooks/zendesk").status_code == 405


def test_an_event_larger_than_any_is_refused(site: Sample) -> None:
    response = site.client(None).post("/hooks/zendesk", data=b"x" * (2 * 1024 * 1024))
    assert response.status_code == 413


def test_health_needs_no_session(site: Sample) -> None:
    client = site.client(None)
    assert client.get("/healthz").json == {"alive": True}
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("address", ["/?text=a%00b", "/r/a%00b", "/?%00=1", "/accounts/%00"])
def test_what_no_database_can_hold_is_refused_at_the_gate(site: Sample, address: str) -> None:
    assert site.client(ANA).get(address).status_code == 400
    assert site.client(None).post("/sign-in", data={"token": "\0"}).status_code == 400
