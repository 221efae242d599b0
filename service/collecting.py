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


@contextmanager
def few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(max(_OBJECTS, before[0]), _YOUNGEST, _LOOKS)
    # Python looks at all only when a quarter of it is new. Without what was there before, libraries
    # and models, cycles are found early; it learns how little is left by looking once.
    gc.freeze()
    gc.collect()
    try:
        yield
    finally:
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
