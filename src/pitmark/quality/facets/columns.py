"""Columns of a gallery: what many images are called, as codes that count fast.

A column has one entry per row. Rows without a value count as the word "". Words compare as
they stand; numbers are grouped into ranges of values that occur, written "low..high".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.facets.text_search import TextSearch

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32]
# Values with their counts, and how many further values there are.
Counted = tuple[list[tuple[str, int]], int]
RANGES = 8
_FEW = 12
_RANGE_MARK = ".."


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


class WordColumn:
    """One word per row, such as the split; None and "" mean no value."""

    def __init__(self) -> None:
        self._codes = Grown(np.int32)
        self._known: dict[str | None, int] = {None: 0, "": 0}
        self._words: list[str] = [""]
        self._search = TextSearch(self._words)
        self._ranks: Ints | None = None

    def __len__(self) -> int:
        return len(self._codes)

    def extend(self, values: Sequence[str | None]) -> None:
        """Add rows."""
        self._codes.extend(self._encoded(values))

    def put(self, rows: NDArray[np.intp], values: Sequence[str | None]) -> None:
        """Change rows."""
        self._codes.view[rows] = self._encoded(values)

    def word(self, row: int) -> str:
        """The value of a row."""
        return self._words[int(self._codes.view[row])]

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The words of some rows."""
        return [self._words[n] for n in self._codes.view[rows].tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some words."""
        codes = [self._known[w] for w in words if w in self._known]
        if len(codes) == 1:
            return np.asarray(self._codes.view == codes[0])
        wanted = np.zeros(len(self._words), dtype=bool)
        wanted[codes] = True
        return np.asarray(wanted[self._codes.view])

    def holds(self, part: str) -> Bools:
        """(N,) which rows have a word that holds a text, in whatever letters."""
        return np.asarray(self._search.holding(part)[self._codes.view])

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """How many of some rows have each word, the most frequent first."""
        codes = self._codes.view if rows is None else self._codes.view[rows]
        found = np.bincount(codes, minlength=len(self._words))
        return _ranked(self._words, found, most)

    @property
    def missing_key(self) -> float:
        """The key of rows without a word."""
        return len(self._words) - 1

    def sort_keys(self, rows: NDArray[np.intp] | None) -> Ints:
        """(M,) the place of the word among all words."""
        if self._ranks is None:
            self._ranks = _ranks(self._words)
        codes = self._codes.view if rows is None else self._codes.view[rows]
        return np.asarray(self._ranks[codes])

    def _encoded(self, values: Sequence[str | None]) -> Ints:
        codes = list(map(self._known.get, values))
        if None in codes:
            for value in values:
                if value is not None and value not in self._known:
                    self._known[value] = len(self._words)
                    self._words.append(value)
            self._ranks = None
            codes = list(map(self._known.get, values))
        return np.array(codes, dtype=np.int32)


class SetColumn:
    """Several words per row, such as the classes of its labels; counted one by one."""

    def __init__(self) -> None:
        self._codes = Grown(np.int32)
        self._known: dict[tuple[str, ...], int] = {(): 0}
        self._sets: list[tuple[str, ...]] = [()]
        self._words: dict[str, int] = {"": 0}
        self._pairs = (np.zeros(1, np.int32), np.zeros(1, np.int32))
        self._ranks: Ints | None = None

    def __len__(self) -> int:
        return len(self._codes)

    def extend(self, values: Sequence[tuple[str, ...]]) -> None:
        """Add rows; the words of each are sorted and without repetition."""
        self._codes.extend(self._encoded(values))

    def put(self, rows: NDArray[np.intp], values: Sequence[tuple[str, ...]]) -> None:
        """Change rows."""
        self._codes.view[rows] = self._encoded(values)

    def words(self, row: int) -> tuple[str, ...]:
        """The values of a row."""
        return self._sets[int(self._codes.view[row])]

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The words of some rows, several joined by a comma."""
        return [", ".join(self._sets[n]) for n in self._codes.view[rows].tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have at least one of some words."""
        codes = [self._words[w] for w in words if w in self._words]
        return self._having(np.isin(self._pairs[1], codes))

    def holds(self, part: str) -> Bools:
        """(N,) which rows have a word that holds a text, in whatever letters."""
        passed = TextSearch(list(self._words)).holding(part)
        return self._having(passed[self._pairs[1]])

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """How many of some rows have each word, the most frequent first."""
        codes = self._codes.view if rows is None else self._codes.view[rows]
        of_sets = np.bincount(codes, minlength=len(self._sets))
        sets, words = self._pairs
        found = np.bincount(words, weights=of_sets[sets], minlength=len(self._words))
        return _ranked(list(self._words), found.astype(np.int64), most)

    @property
    def missing_key(self) -> float:
        """The key of rows without a word."""
        return len(self._sets) - 1

    def sort_keys(self, rows: NDArray[np.intp] | None) -> Ints:
        """(M,) the place of the words among all sets of words."""
        if self._ranks is None:
            self._ranks = _ranks(self._sets)
        codes = self._codes.view if rows is None else self._codes.view[rows]
        return np.asarray(self._ranks[codes])

    def _having(self, pairs: Bools) -> Bools:
        sets = np.zeros(len(self._sets), dtype=bool)
        sets[self._pairs[0][pairs]] = True
        return np.asarray(sets[self._codes.view])

    def _encoded(self, values: Sequence[tuple[str, ...]]) -> Ints:
        known = self._known
        codes = list(map(known.get, values))
        if None in codes:
            codes = [known.setdefault(v, len(known)) for v in values]
            self._learn(list(known))
        return np.array(codes, dtype=np.int32)

    def _learn(self, sets: list[tuple[str, ...]]) -> None:
        words = self._words
        new = [
            (code, words.setdefault(word, len(words)))
            for code in range(len(self._sets), len(sets))
            for word in sets[code] or ("",)
        ]
        more = np.array(new, dtype=np.int32).reshape(-1, 2)
        self._pairs = (
            np.concatenate([self._pairs[0], more[:, 0]]),
            np.concatenate([self._pairs[1], more[:, 1]]),
        )
        self._sets, self._ranks = sets, None


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


def _ranked(words: Sequence[str], counts: NDArray[np.int64], most: int) -> Counted:
    there = np.flatnonzero(counts)
    kept = there
    if len(there) > most:
        kept = there[np.argpartition(-counts[there], most)[:most]]
    pairs = [(words[n], int(counts[n])) for n in kept.tolist()]
    return sorted(pairs, key=lambda p: (-p[1], p[0])), len(there) - len(kept)


def _ranks(values: Sequence[Any]) -> Ints:
    """The place of each value among all; the empty one is the last."""
    order = sorted(range(len(values)), key=lambda n: (not values[n], values[n]))
    out = np.empty(len(values), dtype=np.int32)
    out[order] = np.arange(len(values), dtype=np.int32)
    return out
