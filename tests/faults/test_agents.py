"""Rows 5, 12 and 40 of the fault matrix: what agents set stays theirs, what we set stays ours, also
when we died before we could note it.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from service.domain.conversations import ConversationKey
from service.domain.measurements import Measurement, SetBy
from service.errors import VerbatimError
from service.progress import Silent
from tests.faults.world import NAMES, World, world

PRAISE = "Thank you so much, this is wonderful, everything works perfectly now!"
ANGER = "This is awful. You charged me twice again, I am furious and very disappointed!"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    """A workspace after its first cycle, two hours ago."""
    with world(tmp_path) as found:
        found.cycle()
        found.later()
        found.cycle()
        found.later()
        yield found


def _in_force(here: World, key: ConversationKey) -> Measurement:
    analysis = here.database.analyses.get(key)
    assert analysis is not None
    found = analysis.measured("sentiment")
    assert found is not None
    return found


def _shown(here: World, key: ConversationKey) -> str | None:
    states = [page.states for page in here.helpdesks[key.split(":")[0]].fetch([key])]
    return states[0][key].fields["sentiment"]


@pytest.mark.fault(40, "a value is changed by an agent")
@pytest.mark.parametrize("name", NAMES)
def test_an_agents_edit_becomes_a_label_and_so_does_the_next_one(here: World, name: str) -> None:
    bench = here.benches[name]
    key = bench.all_keys[1]
    for value in ("positive", "neutral"):
        bench.edit(key, "sentiment", value)
        here.later()
        report = here.cycle()
        assert sum(each.kept for each in report.written) == 1
        found = _in_force(here, key)
        assert (found.value, found.set_by) == (value, SetBy.AGENT)
        here.later()
        assert sum(each.kept for each in here.cycle().written) == 0
        assert _shown(here, key) == value


@pytest.mark.fault(40, "a value is changed by an agent")
@pytest.mark.parametrize("name", NAMES)
def test_what_an_agent_set_survives_a_new_analysis(here: World, name: str) -> None:
    bench = here.benches[name]
    key = bench.all_keys[1]
    bench.edit(key, "sentiment", "positive")
    here.later()
    here.cycle()
    bench.reply(key, ANGER)
    here.later()
    assert here.cycle().analysed.analysed == 1
    assert (_in_force(here, key).value, _shown(here, key)) == ("positive", "positive")


@pytest.mark.fault(5, "the outcome of a write is lost, and our mind changes")
@pytest.mark.parametrize("passes", [0, 1], ids=["at once", "a pass later"])
@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_ours_whose_outcome_was_lost_is_not_an_agents(
    here: World, name: str, passes: int
) -> None:
    """The write arrives, nobody learns of it, and a reply changes our mind: before the next pass,
    or after one that found our value standing.
    """
    key = here.benches[name].all_keys[1]
    first = _write_and_not_learn_of_it(here, name)
    for _ in range(passes):
        here.later()
        here.cycle()
    here.benches[name].reply(key, ANGER)
    here.later()
    report = here.cycle()
    assert sum(each.kept for each in report.written) == 0
    found = _in_force(here, key)
    assert found.set_by is SetBy.ANALYSER
    assert found.value != first
    assert _shown(here, key) == found.value


def _write_and_not_learn_of_it(here: World, name: str) -> str | None:
    bench = here.benches[name]
    key = bench.all_keys[1]
    bench.reply(key, PRAISE)
    here.later()
    pipeline = here.pipeline()
    pipeline.sync(name, Silent())
    pipeline.analyse(Silent())
    value = _in_force(here, key).value
    for method, path in bench.write_calls:
        bench.fail(Fault(kind=FaultKind.DROP_AFTER, times=None, method=method, path=path))
    bench.faults.after_answering = lambda call: (
        bench.faults.server_error(503, times=None) if call.method == "PUT" else None
    )
    with suppress(VerbatimError):  # whether it gives up or not: nothing was learned
        pipeline.write_back(name, Silent())
    bench.faults.after_answering = None
    bench.faults.clear()
    assert _shown(here, key) == value
    return value


@pytest.mark.fault(12, "a token is revoked")
@pytest.mark.parametrize("name", NAMES)
def test_a_helpdesk_that_fails_hinders_no_other_in_a_cycle(here: World, name: str) -> None:
    other = next(each for each in NAMES if each != name)
    for each in here.benches.values():
        each.reply(each.all_keys[0], "While one of you was away")
    here.later()
    here.benches[name].faults.unauthorized()
    with pytest.raises(VerbatimError, match=name.capitalize()):
        here.cycle()
    theirs = here.benches[other].all_keys[0]
    assert here.stored()[theirs].messages[-1].text == "While one of you was away"
    here.benches[name].faults.clear()
    report = here.cycle()
    assert report.analysed.analysed == 1
