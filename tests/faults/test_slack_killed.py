"""Rows 6 and 38 of the fault matrix: killed anywhere and started again, our bot and our worker post
to Slack exactly once. `make faults` fails every step, `make test` a few of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.invariants import rows
from tests.faults.killing import DiesAt, Moment
from tests.faults.slack_killing import DIRECT, Act, Scene, Stage, stage
from tests.faults.trials import Steps, Trial

BOTH_SIDES = pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
MOMENTS = pytest.mark.parametrize("moment", list(Moment))
RESTARTS = 20
_IN_CHANNELS = (Scene.MENTION, Scene.PICTURE, Scene.DIGEST)
_SAID = {Scene.DIGEST: "week 2026-W46", Scene.CARD: "Churn risk: Acme"}

Strike = Callable[[Stage, Act, int], tuple[bool, object]]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try every scene, or in a short run those that have the least in common."""
    if "scene" in metafunc.fixturenames:
        every = metafunc.config.getoption("--every-step", default=False)
        scenes = list(Scene) if every else [Scene.MENTION, Scene.CARD]
        if "blind" in metafunc.fixturenames:
            scenes = [one for one in _IN_CHANNELS if every or one is not Scene.PICTURE]
        metafunc.parametrize("scene", scenes, ids=[scene.name.lower() for scene in scenes])


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Slack with the right to look whether a post is there."""
    with stage(tmp_path_factory.mktemp("slack"), may_look=True) as found:
        yield found


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Slack with the rights of our manifest: channels cannot be read."""
    with stage(tmp_path_factory.mktemp("blind"), may_look=False) as found:
        yield found


def _at_request(*, after: bool) -> Strike:
    return lambda here, act, number: here.run_killed(act, at=number, after=after)


def _in_database(moment: Moment) -> Strike:
    return lambda here, act, number: here.run(
        replace(act, end=DiesAt(moment=moment, number=number))
    )


@BOTH_SIDES
@pytest.mark.fault(6, "kill -9 beside the Nth request to Slack", thin=3)
def test_who_is_killed_beside_a_request_posts_once(
    here: Stage, steps: Steps, trial: Trial, scene: Scene, after: bool
) -> None:
    _try(here, steps, trial, scene, _at_request(after=after))


@MOMENTS
@pytest.mark.fault(6, "kill -9 before the Nth SQL statement or commit of a post", thin=17)
def test_who_is_killed_between_two_statements_posts_once(
    here: Stage, steps: Steps, trial: Trial, scene: Scene, moment: Moment
) -> None:
    _try(here, steps, trial, scene, _in_database(moment))


def _try(here: Stage, steps: Steps, trial: Trial, scene: Scene, strike: Strike) -> None:
    def killed(number: int) -> bool:
        act = here.act(scene, here.home())
        struck, told = strike(here, act, number)
        here.go_on(act, times=2, acknowledged=told == 200)
        assert len(here.posted) == 1
        assert here.whispered == []
        assert _SAID.get(scene, "Conversations: 13.") in here.posted[0].text
        _nothing_is_under_way(act.database)
        return struck

    trial.every(steps, killed)


def _nothing_is_under_way(path: Path) -> None:
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    beside = Path(f"{path}-inbox")  # made with the first question
    assert not beside.exists() or rows(beside, "SELECT * FROM inbox WHERE NOT finished") == []
    assert rows(path, "SELECT * FROM outbox WHERE state <> 'sent'") == []


@BOTH_SIDES
@pytest.mark.fault(
    38, "kill -9 where channels cannot be read: never two, and never silence", thin=3
)
def test_where_nobody_may_look_there_are_never_two_and_never_silence(
    blind: Stage, steps: Steps, trial: Trial, scene: Scene, after: bool
) -> None:
    strike = _at_request(after=after)

    def killed(number: int) -> bool:
        act = blind.act(scene, blind.home())
        struck, told = strike(blind, act, number)
        said = blind.go_on(act, times=2, acknowledged=told == 200)
        assert len(blind.posted) <= 1
        if scene is not Scene.DIGEST:
            assert blind.posted or "did not confirm my answer" in blind.whispered[0].text
        else:
            assert blind.posted or "we may not look" in str(said)
        return struck

    trial.every(steps, killed)


@pytest.mark.fault(6, "twenty restarts after a post")
def test_twenty_restarts_post_nothing_more(
    here: Stage, request: pytest.FixtureRequest, scene: Scene
) -> None:
    every = request.config.getoption("--every-step", default=False)
    act = here.act(scene, here.home())
    killed, told = here.run(act)
    assert not killed
    here.go_on(act, times=RESTARTS if every else 2, acknowledged=told == 200)
    assert len(here.posted) == 1
    if scene in {Scene.DIRECT, Scene.CARD}:
        assert here.posted[0].channel == DIRECT


@pytest.mark.fault(6, "killed once more while it is made up for", thin=5)
def test_who_is_killed_again_while_making_up_for_it_posts_once(
    here: Stage, steps: Steps, trial: Trial, scene: Scene
) -> None:
    """The first dies as soon as Slack has stored the post; the second at each of its requests."""

    def killed(number: int) -> bool:
        act = here.act(scene, here.home())
        _, told = here.run_killed(act, at=_requests_before_the_end(scene), after=True)
        assert len(here.posted) == 1
        again = replace(act, at=act.at + here.later, asks=act.asks and told != 200)
        struck, told = here.run_killed(again, at=number, after=True)
        here.go_on(again, times=2, acknowledged=True)
        assert len(here.posted) == 1
        _nothing_is_under_way(act.database)
        return struck

    trial.every(steps, killed)


def _requests_before_the_end(scene: Scene) -> int:
    """An answer shows a status and asks who asks, a card asks who the owner is; then they post.

    A picture is uploaded in three requests after Slack refused its own chart.
    """
    return {Scene.MENTION: 2, Scene.DIRECT: 2, Scene.PICTURE: 6, Scene.CARD: 1}.get(scene, 0)
