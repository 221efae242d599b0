"""Signing in by one-time link, and out. Opening a link spends nothing: only its button does.

Chat tools and mail scanners open every link they see; a GET that spent it would lock people out.
"""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from service.errors import NotSignedIn
from service.web import gate
from service.web.site import signed_in, site

CUT_OFF = "This link is not one of ours, or a part of it got lost; ask for a new one."

pages = Blueprint("signing_in", __name__)


@pages.get("/sign-in")
def page() -> str:
    token = request.args.get("token", "")
    who = site().access.invited(token)
    return render_template(
        "sign_in.html",
        token=token,
        who=who,
        next=gate.safe_next(request.args.get("next", "/")),
        form_token=site().access.form_token(token),
        refused=CUT_OFF if token and who is None else None,
    )


@pages.post("/sign-in")
def enter() -> Response | tuple[str, int]:
    token = request.form.get("token", "")
    gate.require_own_form(token)
    try:
        cookie = site().access.use_sign_in_link(token)
    except NotSignedIn as refusal:
        page_text = render_template("sign_in.html", who=None, refused=str(refusal))
        return page_text, 403
    response = redirect(gate.safe_next(request.form.get("next", "/")), code=303)
    gate.set_session_cookie(response, cookie)
    return response


@pages.post("/sign-out")
def leave() -> Response:
    site().access.sign_out(signed_in())
    response = redirect("/sign-in", code=303)
    response.delete_cookie(gate.cookie_name(site().secure), path="/", secure=site().secure)
    return response
