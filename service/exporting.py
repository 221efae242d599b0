"""Conversations as the JSONL that `import` reads: what comes out goes in again, with its answers.

Texts are those that are stored: masked. People are the keyed hashes that are stored of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from service import carried_analysis
from service.domain.conversations import Account, Agent, Conversation, Message, split_key
from service.domain.measurements import CUSTOM, Analysis, YesNo
from service.domain.people import ANALYSTS, Viewer
from service.errors import Forbidden
from service.query import Query
from service.spelled import spelled_time
from service.stores import Database

_AT_ONCE = 200
_YES_OR_NO = {YesNo.YES: True, YesNo.NO: False}


class Exporter:
    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, query: Query, viewer: Viewer) -> Iterator[dict[str, Any]]:
        """Yield the query's conversations that the viewer may see, oldest first."""
        if viewer.role not in ANALYSTS:
            raise Forbidden("Whole conversations are exported by analysts and administrators.")
        return self._rows(replace(query, sort="created", group_by=(), compare_to=None), viewer)

    def _rows(self, query: Query, viewer: Viewer) -> Iterator[dict[str, Any]]:
        store, facts = self._database.conversations, self._database.facts
        accounts = {one.key: one for one in store.accounts()}
        agents = {one.key: one for one in store.agents()}
        after: str | None = None
        while True:
            page = facts.conversations(query, viewer, after=after, limit=_AT_ONCE)
            keys = [row.head.key for row in page.rows]
            analyses = self._database.analyses.get_many(keys)
            for one in store.get_many(keys):
                account = accounts.get(one.head.account) if one.head.account else None
                agent = agents.get(one.head.agent) if one.head.agent else None
                yield row_of(one, account, agent, analyses.get(one.key))
            if page.next is None:
                return
            after = page.next


def row_of(
    one: Conversation, account: Account | None, agent: Agent | None, analysis: Analysis | None
) -> dict[str, Any]:
    head = one.head
    source, external_id = split_key(head.key)
    rating = head.rating
    row: dict[str, Any] = {
        "id": external_id,
        "source": source,
        "channel": head.channel,
        "subject": head.subject,
        "status": head.status,
        "created_at": spelled_time(head.created_at),
        "updated_at": spelled_time(head.updated_at),
        "url": head.url,
        "account": None if account is None else _account(account),
        "requester": None if head.requester is None else {"id": head.requester},
        "agent": None if agent is None else {"id": split_key(agent.key)[1], "name": agent.name},
        "tags": list(head.helpdesk_tags),
        "rating": None if rating is None else {"score": rating.score, "comment": rating.comment},
        "messages": [_message(each) for each in one.messages],
    }
    if analysis is not None:
        row |= {"labels": _labels(analysis), "analysis": carried_analysis.written(analysis)}
    return {name: value for name, value in row.items() if value is not None}


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": split_key(account.key)[1],
        "name": account.name,
        "segment": account.segment,
        "owner": account.owner,
        "aliases": list(account.aliases),
        "renewal": account.renewal,
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "role": message.role,
        "public": message.public,
        "created_at": spelled_time(message.created_at),
        "text": message.text,
    }


def _labels(analysis: Analysis) -> Mapping[str, Any]:
    """The values in force, for programs that only want labels."""
    values = {one.metric: one.value for one in analysis.measurements}
    own = {n.removeprefix(CUSTOM): v for n, v in values.items() if n.startswith(CUSTOM)}
    measured = {n: v for n, v in values.items() if not n.startswith(CUSTOM)}
    if "churn_risk" in measured:
        said = measured["churn_risk"]
        measured |= {"churn_risk": _YES_OR_NO.get(said, said)}  # type: ignore[call-overload]  # JSON's
    return {
        **measured,
        "drivers": list(analysis.drivers()),
        "tags": list(dict.fromkeys(tag.canonical or tag.raw for tag in analysis.tags)),
        "custom": own,
    }
