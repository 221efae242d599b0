"""Installing the app in a Slack workspace, from and back to the site: administrators alone.

It knows no Slack: what is asked of it, and what comes back, is the installer's.
"""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from service.domain.people import PersonRole
from service.errors import Forbidden, Misused, NotFound
from service.web.site import SlackInstaller, current_viewer, site

pages = Blueprint("slack", __name__)


@pages.before_request
def _only_administrators() -> None:
    if current_viewer().role is not PersonRole.ADMIN:
        raise Forbidden("Installing in Slack is for administrators.")


@pages.get("/slack/install")
def install() -> Response:
    return redirect(_installer().begin(current_viewer().person), code=303)


@pages.get("/slack/oauth_redirect")
def come_back() -> Response:
    """Slack sends the person back here, with a code or with the reason why there is none."""
    if request.args.get("error"):
        raise Misused("Slack says that the installation was not allowed. Nothing was changed.")
    _installer().finish(
        current_viewer().person,
        state=request.args.get("state", ""),
        code=request.args.get("code", ""),
    )
    return redirect("/settings#slack", code=303)


def _installer() -> SlackInstaller:
    found = site().slack
    if found is None:
        raise NotFound(
            "Set VERBATIM_SLACK__CLIENT_ID and VERBATIM_SLACK__CLIENT_SECRET to install in Slack."
        )
    return found
