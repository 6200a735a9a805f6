"""The column of what an image is known by: the sha256 of its bytes, whole or its beginning."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.facets.columns import Bools, Counted, Grown

# Fewer digits would often mean several images.
LEAST_DIGITS = 6
_DIGITS = 64
# Of the number that a row is looked up by, the first ones.
_FIRST = 16
_WORD = re.compile(rf"[0-9a-f]{{{LEAST_DIGITS},{_DIGITS}}}")


class ShaColumn:
    """One sha256 per row.

    Args:
        held: (N,) the digests as 32 bytes each; rows are added there.
    """

    def __init__(self, held: Grown) -> None:
        self._held = held

    def __len__(self) -> int:
        return len(self._held)

    def extend(self, values: Sequence[str]) -> None:
        """Add rows."""
        digests = b"".join(bytes.fromhex(v) for v in values)
        self._held.extend(np.frombuffer(digests, dtype="V32"))

    def put(self, rows: NDArray[np.intp], values: Sequence[str]) -> None:
        """Nothing: the bytes of an image never change."""

    def words_of(self, rows: NDArray[np.intp]) -> list[str]:
        """The sha256 of some rows."""
        return [bytes(self._held.view[row]).hex() for row in rows.tolist()]

    def equal(self, words: Sequence[str]) -> Bools:
        """(N,) which rows have one of some sha256, or begin with one.

        Raises:
            InvalidInputError: One is neither.
        """
        wanted = [word.lower() for word in words]
        for word in wanted:
            if not _WORD.fullmatch(word):
                raise InvalidInputError(
                    f"sha is {LEAST_DIGITS} to {_DIGITS} hexadecimal digits,"
                    f" found {word[:80]!r}"
                )
        # The first eight bytes as a number: what begins alike lies within a range.
        firsts = self._held.view.view(">u8").reshape(-1, 4)[:, 0]
        found = np.zeros(len(self), dtype=bool)
        whole = [int(word[:_FIRST], 16) for word in wanted if len(word) >= _FIRST]
        found |= np.isin(firsts, np.array(whole, dtype=np.uint64))
        for word in wanted:
            if len(word) < _FIRST:
                low, high = (int(word.ljust(_FIRST, end), 16) for end in "0f")
                found |= (firsts >= low) & (firsts <= high)
        rows = np.flatnonzero(found)
        begins = tuple(wanted)
        found[rows] = [sha.startswith(begins) for sha in self.words_of(rows)]
        return found

    def counts(self, rows: NDArray[np.intp] | None, most: int) -> Counted:
        """No facet: every value is there once."""
        return [], len(self) if rows is None else len(rows)

    @property
    def missing_key(self) -> float:
        """The key of rows without a value, of which there are none."""
        return float("inf")

    def sort_keys(self, rows: NDArray[np.intp] | None) -> NDArray[Any]:
        """(M,) numbers in the order of the values."""
        firsts = self._held.view.view(">u8").reshape(-1, 4)[:, 0].astype(np.float64)
        return firsts if rows is None else firsts[rows]
