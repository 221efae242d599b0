"""Reads what the helpdesks themselves export: Zendesk's JSON and CSV, Intercom's conversations.

Knows the shapes of the files; what the vendors' words mean is known in their mappings, so that a
row and a later sync of the same helpdesk give the same conversation.
"""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import urlsplit

from connectors import _json_stream
from connectors._text import clean, plain
from connectors.intercom import mapping as intercom
from connectors.intercom.payload import identity
from connectors.zendesk import mapping as zendesk
from service.domain.conversations import (
    Account,
    Conversation,
    ConversationHead,
    Message,
    Role,
    account_key,
)
from service.domain.imported import STAND_IN, Imported, Reader
from service.errors import BadRow, Misbehaving, SkipThis

Json = Mapping[str, Any]

LONGEST_CELL = 4 * 1024 * 1024  # characters
_NEVER = 2**40  # no conversation was changed in this second
_MISREAD = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


def import_formats() -> Mapping[str, Reader]:
    return {
        "zendesk-json": ZendeskJson(),
        "zendesk-csv": ZendeskCsv(),
        "intercom-json": IntercomJson(),
    }


def _person(value: object) -> Json:
    """A person or organization stands there whole, or only by its id."""
    if isinstance(value, Mapping):
        return value
    return {} if value is None else {"id": value}


class ZendeskJson:
    title = "Zendesk JSON export"
    source = zendesk.SOURCE
    _wrappers = frozenset(("tickets",))

    def recognises(self, start: str) -> bool:
        row = _json_stream.first_object(start, wrappers=self._wrappers)
        if row is None:
            return '"comments"' in start and '"requester' in start
        return "comments" in row or {"requester_id", "via", "submitter_id"} & row.keys() != set()

    def rows(self, file: TextIO) -> Iterator[Imported | BadRow]:
        for found in _json_stream.objects(file, wrappers=self._wrappers):
            yield found if isinstance(found, BadRow) else _read(found.line, found.data, _ticket)


class IntercomJson:
    title = "Intercom conversations as JSON"
    source = intercom.SOURCE
    _wrappers = frozenset(("conversations",))

    def recognises(self, start: str) -> bool:
        row = _json_stream.first_object(start, wrappers=self._wrappers)
        if row is None:
            return '"conversation_parts"' in start
        return "conversation_parts" in row or row.get("type") == "conversation"

    def rows(self, file: TextIO) -> Iterator[Imported | BadRow]:
        for found in _json_stream.objects(file, wrappers=self._wrappers):
            yield found if isinstance(found, BadRow) else _read(found.line, found.data, _chat)


class ZendeskCsv:
    title = "Zendesk CSV export"
    source = zendesk.SOURCE

    def recognises(self, start: str) -> bool:
        header = start.lstrip("\ufeff \r\n").split("\n", 1)[0]
        names = {name.strip(' "\r').lower() for name in header.split(_delimiter(header))}
        return names >= {"id", "subject"} and bool(names & {"status", "requester", "created at"})

    def rows(self, file: TextIO) -> Iterator[Imported | BadRow]:
        # The module's limit is one for the process; nothing else here reads CSV.
        csv.field_size_limit(LONGEST_CELL)
        header = file.readline(LONGEST_CELL)
        lines = csv.reader(file, delimiter=_delimiter(header))
        names = [name.strip().lower() for name in _cells(header.lstrip("\ufeff"))]
        while True:
            line = lines.line_num + 2
            try:
                cells = next(lines, None)
            except csv.Error as error:
                yield BadRow(line, f"it is not CSV: {error}")
                continue
            if cells is None:
                return
            if not any(cells):
                continue
            if len(cells) > len(names):
                yield BadRow(line, "it has more cells than the header has names")
            elif len(cells) < len(names):
                yield BadRow(line, "it has fewer cells than the header has names")
            else:
                yield _read(line, dict(zip(names, cells, strict=True)), _table_row)


def _cells(header: str) -> list[str]:
    return next(csv.reader([header.rstrip("\r\n")], delimiter=_delimiter(header)), [])


def _delimiter(header: str) -> str:
    return max(",;\t", key=header.count)


def _read(line: int, row: Json, read: Any) -> Imported | BadRow:
    """Read one row; whatever is wrong with it stays with it."""
    try:
        found: Imported = read(line, row)
    except (SkipThis, Misbehaving) as refusal:
        return refusal if isinstance(refusal, BadRow) else BadRow(line, str(refusal))
    except _MISREAD as error:
        return BadRow(
            line, f"it holds values of another kind than documented ({type(error).__name__})"
        )
    return found


# --- Zendesk -------------------------------------------------------------------------------------


def _ticket(line: int, row: Json) -> Imported:
    people = {name: _person(row.get(name)) for name in ("requester", "assignee", "submitter")}
    organization = _person(row.get("organization"))
    ids = {
        f"{name}_id": row.get(f"{name}_id") or person.get("id") for name, person in people.items()
    }
    ticket = {
        **row,
        **ids,
        "organization_id": row.get("organization_id") or organization.get("id"),
        "status": str(row.get("status") or "").lower(),
    }
    head = _ticket_head(line, ticket)
    users = {person["id"]: person for person in people.values() if "id" in person}
    agent = people["assignee"]
    return Imported(
        line=line,
        conversation=Conversation(head=head, messages=_comments(line, ticket, users)),
        account=zendesk.account_of(organization) if organization.get("name") else None,
        agent=zendesk.agent_of(agent) if agent.get("name") and head.agent else None,
        known_names=_names(users.values()),
        whole=_has_every_comment(ticket),
    )


