"""How much a running stream's neighboring images resemble each other.

A reference whose images are not in order of time cannot tell. The stream can: the squared
difference of neighbors is smaller than that of images picked at random. Only neighbors are
compared, so a drift is not mistaken for resemblance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.reference import DriftReference, squared_difference

Array = NDArray[np.float64]

_MOST_CORRELATION = 0.98
# Half of what the basis itself asks for: the two estimates of resemblance differ.
_IMAGES_PER_DIRECTION = 5


@dataclass(slots=True)
class NeighborCorrelation:
    """Running sum (C,) of squared, bounded differences of neighboring images."""

    components: int
    pairs: int = 0
    squares: Array = field(init=False)
    latest: Array | None = None

    def __post_init__(self) -> None:
        self.squares = np.zeros(self.components)

    def add(self, spreads: Array) -> None:
        """Takes the next image.

        Args:
            spreads: (C,) its components in spreads. They are not bounded: after a large
                drift all bounded values are the same and look like perfect resemblance.
        """
        if self.latest is not None:
            self.squares = self.squares + squared_difference(spreads, self.latest)
            self.pairs += 1
        self.latest = spreads

    def phi(self, reference: DriftReference) -> Array:
        """The correlation of neighbors that the stream shows.

        Args:
            reference: It says how much images differ that are no neighbors.

        Returns:
            (C,) in [0, 0.98].
        """
        random = 2 * reference.pair_variance
        if not self.pairs:
            return np.zeros(self.components)
        ratio = np.where(
            random > 0, self.squares / self.pairs / np.where(random > 0, random, 1), 1
        )
        return np.asarray(np.clip(1 - ratio, 0.0, _MOST_CORRELATION))

    def distrusted(self, reference: DriftReference, phi: Array) -> NDArray[np.bool_]:
        """Which components the reference was too short for, as the stream now shows.

        Directions fitted to neighbors in time that resemble each other flatter these
        images, and nothing in a shuffled reference tells.

        Args:
            reference: The one that the stream is compared with.
            phi: (C,) as `phi` gives it.

        Returns:
            (C,) true for all embedding components or for none.
        """
        distrusted = np.zeros(self.components, np.bool_)
        directions = len(reference.basis.directions)
        if directions:
            embedding = slice(self.components - directions - 1, self.components)
            typical = float(np.median(phi[embedding]))
            images = reference.images * (1 - typical) / (1 + typical)
            distrusted[embedding] = images < _IMAGES_PER_DIRECTION * directions
        return distrusted

    def to_json(self) -> dict[str, Any]:
        """The sums as plain JSON types."""
        latest = None if self.latest is None else self.latest.tolist()
        return {"pairs": self.pairs, "squares": self.squares.tolist(), "latest": latest}

    @staticmethod
    def from_json(data: Mapping[str, Any], components: int) -> NeighborCorrelation:
        """The sums that `to_json` wrote.

        Args:
            data: The JSON object.
            components: How many there must be.

        Returns:
            The sums.

        Raises:
            ValueError: Another number of components.
        """
        found = NeighborCorrelation(components, int(data["pairs"]))
        found.squares = np.asarray(data["squares"], dtype=np.float64)
        latest = data["latest"]
        found.latest = None if latest is None else np.asarray(latest, dtype=np.float64)
        rows = [found.squares, *([] if found.latest is None else [found.latest])]
        if any(r.shape != (components,) for r in rows):
            raise ValueError(f"expected {components} components")
        return found
