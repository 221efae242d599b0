"""`--every-step`: fail each step of a run, not a few of them. With it the table is printed too."""

from collections.abc import Generator
from typing import Any

import pytest

# Before they are imported: what is broken then shows both sides of what was compared.
pytest.register_assert_rewrite("tests.faults.invariants", "tests.faults.killing")

from tests.faults.trials import Steps, Told, Trial, table  # noqa: E402 -- see above

PARTS = 4  # tests that share the steps of one campaign, so that processes can share them
FEW = 1  # steps of each campaign without --every-step: `make test` has a minute for all of them
_TRIAL = pytest.StashKey[Trial]()
_PROPERTY = "fault"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-step", action="store_true", help="fail every step of a run, not a few"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Spread the steps of a campaign: all of them over some tests, or few from the `thin`th on."""
    if "steps" not in metafunc.fixturenames:
        return
    if metafunc.config.getoption("--every-step", default=False):
        spread = [Steps(first=part, stride=PARTS) for part in range(PARTS)]
    else:
        thin = _fault_of(metafunc.definition).kwargs["thin"]
        spread = [Steps(first=thin, stride=2 * thin, times=FEW)]
    metafunc.parametrize("steps", spread, ids=[f"from {each.first}" for each in spread])


def _fault_of(item: pytest.Item) -> pytest.Mark:
    marker = item.get_closest_marker("fault")
    assert marker is not None, f"{item.name} does not say which fault it is about"
    return marker


@pytest.fixture(autouse=True)
def trial(request: pytest.FixtureRequest) -> Trial:
    """The attempts of this test; its marker says which row of the matrix they count for."""
    row, what = _fault_of(request.node).args
    made = Trial(row=str(row), what=what)
    request.node.stash[_TRIAL] = made
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    made = item.stash.get(_TRIAL, None)
    if made is not None and (call.when == "call" or (call.when == "setup" and call.excinfo)):
        report.user_properties.append((_PROPERTY, list(made.told(passed=report.passed))))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if not config.getoption("--every-step", default=False):
        return
    reports = [
        each for kind in ("passed", "failed", "error") for each in _of(terminalreporter, kind)
    ]
    told = [
        Told(*value)
        for report in reports
        for name, value in report.user_properties
        if name == _PROPERTY
    ]
    terminalreporter.section("faults tried and survived")
    terminalreporter.write_line("\n".join(table(told)))


def _of(terminalreporter: Any, kind: str) -> list[Any]:
    return list(terminalreporter.stats.get(kind, []))
