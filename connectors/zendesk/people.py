"""Who the ids of a Zendesk account stand for, learned from side-loads and asked for in hundreds.

Remembers what was seen during one run of reading. A server without these lists is no obstacle:
then a role is inferred and an organization is called by its number.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from connectors._http import Refused
from connectors.zendesk import mapping
from connectors.zendesk.client import Client, Json, rows_of
from connectors.zendesk.packed_users import PackedUsers
from service.domain.conversations import Account, Agent
from service.errors import Unauthorized

MANY = 100  # most ids a show_many takes
_MOST_KEPT = 4_096  # answers of `names`: a page's conversations are few
# What is read of a record. The rest is not kept: a run may meet a hundred thousand people.
_READ = {
    "users": ("id", "name", "role"),
    "organizations": ("id", "name", "domain_names", "organization_fields"),
}


class Rows(Protocol):
    """What is read of records, by id; None for one that the server does not know."""

    def __contains__(self, id_: int, /) -> bool: ...

    def get(self, id_: int, /) -> Json | None: ...

    def put(self, id_: int, row: Json | None, /) -> None: ...


class Records:
    """Whole records: of organizations there are few."""

    def __init__(self) -> None:
        self._rows: dict[int, Json | None] = {}

    def __contains__(self, id_: int) -> bool:
        return id_ in self._rows

    def get(self, id_: int) -> Json | None:
        return self._rows.get(id_)

    def put(self, id_: int, row: Json | None) -> None:
        self._rows[id_] = row


class Directory:
    """Records of one kind by id; what the server does not know is asked for once."""

    def __init__(self, client: Client, name: str, rows: Rows) -> None:
        self._client = client
        self._name = name  # "users"
        self._rows = rows
        self.changes = 0

    def get(self, id_: object) -> Json | None:
        return self._rows.get(id_) if isinstance(id_, int) else None

    def learn(self, rows: Iterable[Json]) -> None:
        wanted = _READ[self._name]
        self.changes += 1
        for row in rows:
            if isinstance(row.get("id"), int):
                self._rows.put(row["id"], {name: row[name] for name in wanted if name in row})

    def ensure(self, ids: Iterable[object]) -> None:
        """Ask for those never seen."""
        wanted = {id_ for id_ in ids if isinstance(id_, int) and id_ > 0}
        for some in in_hundreds(sorted(id_ for id_ in wanted if id_ not in self._rows)):
            for id_ in some:
                self._rows.put(id_, None)
            self.learn(self._ask(some))

    def _ask(self, ids: Sequence[int]) -> list[Json]:
        asked = ",".join(map(str, ids))
        try:
            answer = self._client.find(f"{self._name}/show_many", ids=asked)
        except (Refused, Unauthorized):
            # A token without the right to read people can still read tickets.
            return []
        return rows_of(answer, self._name) if answer else []


class People:
    """Users and organizations of a run, and which of them still have to be told."""

    def __init__(self, client: Client) -> None:
        self.users = Directory(client, "users", PackedUsers())
        self.organizations = Directory(client, "organizations", Records())
        self._told: dict[str, Any] = {}
        self._names: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._names_at = 0  # changes of the users

    def learn(self, answer: Json) -> None:
        """Take the side-loads of an answer."""
        self.users.learn(rows_of(answer, "users"))
        self.organizations.learn(rows_of(answer, "organizations"))

    def names(self, *ids: object) -> tuple[str, ...]:
        if self._names_at != self.users.changes or len(self._names) > _MOST_KEPT:
            self._names.clear()
            self._names_at = self.users.changes
        # Whatever else stands for an id names nobody.
        known = tuple([id_ for id_ in ids if isinstance(id_, int)])
        found = self._names.get(known)
        if found is None:
            found = self._names[known] = self._names_of(known)
        return found

    def _names_of(self, ids: Iterable[int]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for id_ in ids:
            user = self.users.get(id_)
            if user and (name := mapping.name_of(user)):
                found[name] = None
        return tuple(found)

    def new_accounts(self, ids: Iterable[object]) -> tuple[Account, ...]:
        """Return the accounts among the ids that were not told in this run, or told otherwise."""
        wanted = list(dict.fromkeys(id_ for id_ in ids if isinstance(id_, int) and id_))
        self.organizations.ensure(wanted)
        rows = [
            self.organizations.get(id_) or {"id": id_, "name": f"Organization {id_}"}
            for id_ in wanted
        ]
        accounts = [mapping.account_of(row) for row in rows]
        return tuple(each for each in accounts if self._is_news(each.key, each))

    def new_agents(self, ids: Iterable[object]) -> tuple[Agent, ...]:
        """Return the agents among the ids that were not told in this run, or told otherwise."""
        wanted = list(dict.fromkeys(id_ for id_ in ids if isinstance(id_, int) and id_))
        self.users.ensure(wanted)
        rows = [row for id_ in wanted if (row := self.users.get(id_)) is not None]
        agents = [mapping.agent_of(row) for row in rows if row.get("role") in ("agent", "admin")]
        return tuple(each for each in agents if self._is_news(each.key, each))

    def _is_news(self, key: str, told: object) -> bool:
        news = self._told.get(key) != told
        self._told[key] = told
        return news


def in_hundreds(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), MANY):
        yield ids[start : start + MANY]
