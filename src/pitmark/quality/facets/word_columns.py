"""Columns of words that many rows share, one or several per row; they compare as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.facets.columns import Bools, Counted, Grown, Ints
from pitmark.quality.facets.text_search import TextSearch


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
