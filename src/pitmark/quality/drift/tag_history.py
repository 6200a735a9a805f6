"""What each camera, lot or other tag value showed lately and before, to place a drift."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.causes import TagSums

Array = NDArray[np.float64]
Table = dict[tuple[str, str], TagSums]

# Blocks that can still be told apart; what is older is one sum per value.
_RECENT_BLOCKS = 50
# A tag with more values than this is a serial number and places nothing.
_MOST_VALUES = 30


class TagHistory:
    """Sums of components by (tag, value), block by block for the recent past.

    Args:
        components: Number C of figures per image.
    """

    def __init__(self, components: int) -> None:
        self._components = components
        self._blocks = 0
        self._open: Table = {}
        self._recent: deque[Table] = deque()
        self._older: Table = {}
        self._values: dict[str, set[str]] = {}

    def add(self, raw: Array, tags: Mapping[str, str]) -> None:
        """Takes the next image.

        Args:
            raw: (C,) its components in their own units.
            tags: Its tags; those with too many values are forgotten.
        """
        for tag, value in tags.items():
            seen = self._values.setdefault(tag, set())
            if len(seen) <= _MOST_VALUES:
                seen.add(value)
            if len(seen) > _MOST_VALUES:
                self._forget(tag)
            else:
                _into(self._open, (tag, value), TagSums(1, raw))

    def close_block(self) -> None:
        """Ends the block that the latest images belong to."""
        self._recent.append(self._open)
        self._open = {}
        self._blocks += 1
        if len(self._recent) > _RECENT_BLOCKS:
            for key, sums in self._recent.popleft().items():
                _into(self._older, key, sums)

    def split(self, start: int) -> tuple[Table, Table]:
        """Sums before and after a moment.

        Args:
            start: Blocks before the moment; one longer ago than the recent past counts
                as the beginning of the recent past.

        Returns:
            Sums by (tag, value) before and since.
        """
        before, after = dict(self._older), dict[tuple[str, str], TagSums]()
        first = self._blocks - len(self._recent)
        for number, block in enumerate(self._recent, start=first):
            for key, sums in block.items():
                _into(after if number >= start else before, key, sums)
        return before, after

    def to_json(self) -> dict[str, Any]:
        """The sums as plain JSON types."""
        return {
            "blocks": self._blocks,
            "open": _to_json(self._open),
            "recent": [_to_json(t) for t in self._recent],
            "older": _to_json(self._older),
            "values": {t: sorted(v) for t, v in self._values.items()},
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], components: int) -> TagHistory:
        """The history that `to_json` wrote.

        Args:
            data: The JSON object.
            components: How many there must be.

        Returns:
            The history.

        Raises:
            ValueError: Another number of components.
        """
        history = TagHistory(components)
        history._blocks = int(data["blocks"])
        history._open = _from_json(data["open"], components)
        history._recent = deque(_from_json(t, components) for t in data["recent"])
        history._older = _from_json(data["older"], components)
        history._values = {str(t): {str(x) for x in v} for t, v in data["values"].items()}
        return history

    def _forget(self, tag: str) -> None:
        for table in (self._open, self._older, *self._recent):
            for key in [k for k in table if k[0] == tag]:
                del table[key]


def _into(table: Table, key: tuple[str, str], sums: TagSums) -> None:
    table[key] = table[key].plus(sums) if key in table else sums


def _to_json(table: Table) -> list[list[Any]]:
    return [[tag, value, s.images, s.sums.tolist()] for (tag, value), s in table.items()]


def _from_json(rows: Any, components: int) -> Table:
    table: Table = {}
    for tag, value, images, sums in rows:
        table[str(tag), str(value)] = TagSums(int(images), np.asarray(sums, dtype=np.float64))
        if table[str(tag), str(value)].sums.shape != (components,):
            raise ValueError(f"expected {components} components")
    return table
