"""What all routes of the Intercom stand-in share: state, switches, versions and errors."""

from dataclasses import dataclass

from flask import Response, g, jsonify, request

from connectors.sandbox.faults import Faults
from connectors.sandbox.intercom_attributes import Refusal
from connectors.sandbox.intercom_json import Json, whole_conversation_json
from connectors.sandbox.intercom_records import Company, Contact, Conversation
from connectors.sandbox.intercom_state import IntercomState

Version = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The workspace behind the routes."""

    state: IntercomState
    faults: Faults

    def conversation(self, conversation_id: int) -> Conversation:
        row = self.state.conversations.get(conversation_id)
        if row is None:
            raise not_found()
        return row

    def contact(self, key: str) -> Contact:
        row = self.state.contacts.get(number_of(key))
        if row is None:
            raise not_found("User Not Found")
        return row

    def company(self, key: str) -> Company:
        row = self.state.companies.get(number_of(key))
        if row is None:
            raise Refusal(404, "company_not_found", "Company Not Found")
        return row

    def show(self, row: Conversation) -> Json:
        plain = request.args.get("display_as") == "plaintext"
        shown = whole_conversation_json(self.state, row, version=version(), plain=plain)
        spoil = self.state.spoiled.get(row.id)
        return shown if spoil is None else spoil(shown)


def number_of(key: str) -> int:
    try:
        return int(key, 16)
    except ValueError:
        return -1


def not_found(message: str = "Resource Not Found") -> Refusal:
    return Refusal(404, "not_found", message)


def version() -> Version:
    found: Version = g.version
    return found


def need_version(least: Version) -> None:
    """Refuse what the version that was asked for does not have."""
    if version() < least:
        told = "Requested resource is not available in current API version."
        raise Refusal(400, "intercom_version_invalid", told)


def refused(refusal: Refusal) -> Response:
    response = jsonify(error_list(refusal.code, refusal.message))
    response.status_code = refusal.status
    return response


def error_list(code: str, message: str) -> Json:
    return {
        "type": "error.list",
        "request_id": "sandbox",
        "errors": [{"code": code, "message": message}],
    }


def asked() -> Json:
    """Return the JSON body, which some calls leave out."""
    body = request.get_json(silent=True)
    return body if isinstance(body, dict) else {}


def page_number(name: str, default: int, *, body: Json | None = None) -> int:
    given = (body or {}).get(name, request.args.get(name, default))
    try:
        return max(1, int(given))
    except (TypeError, ValueError):
        raise Refusal(400, "parameter_invalid", f"{name} must be a number") from None
