"""The two sides into which a column parts votes: a labeler and the others, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_VOTES = 6
_MOST_VALUES = 40
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


def enough_on_both(side: NDArray[np.bool_]) -> bool:
    """Whether both sides have the six votes without which nothing can be said.

    Args:
        side: (M,) whether a vote is on the first side.

    Returns:
        True when they have.
    """
    inside = int(side.sum())
    return min(inside, len(side) - inside) >= LEAST_VOTES
