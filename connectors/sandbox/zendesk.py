"""A working stand-in of Zendesk over loopback HTTP, filled from a corpus.

Puts the routes, the credentials and the switches together. Not verified against a live account:
the wording of 409 and 422, the cursor of an empty last page, tagging closed tickets in bulk.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from connectors.sandbox import (
    zendesk_export,
    zendesk_people,
    zendesk_tickets,
    zendesk_writes,
)
from connectors.sandbox.corpus import Corpus
from connectors.sandbox.faults import Faults, install
from connectors.sandbox.server import Stand
from connectors.sandbox.zendesk_access import (
    Limits,
    Tokens,
    failure_in_zendesk_words,
    install_access,
)
from connectors.sandbox.zendesk_desk import Desk, not_found, refused
from connectors.sandbox.zendesk_fields import Refusal
from connectors.sandbox.zendesk_state import ZendeskState

ZendeskStand = Stand[ZendeskState]


def zendesk_app(
    corpus: Corpus,
    *,
    token: str,
    clock: Callable[[], datetime],
    hide: timedelta = timedelta(seconds=60),
    page_limit: int = 1000,
    incremental_per_minute: int | None = None,
    calls_per_minute: int | None = None,
    null_cursor_on_empty: bool = True,
    oauth_clients: Mapping[str, str] | None = None,
    token_lifetime: timedelta = timedelta(hours=2),
    refresh_tokens: Iterable[str] = (),
    tell_expiry: bool = True,
) -> ZendeskStand:
    """Build the stand-in; `hide` is the vendor's window of changes that exports do not show yet."""
    state = ZendeskState(corpus, clock=clock, hide=hide)
    faults = Faults()
    app = Flask("connectors.sandbox.zendesk", static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's default provider has it
    desk = Desk(
        state=state,
        faults=faults,
        page_limit=page_limit,
        null_cursor_on_empty=null_cursor_on_empty,
    )
    # One request at a time: a page must not be cut while a test or another thread moves rows.
    app.before_request(lambda: _take(state))
    app.teardown_request(lambda _: state.lock.release())
    tokens = Tokens(
        token=token,
        clients=oauth_clients or {},
        clock=clock,
        lifetime=token_lifetime,
        refresh_tokens=refresh_tokens,
        tell_expiry=tell_expiry,
    )
    limits = Limits(
        clock=clock,
        incremental_per_minute=incremental_per_minute,
        calls_per_minute=calls_per_minute,
    )
    install_access(app, state, tokens, limits)
    for routes in (zendesk_export, zendesk_tickets, zendesk_writes, zendesk_people):
        routes.register(app, desk)
    app.register_error_handler(Refusal, refused)
    app.register_error_handler(HTTPException, _refused_by_flask)
    install(app, faults, failure_in_zendesk_words)
    _accept_json_suffix(app)
    return Stand(app=app, state=state, faults=faults)


def _take(state: ZendeskState) -> None:
    state.lock.acquire()


def _refused_by_flask(error: HTTPException) -> Response:
    """Word an unknown address, a wrong method or unreadable JSON as the vendor would."""
    if error.code == 404:
        return refused(not_found())
    return refused(Refusal(error.code or 500, error.name.replace(" ", ""), error.name))


def _accept_json_suffix(app: Flask) -> None:
    """Answer /tickets/1.json as /tickets/1, as the vendor does."""
    inner = app.wsgi_app

    def without_suffix(environ: WSGIEnvironment, start_response: StartResponse) -> object:
        environ["PATH_INFO"] = str(environ["PATH_INFO"]).removesuffix(".json")
        return inner(environ, start_response)

    app.wsgi_app = without_suffix  # type: ignore[method-assign, assignment]  # the documented way to wrap
