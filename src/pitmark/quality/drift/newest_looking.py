"""Which of the latest images look newest: those to label first after a drift."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_KEPT = 500
# One figure that is far out says no more than this many spreads.
_MOST_SPREADS = 10.0


@dataclass(frozen=True, slots=True)
class Looked:
    """An image: its number and name, and how new it looks, in spreads of the reference.

    About 1 is usual; larger is newer.
    """

    number: int
    name: str
    novelty: float

    def to_json(self) -> dict[str, Any]:
        """The image as plain JSON types."""
        return {"number": self.number, "name": self.name, "novelty": round(self.novelty, 2)}


class NewestLooking:
    """The latest 500 images, to be ranked by how new they look.

    Args:
        images: Such as `to_json` gave.
    """

    def __init__(self, images: Iterable[Looked] = ()) -> None:
        self._images = deque(images, maxlen=_KEPT)

    def add(self, number: int, name: str, spreads: NDArray[np.float64]) -> None:
        """Takes the next image.

        Args:
            number: Of the image on its line.
            name: As a person finds it.
            spreads: (C,) its components in spreads.
        """
        bounded = np.clip(spreads, -_MOST_SPREADS, _MOST_SPREADS)
        novelty = float(np.sqrt(np.square(bounded).mean()))
        self._images.append(Looked(number, name, novelty))

    def ranked(self, since: int, count: int) -> list[Looked]:
        """The newest-looking images.

        Args:
            since: Only images from this number on.
            count: How many at most.

        Returns:
            The images, the newest-looking first.
        """
        found = [i for i in self._images if i.number >= since]
        return sorted(found, key=lambda i: (-i.novelty, i.number))[:count]

    def to_json(self) -> list[list[Any]]:
        """The images as plain JSON types."""
        return [[i.number, i.name, i.novelty] for i in self._images]

    @staticmethod
    def from_json(rows: Iterable[Iterable[Any]]) -> NewestLooking:
        """The images that `to_json` wrote.

        Args:
            rows: Number, name and novelty of each.

        Returns:
            The images.

        Raises:
            ValueError: A row that is none.
        """
        return NewestLooking(Looked(int(n), str(s), float(v)) for n, s, v in rows)
