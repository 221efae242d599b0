"""The page of a workspace's own metrics: who may define one, and what it shows before it does."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from service import measures
from service.custom_metrics import read_metrics
from tests.browser import sample
from tests.browser.sample import LEE, MAYA, Sample

OWN = {"Origin": "http://localhost"}
ASKED = {
    "title": "Refund demand",
    "question": "Does the customer want money back?",
    "values": "Yes, no",
    "owner": "ana@example.com",
    "examples": "yes = I want my money back, write to ann.lee@example.org\nno: Where is it?",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path)
    yield filled
    filled.database.close()
    measures.define(())


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """Nothing is stored, and nothing comes to be."""
    empty = sample.make(tmp_path_factory.mktemp("bare"), filled=False)
    yield empty
    empty.database.close()


def form(client: FlaskClient, **said: str) -> dict[str, str]:
    found = re.search(r'name="form_token" value="([^"]*)"', client.get("/own-metrics").text)
    assert found is not None
    return {"form_token": unescape(found[1])} | said


def test_a_metric_is_tried_put_in_force_changed_and_retired_without_scripts(
    site: Sample, tmp_path: Path
) -> None:
    client, file = site.client(), tmp_path / "metrics.yaml"
    tried = client.post("/own-metrics/try", data=form(client, **ASKED), headers=OWN)
    assert tried.status_code == 200
    assert "Preview:" in tried.text
    assert "Put it in force" in tried.text
    assert not file.exists()
    done = client.post("/own-metrics/define", data=form(client, **ASKED), headers=OWN)
    assert (done.status_code, done.location) == (303, "/own-metrics#custom_refund_demand")
    (kept,) = read_metrics(file)
    assert (kept.name, kept.values, kept.owner) == (
        "custom_refund_demand",
        ("yes", "no"),
        "ana@example.com",
    )
    assert kept.examples[0].text == "I want my money back, write to [email]"
    assert "Refund demand" in client.get("/").text
    assert "Refund demand" in client.get("/trust").text
    filtered = client.get("/?custom_refund_demand=yes").text
    chosen = re.search(r'name="custom_refund_demand".*?</select>', filtered, re.DOTALL)
    assert chosen is not None
    assert '<option value="yes" selected' in chosen[0]
    grouped = client.get("/group?group=custom_refund_demand").text
    assert "<figcaption>Conversations by refund demand" in grouped
    changing = client.get("/own-metrics?name=refund_demand").text
    assert "Change Refund demand" in changing
    more = ASKED | {"name": "refund_demand", "values": "yes, no, perhaps", "change": "yes"}
    client.post("/own-metrics/define", data=form(client, **more), headers=OWN)
    assert read_metrics(file)[0].values == ("yes", "no", "perhaps")
    client.post("/own-metrics/retire", data=form(client, name="refund_demand"), headers=OWN)
    assert [one.retired for one in read_metrics(file)] == [True]
    assert "Refund demand" not in client.get("/trust").text
    assert client.get("/group?metric=custom_refund_demand_yes_rate").status_code == 200
    told = site.client(LEE).get("/group?metric=custom_refund_demand_yes_rate").text
    assert "enough for it to be shown to leaders" in told
    assert client.get("/own-metrics?name=refund_demand").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"question": " "}, "The question is empty"),
        ({"values": "yes"}, "needs 2 to 12 values"),
        ({"values": "yes, =1+1"}, "plain words"),
        ({"title": "Sentiment"}, "taken already"),
        ({"name": "Refund demand"}, "has to be a word such as feature_request"),
        ({"examples": "yes"}, "Line 1 of the examples"),
        ({"examples": "maybe = I want"}, "none of yes, no"),
        ({"examples": f"yes = {'x' * 501}"}, "500 are the most"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    bare: Sample, wrong: dict[str, str], told: str
) -> None:
    client = bare.client()
    found = client.post("/own-metrics/try", data=form(client, **ASKED | wrong), headers=OWN)
    assert found.status_code == 400
    assert told in found.text
    assert "ana@example.com" in found.text
    assert measures.own_metrics() == ()


def test_only_analysts_and_administrators_define_and_only_by_our_own_form(bare: Sample) -> None:
    for person in (LEE, MAYA):
        client = bare.client(person)
        assert "Define one" not in client.get("/own-metrics").text
        assert client.post("/own-metrics/define", data=ASKED, headers=OWN).status_code == 403
    client = bare.client()
    assert client.post("/own-metrics/define", data=ASKED, headers=OWN).status_code == 403
    strange = {"Origin": "https://elsewhere.example"}
    sent = form(client, **ASKED)
    assert client.post("/own-metrics/define", data=sent, headers=strange).status_code == 403
    assert measures.own_metrics() == ()


def test_a_second_metric_of_one_name_is_no_change_of_the_first(site: Sample) -> None:
    client = site.client()
    client.post("/own-metrics/define", data=form(client, **ASKED), headers=OWN)
    again = client.post("/own-metrics/define", data=form(client, **ASKED), headers=OWN)
    assert again.status_code == 400
    assert "already: change it" in again.text
