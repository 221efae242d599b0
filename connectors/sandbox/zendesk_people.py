"""Users, organizations, groups and ticket fields of the Zendesk stand-in, over HTTP."""

from flask import Flask, request

from connectors.sandbox.zendesk_desk import Desk, ids_asked, listed, not_found
from connectors.sandbox.zendesk_fields import Refusal, TicketField
from connectors.sandbox.zendesk_json import (
    Json,
    field_json,
    group_json,
    option_json,
    organization_json,
    user_json,
)


def register(app: Flask, desk: Desk) -> None:
    """Add the routes around tickets."""
    _register_people(app, desk)
    _register_fields(app, desk)


def _register_people(app: Flask, desk: Desk) -> None:
    state = desk.state

    def user(user_id: int) -> Json:
        if user_id not in state.users:
            raise not_found()
        return {"user": user_json(state.users[user_id], request.url_root)}

    def users() -> Json:
        rows = [state.users[id_] for id_ in ids_asked() if id_ in state.users]
        return listed("users", rows, lambda row: user_json(row, request.url_root))

    def organization(organization_id: int) -> Json:
        if organization_id not in state.organizations:
            raise not_found()
        row = state.organizations[organization_id]
        return {"organization": organization_json(row, request.url_root)}

    def organizations() -> Json:
        rows = list(state.organizations.values())
        return listed("organizations", rows, lambda row: organization_json(row, request.url_root))

    def some_organizations() -> Json:
        wanted = set(request.args.get("external_ids", "").split(","))
        rows = [state.organizations[id_] for id_ in ids_asked() if id_ in state.organizations]
        rows += [row for row in state.organizations.values() if row.external_id in wanted]
        return listed("organizations", rows, lambda row: organization_json(row, request.url_root))

    def groups() -> Json:
        return listed("groups", [None], lambda _: group_json(request.url_root))

    app.add_url_rule("/api/v2/users/<int:user_id>", "user", user)
    app.add_url_rule("/api/v2/users/show_many", "users_show_many", users)
    app.add_url_rule("/api/v2/organizations", "organizations", organizations)
    app.add_url_rule("/api/v2/organizations/<int:organization_id>", "organization", organization)
    app.add_url_rule("/api/v2/organizations/show_many", "some_organizations", some_organizations)
    app.add_url_rule("/api/v2/groups", "groups", groups)


def _register_fields(app: Flask, desk: Desk) -> None:
    fields, state = desk.state.fields, desk.state

    def found(field_id: int) -> TicketField:
        row = fields.get(field_id)
        if row is None:
            raise not_found()
        return row

    def all_fields() -> Json:
        rows = fields.all()
        return listed("ticket_fields", rows, lambda row: field_json(row, request.url_root))

    def create() -> tuple[Json, int]:
        made = fields.create(_wanted("ticket_field"), state.clock())
        return {"ticket_field": field_json(made, request.url_root)}, 201

    def show(field_id: int) -> Json:
        return {"ticket_field": field_json(found(field_id), request.url_root)}

    def update(field_id: int) -> Json:
        row = found(field_id)
        removed = fields.update(row, _wanted("ticket_field"), state.clock())
        if removed:
            state.wipe_values(row.id, removed)
        return {"ticket_field": field_json(row, request.url_root)}

    def options(field_id: int) -> Json:
        return listed("custom_field_options", found(field_id).options, option_json)

    def put_option(field_id: int) -> tuple[Json, int]:
        option, new = fields.put_option(found(field_id), _wanted("custom_field_option"))
        return {"custom_field_option": option_json(option)}, 201 if new else 200

    one = "/api/v2/ticket_fields/<int:field_id>"
    app.add_url_rule("/api/v2/ticket_fields", "ticket_fields", all_fields)
    app.add_url_rule("/api/v2/ticket_fields", "create_field", create, methods=["POST"])
    app.add_url_rule(one, "ticket_field", show)
    app.add_url_rule(one, "update_field", update, methods=["PUT"])
    app.add_url_rule(f"{one}/options", "options", options)
    app.add_url_rule(f"{one}/options", "put_option", put_option, methods=["POST"])


def _wanted(name: str) -> Json:
    body = request.get_json()
    wanted = body.get(name) if isinstance(body, dict) else None
    if not isinstance(wanted, dict):
        raise Refusal(400, "ParameterMissing", f"param is missing or the value is empty: {name}")
    return wanted
