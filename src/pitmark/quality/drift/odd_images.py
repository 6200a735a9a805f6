"""Evidence by counting images, for figures that hardly ever leave one value.

The overexposed area of most lines is 0 in every image but a few, and colors of a gray camera
are. A mean of such a figure strays in a way that no short reference shows, and to allow for
that is to see nothing. Whether an image is odd (beyond the bound of its figure) is a yes or
no; the chance of it before and after a moment is compared without knowing either.

Source: the ratio to the best single chance is an e-value whatever the chance is (Wasserman,
Ramdas and Balakrishnan, "Universal inference", 2020), with the mixture of Krichevsky and
Trofimov, 1981, on either side of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Excess kurtosis from which on images are counted: about one odd image in ten, or fewer.
MOST_TAILS = 10.0


@dataclass(frozen=True, slots=True)
class OddImages:
    """What a reference knows of odd images.

    `images` is its length, `block` the images per block. `count` (C,) is the number of odd
    images in it, negative where a figure is not counted. `weight` (C,) in (0, 1] is the share
    of an independent image that each image is worth.
    """

    images: int
    block: int
    count: Array
    weight: Array

    @property
    def counted(self) -> NDArray[np.intp]:
        """Numbers of the figures whose images are counted."""
        return np.flatnonzero(self.count >= 0)

    def correlated(self, weight: Array) -> OddImages:
        """The same where images are worth no more than `weight` (C,)."""
        # One odd image or none cannot show that such images come together; others can.
        return replace(
            self, weight=np.minimum(self.weight, np.minimum(weight, np.median(weight)))
        )

    def log_evidence(
        self, before: Array, total: Array, starts: NDArray[np.int64], blocks: int
    ) -> Array:
        """Evidence that the chance of an odd image has changed, by moment.

        Args:
            before: (K, M) odd images before each moment, of the M counted figures.
            total: (M,) of the whole stream.
            starts: (K,) blocks before each moment.
            blocks: Of the whole stream.

        Returns:
            (K, M) natural logarithms of e-values.
        """
        size = float(self.block)
        known: Array = self.count[self.counted] + before
        known_images = np.asarray(self.images + starts[:, None] * size, dtype=np.float64)
        new: Array = total - before
        new_images = np.asarray((blocks - starts[:, None]) * size, dtype=np.float64)
        apart: Array = _log_mixed(known, known_images) + _log_mixed(new, new_images)
        together = _log_best(known + new, known_images + new_images)
        found: Array = self.weight[self.counted] * (apart - together)
        return found


def count_odd(
    values: Array, tails: Array, weight: Array, *, bound: float, block: int
) -> OddImages | None:
    """Of a reference, the figures whose images are to be counted.

    Args:
        values: (N, C) in [-bound, bound].
        tails: (C,) excess kurtosis.
        weight: (C,) share of an independent image that each is worth.
        bound: Images at it are odd.
        block: Images per block.

    Returns:
        None where no figure has such tails.
    """
    rare = tails > MOST_TAILS
    if not rare.any():
        return None
    count = np.where(rare, (np.abs(values) >= bound).sum(axis=0), -1).astype(np.float64)
    ones = np.ones(values.shape[1])
    return OddImages(len(values), block, count, ones).correlated(weight)


def stored_odd_images(arrays: Mapping[str, Array], images: int, block: int) -> OddImages | None:
    """What a stored reference knows of odd images.

    Args:
        arrays: (C,) `odd_count` and `odd_weight`, beside `centers` of the same shape.
        images: Of the reference.
        block: Images per block.

    Returns:
        None where nothing was counted, as in references of before.

    Raises:
        ValueError: Arrays that do not fit together.
    """
    if "odd_count" not in arrays:
        return None
    count, weight = arrays["odd_count"], arrays["odd_weight"]
    shape = arrays["centers"].shape
    if count.shape != shape or weight.shape != shape:
        raise ValueError("its parts do not fit together")
    if (count > images).any() or (weight <= 0).any() or (weight > 1).any():
        raise ValueError("its odd images cannot be")
    return OddImages(images, block, count, weight)


def _log_mixed(odd: Array, images: Array) -> Array:
    """Chance of a sequence, mixed over all chances of an odd image."""
    chances: Array = _log_gamma(odd + 0.5) + _log_gamma(images - odd + 0.5)
    mixed: Array = chances - _log_gamma(images + 1) - np.log(np.pi)
    return mixed


def _log_best(odd: Array, images: Array) -> Array:
    """Chance of a sequence at the share of odd images that it has."""
    usual = images - odd
    first = odd * np.log(np.where(odd > 0, odd, 1) / images)
    return np.asarray(first + usual * np.log(np.where(usual > 0, usual, 1) / images))


def _log_gamma(values: Array) -> Array:
    """By Stirling's series after six steps up, to 1e-10 for values of 0.5 and more."""
    steps = np.log(values)
    for step in range(1, 6):
        steps = steps + np.log(values + step)
    large = values + 6
    series = 1 / (12 * large) - 1 / (360 * large**3) + 1 / (1260 * large**5)
    half = 0.5 * np.log(2 * np.pi)
    return np.asarray((large - 0.5) * np.log(large) - large + half + series - steps)
