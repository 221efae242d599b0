"""Who asks: a person, a role, and the accounts the role may see."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.conversations import AccountKey


class PersonRole(StrEnum):
    ADMIN = "admin"
    ANALYST = "analyst"
    LEADER = "leader"
    CSM = "csm"
    AGENT = "agent"


# Who govern what others read: the ladder, spot checks, alerts, whole conversations.
ANALYSTS = frozenset({PersonRole.ADMIN, PersonRole.ANALYST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A Query says what, a Viewer says who. `accounts is None` means every account."""

    person: str  # e-mail address, or "system"
    role: PersonRole
    accounts: frozenset[AccountKey] | None = None

    def sees(self, account: AccountKey) -> bool:
        return self.accounts is None or account in self.accounts


SYSTEM = Viewer(person="system", role=PersonRole.ADMIN)
