"""How the Zendesk stand-in prints its rows. Knows the vendor's JSON; decides nothing."""

from collections.abc import Iterable
from typing import Any

from flask import request

from connectors.sandbox.records import from_seconds, html_of, iso, seconds
from connectors.sandbox.zendesk_fields import Option, TicketField
from connectors.sandbox.zendesk_records import (
    GROUP,
    MESSAGING_CHANNELS,
    Audit,
    Change,
    Comment,
    Organization,
    Ticket,
    User,
)

Json = dict[str, Any]


def ticket_json(row: Ticket, fields: Iterable[TicketField], root: str) -> Json:
    values = [{"id": each.id, "value": row.custom_fields.get(each.id)} for each in fields]
    return {
        "url": f"{root}api/v2/tickets/{row.id}.json",
        "id": row.id,
        "external_id": row.external_id,
        "via": {"channel": row.channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "generated_timestamp": row.generated_timestamp,
        "type": row.type,
        "subject": row.subject,
        "raw_subject": row.subject,
        "description": _description(row),
        "priority": row.priority,
        "status": row.status,
        "recipient": None,
        "requester_id": row.requester_id,
        "submitter_id": row.submitter_id,
        "assignee_id": row.assignee_id,
        "organization_id": row.organization_id,
        "group_id": row.group_id,
        "collaborator_ids": [],
        "follower_ids": [],
        "email_cc_ids": [],
        "forum_topic_id": None,
        "problem_id": None,
        "has_incidents": False,
        "is_public": True,
        "due_at": None,
        "tags": sorted(row.tags),
        "custom_fields": values,
        "fields": values,
        "satisfaction_rating": row.rating or {"score": "unoffered"},
        "sharing_agreement_ids": [],
        "brand_id": 6001,
        "allow_channelback": False,
        "allow_attachments": True,
        "from_messaging_channel": row.channel in MESSAGING_CHANNELS,
        **row.odd,
    }


def comment_count(row: Ticket) -> Json:
    """Return the side-load of this name, where the request asks for it."""
    wanted = request.args.get("include", "").split(",")
    told = sum(1 for each in row.comments if not each.messaging)
    return (
        {"comment_count": row.odd.get("comment_count", told)} if "comment_count" in wanted else {}
    )


def metric_set_json(row: Ticket) -> Json:
    solved = iso(row.updated_at) if row.status in ("solved", "closed") else None
    replies = sum(1 for each in row.comments if each.public and each.role == "agent")
    return {
        "id": row.id + 300_000,
        "ticket_id": row.id,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "replies": replies,
        "reopens": 0,
        "solved_at": solved,
    }


def _description(row: Ticket) -> str:
    if row.scrubbed:
        return "X"
    shown = [each for each in row.comments if not each.messaging]
    return shown[0].text if shown else ""


def comment_json(row: Comment, channel: str) -> Json:
    return {
        "id": row.id,
        "type": "Comment",
        "author_id": row.author_id,
        "body": row.text,
        "html_body": f'<div class="zd-comment" dir="auto">{html_of(row.text)}</div>',
        "plain_body": row.text,
        "public": row.public,
        "attachments": [],
        "audit_id": row.audit_id,
        "via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": iso(row.created_at),
        "metadata": {"system": {}, "custom": {}},
        **row.odd,
    }


def audit_json(row: Audit, channel: str) -> Json:
    events: list[Json] = [_audit_event(each) for each in row.changes]
    if row.comment is not None:
        events.insert(0, comment_json(row.comment, channel))
    return {
        "id": row.id,
        "ticket_id": row.ticket_id,
        "created_at": iso(row.created_at),
        "author_id": row.author_id,
        "metadata": {"system": {}, "custom": {}},
        "via": {"channel": channel, "source": {"from": {}, "to": {}, "rel": None}},
        "events": events,
    }


def _audit_event(change: Change) -> Json:
    shown: Json = {"id": change.id, "type": change.type}
    if change.comment_id is not None:
        return {**shown, "comment_id": change.comment_id, "public": False}
    shown |= {"field_name": change.field_name, "value": change.value}
    if change.type == "Change":
        shown["previous_value"] = change.previous
    return shown


def ticket_event_json(row: Audit, channel: str, *, with_comments: bool) -> Json:
    """Print an audit as the incremental ticket events do, where `via` is a label."""
    label = {"web": "Web form", "email": "Mail", "api": "Web service"}.get(channel, channel)
    children = [_child(each, label) for each in row.changes]
    if row.comment is not None:
        children.insert(0, _comment_child(row.comment, label, with_comments=with_comments))
    return {
        "id": row.id,
        "ticket_id": row.ticket_id,
        "timestamp": seconds(row.created_at),
        "created_at": iso(row.created_at),
        "updater_id": row.author_id,
        "via": label,
        "system": {},
        "metadata": {},
        "event_type": "Audit",
        "child_events": children,
    }


def _comment_child(row: Comment, label: str, *, with_comments: bool) -> Json:
    shown: Json = {
        "id": row.id,
        "via": label,
        "via_reference_id": None,
        "event_type": "Comment",
        "comment_present": True,
        "comment_public": row.public,
    }
    if with_comments:
        shown |= comment_json(row, label) | {"via": label} | row.odd
    return shown


def _child(change: Change, label: str) -> Json:
    shown: Json = {
        "id": change.id,
        "via": label,
        "via_reference_id": None,
        "event_type": change.type,
    }
    if change.comment_id is not None:
        return {**shown, "comment_id": change.comment_id}
    shown["previous_value"] = change.previous
    if change.field_name.isdigit():
        return {**shown, "custom_ticket_fields": {change.field_name: change.value}}
    if change.field_name == "tags":
        now, before = set(change.value), set(change.previous or ())
        shown |= {"added_tags": sorted(now - before), "removed_tags": sorted(before - now)}
    return {**shown, change.field_name: change.value}


def log_event_json(row: Comment, author: User | None) -> Json:
    """Print a comment or message as the conversation log does."""
    author_type = {"customer": "user", "agent": "agent", "bot": "bot"}[row.role]
    content: Json = {"type": "text", "text": row.text}
    if not row.messaging:
        content = {
            "type": "html",
            "body": html_of(row.text),
            "text": row.text,
            "is_public": row.public,
        }
    return {
        "id": f"{row.id:026d}",
        "type": "Messaging::ConversationMessage" if row.messaging else "Comment",
        "reference": f"zen:ticket_event:{row.id}",
        "created_at": iso(row.created_at),
        "attachments": [],
        "author": {
            "type": author_type,
            "display_name": author.name if author else "System",
            "zen:support:user_id": author.id if author else None,
        },
        "content": content | row.odd,
        "metadata": {"public": row.public},
    }


def user_json(row: User, root: str) -> Json:
    return {
        "id": row.id,
        "url": f"{root}api/v2/users/{row.id}.json",
        "name": row.name,
        "email": row.email,
        "role": row.role,
        "active": True,
        "verified": True,
        "time_zone": "UTC",
        "locale": "en-US",
        "organization_id": row.organization_id,
        "default_group_id": GROUP if row.role != "end-user" else None,
        "only_private_comments": False,
        "tags": [],
        "user_fields": {},
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def organization_json(row: Organization, root: str) -> Json:
    return {
        "id": row.id,
        "url": f"{root}api/v2/organizations/{row.id}.json",
        "name": row.name,
        "external_id": row.external_id,
        "domain_names": row.domain_names,
        "organization_fields": row.organization_fields,
        "tags": [],
        "group_id": None,
        "shared_tickets": False,
        "shared_comments": False,
        "details": None,
        "notes": None,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def group_json(root: str) -> Json:
    return {
        "id": GROUP,
        "url": f"{root}api/v2/groups/{GROUP}.json",
        "name": "Support",
        "description": "",
        "default": True,
        "deleted": False,
        "is_public": True,
        "created_at": iso(from_seconds(0)),
        "updated_at": iso(from_seconds(0)),
    }


def field_json(row: TicketField, root: str) -> Json:
    shown: Json = {
        "id": row.id,
        "url": f"{root}api/v2/ticket_fields/{row.id}.json",
        "type": row.type,
        "title": row.title,
        "raw_title": row.title,
        "description": row.description,
        "raw_description": row.description,
        "active": row.active,
        "required": False,
        "collapsed_for_agents": False,
        "regexp_for_validation": None,
        "title_in_portal": row.title,
        "visible_in_portal": row.visible_in_portal,
        "editable_in_portal": row.editable_in_portal,
        "required_in_portal": False,
        "agent_can_edit": True,
        "tag": row.tag,
        "removable": row.removable,
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }
    if row.type in ("tagger", "multiselect"):
        shown["custom_field_options"] = [option_json(each) for each in row.options]
    return shown


def option_json(option: Option) -> Json:
    return {
        "id": option.id,
        "name": option.name,
        "raw_name": option.name,
        "value": option.value,
        "default": False,
    }
