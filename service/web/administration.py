"""Settings, people, helpdesks and tokens as an administrator sees them. Only tokens can be ended.

Settings are read here and never changed: they belong to the environment.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.domain.people import PersonRole
from service.errors import Forbidden
from service.settings_in_force import in_force
from service.stores import ApiToken
from service.web.site import Site, current_viewer, signed_in, site

pages = Blueprint("administration", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A source: a connected helpdesk, or one that conversations were imported from."""

    name: str
    is_connected: bool
    synced: datetime | None
    set_aside: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownToken:
    token: ApiToken
    is_valid: bool


@pages.before_request
def _only_administrators() -> None:
    if current_viewer().role is not PersonRole.ADMIN:
        raise Forbidden("Settings are for administrators.")


@pages.get("/settings")
def page() -> str:
    here = site()
    tokens = here.tokens.of()
    valid = Counter(one.email for one in tokens if here.tokens.is_valid(one))
    return render_template(
        "settings.html",
        settings=in_force(here.settings),
        people=[(one, valid[one.email]) for one in here.database.people.all()],
        sources=_sources(here),
        names={key: account.name for key, account in here.accounts(current_viewer()).items()},
        taxonomy=here.taxonomy.version,
        analyser=here.analyser,
        installations=here.database.installations.all(),
        can_install=here.slack is not None,
    )


@pages.get("/settings/tokens")
def tokens() -> str:
    here = site()
    return render_template(
        "tokens.html",
        tokens=[ShownToken(token=one, is_valid=here.tokens.is_valid(one)) for one in _newest(here)],
        form_token=here.access.form_token(signed_in().id_hash),
    )


@pages.post("/settings/tokens/revoke")
def revoke() -> Response:
    site().tokens.revoke(request.form.get("email", ""), request.form.get("id", ""))
    return redirect("/settings/tokens", code=303)


def _newest(here: Site) -> list[ApiToken]:
    return list(reversed(here.tokens.of()))


def _sources(here: Site) -> list[Connected]:
    store = here.database.conversations
    synced = store.synced_at()
    aside = Counter(one.source for one in store.quarantined())
    return [
        Connected(
            name=name,
            is_connected=name in here.helpdesks,
            synced=synced.get(name),
            set_aside=aside[name],
        )
        for name in sorted({*here.helpdesks, *synced})
    ]
