"""Everything around conversations in the Intercom stand-in: people, companies, tags, attributes."""

from dataclasses import dataclass
from functools import partial

from flask import Flask, request

from connectors.sandbox.intercom_attributes import Attribute, Refusal, invalid
from connectors.sandbox.intercom_desk import (
    Desk,
    asked,
    need_version,
    not_found,
    page_number,
    version,
)
from connectors.sandbox.intercom_json import (
    Json,
    admin_json,
    attribute_json,
    company_json,
    contact_json,
    contact_key,
    data_attribute_json,
    tag_json,
)
from connectors.sandbox.intercom_records import SERVICE_ADMIN, Contact
from connectors.sandbox.intercom_search import (
    compile_query,
    read_paging,
    write_cursor,
)

_SCROLL_PAGE = 100
_SCROLL_LIFE = 60  # seconds without a call


@dataclass(slots=True)
class _Scroll:
    """The one scroll over companies that an app may have open."""

    position: int = 0
    last_used: int = -_SCROLL_LIFE
    number: int = 0


def register(app: Flask, desk: Desk) -> None:
    """Add the routes around conversations."""
    _register_admins(app, desk)
    _register_contacts(app, desk)
    _register_companies(app, desk)
    _register_attributes(app, desk)
    _register_data_attributes(app, desk)


def _register_admins(app: Flask, desk: Desk) -> None:
    state = desk.state

    def me() -> Json:
        workspace = {
            "type": "app",
            "id_code": "sandbox",
            "name": "Sandbox",
            "region": state.region,
            "timezone": "UTC",
            "created_at": 0,
            "secure": False,
            "identity_verification": False,
        }
        return {
            **admin_json(state.admins[SERVICE_ADMIN]),
            "email_verified": True,
            "app": workspace,
        }

    def admins() -> Json:
        return {"type": "admin.list", "admins": [admin_json(row) for row in state.admins.values()]}

    def tags() -> Json:
        return {"type": "list", "data": [tag_json(id_, name) for id_, name in state.tags.items()]}

    def make_tag() -> Json:
        name = str(asked().get("name") or "")
        if not name:
            raise invalid("name is required")
        tag = state.tag_id(name)
        return tag_json(tag, state.tags[tag])

    app.add_url_rule("/me", "me", me)
    app.add_url_rule("/admins", "admins", admins)
    app.add_url_rule("/tags", "tags", tags)
    app.add_url_rule("/tags", "make_tag", make_tag, methods=["POST"])


def _register_contacts(app: Flask, desk: Desk) -> None:
    def contact(key: str) -> Json:
        return contact_json(desk.contact(key))

    def companies_of(key: str) -> Json:
        rows = [desk.state.companies[id_] for id_ in desk.contact(key).companies]
        page, per_page = page_number("page", 1), page_number("per_page", 15)
        start = (page - 1) * per_page
        return {
            "type": "list",
            "data": [company_json(row) for row in rows[start : start + per_page]],
            "pages": _pages(page, per_page, len(rows)),
            "total_count": len(rows),
        }

    def search() -> Json:
        return _search_contacts(desk)

    app.add_url_rule("/contacts/<key>", "contact", contact)
    app.add_url_rule("/contacts/<key>/companies", "companies_of", companies_of)
    app.add_url_rule("/contacts/search", "search_contacts", search, methods=["POST"])


