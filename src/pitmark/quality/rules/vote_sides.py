"""The two sides into which a column parts votes: a labeler and the others, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_VOTES = 6
_MOST_VALUES = 40
# The number of possible sets doubles with every value.
_MOST_IN_SETS = 12
_CUTS = np.arange(1, 8) / 8


def sides_by(
    name: str, column: NDArray[Any], rows: NDArray[np.int64], *, ordered: bool
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_]]]:
    """The sides to compare by one column: each value and all others, or before and after.

    Args:
        name: Of the column.
        column: (V,) texts (empty where unknown) or numbers.
        rows: Among which votes a side must be large enough.
        ordered: Whether texts have an order.

    Yields:
        How the two sides are called, and (V,) whether a vote is on the first.
    """
    values, place = np.unique(column, return_inverse=True)
    here = place[rows]
    if ordered or np.issubdtype(column.dtype, np.number):
        levels = np.unique(here)
        wanted = np.quantile(here, _CUTS, method="lower") if len(levels) > 8 else levels
        for cut in np.unique(wanted):
            above = place > cut
            if enough_on_both(above[rows]):
                told = f"{values[cut]:.6g}" if not ordered else str(values[cut])
                yield (f"{name} above {told}", f"{name} up to {told}"), above
        return
    known = [v for v in np.unique(here) if values[v]]
    if len(known) > _MOST_VALUES:
        return
    for value in known[:1] if len(known) == 2 else known:
        side = place == value
        named = f"{name} {values[known[1]]}" if len(known) == 2 else f"other {name}s"
        if enough_on_both(side[rows]):
            yield (f"{name} {values[value]}", named), side


def sides_by_sets(
    name: str, column: NDArray[Any], rows: NDArray[np.int64], hit: NDArray[np.bool_]
) -> Iterator[tuple[tuple[str, str], NDArray[np.bool_], int]]:
    """Two sets of values that answer most differently, such as two schools of labelers.

    Values are put in the order of their answers, and every cut that leaves two or more
    on each side is one to try.

    Args:
        name: Of the column.
        column: (V,) texts; where one that is compared is empty, unknown, there are no sets.
        rows: (M,) the votes that are compared.
        hit: (M,) whether they have the answer in question.

    Yields:
        How the two sides are called, (V,) whether a vote is on the first, and by how many
        possible sets the order was chosen: a p-value must be multiplied by it.
    """
    if np.issubdtype(column.dtype, np.number):
        return
    here = column[rows]
    if (here == "").any():
        return
    told = [(float(hit[here == v].mean()), str(v)) for v in np.unique(here)]
    if not 4 <= len(told) <= _MOST_IN_SETS:
        return
    order = [v for _, v in sorted(told)]
    for cut in range(2, len(order) - 1):
        below, above = sorted(order[:cut]), sorted(order[cut:])
        side = np.isin(column, above)
        if enough_on_both(side[rows]):
            named = (f"{name}s {', '.join(above)}", f"{name}s {', '.join(below)}")
            yield named, side, 2 ** (len(order) - 1) - 1


def enough_on_both(side: NDArray[np.bool_]) -> bool:
    """Whether both sides have the six votes without which nothing can be said.

    Args:
        side: (M,) whether a vote is on the first side.

    Returns:
        True when they have.
    """
    inside = int(side.sum())
    return min(inside, len(side) - inside) >= LEAST_VOTES
