"""How the Intercom stand-in prints its rows. Knows the vendor's JSON; decides nothing."""

from collections.abc import Callable
from typing import Any

from connectors.sandbox.intercom_attributes import Attribute
from connectors.sandbox.intercom_records import (
    Admin,
    Author,
    AuthorType,
    Company,
    Contact,
    Conversation,
    Part,
)
from connectors.sandbox.intercom_state import IntercomState
from connectors.sandbox.records import html_of

Json = dict[str, Any]
MOST_PARTS = 500
_SOURCE_TYPES = {"email": "email", "web": "conversation", "messaging": "conversation"}


def contact_key(number: int) -> str:
    """Return the id as the vendor prints it: 24 hexadecimal digits."""
    return f"{number:024x}"


def conversation_json(state: IntercomState, row: Conversation, *, version: tuple[int, int]) -> Json:
    """Print a conversation as lists do: without parts and without company_id."""
    numeric_none = 0 if version >= (2, 16) else None
    contact = state.contacts.get(row.contact)
    return {
        "type": "ticket" if row.id in state.tickets else "conversation",
        "id": str(row.id),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "waiting_since": None,
        "snoozed_until": None,
        "source": _source_json(state, row),
        "contacts": {
            "type": "contact.list",
            "contacts": [
                {
                    "type": "contact",
                    "id": contact_key(row.contact),
                    "external_id": contact.external_id if contact else None,
                }
            ],
        },
        "first_contact_reply": {
            "created_at": row.created_at,
            "type": _source_type(row),
            "url": None,
        },
        "admin_assignee_id": row.admin or numeric_none,
        "team_assignee_id": numeric_none,
        "open": row.state != "closed",
        "state": row.state,
        "read": True,
        "tags": {"type": "tag.list", "tags": [_applied(state, row, id_) for id_ in row.tags]},
        "priority": "none" if version >= (2, 16) else "not_priority",
        "sla_applied": None,
        "statistics": _statistics(row),
        "conversation_rating": _rating(row),
        "teammates": {
            "type": "admin.list",
            "admins": [{"type": "admin", "id": str(row.admin)}] if row.admin else [],
        },
        "title": row.title,
        "custom_attributes": dict(row.custom_attributes),
        "topics": {"type": "topic.list", "topics": [], "total_count": 0},
        "ticket": None,
        "linked_objects": _linked(state, row),
        "ai_agent": None,
        "ai_agent_participated": False,
    }


def _linked(state: IntercomState, row: Conversation) -> Json:
    born = state.tickets.get(row.id)
    others = [id_ for id_ in (born, state.merged.get(row.id)) if id_ is not None]
    data = [{"type": "conversation", "id": str(id_), "category": None} for id_ in others]
    data += [
        {"type": "ticket", "id": str(ticket), "category": "Back-office"}
        for ticket, conversation in state.tickets.items()
        if conversation == row.id
    ]
    return {"type": "list", "data": data, "total_count": len(data), "has_more": False}


def whole_conversation_json(
    state: IntercomState, row: Conversation, *, version: tuple[int, int], plain: bool
) -> Json:
    """Print a conversation as a retrieve does: the 500 newest parts, and how many there are."""
    shown = conversation_json(state, row, version=version)
    body = _as_text if plain else _as_html
    shown["source"]["body"] = body(row.source)
    shown["conversation_parts"] = {
        "type": "conversation_part.list",
        "conversation_parts": [part_json(state, each, body) for each in row.parts[-MOST_PARTS:]],
        "total_count": len(row.parts),
    }
    company = state.companies.get(row.company or 0)
    shown["company_id"] = contact_key(company.id) if company else None
    if version >= (2, 15):
        shown["company"] = company_json(company) if company else None
    return shown


def part_json(state: IntercomState, row: Part, body: Callable[[Part], str | None]) -> Json:
    shown: Json = {
        "type": "conversation_part",
        "id": str(row.id),
        "part_type": row.part_type,
        "body": body(row),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "notified_at": row.created_at,
        "assigned_to": None,
        "author": author_json(state, row.author),
        "attachments": [],
        "external_id": None,
        "redacted": row.redacted,
        "email_message_metadata": None,
        "state": None,
        "tags": [],
        "app_package_code": None,
    }
    if row.event_details is not None:
        shown["event_details"] = row.event_details
    return shown


def author_json(state: IntercomState, author: Author) -> Json:
    name, email, id_ = _author_words(state, author)
    return {
        "type": author.type.value,
        "id": id_,
        "name": name,
        "email": email,
        "from_ai_agent": False,
        "is_ai_answer": False,
    }


def _author_words(state: IntercomState, author: Author) -> tuple[str, str | None, str]:
    if author.type is AuthorType.USER:
        contact = state.contacts.get(author.id)
        id_ = contact_key(author.id)
        return (contact.name, contact.email, id_) if contact else ("", None, id_)
    admin = state.admins.get(author.id) if author.type is AuthorType.ADMIN else None
    return (admin.name, admin.email, str(author.id)) if admin else ("Fin", None, str(author.id))


