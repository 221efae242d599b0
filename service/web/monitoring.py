"""What Prometheus reads at /metrics: how fresh, how complete and how far behind this workspace is.

It counts what a person on call must act on, and names no customer and no account.
"""

import hmac
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from flask import Blueprint, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from service.domain.people import SYSTEM
from service.errors import Misused
from service.query import Dimension, Query
from service.schedule import Cron
from service.web.site import Site, site

JOBS = ("alerts", "cycle", "digest", "prove", "purge", "sweep")
_LOOK_BACK = timedelta(days=8)

routes = Blueprint("monitoring", __name__)


@routes.get("/metrics")
def metrics() -> Response:
    here = site()
    token = here.settings.metrics_token
    if token is None:
        return _refused(403, "Set VERBATIM_METRICS_TOKEN to open this address.")
    if not _fits(request.headers.get("Authorization", ""), token.get_secret_value()):
        return _refused(401, "Send VERBATIM_METRICS_TOKEN as a bearer token.")
    return Response(generate_latest(collected(here)), content_type=CONTENT_TYPE_LATEST)


def collected(here: Site) -> CollectorRegistry:
    """Read every figure now. Ages are in seconds; what never happened has none."""
    registry = CollectorRegistry()
    _sources(here, registry)
    _work(here, registry)
    _jobs(here, registry)
    return registry


def _sources(here: Site, registry: CollectorRegistry) -> None:
    store, now = here.database.conversations, here.clock()
    ages = {name: (now - at).total_seconds() for name, at in store.synced_at().items()}
    groups = here.database.facts.groups(Query(group_by=(Dimension.SOURCE,)), SYSTEM)
    stored = {values[0]: float(tally.total) for values, tally in groups}
    aside = Counter(one.source for one in store.quarantined())
    _by("source", "verbatim_sync_age_seconds", "Since the last finished sync.", ages, registry)
    _by("source", "verbatim_conversations", "Stored conversations.", stored, registry)
    quarantined = {name: float(aside[name]) for name in {*ages, *stored, *aside}}
    _by("source", "verbatim_quarantined", "Conversations set aside.", quarantined, registry)


def _work(here: Site, registry: CollectorRegistry) -> None:
    waiting = here.database.conversations.unmeasured_count(here.analyser, here.taxonomy.version)
    _one("verbatim_analyse_queue", "Conversations not measured yet.", waiting, registry)
    failed = len(here.database.analyses.failures())
    _one("verbatim_analyse_failed", "Conversations that cannot be measured.", failed, registry)
    count, oldest = here.database.work.outbox_open()
    age = (here.clock() - oldest).total_seconds() if oldest else 0.0
    _one("verbatim_outbox_open", "Posts not known to be sent.", count, registry)
    _one("verbatim_outbox_oldest_age_seconds", "Age of the oldest of them.", age, registry)


def _jobs(here: Site, registry: CollectorRegistry) -> None:
    done = {job: here.database.work.last_done(job) for job in JOBS}
    ages = {job: (here.clock() - at).total_seconds() for job, at in done.items() if at}
    about = "Since the time that the newest finished run was due."
    _by("job", "verbatim_job_age_seconds", about, ages, registry)
    try:
        timing = Cron(here.settings.digest_cron, here.zone, look_back=_LOOK_BACK)
    except Misused:  # doctor says so; a wrong line must not take the other figures away
        return
    due, last = timing.latest(here.clock()), done["digest"]
    posted = due is None or (last is not None and last >= due)
    _one("verbatim_digest_posted", "1 when the newest digest due was posted.", posted, registry)


def _by(
    label: str, name: str, about: str, values: Mapping[str, float], registry: CollectorRegistry
) -> None:
    gauge = Gauge(name, about, [label], registry=registry)
    for key, value in sorted(values.items()):
        gauge.labels(key).set(value)


def _one(name: str, about: str, value: float, registry: CollectorRegistry) -> None:
    Gauge(name, about, registry=registry).set(value)


def _fits(sent: str, token: str) -> bool:
    scheme, _, given = sent.partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(
        given.strip().encode(), token.encode()
    )


def _refused(status: int, words: str) -> Response:
    answer = Response(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
