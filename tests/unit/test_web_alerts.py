"""The page about alerts: rules, what stands and what was, and who may take one up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.domain.alerts import Alert, AlertState, Reading
from service.domain.feedback import Feedback, Verdict
from tests.browser import sample
from tests.browser.sample import ANA, LEE, MAYA, Sample

OWN = {"Origin": "http://localhost"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path)
    yield filled
    filled.database.close()


def _alert(site: Sample, value: str = "<b>Billing</b>") -> Alert:
    reading = Reading(value=value, n0=280, x0=56, n1=70, x1=35, z=5.0)
    one = Alert(
        rule="negative-by-driver",
        opened_on=sample.NOW.date(),
        seen_on=sample.NOW.date(),
        state=AlertState.OPEN,
        reading=reading,
        told_excess=21.0,
    )
    site.database.alerts.save(one)
    return one


def test_the_page_tells_rules_alerts_and_how_often_they_are_wrong(site: Sample) -> None:
    one = _alert(site)
    site.database.feedback.note(
        Feedback(answer=one.key, person="x@example.com", verdict=Verdict.USEFUL, at=sample.NOW)
    )
    page = site.client(ANA).get("/alerts").text
    for words in (
        "Negative share of a driver",
        "rises by 3 points or more",
        "rose from 20% (56 of 280)",
        "1 useful, 0 wrong",
        "1 alert told, 1 called useful",
        "0.16 times",
        "&lt;b&gt;Billing&lt;/b&gt;",
    ):
        assert words in page
    assert "<b>Billing</b>" not in page
    assert 'href="/?' in page


def test_an_alert_is_taken_up_by_an_analyst_and_by_nobody_else(site: Sample) -> None:
    one = _alert(site, "Billing")
    client = site.client(ANA)
    token = client.get("/alerts").text.split('name="form_token" value="')[1].split('"')[0]
    form = {"form_token": token, "key": one.key}
    assert client.post("/alerts/acknowledge", data={"key": one.key}, headers=OWN).status_code == 403
    assert client.post("/alerts/acknowledge", data=form, headers=OWN).status_code == 303
    assert "acknowledged" in client.get("/alerts").text
    assert client.post("/alerts/acknowledge", data=form, headers=OWN).status_code == 303


def test_who_sees_some_accounts_sees_no_alerts(site: Sample) -> None:
    assert site.client(MAYA).get("/alerts").status_code == 403
    assert site.client(None).get("/alerts").status_code == 303
    assert "Acknowledge<" not in site.client(LEE).get("/alerts").text


def test_how_often_a_withheld_metric_would_have_fired_is_withheld_too(site: Sample) -> None:
    withheld = '<td class="n"><span class="none">withheld</span></td>'
    assert withheld in site.client(LEE).get("/alerts").text
    assert withheld not in site.client(ANA).get("/alerts").text
