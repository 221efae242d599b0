"""The taxonomy page: who sees it, what a change shows before it is made, and who may make it."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import taxonomy_edits
from service.domain.people import SYSTEM
from service.governance import Governance
from service.query import Dimension, Query
from tests.browser import sample
from tests.browser.sample import LEE, MAYA, NOBODY, TAXONOMY, Sample

OWN = {"Origin": "http://localhost"}
MOVE = {"kind": "move", "name": "Double charge", "to": "Account Access", "driver": ""}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path)
    yield filled
    filled.database.close()


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])


def _form(client: FlaskClient, **said: str) -> dict[str, str]:
    page = client.get("/taxonomy").text
    return {name: _hidden(page, name) for name in ("form_token", "edition")} | said


def _elsewhere(site: Sample) -> Governance:
    """The same ladder in another process."""
    store = site.database
    latest = store.taxonomies.latest()
    taxonomy = latest.taxonomy if latest else TAXONOMY
    return Governance(database=store, taxonomy=taxonomy, file=TAXONOMY, clock=sample.now)


def test_the_ladder_is_shown_with_its_counts_and_has_a_link_on_every_page(site: Sample) -> None:
    client = site.client()
    page = client.get("/taxonomy").text
    assert 'href="/taxonomy"' in client.get("/").text
    for name in ("Billing", "Double charge", "Invoice wrong", "Account Access", "Unmapped"):
        assert name in page
    groups = site.database.facts.groups(Query(group_by=(Dimension.TAG,)), SYSTEM)
    counts = {values[0]: tally.total for values, tally in groups}
    assert f">{counts['Double charge']}</a>" in page


def test_a_change_is_shown_with_what_it_moves_and_made_only_when_confirmed(site: Sample) -> None:
    client = site.client()
    sent = _form(client, **MOVE)
    shown = client.post("/taxonomy/preview", data=sent, headers=OWN).text
    assert "Preview: Moved Double charge from Billing to Account Access" in shown
    assert re.search(r"moves \d+ conversations, .*Billing \d+ -&gt; \d+", shown)
    assert site.database.taxonomies.versions() == []
    done = client.post("/taxonomy/change", data=sent, headers=OWN)
    assert (done.status_code, done.location) == (303, "/taxonomy#history")
    after = client.get("/taxonomy").text
    assert "ana@example.com" in after
    assert "Moved Double charge from Billing to Account Access" in after
    latest = site.database.taxonomies.latest()
    assert latest is not None
    assert latest.taxonomy.driver_of("Double charge") == "Account Access"


def test_the_version_that_was_confirmed_is_the_one_that_is_changed(site: Sample) -> None:
    client = site.client()
    sent = _form(client, **MOVE)
    other = _elsewhere(site)
    other.apply(taxonomy_edits.rename(other.taxonomy, "Billing", "Payments"), by="ada@example.com")
    shown = client.post("/taxonomy/change", data=sent, headers=OWN)
    assert shown.status_code == 200
    assert "Preview: Moved Double charge from Payments to Account Access" in shown.text
    assert len(site.database.taxonomies.versions()) == 1
    again = sent | {"edition": _hidden(shown.text, "edition")}
    assert client.post("/taxonomy/change", data=again, headers=OWN).status_code == 303


def test_a_change_made_elsewhere_is_seen_without_a_restart(site: Sample) -> None:
    client = site.client()
    assert "Payments" not in client.get("/taxonomy").text
    other = _elsewhere(site)
    other.apply(taxonomy_edits.rename(other.taxonomy, "Billing", "Payments"), by="ada@example.com")
    assert "Payments" in client.get("/taxonomy").text
    other.apply(taxonomy_edits.look_after(other.taxonomy, "Payments", "Max"), by="ada@example.com")
    assert '<dt>Owner</dt><dd dir="auto">Max' in client.get("/drivers/payments").text
    assert site.database.taxonomies.versions()[0].taxonomy.version in client.get("/trust").text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"kind": "rename", "name": "Billing", "to": "Payments"}, "Renamed the driver"),
        ({"kind": "merge", "name": "Invoice wrong", "to": "Double charge"}, "Merged"),
        ({"kind": "map", "name": "a new thing", "to": "New", "driver": "Billing"}, "Mapped"),
        ({"kind": "own", "name": "Billing", "to": "Maya"}, "Billing is looked after by Maya"),
    ],
)
def test_every_kind_of_change_can_be_made(site: Sample, said: dict[str, str], words: str) -> None:
    client = site.client()
    sent = _form(client, **{"driver": ""} | said)
    assert words in client.post("/taxonomy/preview", data=sent, headers=OWN).text
    assert client.post("/taxonomy/change", data=sent, headers=OWN).status_code == 303
    assert words in site.database.taxonomies.versions()[0].words


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "burn", "name": "Billing", "to": "x"},
        {"kind": "move", "name": "Nonsense", "to": "Billing"},
        {"kind": "rename", "name": "Billing", "to": ""},
        {},
    ],
)
def test_what_cannot_be_is_refused_in_words(site: Sample, said: dict[str, str]) -> None:
    client = site.client()
    sent = _form(client, **said)
    for place in ("preview", "change"):
        found = client.post(f"/taxonomy/{place}", data=sent, headers=OWN)
        assert found.status_code == 400
    assert site.database.taxonomies.versions() == []


def test_only_analysts_and_admins_change_the_ladder(site: Sample) -> None:
    token = _form(site.client())
    for person in (LEE, MAYA):
        client = site.client(person)
        page = client.get("/taxonomy").text
        assert "Preview" not in page
        sent = token | MOVE | {"form_token": _hidden(client.get("/").text, "form_token")}
        for place in ("preview", "change"):
            found = client.post(f"/taxonomy/{place}", data=sent, headers=OWN)
            assert found.status_code == 403
    assert site.database.taxonomies.versions() == []


def test_a_form_of_another_site_changes_nothing(site: Sample) -> None:
    client = site.client()
    sent = _form(client, **MOVE)
    strange = {"Origin": "http://evil.example"}
    assert client.post("/taxonomy/change", data=sent, headers=strange).status_code == 403
    without = {name: value for name, value in sent.items() if name != "form_token"}
    assert client.post("/taxonomy/change", data=without, headers=OWN).status_code == 403
    assert site.database.taxonomies.versions() == []


def test_customers_words_are_not_shown_to_who_sees_only_some_accounts(site: Sample) -> None:
    assert "Waiting to be mapped" in site.client().get("/taxonomy").text
    for person in (MAYA, NOBODY):
        page = site.client(person).get("/taxonomy?tag=Double+charge").text
        assert "Waiting to be mapped" not in page
        assert "Raw tags of" not in page
    assert "Raw tags of" in site.client(LEE).get("/taxonomy?tag=Double+charge").text


def test_hostile_names_are_only_text(site: Sample) -> None:
    client = site.client()
    bad = '<script>alert("x")</script>'
    sent = _form(client, kind="rename", name="Billing", to=bad, driver="")
    for page in (
        client.post("/taxonomy/preview", data=sent, headers=OWN).text,
        client.get("/taxonomy", query_string={"tag": bad}).text,
    ):
        assert "<script>alert" not in page
