"""Looks up who is behind the ids of a conversation: contacts, companies, teammates.

Knows how Intercom ties a conversation to a company, and remembers what it fetched for one run.
Never guesses: a contact with several companies has none that we could name.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from connectors._http import PageLoopGuard, Refused, ServerFailed
from connectors.intercom.client import Client
from connectors.intercom.mapping import SOURCE, CompanyHint, Fetched
from connectors.intercom.payload import Json, identity, number, part, rows, seconds, words
from connectors.intercom.problems import WHO, deleted_there, not_there
from service.domain.conversations import Account, Agent, account_key, agent_key
from service.errors import Misbehaving

logger = logging.getLogger(__name__)

_SEARCH_PAGE = 150
_MANY = 25  # from here on reading the whole list of companies costs less than asking one by one
_MOST_BROKEN = 3  # contacts of a run that are never answered
_PROBE_TRIES = 2
_FEW = 3  # up to here asking one by one costs no more than a search

_SEGMENT_NAMES = ("segment", "tier", "customer_segment")
_OWNER_NAMES = ("owner", "csm", "csm_email", "account_owner", "customer_success_manager")
_RENEWAL_NAMES = ("renewal", "renewal_date", "renews_on", "contract_renewal_date")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contact:
    name: str
    company: str | None  # the only one; None for no company and for several
    read: bool = True  # False: Intercom never answered for this one


class People:
    """The people and companies of one run; a new run asks again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._contacts: dict[str, _Contact] = {}
        self._accounts: dict[str, Account | None] = {}
        self._told: set[str] = set()
        self._agents: dict[str, Agent] | None = None
        self._listed_companies = False
        self._broken = 0

    def look_up(self, page: Sequence[Fetched]) -> None:
        """Fetch whoever this page needs and is not known yet, in as few calls as possible."""
        self._fetch_contacts({f.contact for f in page if f.contact and _needs_contact(f)})
        hints = {f.company.id: f.company for f in page if f.company}
        wanted = {id_ for each in page if (id_ := self._company_of(each)) is not None}
        self._fetch_companies({id_: hints.get(id_) for id_ in wanted})

    def can_tell(self, fetched: Fetched) -> bool:
        """Say whether the account is known, be it that there is none."""
        contact = self._contacts.get(fetched.contact or "")
        return fetched.company is not None or contact is None or contact.read

    def account_of(self, fetched: Fetched) -> Account | None:
        company = self._company_of(fetched)
        return None if company is None else self._accounts.get(company)

    def names_in(self, fetched: Fetched) -> tuple[str, ...]:
        """Return every name that Intercom gives to somebody in this conversation."""
        names = set(fetched.names)
        contact = self._contacts.get(fetched.contact or "")
        if contact is not None and contact.name:
            names.add(contact.name)
        agent = (self._agents or {}).get(fetched.head.agent or "")
        if agent is not None:
            names.add(agent.name)
        return tuple(sorted(names))

    def untold_accounts(self, accounts: Iterable[Account | None]) -> tuple[Account, ...]:
        """Return those accounts that no earlier page of this run has carried."""
        fresh = {a.key: a for a in accounts if a is not None and a.key not in self._told}
        self._told.update(fresh)
        return tuple(fresh.values())

    def untold_agents(self, page: Sequence[Fetched]) -> tuple[Agent, ...]:
        """Return teammates that no earlier page carried; those who left only speak in parts."""
        if self._agents is None:
            self._agents = {agent.key: agent for agent in self._teammates()}
        for agent in (agent for each in page for agent in each.agents):
            self._agents.setdefault(agent.key, agent)
        fresh = [agent for agent in self._agents.values() if agent.key not in self._told]
        self._told.update(agent.key for agent in fresh)
        return tuple(fresh)

    def _company_of(self, fetched: Fetched) -> str | None:
        if fetched.company is not None:
            return fetched.company.id
        contact = self._contacts.get(fetched.contact or "")
        return None if contact is None else contact.company

    # Teammates.

    def _teammates(self) -> list[Agent]:
        try:
            listed = self._client.ask_sdk(lambda sdk: sdk.admins.list()).admins or []
        except Refused:
            return []
        return [
            Agent(key=agent_key(SOURCE, str(admin.id)), name=str(admin.name))
            for admin in listed
            if admin is not None and admin.id and admin.name
        ]

    # Contacts.

    def _fetch_contacts(self, ids: set[str]) -> None:
        missing = sorted(ids - self._contacts.keys())
        if len(missing) > _FEW:
            for start in range(0, len(missing), _SEARCH_PAGE):
                self._search_contacts(missing[start : start + _SEARCH_PAGE])
        # Merged and archived contacts, and those of the last minutes, are not found by a search.
        for id_ in missing:
            if id_ not in self._contacts:
                self._contacts[id_] = self._contact(id_)

    def _search_contacts(self, ids: Sequence[str]) -> None:
        question = {
            "query": {"field": "id", "operator": "IN", "value": list(ids)},
            "pagination": {"per_page": _SEARCH_PAGE},
        }
        try:
            answer = self._client.search("/contacts/search", question)
        except Refused:
            return
        for row in rows(answer, "data", "contacts"):
            id_ = identity(row.get("id"))
            if id_ in ids and id_ is not None:
                self._contacts[id_] = self._read_contact(row)

    def _contact(self, id_: str) -> _Contact:
        try:
            return self._read_contact(self._client.get(f"/contacts/{quote(id_, safe='')}"))
        except Refused:
            return _Contact(name="", company=None)
        except (ServerFailed, Misbehaving):
            # One broken contact stops nobody; many are an outage.
            self._broken += 1
            if self._broken > _MOST_BROKEN:
                raise
            self._client.get("/me", tries=_PROBE_TRIES)
            return _Contact(name="", company=None, read=False)

    def _read_contact(self, row: Json) -> _Contact:
        companies = part(row, "companies")
        listed = rows(row.get("companies"), "data", "companies")
        total = number(companies.get("total_count"))
        certain = len(listed) == 1 and companies.get("has_more") is not True
        alone = certain and (total is None or total <= 1)
        return _Contact(
            name=words(row.get("name")).strip(),
            company=identity(listed[0].get("id")) if alone else None,
        )

    # Companies.

    def _fetch_companies(self, wanted: dict[str, CompanyHint | None]) -> None:
        missing = [id_ for id_ in sorted(wanted) if id_ not in self._accounts]
        if len(missing) >= _MANY and not self._listed_companies:
            self._list_companies()
        for id_ in missing:
            if id_ not in self._accounts:
                self._accounts[id_] = self._company(id_, wanted[id_])

    def _list_companies(self) -> None:
        """Scroll through all companies; those without people are left out by Intercom.

        An app has one scroll at a time, and one that is interrupted must start again: whatever is
        missing in the end is asked for one by one.
        """
        self._listed_companies = True
        try:
            for row in self._all_companies():
                id_ = identity(row.get("id"))
                if id_ is not None:
                    self._accounts[id_] = account_of_company(id_, row, None)
        except (Misbehaving, ServerFailed) as error:
            logger.info("intercom.companies_not_listed", extra={"why": str(error)})

    def _all_companies(self) -> Iterator[Json]:
        guard = PageLoopGuard(WHO)
        params: dict[str, str] = {}
        while True:
            answer = self._client.get("/companies/scroll", params=params)
            found = rows(answer, "data", "companies")
            yield from found
            token = words(answer.get("scroll_param"))
            if not found or not token:
                return
            # The token stays the same from page to page: only a page's first row can repeat.
            guard.go_on(f"{token} {found[0].get('id')}")
            params = {"scroll_param": token}

    def _company(self, id_: str, hint: CompanyHint | None) -> Account | None:
        """Return the company; None when it was deleted and nothing tells its name."""
        try:
            row = self._client.get(f"/companies/{quote(id_, safe='')}")
        except Refused as error:
            if not not_there(error) and error.status not in (400, 405, 501):
                raise
            # A name made of the id would overwrite the one that is stored.
            if deleted_there(error) and (hint is None or hint.name is None):
                return None
            row = {}
        return account_of_company(id_, row, hint)


def _needs_contact(fetched: Fetched) -> bool:
    return fetched.company is None or not fetched.customer_named


def account_of_company(id_: str, row: Json, hint: CompanyHint | None) -> Account:
    attributes = part(row, "custom_attributes")
    owner = _first(attributes, _OWNER_NAMES)
    return Account(
        key=account_key(SOURCE, id_),
        name=words(row.get("name")) or (hint.name if hint else None) or f"Company {id_}",
        segment=_first(attributes, _SEGMENT_NAMES) or words(part(row, "plan").get("name")) or None,
        owner=owner if owner and "@" in owner else None,
        renewal=_day(_first(attributes, _RENEWAL_NAMES)),
    )


def _first(attributes: Json, names: Iterable[str]) -> str | None:
    """Return the first filled attribute, whatever the case and spacing of its name."""
    by_name = {str(name).lower().replace(" ", "_"): value for name, value in attributes.items()}
    found = (by_name.get(name) for name in names)
    return next((str(value) for value in found if value not in (None, "")), None)


def _day(value: str | None) -> str | None:
    moment = seconds(value)
    return datetime.fromtimestamp(moment, UTC).date().isoformat() if moment is not None else None
