"""Row 40 of the fault matrix: fields and rights that people change under our hands.

What cannot be written is recorded with its reason, not tried for ever, and stops nothing else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service.domain.writeback import field_specs
from service.errors import Unauthorized, VerbatimError
from service.progress import Silent
from service.taxonomy_files import default_taxonomy
from tests.contract.helpdesk_bench import HelpdeskBench
from tests.contract.test_helpdesk_intercom import id_of
from tests.faults.world import NAMES, World, other_of, world

SENTIMENT = "Verbatim Sentiment"
MOST_WRITES = 60  # of three passes that cannot write


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """A workspace with everything measured and nothing written."""
    with world(tmp_path) as found:
        for name in NAMES:
            found.pipeline().sync(name, Silent())
        found.pipeline().analyse(Silent())
        yield found


def _field(bench: HelpdeskBench) -> Any:
    state = bench.stand.state
    if bench.source == "zendesk":
        return next(each for each in state.fields.custom() if each.title == SENTIMENT)
    return next(each for each in state.attributes.all() if each.name == SENTIMENT)


def _remove(bench: HelpdeskBench) -> None:
    if bench.source == "zendesk":
        bench.stand.state.delete_field(_field(bench).id)
    else:
        _field(bench).archived = True


def _retype(bench: HelpdeskBench) -> None:
    """Somebody made a number of it."""
    if bench.source == "zendesk":
        _field(bench).type = "integer"
    else:
        _field(bench).data_type = "integer"


def _write(here: World, name: str) -> str:
    """Write back; return why nothing could be written, however that is told."""
    try:
        report = here.pipeline().write_back(name, Silent())
    except VerbatimError as error:
        return str(error)
    return " ".join(report.not_written)


def _set_up(here: World, name: str) -> None:
    specs = field_specs(*default_taxonomy().choices())
    desk = here.helpdesks[name]
    desk.setup([spec for spec in specs if spec.name in desk.fields], dry_run=False)


def _all_written(here: World, name: str) -> bool:
    desk = here.helpdesks[name]
    states = [page.states for page in desk.fetch(here.benches[name].all_keys)]
    return all(each.fields["churn_risk"] is not None for found in states for each in found.values())


@pytest.mark.fault(40, "a field is missing")
@pytest.mark.parametrize("name", NAMES)
def test_a_field_that_was_removed_is_named_and_writing_goes_on_once_it_is_there(
    here: World, name: str
) -> None:
    bench = here.benches[name]
    _remove(bench)
    here.later()
    here.reconnect(name)
    bench.faults.reset_calls()
    for _ in range(3):
        assert "Verbatim" in _write(here, name)
        here.later()
    assert bench.writes() <= MOST_WRITES
    _set_up(here, name)
    here.later()
    here.cycle()
    assert _all_written(here, name)


@pytest.mark.fault(40, "a field has the wrong type")
@pytest.mark.parametrize("name", NAMES)
def test_a_field_of_the_wrong_type_is_told_and_hinders_no_other_helpdesk(
    here: World, name: str
) -> None:
    bench, other = here.benches[name], other_of(name)
    _retype(bench)
    here.later()
    here.reconnect(name)
    bench.faults.reset_calls()
    for _ in range(3):
        assert _write(here, name)
        here.later()
    assert bench.writes() <= MOST_WRITES
    here.pipeline().write_back(other, Silent())
    assert _all_written(here, other)


@pytest.mark.fault(40, "an option is missing")
@pytest.mark.parametrize("name", NAMES)
def test_an_option_that_was_removed_is_made_again_or_named(here: World, name: str) -> None:
    bench = here.benches[name]
    _field(bench).options.clear()
    here.later()
    here.reconnect(name)
    told = _write(here, name)
    assert told == "" or "verbatim setup" in told
    _set_up(here, name)
    here.later()
    here.cycle()
    assert _all_written(here, name)


@pytest.mark.fault(40, "a ticket is closed")
def test_a_closed_ticket_is_recorded_and_not_tried_again(here: World) -> None:
    bench = here.benches["zendesk"]
    closed = bench.all_keys[0]
    bench.stand.state.close(id_of(closed))
    here.later()
    assert "closed" in _write(here, "zendesk")
    here.later()
    here.cycle()
    bench.faults.reset_calls()
    here.later()
    assert _write(here, "zendesk") == ""
    assert bench.writes() == 0
    assert sum(here.database.write_back.not_written("zendesk").values()) == 1


@pytest.mark.fault(40, "the right to write is lost")
@pytest.mark.parametrize("name", NAMES)
def test_a_lost_right_to_write_is_told_and_nothing_is_tried_again(here: World, name: str) -> None:
    bench = here.benches[name]
    bench.faults.reset_calls()
    for method in ("PUT", "POST"):
        for path in {path for verb, path in bench.write_calls if verb == method}:
            bench.fail(
                Fault(kind=FaultKind.SERVER_ERROR, status=403, times=None, method=method, path=path)
            )
    with pytest.raises(Unauthorized, match=name.capitalize()):
        here.pipeline().write_back(name, Silent())
    assert bench.writes() <= 8  # as many as were on their way at once
    bench.faults.clear()
    here.later()
    here.cycle()
    assert _all_written(here, name)