def _as_html(part: Part) -> str | None:
    return None if part.text is None else html_of(part.text)


def _as_text(part: Part) -> str | None:
    return part.text


def _source_type(row: Conversation) -> str:
    return _SOURCE_TYPES.get(row.channel, "conversation")


def _source_json(state: IntercomState, row: Conversation) -> Json:
    by_person = row.source.author.type is AuthorType.USER
    return {
        "type": _source_type(row),
        "id": str(row.source.id),
        "delivered_as": "customer_initiated" if by_person else "admin_initiated",
        "subject": row.title if row.channel == "email" else "",
        "body": _as_html(row.source),
        "author": author_json(state, row.source.author),
        "attachments": [],
        "url": None,
        "redacted": row.source.redacted,
    }


def _applied(state: IntercomState, row: Conversation, tag_id: int) -> Json:
    return {**tag_json(tag_id, state.tags[tag_id]), "applied_at": row.tags[tag_id]}


def _statistics(row: Conversation) -> Json:
    answers = [
        each.created_at
        for each in row.parts
        if each.author.type is AuthorType.ADMIN and each.part_type == "comment"
    ]
    closings = [each.created_at for each in row.parts if each.part_type == "close"]
    replies = [each.created_at for each in row.parts if each.author.type is AuthorType.USER]
    return {
        "type": "conversation_statistics",
        "time_to_admin_reply": answers[0] - row.created_at if answers else None,
        "time_to_first_close": closings[0] - row.created_at if closings else None,
        "first_contact_reply_at": row.created_at,
        "last_contact_reply_at": replies[-1] if replies else row.created_at,
        "first_admin_reply_at": answers[0] if answers else None,
        "last_admin_reply_at": answers[-1] if answers else None,
        "last_close_at": closings[-1] if closings else None,
        "count_reopens": sum(1 for each in row.parts if each.part_type == "open"),
        "count_assignments": 0,
        "count_conversation_parts": len(row.parts),
    }


def _rating(row: Conversation) -> Json | None:
    if row.rating is None:
        return None
    contact = {"type": "contact", "id": contact_key(row.contact)}
    return {**row.rating, "contact": contact, "teammate": None}


def tag_json(tag_id: int, name: str) -> Json:
    return {"type": "tag", "id": str(tag_id), "name": name}


def admin_json(row: Admin) -> Json:
    return {
        "type": "admin",
        "id": str(row.id),
        "name": row.name,
        "email": row.email,
        "job_title": None,
        "away_mode_enabled": False,
        "away_mode_reassign": False,
        "has_inbox_seat": True,
        "team_ids": [],
    }


def company_json(row: Company) -> Json:
    return {
        "type": "company",
        "id": contact_key(row.id),
        "company_id": row.company_id,
        "app_id": "sandbox",
        "name": row.name,
        "remote_created_at": row.created_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "monthly_spend": 0,
        "session_count": 0,
        "user_count": 0,
        "plan": {},
        "tags": {"type": "tag.list", "tags": []},
        "segments": {"type": "segment.list", "segments": []},
        "custom_attributes": dict(row.custom_attributes),
    }


def contact_json(row: Contact) -> Json:
    key = contact_key(row.id)
    companies = [
        {"type": "company", "id": contact_key(id_), "url": f"/companies/{contact_key(id_)}"}
        for id_ in row.companies
    ]
    return {
        "type": "contact",
        "id": key,
        "workspace_id": "sandbox",
        "external_id": row.external_id,
        "role": "user",
        "email": row.email,
        "name": row.name,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "custom_attributes": {},
        "companies": {
            "type": "list",
            "data": companies[:10],
            "url": f"/contacts/{key}/companies",
            "total_count": len(companies),
            "has_more": len(companies) > 10,
        },
    }


def attribute_json(row: Attribute) -> Json:
    """Print an attribute as /conversations/attributes does since 2.16."""
    shown: Json = {
        "type": "conversation_attribute",
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "data_type": row.data_type,
        "required": False,
        "visible_to_team_ids": [],
        "archived": row.archived,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    if row.data_type == "list":
        shown["options"] = [
            {"id": each.id, "label": each.label, "archived": each.archived} for each in row.options
        ]
    if row.data_type == "string":
        shown["multiline"] = False
    return shown


def data_attribute_json(row: Attribute) -> Json:
    """Print an attribute as /data_attributes does up to 2.15."""
    kind = {"list": "string", "decimal": "float", "datetime": "date"}.get(
        row.data_type, row.data_type
    )
    shown: Json = {
        "type": "data_attribute",
        "id": row.id,
        "model": "conversation",
        "name": row.name,
        "full_name": f"custom_attributes.{row.name}",
        "label": row.name,
        "description": row.description,
        "data_type": kind,
        "api_writable": True,
        "ui_writable": True,
        "messenger_writable": False,
        "custom": True,
        "archived": row.archived,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
    if row.data_type == "list":
        shown["options"] = sorted(row.labels)
    return shown
