"""Makes Python look for reference cycles seldom while pages pass by, or many numbers are made.

A page is some hundred thousand objects that hold each other in no cycle and go when it is stored.
By default each of them is looked at several times on the way: a fifth of a sync's CPU.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 9_000  # made and not gone before a look at the youngest
_YOUNGEST = 5  # looks at them before one at those that outlived the last
_LOOKS = 3  # at the younger ones before a look at all: a statement of SQL is a cycle, with its keys


def settled() -> None:
    """Look through what a process has loaded for the last time: it stays as long as the process.

    To be called when a process is ready to serve. To look through it all takes 50 ms, and falls
    upon whoever asks meanwhile.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    was_settled = gc.get_freeze_count() > 0
    gc.set_threshold(max(_OBJECTS, before[0]), _YOUNGEST, _LOOKS)
    # Python looks at all only when a quarter of it is new. Without what was there before, libraries
    # and models, cycles are found early; it learns how little is left by looking once.
    if not was_settled:
        gc.freeze()
    gc.collect()
    try:
        yield
    finally:
        if not was_settled:
            gc.unfreeze()
        gc.set_threshold(*before)


@contextmanager
def no_collections() -> Iterator[None]:
    """Look at nothing while thousands of plain tuples are made: they are all still needed."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()
