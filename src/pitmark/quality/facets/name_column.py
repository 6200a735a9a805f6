"""The names of many images: sorted, and searched for a part of the name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import ne

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.facets.columns import Bools, Counted, Ints
from pitmark.quality.facets.text_search import TextSearch


class NameColumn:
    """One name per row, almost all different."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._order: Ints = np.zeros(0, dtype=np.int32)
        self._ranks: Ints = np.zeros(0, dtype=np.int32)
        self._search = TextSearch(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def extend(self, values: Sequence[str]) -> None:
        """Add rows."""
        self._names += values

    def put(self, rows: NDArray[np.intp], values: Sequence[str]) -> None:
        """Change rows, which names hardly ever do: everything is sorted anew."""
        for row, value in zip(rows.tolist(), values, strict=True):
            self._names[row] = value
        self._order = self._order[:0]
        self._search = TextSearch(self._names)

    def word(self, row: int) -> str:
        """The name of a row."""
        return self._names[row]

    def prepare(self) -> None:
        """Sort the names and make them searchable, which the next questions need."""
        self.sort_keys(None)
        self._search.prepare()

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The names of some rows."""
        return [self._names[n] for n in rows.tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some names."""
        wanted = set(words)
        return np.fromiter((n in wanted for n in self._names), dtype=bool, count=len(self))

    def holds(self, part: str) -> Bools:
        """(N,) which names hold a text, whether in capital or small letters."""
        return self._search.holding(part)

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """Names are not counted: almost all are different."""
        return [], len(self) if rows is None else len(rows)

    @property
    def missing_key(self) -> float:
        """The key of rows without a name: there are none."""
        return float("inf")

    def sort_keys(self, rows: NDArray[np.intp] | None) -> Ints:
        """(M,) the place of the name among all names."""
        if len(self._ranks) != len(self._names) or len(self._order) != len(self._names):
            self._sort()
        return self._ranks if rows is None else np.asarray(self._ranks[rows])

    def _sort(self) -> None:
        names, old = self._names, self._order
        new = sorted(range(len(old), len(names)), key=names.__getitem__)
        if len(new) * 4 > len(old):
            merged = sorted([*old.tolist(), *new], key=names.__getitem__)
            self._order = np.array(merged, dtype=np.int32)
        else:
            places = [bisect_right(old, names[n], key=names.__getitem__) for n in new]
            self._order = np.insert(old, places, new)
        held = [names[n] for n in self._order.tolist()]
        # The same name twice has the same place.
        new_name = np.fromiter(map(ne, held[1:], held), dtype=np.int32, count=len(held[1:]))
        self._ranks = np.empty(len(names), dtype=np.int32)
        self._ranks[self._order] = np.concatenate([[0], np.cumsum(new_name)])[: len(names)]