def _ticket_head(line: int, ticket: Json) -> ConversationHead:
    identifier = zendesk.number_of(ticket.get("id"))
    if identifier is None:
        raise BadRow(line, "`id` is missing")
    if zendesk.is_gone(ticket):
        raise BadRow(line, "it is deleted, or merged into another, in Zendesk")
    head = zendesk.head_of({**ticket, "id": identifier}, account_url="")
    place = urlsplit(str(ticket.get("url") or ""))
    url = f"https://{place.netloc}/agent/tickets/{identifier}" if place.scheme == "https" else None
    return replace(head, url=url)


def _comments(line: int, ticket: Json, users: dict[Any, Json]) -> tuple[Message, ...]:
    comments = ticket.get("comments")
    if comments is None:
        return _described(line, ticket.get("description"), at=zendesk.moment(ticket["created_at"]))
    if not isinstance(comments, list):
        raise BadRow(line, "`comments` is not a list")
    messages = [_comment(line, ticket, each, users, place) for place, each in enumerate(comments)]
    if len({message.id for message in messages}) != len(messages):
        raise BadRow(line, "two comments have the same `id`")
    return tuple(sorted(messages, key=lambda message: message.created_at))


def _has_every_comment(ticket: Json) -> bool:
    """Words of messaging stand in a log that is not exported; without ids a comment has no twin."""
    comments = ticket.get("comments")
    if comments is None or zendesk.is_messaging(ticket):
        return False
    return all(comment.get("id") is not None for comment in comments)


def _comment(line: int, ticket: Json, comment: Any, users: dict[Any, Json], place: int) -> Message:
    if not isinstance(comment, Mapping):
        raise BadRow(line, f"`comments[{place}]` is not an object")
    author = _person(comment.get("author"))
    if author.get("name"):
        users[author.get("id")] = author
    author_id = comment.get("author_id") or author.get("id")
    if author_id is None and place == 0:
        author_id = ticket["requester_id"]  # the first comment is the request itself
    role = zendesk.role_of(author_id, users.get(author_id), requester=ticket["requester_id"])
    body = comment.get("body") or comment.get("plain_body")
    identified = {"id": f"c{place + 1}", **comment, "body": body}
    return zendesk.message_of(identified, role, created_at=ticket.get("created_at"))


def _described(line: int, text: object, *, at: datetime) -> tuple[Message, ...]:
    """Without its comments a ticket still says what was asked first."""
    if text is None or text == "":
        return ()
    if not isinstance(text, str):
        raise BadRow(line, "`description` is not a text")
    words = plain(text, is_html=False)
    return (Message(id=STAND_IN, role=Role.CUSTOMER, public=True, created_at=at, text=words),)


def _names(people: Any) -> tuple[str, ...]:
    names = (zendesk.name_of(person) for person in people)
    return tuple(dict.fromkeys(name for name in names if name))


_SPELLED = {"on-hold": "hold", "on hold": "hold"}  # the table names states as pages do


def _table_row(line: int, row: Json) -> Imported:
    created = _table_time(line, row, "created at")
    organization = clean(row.get("organization") or "").strip()
    number = row.get("organization id") or ""
    status = row.get("status", "").strip().lower()
    ticket = {
        "id": row.get("id", "").strip().lstrip("#"),
        "subject": row.get("subject"),
        "status": _SPELLED.get(status, status),
        "created_at": created.isoformat(),
        "updated_at": _table_time(line, row, "updated at", created).isoformat(),
        "tags": row.get("tags", "").replace(",", " ").split(),
        "via": (row.get("via") or row.get("channel") or "").strip().lower() or None,
        "requester_id": row.get("requester id") or None,
        "assignee_id": row.get("assignee id") or None,
        "organization_id": number or None,
        "satisfaction_rating": {"score": _satisfaction(row)},
    }
    head = _ticket_head(line, {key: value for key, value in ticket.items() if value is not None})
    account = None
    if organization not in ("", "-"):
        # The table names the organization; a later sync brings its number.
        key = head.account or account_key(zendesk.SOURCE, f"name {organization.lower()}")
        account, head = Account(key=key, name=organization), replace(head, account=key)
    names = (clean(row.get(part) or "").strip() for part in ("requester", "assignee", "submitter"))
    return Imported(
        line=line,
        conversation=Conversation(
            head=head, messages=_described(line, row.get("description"), at=created)
        ),
        account=account,
        known_names=tuple(dict.fromkeys(name for name in names if name not in ("", "-"))),
        whole=False,
    )


def _satisfaction(row: Json) -> str:
    words = str(row.get("satisfaction score") or row.get("satisfaction rating") or "").lower()
    return words.split(" ")[0]


def _table_time(line: int, row: Json, name: str, default: datetime | None = None) -> datetime:
    text = (row.get(name) or "").strip().removesuffix(" UTC").replace(" +", "+").replace(" -", "-")
    if not text and default is not None:
        return default
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadRow(line, f"`{name}` is not a time such as 2026-11-02 09:14") from error


# --- Intercom ------------------------------------------------------------------------------------


def _chat(line: int, row: Json) -> Imported:
    identifier = identity(row.get("id"))
    if identifier is None:
        raise BadRow(line, "`id` is missing")
    read = intercom.fetched_of(row, id_=identifier, at=_NEVER, url=None)
    ids = {message.id for message in read.messages}
    if len(ids) != len(read.messages):
        raise BadRow(line, "two parts have the same `id`")
    head, account = read.head, None
    if read.company is not None:
        key = account_key(intercom.SOURCE, read.company.id)
        head = replace(head, account=key)
        account = Account(key=key, name=clean(read.company.name)) if read.company.name else None
    return Imported(
        line=line,
        conversation=Conversation(head=head, messages=read.messages),
        account=account,
        agent=next((agent for agent in read.agents if agent.key == head.agent), None),
        known_names=read.names,
        whole=read.complete,
    )
