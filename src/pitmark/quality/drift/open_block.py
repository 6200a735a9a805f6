"""The block of images that is not full yet: sums that become its means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.reference import BOUND

Array = NDArray[np.float64]


@dataclass(slots=True)
class OpenBlock:
    """Sums over the images of one block.

    `bounded` and `raw` (C,) are sums of the components in spreads, bounded, and in their
    own units; `odd` (C,) are numbers of images at the bound. `shares` (V,) is the sum of
    the shares in which the images had the values of conditions.
    """

    components: int
    conditions: int
    images: int = 0
    bounded: Array = field(init=False)
    raw: Array = field(init=False)
    odd: Array = field(init=False)
    shares: Array = field(init=False)

    def __post_init__(self) -> None:
        self.bounded = np.zeros(self.components)
        self.raw = np.zeros(self.components)
        self.odd = np.zeros(self.components)
        self.shares = np.zeros(self.conditions)

    def add(self, raw: Array, spreads: Array, shares: Array) -> None:
        """Takes the next image.

        Args:
            raw: (C,) its components in their own units.
            spreads: (C,) the same in spreads, not bounded.
            shares: (V,) which values of conditions it has.
        """
        self.bounded = self.bounded + np.clip(spreads, -BOUND, BOUND)
        self.odd = self.odd + (np.abs(spreads) >= BOUND)
        self.raw = self.raw + raw
        self.shares = self.shares + shares
        self.images += 1

    def to_json(self) -> dict[str, Any]:
        """The sums as plain JSON types, under names that begin with "open"."""
        return {
            "open_images": self.images,
            "open_bounded": self.bounded.tolist(),
            "open_raw": self.raw.tolist(),
            "open_odd": self.odd.tolist(),
            "open_shares": self.shares.tolist(),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any], components: int, conditions: int) -> OpenBlock:
        """The sums that `to_json` wrote.

        Args:
            data: A JSON object that holds them.
            components: How many there must be.
            conditions: How many values of conditions there must be.

        Returns:
            The sums.

        Raises:
            ValueError: Another number of components or values of conditions.
        """
        found = OpenBlock(components, conditions, int(data["open_images"]))
        found.bounded = row_of(data["open_bounded"], components)
        found.raw = row_of(data["open_raw"], components)
        found.odd = row_of(data["open_odd"], components)
        found.shares = row_of(data["open_shares"], conditions)
        return found


def row_of(values: Any, components: int) -> Array:
    """One number per component, read from JSON.

    Args:
        values: A list of numbers.
        components: How many there must be.

    Returns:
        (C,).

    Raises:
        ValueError: Another number of them, or no numbers.
    """
    row = np.asarray(values, dtype=np.float64)
    if row.shape != (components,):
        raise ValueError(f"expected {components} values, found {row.shape}")
    return row
