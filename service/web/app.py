"""Builds the explorer: a Flask application over ports. Importing it starts nothing.

It wires pages together and refuses to know any store, helpdesk or chat tool by name.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask, Response, g, jsonify, render_template
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException

from service.access import Access
from service.domain.conversations import split_key
from service.domain.taxonomy import Taxonomy
from service.errors import Forbidden, Misused, NotFound, RetryLater, TellPerson, VerbatimError
from service.links import Links
from service.metrics_in_force import MetricsInForce
from service.ports import Clock, Helpdesk
from service.reachability import Reachability
from service.settings import Settings
from service.stores import Database
from service.tokens import Tokens
from service.web import (
    administration,
    alerts,
    api,
    api_errors,
    conversation,
    explore,
    gate,
    group,
    machines,
    monitoring,
    numbers,
    own_metrics,
    receipts,
    signing_in,
    slack,
    subjects,
    trust,
)
from service.web import (
    taxonomy as ladder,
)
from service.web.site import HERE, Coster, Gateway, Site, SlackInstaller, Trier, site

if TYPE_CHECKING:
    from service.themes import Vectors

_STATUS: tuple[tuple[type[VerbatimError], int], ...] = (
    (Misused, 400),
    (Forbidden, 403),
    (NotFound, 404),
    (RetryLater, 503),
    (TellPerson, 500),
)
AnyAnswer = Response | tuple[str | Response, int]


def create_app(
    *,
    database: Database,
    answers: Gateway,
    settings: Settings,
    secret: bytes,
    links: Links,
    clock: Clock,
    taxonomy: Taxonomy,
    themes: "Callable[[], Vectors] | None" = None,
    metrics: MetricsInForce,
    trial: Trier | None = None,
    cost: Coster | None = None,
    helpdesks: Mapping[str, Helpdesk] | None = None,
    analyser_version: Callable[[], str] = str,
    slack_handler: machines.SlackHandler | None = None,
    slack_installer: SlackInstaller | None = None,
) -> Flask:
    """Build the application. `taxonomy` is the file's: changes people made are looked up.

    `secret` protects sessions; it may be one that was made here, of which no setting knows.
    `slack_handler` answers /slack/events and checks its signature.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = machines.MAX_BODY
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["verbatim"] = Site(
        database=database,
        answers=answers,
        access=Access(database.people, secret, clock),
        tokens=Tokens(database, clock, calls_per_minute=settings.api_calls_per_minute),
        settings=settings,
        links=links,
        public_url=settings.public_url,
        zone=settings.zone,
        clock=clock,
        file=taxonomy,
        themes=themes,
        metrics=metrics,
        trial=trial,
        cost=cost,
        helpdesks=helpdesks or {},
        analyser_version=analyser_version,
        slack=slack_installer,
    )
    for page in (explore, group, conversation, receipts, subjects, ladder, trust, signing_in):
        app.register_blueprint(page.pages)
    app.register_blueprint(machines.routes)
    app.register_blueprint(api.routes)
    app.register_blueprint(monitoring.routes)
    app.register_blueprint(administration.pages)
    app.register_blueprint(slack.pages)
    app.register_blueprint(alerts.pages)
    app.register_blueprint(own_metrics.pages)
    if slack_handler is not None:
        app.add_url_rule(
            "/slack/events",
            "machines.slack",
            machines.slack_route(slack_handler),
            methods=["POST"],
        )
    app.before_request(_notice_metrics)
    gate.install(app)
    _teach_templates(app)
    app.register_error_handler(VerbatimError, _say_it)
    app.register_error_handler(HTTPException, _say_http)
    return app


def _teach_templates(app: Flask) -> None:
    app.jinja_env.filters |= {
        "day": _day,
        "moment": _moment,
        "machine_time": _machine_time,
        "whole": numbers.whole,
        "counted": numbers.counted,
        "here": _here,
        "linked": _linked,
        "source": lambda key: split_key(key)[0],
        "outside": _outside,
    }
    app.jinja_env.globals |= {
        "HERE": HERE,
        "driver_address": subjects.driver_address,
        "driver_listing": subjects.driver_listing,
        "tag_address": subjects.tag_address,
    }
    app.context_processor(_around)


def _notice_metrics() -> None:
    """A page asks many times which metrics there are: it starts with what is defined now."""
    site().analyser_version()


def _around() -> dict[str, object]:
    """Return what every page's frame shows: who is signed in, and the sign-out form's token."""
    session = g.get("session")
    if session is None:
        return {"person": None}
    return {
        "person": session.person,
        "unreached": Reachability(site().database.work, site().clock).troubles(),
        "sign_out_token": site().access.form_token(session.id_hash),
        "zone": site().zone.key,
    }


def _day(at: datetime) -> str:
    local = site().local(at)
    return f"{local.day} {local:%b %Y}"


def _moment(at: datetime) -> str:
    local = site().local(at)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def _machine_time(at: datetime) -> str:
    return site().local(at).isoformat(timespec="seconds")


def _here(url: str | None) -> str | None:
    """Strip our own public address, so that a reader stays on the host they came by."""
    base = site().public_url.rstrip("/")
    return url.removeprefix(base) if url and url.startswith(f"{base}/") else url


def _linked(line: str) -> Markup:
    """A line of an answer with our own addresses as links; everything else is only words."""
    base = f"{site().public_url.rstrip('/')}/"
    words = [
        Markup('<a href="{}">{}</a>').format(
            _here(word), "receipt" if word.startswith(f"{base}r/") else "open"
        )
        if word.startswith(base)
        else escape(word)
        for word in line.split(" ")
    ]
    return Markup(" ").join(words)


def _outside(url: str | None) -> str | None:
    """Return a helpdesk's address only when a browser may safely open it."""
    return url if url and url.startswith(("https://", "http://")) else None


def _say_it(error: VerbatimError) -> AnyAnswer:
    if gate.is_api():
        return api_errors.of_ours(error).response()
    code = next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
    return _error_page(str(error), code), code


def _say_http(error: HTTPException) -> AnyAnswer:
    if gate.is_api():
        return api_errors.of_http(error).response()
    code = error.code or 500
    words = "There is no such page." if code == 404 else (error.description or error.name)
    return _error_page(words, code), code


def _error_page(words: str, code: int) -> str | Response:
    if gate.for_machines():
        return jsonify(error=words)
    return render_template("error.html", words=words, code=code)
