"""Counts a window's conversations as storage would: cells of a lens under filters."""

import numpy as np

from bench.worlds.drawing import DRIVERS, NAMES, NOTHING, Drawn, Flags, Ints, touches
from service.causes import Narrowed
from service.domain.taxonomy import UNMAPPED
from service.query import Dimension
from service.sides import Cell


def cells(drawn: Drawn, narrowed: Narrowed, lens: Dimension | None) -> list[Cell]:
    kept = np.ones(len(drawn.account), dtype=bool)
    for dimension, value in narrowed:
        kept &= _has(drawn, dimension, value)
    rows = np.flatnonzero(kept)
    values, ms, names = np.zeros(len(rows), dtype=int), np.ones(len(rows), dtype=int), [""]
    if lens is Dimension.DRIVER:
        rows, values, ms = _each_driver(drawn, rows)
        names = [*DRIVERS, UNMAPPED]
    elif lens is not None:
        values = (drawn.channel if lens is Dimension.CHANNEL else drawn.segment)[rows]
        names = list(NAMES[lens])
    keys = np.stack([values, ms, drawn.weekday[rows], drawn.account[rows]])
    groups, place = np.unique(keys, axis=1, return_inverse=True)
    sizes = np.bincount(place.ravel(), minlength=groups.shape[1])
    counted = np.bincount(place.ravel(), weights=drawn.negative[rows], minlength=groups.shape[1])
    return [
        Cell(value=names[value], m=m, weekday=day, account=account_key(account), n=n, x=int(x))
        for (value, m, day, account), n, x in zip(
            groups.T.tolist(), sizes.tolist(), counted.tolist(), strict=True
        )
    ]


def account_key(number: int) -> str:
    return f"zendesk:{number}"


def _has(drawn: Drawn, dimension: Dimension, value: str) -> Flags:
    if dimension is Dimension.DRIVER:
        if value != UNMAPPED:
            return touches(drawn, DRIVERS.index(value))
        unmapped: Flags = (drawn.drivers == NOTHING).all(axis=1)
        return unmapped
    column = drawn.channel if dimension is Dimension.CHANNEL else drawn.segment
    found: Flags = column == NAMES[dimension].index(value)
    return found


def _each_driver(drawn: Drawn, rows: Ints) -> tuple[Ints, Ints, Ints]:
    touched = drawn.drivers[rows] != NOTHING
    ms = np.maximum(touched.sum(axis=1), 1)
    places, columns = np.nonzero(touched)
    none = np.flatnonzero(~touched.any(axis=1))
    return (
        np.concatenate([rows[places], rows[none]]),
        np.concatenate([drawn.drivers[rows][places, columns], np.full(len(none), len(DRIVERS))]),
        np.concatenate([ms[places], ms[none]]),
    )
