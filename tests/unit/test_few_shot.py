"""Examples under a driver: what they add at once, without training anything."""

from service.analysis._ladder import Ladder
from service.analysis._models import ThemeTable, checked_artefacts
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy

VECTORS = ThemeTable(checked_artefacts()).vectors

BASE = (
    Driver(name="Billing", description="charges, invoices, refunds, prices, payment methods"),
    Driver(name="Access", description="signing in, passwords, locked accounts, permissions"),
    Driver(name="Shipping", description="parcels, couriers, late or lost deliveries, addresses"),
)
# A warehouse's own words: nothing in the driver's name says what they mean.
SHOWN = (
    "the trolley arrived without its inner wheels",
    "two shelves are in the box, the order says four",
    "no screws came with the wardrobe",
    "the lid was not packed with the bin",
    "one of the three cushions did not come along",
)
ASKED = (
    "there is no allen key in the carton",
    "only one of the two doors was packed",
    "the sofa came without its legs",
    "five of six hooks were in the bag",
    "the manual lists eight bolts and I have six",
    "the lamp has no shade in the box",
    "a hinge is not in the box of the cupboard",
    "the set says twelve glasses and eleven came",
)
OTHERS = (
    ("why was my card charged this month", "Billing"),
    ("please refund the last invoice", "Billing"),
    ("I cannot sign in with my new password", "Access"),
    ("my account is locked after too many attempts", "Access"),
    ("the courier says the parcel is lost", "Shipping"),
    ("my delivery is four days late", "Shipping"),
)


def placed(taxonomy: Taxonomy, texts: tuple[str, ...]) -> list[str | None]:
    ladder = Ladder(taxonomy, VECTORS)
    found = [ladder.place(row) for row in ladder.scores(texts)]
    return [one.rung.driver if one is not None else None for one in found]


def test_five_examples_raise_the_recall_of_a_new_driver_and_cost_the_others_nothing() -> None:
    named = Taxonomy(drivers=(*BASE, Driver(name="Completeness")))
    shown = Taxonomy(drivers=(*BASE, Driver(name="Completeness", examples=SHOWN)))
    before = placed(named, ASKED).count("Completeness")
    after = placed(shown, ASKED).count("Completeness")
    assert after >= before + 4
    texts = tuple(text for text, _ in OTHERS)
    assert placed(shown, texts) == placed(named, texts) == [driver for _, driver in OTHERS]


def test_examples_of_a_tag_serve_its_driver() -> None:
    tags = (CanonicalTag(name="Missing parts", examples=SHOWN), CanonicalTag(name="Scratches"))
    taxonomy = Taxonomy(drivers=(*BASE, Driver(name="Completeness", tags=tags)))
    ladder = Ladder(taxonomy, VECTORS)
    found = [ladder.place(row) for row in ladder.scores(ASKED)]
    canonical = [one.rung.canonical for one in found if one is not None]
    assert canonical.count("Missing parts") >= 3
    assert "Scratches" not in canonical


def test_what_is_like_nothing_stays_unmapped_with_examples_too() -> None:
    shown = Taxonomy(drivers=(*BASE, Driver(name="Completeness", examples=SHOWN)))
    strange = ("sing me a song about the moon", "how tall is the tower in Pisa", "tell me a joke")
    assert placed(shown, strange) == [None, None, None]


def test_a_description_that_is_moved_to_another_driver_takes_its_texts_along() -> None:
    moved = Taxonomy(
        drivers=(
            Driver(name="Money", description="charges, invoices, refunds, prices, payment methods"),
            *BASE[1:],
        )
    )
    assert placed(moved, ("please refund the last invoice",)) == ["Money"]
