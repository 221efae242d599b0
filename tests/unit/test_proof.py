"""What the nightly proof says, what it remembers, and which conversations it compares."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from service.domain.conversations import ConversationKey
from service.proof import Proof, last_proof, remember
from service.reconcile import SourceCoverage
from service.repair import DayRepair, Repair, sample
from tests.browser import sample as web

DAY = date(2026, 11, 3)
NIGHT = datetime(2026, 11, 22, 2, 31, tzinfo=UTC)


def _row(source: str, *, helpdesk: int | None, problem: str | None = None) -> SourceCoverage:
    return SourceCoverage(
        source=source,
        helpdesk=helpdesk,
        stored=10,
        analysed=10,
        failed=0,
        quarantined=0,
        empty={},
        not_written={},
        days=(),
        problem=problem,
    )


def _batches(count: int) -> Iterator[list[ConversationKey]]:
    keys = [ConversationKey(f"zendesk:{number:04}") for number in range(count)]
    return (keys[start : start + 7] for start in range(0, count, 7))


def test_a_repair_says_what_it_did_day_by_day() -> None:
    repair = Repair(
        source="zendesk",
        days=[DayRepair(day=DAY, fetched=4, gone=1), DayRepair(day=date(2026, 11, 2), set_aside=2)],
        left=[date(2026, 11, 1)],
        deleted=3,
        compared=500,
        calls=1240,
    )
    assert repair.lines() == [
        "zendesk: repaired 2026-11-03: 4 fetched, 1 gone",
        "zendesk: repaired 2026-11-02: 0 fetched, 0 gone, 2 set aside",
        "zendesk: 1 days left for the next run",
        "zendesk: 3 gone by its list of deletions",
        "zendesk: 500 compared by content, 0 differ; 1,240 calls",
    ]


def test_a_proof_says_in_one_sentence_what_came_of_it() -> None:
    right = _row("zendesk", helpdesk=10)
    assert Proof(rows=(right,), repairs=()).result == "nothing is missing"
    broken = _row("intercom", helpdesk=None, problem="It refused our credentials.")
    repair = Repair(source="zendesk", days=[DayRepair(day=DAY, fetched=4)])
    assert Proof(rows=(broken, right), repairs=(repair,)).result == (
        "nothing is missing, 4 fetched, intercom could not be asked"
    )
    assert Proof(rows=(_row("zendesk", helpdesk=12),), repairs=()).result == "zendesk: 2 missing"


def test_a_sample_is_the_same_on_one_day_and_another_on_the_next() -> None:
    one, again, other = (sample(_batches(300), 20, seed) for seed in ("d1", "d1", "d2"))
    assert one == again
    assert one != other
    assert len(set(one)) == 20
    assert sample(_batches(5), 20, "d1") == next(_batches(5))


def test_a_sample_reaches_every_part_of_what_is_stored() -> None:
    chosen = {key for day in range(60) for key in sample(_batches(100), 10, str(day))}
    assert len(chosen) > 95


def test_the_page_about_trust_tells_the_last_proof_to_those_who_see_everything(
    tmp_path: Path,
) -> None:
    site = web.make(tmp_path)
    assert "Proven against" not in site.client(web.ANA).get("/trust").text
    remember(site.database.work, Proof(rows=(_row("zendesk", helpdesk=10),), repairs=()), at=NIGHT)
    kept = last_proof(site.database.work)
    assert kept is not None
    assert (kept.at, kept.result) == (NIGHT, "nothing is missing")
    page = site.client(web.ANA).get("/trust").text
    assert "Proven against the helpdesks" in page
    assert "nothing is missing" in page
    site.database.close()
