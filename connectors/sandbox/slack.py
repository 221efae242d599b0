"""A working stand-in of Slack's Web API over loopback HTTP.

Takes what the SDK sends (forms or JSON), refuses what Slack refuses, and remembers what was posted.
Not verified against a live workspace: Slack's exact formula for the size of blocks.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, jsonify, request

from connectors.sandbox.corpus import Corpus
from connectors.sandbox.faults import Faults, install
from connectors.sandbox.server import Stand
from connectors.sandbox.slack_limits import MAX_VIEW_BLOCKS, refusal
from connectors.sandbox.slack_oauth import exchange
from connectors.sandbox.slack_oauth import install as install_oauth
from connectors.sandbox.slack_page import page
from connectors.sandbox.slack_sockets import PATH as SOCKET_PATH
from connectors.sandbox.slack_sockets import install as install_sockets
from connectors.sandbox.slack_state import (
    BOT_USER,
    TEAM,
    Posted,
    SlackChannel,
    SlackState,
    slack_state,
)

SlackStand = Stand[SlackState]
Method = Callable[[SlackState, Mapping[str, Any]], dict[str, Any]]

_FORMS_ONLY = frozenset(
    {
        "conversations.history",
        "conversations.replies",
        "conversations.info",
        "users.conversations",
        "users.info",
        "users.lookupByEmail",
    }
)


def slack_app(
    corpus: Corpus, *, token: str, clock: Callable[[], datetime], app_token: str = ""
) -> SlackStand:
    """Build the stand-in; `token` is the bot token that it accepts.

    Without an `app_token` Socket Mode is switched off in the app's settings.
    """
    state = slack_state(corpus, clock=clock)
    state.tokens[token] = TEAM
    faults = Faults()
    app = Flask("connectors.sandbox.slack", static_folder=None)

    def call(method: str) -> Response:
        return _answer(state, _called(method))

    def _called(method: str) -> dict[str, Any]:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            return _open_socket(state, is_ours=bool(app_token) and given == app_token)
        if method == "oauth.v2.access":
            return exchange(state, _arguments(method))
        g.team = state.tokens.get(given)
        if g.team is None:
            return _error("invalid_auth")
        if g.team in state.revoked:
            return _error("token_revoked")
        if state.token_error is not None:
            return _error(state.token_error)
        handler = _METHODS.get(method)
        if handler is None:
            return _error("unknown_method")
        return handler(state, _arguments(method))

    app.add_url_rule("/", "page", lambda: page(state))
    app.add_url_rule(
        "/upload/<name>", "upload", lambda name: _upload(state, name), methods=["POST"]
    )
    app.add_url_rule("/files/<name>", "file", lambda name: _file(state, name))
    app.add_url_rule("/api/<path:method>", view_func=call, methods=["GET", "POST"])
    install_oauth(app, state)
    install_sockets(app, state.sockets)
    install(app, faults, _failure)
    return Stand(app=app, state=state, faults=faults)


def _arguments(method: str) -> Mapping[str, Any]:
    """Slack takes JSON bodies and forms whose structured values are JSON texts.

    Methods that only read do not look at a JSON body.
    """
    if request.is_json and method not in _FORMS_ONLY:
        body: dict[str, Any] = request.get_json() if request.get_data() else {}
        return body
    found: dict[str, Any] = dict(request.values)
    for name in ("blocks", "metadata", "view", "attachments", "loading_messages"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found


def _answer(state: SlackState, body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["x-oauth-scopes"] = ",".join(sorted(state.scopes))
    if body.get("error") == "ratelimited":
        response.status_code, response.headers["Retry-After"] = 429, "1"
    return response


def _failure(
    status: int, path: str, retry_after: str | None
) -> tuple[dict[str, str], dict[str, Any]]:
    del path
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    error = {401: "invalid_auth", 429: "ratelimited"}.get(status, "internal_error")
    return headers, {"ok": False, "error": error}


def _auth_test(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    del arguments
    name = state.teams[g.team]
    return {
        "ok": True,
        "url": f"https://{name.lower()}.slack.example/",
        "team": name,
        "user": "verbatim",
        "team_id": g.team,
        "user_id": BOT_USER,
        "bot_id": "B0VERBATIM",
    }


def _open_socket(state: SlackState, *, is_ours: bool) -> dict[str, Any]:
    if not is_ours:
        return _error("invalid_auth")
    host = request.host_url.replace("http://", "ws://").rstrip("/")
    return {"ok": True, "url": f"{host}{SOCKET_PATH}?ticket={state.sockets.ticket()}"}


def _post(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return _store(state, arguments, ephemeral_for=None)


def _post_ephemeral(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    user = str(arguments.get("user", ""))
    if user not in state.people:
        return _error("user_not_in_channel")
    return _store(state, arguments, ephemeral_for=user)


def _store(
    state: SlackState, arguments: Mapping[str, Any], *, ephemeral_for: str | None
) -> dict[str, Any]:
    channel = state.find_channel(str(arguments.get("channel", "")), team=g.team)
    if channel is None:
        return _error("channel_not_found")
    if channel.archived:
        return _error("is_archived")
    if not channel.has_bot:
        return _error("not_in_channel")
    text, blocks = str(arguments.get("text") or ""), list(arguments.get("blocks") or [])
    refused = _refusal(state, text, blocks)
    if refused is not None:
        return _error(refused)
    if state.pace and state.is_too_quick(channel.id):
        return _error("ratelimited")
    posted = state.post(
        Posted(
            channel=channel.id,
            ts=state.next_ts(),
            text=text,
            blocks=blocks,
            thread_ts=arguments.get("thread_ts"),
            ephemeral_for=ephemeral_for,
            metadata=arguments.get("metadata"),
            is_literal=arguments.get("parse") == "none" and arguments.get("mrkdwn") is False,
        )
    )
    if ephemeral_for is not None:
        return {"ok": True, "message_ts": posted.ts}
    return {"ok": True, "channel": channel.id, "ts": posted.ts, "message": _message(posted)}


def _refusal(state: SlackState, text: str, blocks: list[Mapping[str, Any]]) -> str | None:
    charts = any(block.get("type") == "data_visualization" for block in blocks)
    if charts and not state.known_charts:
        return "invalid_blocks"
    shown = {_slack_file(block) for block in blocks} - {None}
    if shown - state.files.keys():
        return "invalid_blocks"
    if shown and state.settling > 0:
        state.settling -= 1
        return "invalid_blocks"
    if blocks and state.refused_blocks > 0:
        state.refused_blocks -= 1
        return "invalid_blocks"
    return refusal(text, blocks)


def _update(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if _channel(state, arguments) is None:
        return _error("channel_not_found")
    found = state.find_message(str(arguments.get("channel")), str(arguments.get("ts")))
    if found is None or found.ephemeral_for is not None:
        return _error("message_not_found")
    text = str(arguments.get("text") or "")
    # Without the argument the earlier blocks stay; an empty list takes them away.
    blocks = list(arguments["blocks"]) if "blocks" in arguments else found.blocks
    refused = _refusal(state, text, blocks)
    if refused is not None:
        return _error(refused)
    found.text, found.blocks, found.edited = text, blocks, found.edited + 1
    return {"ok": True, "channel": found.channel, "ts": found.ts, "text": text}


def _history(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Newest first, without the replies in threads."""
    return _read(state, arguments, lambda m: m.thread_ts in {None, m.ts})


