"""Changes of the ladder of meaning: what they move, what they keep, and what they refuse."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.alert_book import STARTER
from service.cli import run
from service.domain.governing import WaitingTag
from service.domain.people import SYSTEM
from service.domain.taxonomy import CanonicalTag, Driver, Taxonomy
from service.errors import Misused
from service.query import Dimension, Query
from service.settings import settings_from
from service.taxonomy_edits import map_raw, merge, move, rename
from service.taxonomy_files import parse_taxonomy, write_taxonomy
from service.themes import Vectors, find_themes, remembered, to_remember
from verbatim import Built

LADDER = Taxonomy(
    drivers=(
        Driver(
            name="Billing",
            tags=(
                CanonicalTag(name="Double charge", examples=("I was charged twice",)),
                CanonicalTag(name="Billed twice", examples=("two charges for one order",)),
                CanonicalTag(name="Refund"),
            ),
        ),
        Driver(name="Access", tags=(CanonicalTag(name="Password"), CanonicalTag(name="Locked"))),
        Driver(name="Praise", description="thanks"),
    )
)


def test_a_move_keeps_the_tag_whole() -> None:
    edit = move(LADDER, "double charge", "access")
    assert edit.taxonomy.driver_of("Double charge") == "Access"
    assert edit.words == "Moved Double charge from Billing to Access"
    assert {t for d in edit.taxonomy.drivers for t in d.tags} == {
        t for d in LADDER.drivers for t in d.tags
    }


def test_a_merge_hands_examples_and_raw_tags_on() -> None:
    mapped = map_raw(LADDER, ["paid two times"], "Billed twice").taxonomy
    merged = merge(mapped, "Billed twice", "Double charge").taxonomy
    kept = merged.drivers[0].tags[0]
    assert kept.examples == ("I was charged twice", "two charges for one order")
    assert merged.mapped() == {"paid two times": ("Double charge", "Billing")}
    assert merged.driver_of("Billed twice") is None


def test_a_raw_tag_maps_to_one_canonical_tag_at_most() -> None:
    once = map_raw(LADDER, ["Card  Declined"], "Refund").taxonomy
    twice = map_raw(once, ["card declined"], "Password").taxonomy
    assert twice.mapped() == {"card declined": ("Password", "Access")}


def test_a_new_canonical_tag_is_made_under_a_driver_that_is_named() -> None:
    edit = map_raw(LADDER, ["card declined"], "Declined card", driver="Billing")
    assert edit.taxonomy.driver_of("Declined card") == "Billing"
    with pytest.raises(Misused, match="give --driver"):
        map_raw(LADDER, ["card declined"], "Declined card")


def test_a_driver_without_tags_is_mapped_to_by_its_name() -> None:
    edit = map_raw(LADDER, ["great work"], "Praise")
    assert edit.taxonomy.mapped() == {"great work": (None, "Praise")}
    assert edit.remaps[0].to_driver == "Praise"


@pytest.mark.parametrize(
    "change",
    [
        lambda: move(LADDER, "Refund", "Billing"),
        lambda: move(LADDER, "Refund", "Praise"),
        lambda: move(LADDER, "Nonsense", "Access"),
        lambda: merge(LADDER, "Refund", "Refund"),
        lambda: rename(LADDER, "Refund", "Password"),
        lambda: rename(LADDER, "Billing", "Access"),
        lambda: rename(LADDER, "Billing", "unmapped"),
        lambda: rename(LADDER, "Billing", " "),
        lambda: map_raw(LADDER, [" "], "Refund"),
        lambda: merge(
            Taxonomy(drivers=(Driver(name="A", tags=(CanonicalTag(name="x"),)), LADDER.drivers[1])),
            "x",
            "Password",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: object) -> None:
    with pytest.raises(Misused):
        change()  # type: ignore[operator]  # each is a function without arguments


def test_names_near_by_are_offered() -> None:
    with pytest.raises(Misused, match="near are Double charge"):
        move(LADDER, "Duble charg", "Access")


@given(st.permutations(["move", "rename", "merge", "map"]))
def test_every_ladder_that_changes_make_can_be_written_and_read(order: list[str]) -> None:
    ladder = LADDER
    for step in order:
        if step == "move":
            ladder = move(ladder, "Refund", "Access").taxonomy
        elif step == "rename":
            ladder = rename(ladder, "Access", "Sign-in").taxonomy
            ladder = rename(ladder, "Sign-in", "Access").taxonomy
        elif step == "merge":
            ladder = merge(ladder, "Billed twice", "Double charge").taxonomy
        else:
            ladder = map_raw(ladder, ["a new thing"], "Locked").taxonomy
    assert parse_taxonomy(write_taxonomy(ladder)) == ladder


def workspace(home: Path) -> Built:
    return Built(lambda: settings_from({"VERBATIM_HOME": str(home)}))


def filled(home: Path) -> Built:
    """Nine labelled conversations: five double charges, three passwords, one of its own."""
    (home / "taxonomy.yaml").write_text(write_taxonomy(LADDER), encoding="utf-8")
    tags = ["Double charge"] * 5 + ["Password"] * 3 + ["odd new thing"]
    rows = [
        {
            "id": f"c{number}",
            "created_at": "2026-11-02T09:14:00Z",
            "messages": [{"id": "m1", "role": "customer", "text": f"about {tag}"}],
            "labels": {"sentiment": "negative", "tags": [tag]},
        }
        for number, tag in enumerate(tags)
    ]
    file = home / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    given_settings = {"VERBATIM_HOME": str(home), "VERBATIM_TAXONOMY": str(home / "taxonomy.yaml")}
    here = Built(lambda: settings_from(given_settings))
    assert run(here, ["import", str(file)]) == 0
    return here


def by_driver(here: Built) -> dict[str, int]:
    query = Query(group_by=(Dimension.DRIVER,))
    return {v[0]: tally.total for v, tally in here.database().facts.groups(query, SYSTEM)}


def printed(here: Built, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(here, ["taxonomy", *arguments, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_a_preview_says_what_a_move_does_and_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    before, version = by_driver(here), here.taxonomy().version
    assert before == {"Billing": 5, "Access": 3, "Unmapped": 1}
    found = printed(here, capsys, "move", "Double charge", "Access", "--dry-run")
    assert (found["conversations"], found["applied"]) == (5, False)
    assert found["drivers"] == [
        {"driver": "Access", "before": 3, "after": 8},
        {"driver": "Billing", "before": 5, "after": 0},
    ]
    assert (by_driver(here), here.taxonomy().version) == (before, version)
    assert printed(here, capsys, "history")["changes"] == []


def test_a_change_moves_what_was_measured_and_measures_nothing_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    store = here.database().conversations
    assert store.unmeasured_count("imported", here.taxonomy().version) == 0
    found = printed(here, capsys, "move", "Double charge", "Access", "--by", "maya@example.com")
    assert found["applied"] is True
    assert by_driver(here) == {"Access": 8, "Unmapped": 1}
    assert store.unmeasured_count("imported", here.taxonomy().version) == 0
    rolled = here.database().facts.count(Query(metric="negative_rate"), SYSTEM)
    assert here.database().analyses.rebuild() == 9
    assert here.database().facts.count(Query(metric="negative_rate"), SYSTEM) == rolled
    assert by_driver(here) == {"Access": 8, "Unmapped": 1}
    (change,) = printed(here, capsys, "history")["changes"]
    assert change["by"] == "maya@example.com"
    assert change["version"] == here.taxonomy().version


def test_a_waiting_raw_tag_is_mapped_and_stays_mapped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    queue = printed(here, capsys, "queue")
    assert [theme["name"] for theme in queue["themes"]] == ["odd new thing"]
    printed(here, capsys, "map", "odd new thing", "Novelty", "--driver", "Billing")
    assert by_driver(here) == {"Billing": 6, "Access": 3}
    assert printed(here, capsys, "queue")["waiting"] == 0
    assert here.taxonomy().mapped() == {"odd new thing": ("Novelty", "Billing")}
    again = Built(lambda: here.settings)
    assert again.taxonomy() == here.taxonomy()


def test_a_renamed_driver_takes_a_persons_choice_and_alert_rules_along(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    key = here.database().facts.keys(Query(), SYSTEM, numerator=False, limit=1)[0]
    here.database().analyses.set_by_person(key, "driver", "Access")
    rule = replace(STARTER, id="r", query=Query().narrowed(Dimension.DRIVER, "Access", "Billing"))
    here.database().alerts.save_rule(rule)
    printed(here, capsys, "rename", "Access", "Sign-in", "--dry-run")
    assert here.database().alerts.rules() == [rule]
    printed(here, capsys, "rename", "Access", "Sign-in")
    (followed,) = here.database().alerts.rules()
    assert followed.query.values_of(Dimension.DRIVER) == ("Billing", "Sign-in")
    analysis = here.database().analyses.get(key)
    assert analysis is not None
    assert analysis.drivers() == ("Sign-in",)
    assert "Access" not in by_driver(here)


def test_a_file_that_is_edited_later_wins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    printed(here, capsys, "rename", "Refund", "Money back")
    edited = replace(LADDER, drivers=LADDER.drivers[:2])
    (tmp_path / "taxonomy.yaml").write_text(write_taxonomy(edited), encoding="utf-8")
    assert Built(lambda: here.settings).taxonomy() == edited


def test_questions_understand_what_a_driver_and_a_tag_were_called_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    for change in (
        ("rename", "Billing", "Invoices"),
        ("move", "Billed twice", "Access"),
        ("rename", "Invoices", "Money matters"),
        ("rename", "Double charge", "Charged again"),
        ("merge", "Billed twice", "Locked"),
        ("rename", "Access", "Billing"),
    ):
        printed(here, capsys, *change)
    catalogue = here.catalogue()
    called = {one.name: one.aliases for one in (*catalogue.of("driver"), *catalogue.of("tag"))}
    assert called["Money matters"] == ("Invoices",)  # another driver is called Billing now
    assert called["Billing"] == ("Access",)
    assert called["Charged again"] == ("Double charge",)
    assert called["Locked"] == called["Refund"] == ()
    query = here.answers().ask_text("how many access conversations in November 2026?", SYSTEM).query
    assert query is not None
    assert query.values_of(Dimension.DRIVER) == ("Billing",)


def test_another_owner_measures_nothing_again_and_follows_a_renamed_driver(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = filled(tmp_path)
    version = here.taxonomy().version
    done = printed(here, capsys, "owner", "billing", "maya@example.com")
    assert done["version"] == {"before": version, "after": version}
    assert done["conversations"] == 0
    assert here.database().conversations.unmeasured_count("imported", version) == 0
    printed(here, capsys, "rename", "Billing", "Payments")
    assert here.taxonomy().owners == {"Payments": "maya@example.com"}
    file = tmp_path / "taxonomy.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "  owner: max\n", encoding="utf-8")
    assert Built(lambda: here.settings).taxonomy().owners == {"Praise": "max"}


def test_labelling_a_file_makes_no_database(tmp_path: Path) -> None:
    here = workspace(tmp_path)
    assert here.taxonomy().drivers
    assert not (tmp_path / "verbatim.sqlite").exists()


def _waiting() -> list[WaitingTag]:
    said = {
        "dark mode missing": 9,
        "add dark mode": 7,
        "dark mode please": 5,
        "printer not found": 8,
        "printer not detected": 6,
        "printer not working": 4,
    }
    return [WaitingTag(raw=raw, conversations=n, example=f"{raw}!") for raw, n in said.items()]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    from service.analysis.local import theme_vectors

    return theme_vectors()


def test_what_speaks_of_one_thing_is_one_theme_with_a_clean_name(vectors: Vectors) -> None:
    themes = find_themes(_waiting(), vectors, earlier={})
    together = {frozenset(" ".join(raw.split()) for raw in theme.raws) for theme in themes}
    assert all(len({("dark" in raw) for raw in raws}) == 1 for raws in together)
    assert sum(theme.conversations for theme in themes) == 39
    assert {theme.name for theme in themes} >= {"dark mode"}


@given(st.permutations(_waiting()), st.randoms(use_true_random=False))
def test_names_are_the_same_from_run_to_run_as_themes_grow(
    vectors: Vectors, order: Sequence[WaitingTag], random: object
) -> None:
    del random
    first = find_themes(order, vectors, earlier={})
    memory = remembered(to_remember(first))
    grown = [*order, WaitingTag(raw="dark mode on phone", conversations=30, example="dark!")]
    later = find_themes(grown, vectors, earlier=memory)
    assert find_themes(_waiting(), vectors, earlier={}) == first
    assert {theme.name for theme in first} & {theme.name for theme in later}


def test_a_theme_is_named_by_words_of_its_own_not_by_one_odd_sentence(vectors: Vectors) -> None:
    said = ("transfer pending long", "my transfer pending", "transfer pending why", "wire slow odd")
    waiting = [WaitingTag(raw=raw, conversations=1, example=raw) for raw in said]
    waiting += [WaitingTag(raw=f"parcel lost {n}", conversations=1) for n in range(4)]
    names = {theme.name for theme in find_themes(waiting, vectors, earlier={})}
    assert names >= {"transfer pending", "parcel lost"}


def test_nothing_waits_when_nothing_is_unmapped(vectors: Vectors) -> None:
    assert find_themes([], vectors, earlier={}) == []
