"""How many of many doubts are faults: a rate that the data may move.

Every doubt has a ratio: how much likelier what is seen is under a fault than without one.
What the ratios mean together depends on how common faults are, and that is learned from
all of them at once, starting from what is assumed before looking.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What is believed before looking: one label in twenty is at fault.
ASSUMED_FAULT_RATE = 0.05
# A label can be at fault in four ways: class, presence, outline, or not being there.
ASSUMED_RATE_OF_A_KIND = ASSUMED_FAULT_RATE / 4
# How many labels that assumption is worth.
_WORTH = 100.0
_ROUNDS = 60
_MOST = 0.3


def with_fitted_rate(
    ratios: Floats, *, assumed: float = ASSUMED_RATE_OF_A_KIND
) -> tuple[Floats, float]:
    """Probabilities of a fault, with the share of faults that explains all ratios best.

    Args:
        ratios: (N,) likelihood of what is seen with a fault over that without, at least 0.
        assumed: Share of faults before looking, in (0, 1).

    Returns:
        (N,) probabilities in [0, 1], and the rate, at most 0.3.

    Source:
        Expectation and maximization for the weight of a mixture of two known parts, with a
        beta prior; Dempster, Laird and Rubin (1977).
    """
    clean = np.clip(np.nan_to_num(ratios, nan=0.0, posinf=1e12), 0, 1e12)
    rate, found = assumed, np.zeros(len(clean))
    for _ in range(_ROUNDS):
        odds = clean * rate / (1 - rate)
        found = odds / (1 + odds)
        new = min((found.sum() + assumed * _WORTH) / (len(clean) + _WORTH), _MOST)
        if abs(new - rate) < 1e-9:
            break
        rate = float(new)
    return found, rate
