"""The people in our tests: who they are and which accounts they may see."""

from service.domain.people import PersonRole, Viewer
from service.stores import Person
from tests.builders import ACME


def _person(name: str, role: PersonRole, slack_user: str) -> Person:
    return Person(
        email=f"{name.lower()}@example.com", name=name, role=role.value, slack_user=slack_user
    )


def viewer(person: Person) -> Viewer:
    return Viewer(person=person.email, role=PersonRole(person.role), accounts=person.accounts)


ADA = _person("Ada", PersonRole.ADMIN, "U-ADA")
LEE = _person("Lee", PersonRole.LEADER, "U-LEE")  # a leader: sees every account
ANA = _person("Ana", PersonRole.AGENT, "U-ANA")  # an agent: corrects labels
CARLA = Person(
    email="carla@example.com",
    name="Carla",
    role=PersonRole.CSM.value,
    slack_user="U-CARLA",
    accounts=frozenset({ACME.key}),  # a customer success manager: sees only her accounts
)
NED = Person(
    email="ned@example.com",
    name="Ned",
    role=PersonRole.CSM.value,
    slack_user="U-NED",
    accounts=frozenset(),  # must see nothing
)
EVERYBODY = (ADA, LEE, ANA, CARLA, NED)
