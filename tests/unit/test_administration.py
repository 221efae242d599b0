"""The settings page: who may open it, what it tells, and which secrets it must not."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from service.settings import settings_from
from service.settings_in_force import in_force
from service.stores import Person
from service.tokens import Tokens
from tests.browser import sample
from tests.browser.sample import ANA, LEE, MAYA, NOBODY, Sample

ADA = Person(email="ada@example.com", name="<b>Ada</b>", role="admin")
PAGES = ("/settings", "/settings/tokens")
OWN = {"Origin": "http://localhost"}
SECRETS = {
    "VERBATIM_SECRET_KEY": "s3cret-key",
    "VERBATIM_DATABASE_URL": "postgresql://verbatim:s3cret-password@db.example.com/verbatim?x=s3cret",
    "VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN": "acme",
    "VERBATIM_HELPDESKS__ZENDESK__API_TOKEN": "s3cret-token",
    "VERBATIM_HELPDESKS__ZENDESK__BASE_URL": "https://me:s3cret@example.com/",
    "VERBATIM_HELPDESKS__ZENDESK__SOMETHING_NEW": "s3cret-new",
    "VERBATIM_SLACK__BOT_TOKEN": "s3cret-slack",
    "VERBATIM_SLACK__DIGEST_CHANNEL": "C123",
    "VERBATIM_CLAUDE__API_KEY": "s3cret-claude",
    "VERBATIM_METRICS_TOKEN": "s3cret-metrics-token",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path)
    filled.database.people.save(ADA)
    yield filled
    filled.database.close()


def test_no_secret_is_among_the_settings_that_are_shown() -> None:
    shown = {one.name: one.value for one in in_force(settings_from(SECRETS))}
    assert "s3cret" not in str(shown)
    assert set(SECRETS) <= {name.upper() for name in shown}
    assert shown["VERBATIM_DATABASE_URL"] == "postgresql://db.example.com/verbatim"
    assert shown["VERBATIM_HELPDESKS__ZENDESK__SUBDOMAIN"] == "acme"
    assert shown["VERBATIM_HELPDESKS__ZENDESK__SOMETHING_NEW"] == "set"
    assert shown["VERBATIM_SLACK__DIGEST_CHANNEL"] == "C123"
    assert shown["VERBATIM_SLACK__APP_TOKEN"] == "not set"


def test_a_default_is_told_from_what_was_given() -> None:
    shown = {one.name: one.is_default for one in in_force(settings_from(SECRETS))}
    assert shown["VERBATIM_TIMEZONE"]
    assert not shown["VERBATIM_SECRET_KEY"]


def test_a_key_that_was_made_here_is_not_called_given(site: Sample) -> None:
    page = site.client(ADA).get("/settings").text
    row = re.search(r"VERBATIM_SECRET_KEY</th>(.*?)</tr>", page)
    assert row is not None
    assert re.findall(r"<td[^>]*>([^<]*)", row[1]) == [
        "made here and kept beside the database",
        "default",
    ]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", [ANA, MAYA, LEE, NOBODY], ids=lambda one: one.name)
def test_only_an_administrator_opens_settings(site: Sample, page: str, person: Person) -> None:
    assert site.client(person).get(page).status_code == 403
    assert "/settings" not in site.client(person).get("/").text
    assert site.client(None).get(page).status_code == 303


def test_the_page_tells_people_helpdesks_and_settings(site: Sample) -> None:
    page = site.client(ADA).get("/settings").text
    for words in (
        "maya@example.com",
        "Acme",
        "Zendesk",
        "VERBATIM_RETENTION_DAYS",
        "Europe/Berlin",
    ):
        assert words in page
    assert sample.SECRET not in page
    assert "&lt;b&gt;Ada&lt;/b&gt;" in page
    assert "<b>Ada</b>" not in page


def test_a_token_is_listed_without_its_secret_and_can_be_ended(site: Sample) -> None:
    tokens = Tokens(site.database, sample.now)
    token, secret = tokens.make(ANA.email, name="<i>dashboard</i>")
    ada = site.client(ADA)
    page = ada.get("/settings/tokens").text
    assert token.id in page
    assert secret not in page
    assert "<i>dashboard" not in page
    form = page.partition('name="form_token" value="')[2]
    session = page.rpartition('action="/settings/tokens/revoke">')[2]
    sent = {
        "form_token": session.partition('name="form_token" value="')[2].partition('"')[0],
        "email": ANA.email,
        "id": token.id,
    }
    assert form
    strange = {**sent, "form_token": "x"}
    assert ada.post("/settings/tokens/revoke", data=strange, headers=OWN).status_code == 403
    assert tokens.is_valid(tokens.of(ANA.email)[0])
    assert ada.post("/settings/tokens/revoke", data=sent, headers=OWN).status_code == 303
    assert not tokens.is_valid(tokens.of(ANA.email)[0])
    assert "revoked" in ada.get("/settings/tokens").text


def test_nobody_else_ends_a_token(site: Sample) -> None:
    tokens = Tokens(site.database, sample.now)
    token, _ = tokens.make(ADA.email)
    ana = site.client(ANA)
    page = ana.get("/trust").text
    mine = page.partition('name="form_token" value="')[2].partition('"')[0]
    sent = {"form_token": mine, "email": ADA.email, "id": token.id}
    assert ana.post("/settings/tokens/revoke", data=sent, headers=OWN).status_code == 403
    assert tokens.is_valid(tokens.of(ADA.email)[0])


def test_an_expired_token_says_so(site: Sample) -> None:
    Tokens(site.database, lambda: sample.NOW - timedelta(days=9)).make(ANA.email, days=3)
    assert "expired" in site.client(ADA).get("/settings/tokens").text
