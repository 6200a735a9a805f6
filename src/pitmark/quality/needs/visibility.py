"""Whether mistakes come from what the camera shows: faint or blurred examples fail more.

Contrast is in gray levels of 255 where told from `rule_features`; sharpness is the share
of the light's changes that happens from one pixel to the next, in [0, 1]. Both are
compared inside one class, so that a class that is faint by nature is no false alarm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LOWER = 1 / 3
_FEWEST = 18
_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class HardToSee:
    """The examples of a class that are shown worst fail more than its others.

    Attributes:
        measure: contrast or sharpness.
        share: Share of the class that is shown worst, in (0, 1).
        error: Share of mistakes among these.
        error_elsewhere: Share of mistakes among the other examples of the class.
        chance: Probability of such a difference by chance, over all measures tried.
    """

    measure: str
    share: float
    error: float
    error_elsewhere: float
    chance: float


def hard_to_see(wrong: Floats, measures: Mapping[str, Floats]) -> HardToSee | None:
    """Whether the worst shown third of the examples of one class fails more.

    Args:
        wrong: (N,) share of rounds in which each example was mistaken, in [0, 1].
        measures: Name to (N,), higher is better to see.

    Returns:
        The clearest such measure, or None where nothing can be told.
    """
    found = []
    for name, values in measures.items():
        if len(values) < _FEWEST or np.ptp(values) == 0:
            continue
        low = values <= np.quantile(values, _LOWER)
        failed = wrong >= 0.5
        table = [
            [int((failed & low).sum()), int((~failed & low).sum())],
            [int((failed & ~low).sum()), int((~failed & ~low).sum())],
        ]
        chance = float(scipy.stats.fisher_exact(table, alternative="greater")[1]) * len(
            measures
        )
        if chance < _LEVEL and low.mean() < 1:
            errors = float(wrong[low].mean()), float(wrong[~low].mean())
            found.append(HardToSee(name, float(low.mean()), *errors, chance))
    return min(found, key=lambda f: f.chance) if found else None


def sharpness(gray: Floats) -> float:
    """The share of the light's changes that happens from one pixel to the next.

    Args:
        gray: (H, W) of any range.

    Returns:
        About 0 for a flat or blurred picture, towards 1 for fine detail.
    """
    if min(gray.shape) < 3:
        return 0.0
    steps = np.concatenate([np.diff(gray, axis=0).ravel(), np.diff(gray, axis=1).ravel()])
    whole = 2 * float(gray.var())
    return float(min(np.square(steps).mean() / whole, 2.0) / 2) if whole > 0 else 0.0


def gray_levels(pixels: NDArray[np.generic]) -> Floats:
    """Pixels as gray levels from 0 to 255.

    Args:
        pixels: (H, W) or (H, W, 3), uint8 or uint16.

    Returns:
        (H, W).
    """
    gray = np.asarray(pixels, np.float64) / (257 if pixels.dtype == np.uint16 else 1)
    return gray.mean(axis=2) if gray.ndim == 3 else gray
