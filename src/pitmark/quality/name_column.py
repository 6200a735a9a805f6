"""The names of many images: sorted, and searched for a part of the name."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from operator import ne

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.facet_columns import Bools, Counted, Ints

_REMEMBERED = 8
_MOST_PIECES = 64
# With more hits than this, looking at all bytes at once is quicker than hit by hit.
_FEW_HITS = 20_000
_LINE_END = b"\n"


class NameColumn:
    """One name per row, almost all different."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._order: Ints = np.zeros(0, dtype=np.int32)
        self._ranks: Ints = np.zeros(0, dtype=np.int32)
        # Names in small letters, one per line: row of the first, text, start of each line.
        self._pieces: list[tuple[int, bytes, NDArray[np.int64]]] = []
        self._searched = 0
        self._found: dict[bytes, Bools] = {}

    def __len__(self) -> int:
        return len(self._names)

    def extend(self, values: Sequence[str]) -> None:
        """Add rows."""
        self._names += values
        self._found.clear()

    def put(self, rows: NDArray[np.intp], values: Sequence[str]) -> None:
        """Change rows, which names hardly ever do: everything is sorted anew."""
        for row, value in zip(rows.tolist(), values, strict=True):
            self._names[row] = value
        self._order = self._order[:0]
        self._pieces, self._searched = [], 0
        self._found.clear()

    def word(self, row: int) -> str:
        """The name of a row."""
        return self._names[row]

    def prepare(self) -> None:
        """Sort the names and make them searchable, which the next questions need."""
        self.sort_keys(None)
        self._take_lines()

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The names of some rows."""
        return [self._names[n] for n in rows.tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some names."""
        wanted = set(words)
        return np.fromiter((n in wanted for n in self._names), dtype=bool, count=len(self))

    def holds(self, part: str) -> Bools:
        """(N,) which names hold a text, whether in capital or small letters."""
        text = _line(part)
        if text not in self._found:
            while len(self._found) >= _REMEMBERED:
                self._found.pop(next(iter(self._found)))
            self._found[text] = self._search(text)
        return self._found[text]

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

    def _search(self, text: bytes) -> Bools:
        self._take_lines()
        out = np.zeros(len(self), dtype=bool)
        for first, lines, starts in self._pieces:
            if not text:
                out[first : first + len(starts)] = True
                continue
            hits = _few_hits(lines, text)
            if hits is None:
                hits = _all_hits(lines, text)
            out[first + np.searchsorted(starts, hits, side="right") - 1] = True
        return out

    def _take_lines(self) -> None:
        """Make what was added since the last search searchable."""
        if len(self._pieces) >= _MOST_PIECES:
            self._pieces, self._searched = [], 0
        new = [_line(n) for n in self._names[self._searched :]]
        if new:
            lengths = np.fromiter((len(n) + 1 for n in new), dtype=np.int64, count=len(new))
            starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
            self._pieces.append((self._searched, _LINE_END.join(new), starts))
            self._searched = len(self._names)


def _line(name: str) -> bytes:
    return name.lower().replace("\n", " ").encode("utf-8", "replace")


def _few_hits(lines: bytes, text: bytes) -> NDArray[np.int64] | None:
    """One hit per line that holds a text; None if those are many."""
    out: list[int] = []
    at = lines.find(text)
    while at >= 0:
        if len(out) == _FEW_HITS:
            return None
        out.append(at)
        end = lines.find(_LINE_END, at)
        at = lines.find(text, end) if end >= 0 else -1
    return np.array(out, dtype=np.int64)


def _all_hits(lines: bytes, text: bytes) -> NDArray[np.int64]:
    """Every place where a text begins, found through its rarest byte."""
    held = np.frombuffer(lines, dtype=np.uint8)
    sample = np.bincount(held[:: max(1, len(held) // 100_000)], minlength=256)
    rarest = min(range(len(text)), key=lambda n: sample[text[n]])
    places = np.flatnonzero(held == text[rarest]) - rarest
    places = places[(places >= 0) & (places <= len(held) - len(text))]
    for n, byte in enumerate(text):
        if n != rarest:
            places = places[held[places + n] == byte]
    return places