def _replies(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    thread = str(arguments.get("ts", ""))
    return _read(state, arguments, lambda m: thread in {m.thread_ts, m.ts}, oldest_first=True)


def _read(
    state: SlackState,
    arguments: Mapping[str, Any],
    wanted: Callable[[Posted], bool],
    *,
    oldest_first: bool = False,
) -> dict[str, Any]:
    channel = _channel(state, arguments)
    if channel is None:
        return _error("channel_not_found")
    if ("im:history" if channel.is_im else "channels:history") not in state.scopes:
        return _error("missing_scope")
    ordered = list(state.messages) if oldest_first else list(reversed(state.messages))
    found = [m for m in ordered if m.channel == channel.id and wanted(m)]
    shown = [_message(m) for m in found if m.ephemeral_for is None]
    return {"ok": True, **_page("messages", shown, arguments)}


def _page(name: str, rows: list[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a list; its cursor is where the next one begins."""
    start, size = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
    end = start + size
    cursor = str(end) if end < len(rows) else ""
    found = {name: rows[start:end], "has_more": bool(cursor)}
    return {**found, "response_metadata": {"next_cursor": cursor}}


def _users_conversations(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the app is a member of, of the types that its rights let it see."""
    types = set(str(arguments.get("types") or "public_channel").split(","))
    if not {_SEEN_BY.get(one, "") for one in types} <= state.scopes:
        return _error("missing_scope")
    archived = str(arguments.get("exclude_archived")).lower() not in {"true", "1"}
    found = [
        {"id": c.id, "user": c.member} if c.is_im else {"id": c.id, "name": c.name}
        for c in _of_team(state)
        if ("im" if c.is_im else "public_channel") in types
        and c.has_bot
        and (archived or not c.archived)
    ]
    return {"ok": True, **_page("channels", found, arguments)}


_SEEN_BY = {"im": "im:read", "public_channel": "channels:read", "private_channel": "groups:read"}


def _users_info(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    person = state.people.get(str(arguments.get("user", "")))
    if person is None:
        return _error("user_not_found")
    profile = {"email": person.email, "real_name": person.name}
    user = {"id": person.id, "team_id": person.team, "name": person.name, "profile": profile}
    return {"ok": True, "user": {**user, "is_bot": False, "is_email_confirmed": True}}


def _lookup_by_email(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = str(arguments.get("email", "")).lower()
    for person in state.people.values():
        if person.email.lower() == wanted and person.team == g.team:
            return _users_info(state, {"user": person.id})
    return _error("users_not_found")


def _unfurl(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if "links:write" not in state.scopes:
        return _error("missing_scope")
    placed = arguments.get("unfurl_id") or (arguments.get("channel") and arguments.get("ts"))
    unfurls = arguments.get("unfurls")
    if not placed or not isinstance(unfurls, Mapping) or not unfurls:
        return _error("missing_unfurls")
    for one in unfurls.values():
        refused = refusal("", one.get("blocks", []))
        if refused is not None:
            return _error(refused)
    state.unfurls.append(arguments)
    return {"ok": True}


def _conversations_info(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel = _channel(state, arguments)
    if channel is None:
        return _error("channel_not_found")
    described = {
        "id": channel.id,
        "name": channel.name,
        "is_im": channel.is_im,
        "is_archived": channel.archived,
        "is_member": channel.has_bot,
    }
    return {"ok": True, "channel": described}


def _set_status(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    channel, thread = str(arguments.get("channel_id")), str(arguments.get("thread_ts"))
    state.statuses.append((channel, thread, str(arguments.get("status"))))
    return {"ok": True}


def _upload_url(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    if "files:write" not in state.scopes:
        return _error("missing_scope")
    if not arguments.get("filename") or not str(arguments.get("length", "")).isdigit():
        return _error("invalid_arguments")
    name = state.next_file()
    return {"ok": True, "upload_url": f"{request.host_url}upload/{name}", "file_id": name}


def _upload(state: SlackState, name: str) -> Response:
    state.files[name] = request.get_data() or b"".join(
        part.read() for part in request.files.values()
    )
    return Response(f"OK - {len(state.files[name])}")


def _complete_upload(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    wanted = arguments.get("files") or []
    listed = json.loads(wanted) if isinstance(wanted, str) else wanted
    if any(one.get("id") not in state.files for one in listed):
        return _error("file_not_found")
    return {"ok": True, "files": [{"id": one["id"], "title": one.get("title")} for one in listed]}


def _file(state: SlackState, name: str) -> Response:
    if name not in state.files:
        return Response("There is no such file.", status=404)
    return Response(state.files[name], mimetype="image/png")


def _of_team(state: SlackState) -> list[SlackChannel]:
    return [one for one in state.channels.values() if one.team == g.team]


def _channel(state: SlackState, arguments: Mapping[str, Any]) -> SlackChannel | None:
    """Only posting takes a channel's name; everything else takes only ids."""
    wanted = str(arguments.get("channel", ""))
    return next((one for one in _of_team(state) if one.id == wanted), None)


def _slack_file(block: Mapping[str, Any]) -> str | None:
    """The id of the uploaded file that a block shows."""
    shown = block.get("slack_file")
    return str(shown.get("id")) if isinstance(shown, Mapping) else None


def _view(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    view = arguments.get("view")
    if not isinstance(view, Mapping) or not view.get("type"):
        return _error("invalid_arguments")
    state.views.append(view)
    return {"ok": True, "view": {"id": f"V{len(state.views):08}", **view}}


def _publish(state: SlackState, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The App Home of one person, who has to be of this workspace."""
    person, view = state.people.get(str(arguments.get("user_id"))), arguments.get("view")
    if person is None or not isinstance(view, Mapping) or view.get("type") != "home":
        return _error("invalid_arguments")
    if len(view.get("blocks", [])) > MAX_VIEW_BLOCKS:
        return _error("invalid_arguments")
    state.homes[person.id] = view
    return _view(state, arguments)


def _message(posted: Posted) -> dict[str, Any]:
    message: dict[str, Any] = {
        "type": "message",
        "user": BOT_USER,
        "ts": posted.ts,
        "text": posted.text,
        "blocks": posted.blocks,
    }
    if posted.thread_ts is not None:
        message["thread_ts"] = posted.thread_ts
    if posted.metadata is not None:
        message["metadata"] = posted.metadata
    return message


def _error(code: str) -> dict[str, Any]:
    return {"ok": False, "error": code}


_METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    "chat.postMessage": _post,
    "chat.postEphemeral": _post_ephemeral,
    "chat.update": _update,
    "conversations.history": _history,
    "conversations.replies": _replies,
    "conversations.info": _conversations_info,
    "users.conversations": _users_conversations,
    "users.info": _users_info,
    "users.lookupByEmail": _lookup_by_email,
    "chat.unfurl": _unfurl,
    "assistant.threads.setStatus": _set_status,
    "files.getUploadURLExternal": _upload_url,
    "files.completeUploadExternal": _complete_upload,
    "views.open": _view,
    "views.publish": _publish,
}