def _search_contacts(desk: Desk) -> Json:
    body = asked()
    test = compile_query(body.get("query"), day_precision=True)
    paging = read_paging({"pagination": body.get("pagination")}, strict_order=False)
    rows = [
        row for _, row in sorted(desk.state.contacts.items()) if test(partial(_contact_value, row))
    ]
    after = paging.after[1] if paging.after else 0
    rest = [row for row in rows if row.id > after]
    page = rest[: paging.per_page]
    pages: Json = {
        "type": "pages",
        "page": paging.page,
        "per_page": paging.per_page,
        "total_pages": -(-len(rows) // paging.per_page),
    }
    if len(rest) > len(page):
        cursor = write_cursor((0, page[-1].id), paging.page + 1)
        pages["next"] = {"page": paging.page + 1, "starting_after": cursor}
    return {
        "type": "list",
        "data": [contact_json(row) for row in page],
        "total_count": len(rows),
        "pages": pages,
    }


def _contact_value(row: Contact, name: str) -> object:
    if name in ("email", "name", "external_id", "created_at", "updated_at"):
        return getattr(row, name)
    if name == "id":
        return contact_key(row.id)
    if name == "role":
        return "user"
    raise invalid(f"{name} is not a searchable field")


def _register_companies(app: Flask, desk: Desk) -> None:
    scroll = _Scroll()

    def company(key: str) -> Json:
        return company_json(desk.company(key))

    def companies() -> Json:
        page, per_page = page_number("page", 1), page_number("per_page", 15)
        rows = list(desk.state.companies.values())
        start = (page - 1) * per_page
        return {
            "type": "list",
            "data": [company_json(row) for row in rows[start : start + per_page]],
            "pages": _pages(page, per_page, len(rows)),
            "total_count": len(rows),
        }

    def scrolled() -> Json:
        return _scroll_on(desk, scroll)

    app.add_url_rule("/companies/<key>", "company", company)
    app.add_url_rule("/companies/list", "companies", companies, methods=["POST"])
    app.add_url_rule("/companies/scroll", "scroll", scrolled)


def _pages(page: int, per_page: int, total: int) -> Json:
    more = page * per_page < total
    return {
        "type": "pages",
        "next": f"{request.base_url}?per_page={per_page}&page={page + 1}" if more else None,
        "page": page,
        "per_page": per_page,
        "total_pages": -(-total // per_page),
    }


def _scroll_on(desk: Desk, scroll: _Scroll) -> Json:
    """Give the next hundred companies; a second scroll at the same time is refused."""
    now, given = desk.state.now(), request.args.get("scroll_param")
    alive = now - scroll.last_used < _SCROLL_LIFE
    if given is None:
        if alive:
            raise Refusal(400, "scroll_exists", "scroll already exists for this workspace")
        scroll.position, scroll.number = 0, scroll.number + 1
    elif not alive or given != f"scroll-{scroll.number}":
        raise not_found("scroll parameter not found")
    rows = list(desk.state.companies.values())
    page = rows[scroll.position : scroll.position + _SCROLL_PAGE]
    scroll.position += len(page)
    scroll.last_used = now if page else now - _SCROLL_LIFE
    return {
        "type": "list",
        "data": [company_json(row) for row in page],
        "pages": None,
        "total_count": None,
        "scroll_param": f"scroll-{scroll.number}",
    }


def _register_attributes(app: Flask, desk: Desk) -> None:
    attributes = desk.state.attributes

    def found(attribute_id: int) -> Attribute:
        need_version((2, 16))
        row = attributes.get(attribute_id)
        if row is None:
            raise not_found("Attribute not found")
        return row

    def listed() -> Json:
        need_version((2, 16))
        archived = request.args.get("include_archived") == "true"
        rows = [row for row in attributes.all() if archived or not row.archived]
        return {"type": "list", "data": [attribute_json(row) for row in rows]}

    def create() -> Json:
        need_version((2, 16))
        body = asked()
        name = str(body.get("name") or "")
        if any(row.name == name and not row.archived for row in attributes.all()):
            raise invalid(f"An attribute named '{name}' already exists", status=422)
        made = attributes.create(
            name=name,
            data_type=str(body.get("data_type")),
            description=str(body.get("description") or ""),
            options=[str(_label(each)) for each in body.get("options") or ()],
            now=desk.state.now(),
        )
        return attribute_json(made)

    def update(attribute_id: int) -> Json:
        row, body = found(attribute_id), asked()
        row.name = str(body.get("name", row.name))
        row.description = str(body.get("description", row.description))
        row.updated_at = desk.state.now()
        return attribute_json(row)

    def archive(attribute_id: int) -> Json:
        row = found(attribute_id)
        row.archived, row.updated_at = True, desk.state.now()
        return attribute_json(row)

    def add_option(attribute_id: int) -> Json:
        row = found(attribute_id)
        attributes.add_option(row, str(asked().get("label") or ""), now=desk.state.now())
        return attribute_json(row)

    one = "/conversations/attributes/<int:attribute_id>"
    app.add_url_rule("/conversations/attributes", "attributes", listed)
    app.add_url_rule("/conversations/attributes", "create_attribute", create, methods=["POST"])
    app.add_url_rule(one, "update_attribute", update, methods=["PUT"])
    app.add_url_rule(one, "archive_attribute", archive, methods=["DELETE"])
    app.add_url_rule(f"{one}/options", "add_option", add_option, methods=["POST"])


def _label(given: object) -> object:
    return given.get("label") if isinstance(given, dict) else given


def _register_data_attributes(app: Flask, desk: Desk) -> None:
    def data_attributes() -> Json:
        model = request.args.get("model", "")
        if model != "conversation":
            return {"type": "list", "data": []}
        if version() >= (2, 16):
            told = "Conversation attributes are at /conversations/attributes"
            raise invalid(told, status=422)
        rows = desk.state.attributes.all()
        return {
            "type": "list",
            "data": [data_attribute_json(row) for row in rows if not row.archived],
        }

    def create() -> Json:
        raise invalid("model must be contact or company, and those are fixed in the sandbox")

    app.add_url_rule("/data_attributes", "data_attributes", data_attributes)
    app.add_url_rule("/data_attributes", "create_data_attribute", create, methods=["POST"])
