"""Asks of made-up worlds what their change comes from, and counts how often the answer is right."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor

from bench.table import at_least, at_most, line
from bench.worlds.changes import RECIPES, Recipe, World
from bench.worlds.drawing import Scale
from bench.worlds.harder import HARDER
from bench.worlds.making import make
from service import causes
from service.decomposition import Verdict, decompose
from service.query import Dimension

POINTS = (4.5, 3.0, 1.8)
SEEDS = range(1_210, 1_215)  # looked at once; what was chosen was chosen on others
LARGE = Scale(conversations=10_000, accounts=2_000)
ROUNDS = 5
SILENT = frozenset({Verdict.NO_CHANGE, Verdict.TOO_FEW})
NAMED, WITHIN, QUIET = 0.93, 0.85, 0.93  # the bars of the reference
Job = tuple[str, int, float]
Score = Counter[str]


def score(world: World) -> Score:
    """Count one world: told or silent; named, of the right type, with its pair; quiet."""
    found = causes.split(world.counts, causes.LENSES)
    pair = causes.cause_of(found, world.counts, frozenset())
    silent = found.verdict in SILENT and pair is None
    if not world.truth.named:
        return Counter(worlds=1, quiet=int(silent))
    if silent:
        return Counter(worlds=1, silent=1)
    told = pair.names[0] if pair else None
    right = [kind for kind, *value in world.truth.named if tuple(value) == told]
    counted = Counter(worlds=1, told=1, named=int(bool(right)))
    counted["typed"] = int(pair is not None and pair.found.kind in right)
    if pair is None or not right:
        return counted
    expected = {*world.truth.pair, *([world.truth.within] if world.truth.within else [])}
    if expected:
        counted["drilled"], counted["within"] = 1, int(expected <= set(pair.names))
    else:
        counted["too much"] = int(len(pair.names) > 1)
    return counted


def jobs(seeds: Iterable[int], recipes: Mapping[str, Recipe]) -> Iterator[Job]:
    """Every kind at every size; where nothing changes there is no size, so other seeds instead."""
    for seed in seeds:
        for place, points in enumerate(POINTS):
            for kind, recipe in recipes.items():
                yield kind, seed if recipe.changes else 10_000 + seed * len(POINTS) + place, points


def scores(seeds: Iterable[int], recipes: Mapping[str, Recipe]) -> Mapping[str, Score]:
    found = {kind: Counter[str]() for kind in recipes}
    asked = list(jobs(seeds, recipes))
    with ProcessPoolExecutor() as processes:
        results = processes.map(_score, asked, chunksize=8)
        for (kind, *_), one in zip(asked, results, strict=True):
            found[kind].update(one)
    return found


def _score(job: Job) -> Score:
    return score(make(*job))


def report(seeds: Sequence[int] = SEEDS) -> None:
    """Print the tables: each kind, then the whole against its bars."""
    speed()
    table("worlds", seeds, RECIPES)
    table("harder worlds", seeds, HARDER)


def table(title: str, seeds: Sequence[int], recipes: Mapping[str, Recipe]) -> None:
    found = scores(seeds, recipes)
    for kind, one in found.items():
        line(f"{title}: {kind}", _told(one), f"{one['worlds']} worlds")
    whole: Score = sum(found.values(), Counter())
    null = sum((one for kind, one in found.items() if not recipes[kind].changes), Counter[str]())
    for name, n, of, bar in (
        ("cause named", whole["named"], whole["told"], NAMED),
        ("its type right", whole["typed"], whole["told"], NAMED),
        ("its pair named", whole["within"], whole["drilled"], WITHIN),
        ("quiet where nothing changed", null["quiet"], null["worlds"], QUIET),
    ):
        share = n / of if of else 0.0
        line(f"{title}: {name}", f"{share:.3f}", f"{n} of {of}", at_least(share, bar, f">= {bar}"))


def speed() -> None:
    """The arithmetic alone, over counts in hand."""
    world = make("rate of a driver", 1, 3.0, scale=LARGE)
    lenses = {lens: world.counts((), lens) for lens in causes.LENSES}
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        decompose(lenses[Dimension.CHANNEL], lenses)
        seconds.append(time.process_time() - start)
    cells = sum(len(sides.n) for sides in lenses.values())
    best = 1000 * min(seconds)
    line(
        "decomposition, counts in hand",
        f"{best:.0f} ms",
        f"{cells} cells: 2,000 accounts, 12 drivers, 4 channels; best of {ROUNDS}, CPU time",
        at_most(best, 50, "<= 50 ms"),
    )


def _told(one: Score) -> str:
    if not one["told"] and not one["silent"]:
        return f"quiet {one['quiet']} of {one['worlds']}"
    pair = f", pair {one['within']}/{one['drilled']}" if one["drilled"] else ""
    more = f", pair in vain {one['too much']}" if one["too much"] else ""
    return f"named {one['named']}/{one['told']}{pair}{more}, silent {one['silent']}"
