"""Makes Python look for reference cycles seldom while pages of a sync pass by.

A page is some hundred thousand objects that hold each other in no cycle and go when it is stored.
By default each of them is looked at several times on the way: a fifth of a sync's CPU.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 50_000  # made and not gone before a look at the youngest


@contextmanager
def few_collections() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(max(_OBJECTS, before[0]), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
