"""Columns of a gallery: what many images are called, as codes that count fast.

A column has one entry per row. Rows without a value count as the word "".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
# Values with their counts, and how many further values there are.
Counted = tuple[list[tuple[str, int]], int]


class Column(Protocol):
    """What every column can do."""

    def __len__(self) -> int: ...

    def extend(self, values: Sequence[Any]) -> None:
        """Add rows."""

    def put(self, rows: NDArray[np.intp], values: Sequence[Any]) -> None:
        """Change rows."""

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The values of some rows as words."""

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some values."""

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """How many of some rows (None: of all) have each value, without zeros."""

    @property
    def missing_key(self) -> float:
        """The key of rows without a value, larger than all others."""

    def sort_keys(self, rows: NDArray[np.intp] | None) -> NDArray[Any]:
        """(M,) numbers in the order of the values."""


class Grown:
    """An array that rows are added to, without copying all of it each time.

    Args:
        dtype: Of its entries.
    """

    def __init__(self, dtype: Any) -> None:
        self._held = np.zeros(0, dtype=dtype)
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    @property
    def view(self) -> NDArray[Any]:
        """(N,) the entries; changing them changes the array."""
        return self._held[: self._rows]

    def extend(self, values: NDArray[Any]) -> None:
        """Add entries.

        Args:
            values: (M,) of the same type.
        """
        needed = self._rows + len(values)
        if needed > len(self._held):
            larger = np.zeros(max(needed, len(self._held) * 5 // 4, 64), dtype=self._held.dtype)
            larger[: self._rows] = self.view
            self._held = larger
        self._held[self._rows : needed] = values
        self._rows = needed
