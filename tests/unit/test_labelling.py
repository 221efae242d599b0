"""Labels of a file are taken as they are said; the ladder fills in what they leave out."""

from hypothesis import given
from hypothesis import strategies as st

from service.domain.conversations import conversation_key
from service.domain.measurements import Analysis
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.exchange import Labels
from service.labelling import Labeller
from tests.builders import NOON

LADDER = Taxonomy(
    drivers=(
        Driver(
            name="Billing", tags=(CanonicalTag(name="Double charge", raw_tags=("paid twice",)),)
        ),
        Driver(name="Login", tags=(CanonicalTag(name="Password"),)),
    )
)
DRIVERS = ("Billing", "Login", "Shipping")
TAGS = ("Double charge", "Password", "paid twice", "something odd")


def labelled(labels: Labels) -> Analysis:
    return Labeller(LADDER, lambda: NOON).analysis(conversation_key("zendesk", "1"), labels, "f")


@given(
    drivers=st.lists(st.sampled_from(DRIVERS), unique=True, max_size=3).map(tuple),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
)
def test_the_drivers_are_those_that_the_file_names(
    drivers: tuple[str, ...], tags: tuple[str, ...]
) -> None:
    found = labelled(Labels(drivers=drivers, tags=tags))
    assert found.drivers() == drivers
    assert {tag.raw for tag in found.tags} - set(DRIVERS) == set(tags)


def test_without_named_drivers_the_tags_bring_theirs() -> None:
    found = labelled(Labels(tags=("something odd", "paid twice", "Password")))
    assert [(tag.canonical, tag.driver) for tag in found.tags] == [
        (None, None),
        ("Double charge", "Billing"),
        ("Password", "Login"),
    ]
