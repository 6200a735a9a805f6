"""Columns of numbers, grouped into ranges of values that occur, written "low..high"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.facets.columns import Bools, Counted, Grown

RANGES = 8
_FEW = 12
_RANGE_MARK = ".."


class NumberColumn:
    """One number per row; not a number means no value."""

    def __init__(self) -> None:
        self._values = Grown(np.float64)
        # The ranges as (low, high), and the range of each row; rows without are in the last.
        self._ranges: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self._range_of = Grown(np.int8)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def numbers(self) -> NDArray[np.float64]:
        """(N,) the values; not to be changed."""
        return self._values.view

    def extend(self, values: Sequence[float | None]) -> None:
        """Add rows."""
        new = np.array(values, dtype=np.float64)
        self._values.extend(new)
        places = self._places(new)
        if places is not None:
            self._range_of.extend(places)

    def put(self, rows: NDArray[np.intp], values: Sequence[float | None]) -> None:
        """Change rows."""
        new = np.array(values, dtype=np.float64)
        self._values.view[rows] = new
        places = self._places(new)
        if places is not None:
            self._range_of.view[rows] = places

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The ranges of some rows."""
        words = [*self._range_words(), ""]
        return [words[n] for n in self._range_of.view[rows].tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some numbers or lie in one of some ranges.

        Raises:
            ValueError: A word is no number and no range.
        """
        out = np.zeros(len(self), dtype=bool)
        for word in words:
            low, mark, high = word.partition(_RANGE_MARK)
            if not word:
                out |= np.isnan(self.numbers)
            elif mark:
                out |= (self.numbers >= float(low)) & (self.numbers <= float(high))
            else:
                out |= self.numbers == float(word)
        return out

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """How many of some rows are in each range, in the order of numbers."""
        words = self._range_words()
        places = self._range_of.view if rows is None else self._range_of.view[rows]
        found = np.bincount(places, minlength=len(words) + 1)
        pairs = zip([*words, ""], found.tolist(), strict=True)
        return [(word, count) for word, count in pairs if count][:most], 0

    @property
    def missing_key(self) -> float:
        """The key of rows without a number."""
        return float("inf")

    def sort_keys(self, rows: NDArray[np.intp] | None) -> NDArray[np.float64]:
        """(M,) the numbers themselves."""
        values = self.numbers if rows is None else self.numbers[rows]
        return np.where(np.isnan(values), np.inf, values)

    def as_words(self) -> list[str]:
        """The values as words, for a column that holds more than numbers."""
        return ["" if v != v else number_word(v) for v in self.numbers.tolist()]

    def _range_words(self) -> list[str]:
        lows, highs = self._known_ranges()
        return [_range(a, b) for a, b in zip(lows.tolist(), highs.tolist(), strict=True)]

    def _known_ranges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self._ranges is None:
            self._ranges = _ranges_of(self.numbers)
            self._range_of = Grown(np.int8)
            places = self._places(self.numbers)
            assert places is not None, "ranges cover the values they were made of"
            self._range_of.extend(places)
        return self._ranges

    def _places(self, values: NDArray[np.float64]) -> NDArray[np.int8] | None:
        """The range of each value; None, and the ranges are forgotten, if one has none."""
        if self._ranges is None:
            return None
        lows, highs = self._ranges
        missing = np.isnan(values)
        places = np.searchsorted(highs, values)
        inside = places < len(lows)
        inside[inside] = values[inside] >= lows[places[inside]]
        if not np.all(inside | missing):
            self._ranges = None
            return None
        places[missing] = len(lows)
        return places.astype(np.int8)


def number_word(value: float) -> str:
    """A number as people write it and `float` reads it back.

    Args:
        value: Finite.

    Returns:
        Without ".0" for whole numbers.
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _range(low: float, high: float) -> str:
    same = low == high
    return number_word(low) if same else f"{number_word(low)}{_RANGE_MARK}{number_word(high)}"


def _ranges_of(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At most twelve values, or eight ranges with about as many rows in each."""
    found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
    if len(found) <= _FEW:
        return found, found
    share = np.cumsum(counts) - counts / 2
    part = np.minimum((share * RANGES / counts.sum()).astype(np.int64), RANGES - 1)
    first = np.flatnonzero(np.diff(part, prepend=-1))
    last = np.append(first[1:], len(found)) - 1
    return found[first], found[last]
