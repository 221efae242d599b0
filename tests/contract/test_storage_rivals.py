"""Several writers at once: nobody fails, and the numbers stay those of the rows."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from service.domain.people import SYSTEM
from service.query import Dimension, Query
from storage.database import SqlDatabase
from tests.builders import (
    TAXONOMY,
    VERSION,
    Clockwork,
    a_conversation,
    a_page,
    an_analysis,
)

WRITERS, EACH = 3, 8
MANY = [a_conversation(number) for number in range(WRITERS * EACH)]


def test_writers_of_the_same_day_do_not_lose_each_others_counts(database: SqlDatabase) -> None:
    def write(writer: int) -> None:
        for one in MANY[writer::WRITERS]:
            database.conversations.save_page("zendesk", a_page(one))
            database.analyses.save([an_analysis(one, sentiment="negative")])

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    by_driver = Query(metric="negative_rate", group_by=(Dimension.DRIVER,))
    ((_, before),) = database.facts.groups(by_driver, SYSTEM)
    database.analyses.rebuild()
    ((_, after),) = database.facts.groups(by_driver, SYSTEM)
    assert before == after
    assert before.numerator == len(MANY)


def test_of_many_who_claim_a_run_one_gets_it(database: SqlDatabase, clock: Clockwork) -> None:
    def claim(owner: int) -> bool:
        return database.work.claim("digest", clock.now, str(owner), at=clock.now, lease=60)

    with ThreadPoolExecutor(WRITERS) as pool:
        assert sum(pool.map(claim, range(9))) == 1


def test_of_two_clicks_on_a_link_one_signs_in(database: SqlDatabase, clock: Clockwork) -> None:
    expires_at = clock.now + timedelta(minutes=15)
    database.people.make_link("lee@example.com", token_hash="h", expires_at=expires_at)
    with ThreadPoolExecutor(WRITERS) as pool:
        used = list(pool.map(lambda _: database.people.use_link("h", at=clock.now), range(6)))
    assert sorted(used, key=str) == [None] * 5 + ["lee@example.com"]


def test_imported_labels_are_not_measured_over(database: SqlDatabase) -> None:
    one = MANY[0]
    database.conversations.save_page("import", a_page(one))
    database.analyses.save([an_analysis(one, analyser="imported")])
    assert database.conversations.unmeasured_count(VERSION, TAXONOMY) == 0
    assert list(database.conversations.unmeasured(VERSION, TAXONOMY)) == []
