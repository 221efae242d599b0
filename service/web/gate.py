"""The gate in front of every page: who is signed in, which forms are ours, which headers go out.

It knows nothing of what a page shows.
"""

from urllib.parse import urlsplit

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from service import access
from service.errors import Forbidden, Misused
from service.web.site import Site, site

OPEN_ENDPOINTS = frozenset({"static", "signing_in.page", "signing_in.enter"})
# These are called by machines, which prove themselves by a signature or a token, or ask only for
# health. A cookie means nothing there.
MACHINE_BLUEPRINTS = frozenset({"machines", "api", "monitoring"})
_API = "/api/"

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer" browsers send "Origin: null" on our own forms, which the check refuses.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


def install(app: Flask) -> None:
    app.before_request(_refuse_nul)
    app.before_request(_open_or_ask)
    app.after_request(_protect)


def cookie_name(secure: bool) -> str:  # noqa: FBT001  (a fact about the site, not a switch)
    """The prefix makes browsers refuse the cookie from anywhere but this very host."""
    return "__Host-verbatim" if secure else "verbatim"


def set_session_cookie(response: AnyResponse, value: str) -> None:
    secure = site().secure
    response.set_cookie(
        cookie_name(secure),
        value,
        max_age=int(access.ABSOLUTE_LIMIT.total_seconds()),
        httponly=True,
        secure=secure,
        samesite="Lax",
        path="/",
    )


def safe_next(target: str) -> str:
    """Return a place on this site to go on to; anything else becomes the first page."""
    parts = urlsplit(target)
    stays = target.startswith("/") and not target.startswith("//") and not parts.netloc
    printable = target.isprintable() and "\\" not in target
    return target if stays and printable and not parts.scheme else "/"


def require_own_form(bound_to: str) -> None:
    """Refuse a form that another site sent: the origin must be ours and the token must fit."""
    if not _own_origin(site()):
        raise Forbidden("This form came from another site.")
    if not site().access.form_token_fits(request.form.get("form_token", ""), bound_to):
        raise Forbidden("This form is too old or not ours; open the page again.")


def for_machines() -> bool:
    """Whether a machine asks, also at an address of the API that does not exist."""
    blueprint = (request.endpoint or "").partition(".")[0]
    return blueprint in MACHINE_BLUEPRINTS or is_api()


def is_api() -> bool:
    return request.path.startswith(_API)


def _refuse_nul() -> None:
    """Refuse the one character that no database text may hold; PostgreSQL fails on it."""
    given = [request.path, *(part for pair in request.args.items(multi=True) for part in pair)]
    if not for_machines():  # they sign their bodies, which must be read as they came
        given += request.form.values()
    if any("\0" in text for text in given):
        raise Misused("A character in this address or form cannot be read.")


def _open_or_ask() -> AnyResponse | None:
    g.session = None
    g.viewer = None
    if for_machines() or request.endpoint == "static":
        return None
    g.session = site().access.session(request.cookies.get(cookie_name(site().secure), ""))
    if g.session is not None:
        g.viewer = access.viewer(g.session.person)
        if request.method == "POST" and request.endpoint not in OPEN_ENDPOINTS:
            require_own_form(g.session.id_hash)
        return None
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    here = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("signing_in.page", next=here), code=303)


def _own_origin(current: Site) -> bool:
    origin = request.headers.get("Origin", "")
    return origin in {_origin(current.public_url), _origin(request.host_url)}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _protect(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    if request.endpoint == "static":
        response.headers["Cache-Control"] = "public, max-age=300"
    else:
        response.headers["Cache-Control"] = "no-store"
    if site().secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    session = g.get("session")
    if session is not None and session.renewed and request.endpoint != "signing_in.leave":
        set_session_cookie(response, session.renewed)
    return response
