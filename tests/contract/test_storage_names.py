"""The names in use are found without counting, and are those that counting finds."""

import pytest

from service.domain.people import SYSTEM, PersonRole, Viewer
from service.query import NO_VALUE, Dimension
from storage.database import SqlDatabase
from tests.builders import ACME, BOLT, a_conversation, a_page, an_analysis


@pytest.mark.parametrize(
    "dimension", [Dimension.DRIVER, Dimension.TAG, Dimension.CHANNEL, Dimension.SOURCE]
)
def test_names_are_the_values_that_are_counted(database: SqlDatabase, dimension: Dimension) -> None:
    assert database.facts.names(dimension, SYSTEM) == []
    channels = ("email", "chat", "chat", "phone")
    said = [
        a_conversation(number, channel=channel, account=(ACME, BOLT)[number % 2].key)
        for number, channel in enumerate(channels)
    ]
    database.conversations.save_page("zendesk", a_page(*said))
    drivers = (("Billing", "Login"), ("Shipping",), (), ("Ärger",))
    database.analyses.save(
        [an_analysis(one, drivers=named) for one, named in zip(said, drivers, strict=True)]
    )
    mine = Viewer(person="c@example.com", role=PersonRole.CSM, accounts=frozenset({BOLT.key}))
    for viewer in (SYSTEM, mine):
        counted = {v for v in database.facts.values(dimension, viewer) if v != NO_VALUE}
        named = {v for v in database.facts.names(dimension, viewer) if v != NO_VALUE}
        assert named == counted
        assert named
