"""What Prometheus is told, and whom /metrics refuses."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.domain.conversations import conversation_key
from tests.browser import sample
from tests.browser.sample import ANA, COUNT, NOW, Sample

TOKEN = "a made-up token of the tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sample]:
    filled = sample.make(tmp_path, metrics_token=TOKEN)
    yield filled
    filled.database.close()


def told(site: Sample) -> dict[str, float]:
    answer = site.app.test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer é"]
)
def test_nobody_reads_figures_without_the_token(site: Sample, sent: str) -> None:
    refused = site.app.test_client().get("/metrics", headers={"Authorization": sent})
    assert refused.status_code == 401
    assert "verbatim_" not in refused.text


def test_a_signed_in_browser_does_not_read_figures(site: Sample) -> None:
    assert site.client(ANA).get("/metrics").status_code == 401


def test_without_a_setting_the_address_is_closed(tmp_path: Path) -> None:
    site = sample.make(tmp_path, filled=False)
    refused = site.app.test_client().get("/metrics", headers=BEARER)
    assert refused.status_code == 403
    assert "VERBATIM_METRICS_TOKEN" in refused.text
    site.database.close()


def test_figures_say_how_fresh_and_how_complete_the_workspace_is(site: Sample) -> None:
    figures = told(site)
    assert figures['verbatim_conversations{source="zendesk"}'] == COUNT + 1
    assert figures['verbatim_sync_age_seconds{source="zendesk"}'] == 0
    assert figures['verbatim_quarantined{source="zendesk"}'] == 0
    assert figures["verbatim_analyse_queue"] == COUNT / 10
    assert figures["verbatim_analyse_failed"] == 0
    site.database.conversations.sync_finished("zendesk", NOW - timedelta(hours=3))
    assert told(site)['verbatim_sync_age_seconds{source="zendesk"}'] == 3 * 3600


def test_what_cannot_be_measured_leaves_the_queue_and_is_counted(site: Sample) -> None:
    before = told(site)
    key = conversation_key("zendesk", str(360001200009))
    stored = site.database.conversations.get(key)
    assert stored is not None
    site.database.analyses.fail(key, stored.fingerprint(), sample.VERSION, "too strange")
    after = told(site)
    assert after["verbatim_analyse_failed"] == 1
    assert after["verbatim_analyse_queue"] == before["verbatim_analyse_queue"] - 1


def test_a_post_that_was_never_sent_grows_old(site: Sample) -> None:
    assert told(site)["verbatim_outbox_open"] == 0
    site.database.work.outbox_start("digest:2026-W46", "{}", at=NOW - timedelta(minutes=5))
    figures = told(site)
    assert figures["verbatim_outbox_open"] == 1
    assert figures["verbatim_outbox_oldest_age_seconds"] == 300
    site.database.work.outbox_sent("digest:2026-W46", "123.4")
    assert told(site)["verbatim_outbox_open"] == 0


def test_a_digest_that_was_due_and_not_posted_shows(site: Sample) -> None:
    assert told(site)["verbatim_digest_posted"] == 0
    due = datetime.fromisoformat("2026-11-16T09:00:00+01:00")  # the Monday before
    work = site.database.work
    work.claim("digest", due, "worker", at=NOW, lease=60)
    work.done("digest", due, "worker", "posted")
    figures = told(site)
    assert figures["verbatim_digest_posted"] == 1
    assert figures['verbatim_job_age_seconds{job="digest"}'] == (NOW - due).total_seconds()


def test_figures_name_no_customer(site: Sample) -> None:
    text = site.app.test_client().get("/metrics", headers=BEARER).text
    assert not re.search(r"Acme|Initech|example\.com|charged", text)
