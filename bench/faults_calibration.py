"""How well stated probabilities of a fault hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_BINS = 10


def calibration(held: Sequence[tuple[float, bool]]) -> dict[str, float]:
    """Expected calibration error and Brier score of findings.

    Args:
        held: Probability in [0, 1] of each finding, and whether it was a planted fault.

    Returns:
        `ECE` over ten bins of equal width, `Brier`, `Brier_constant` (of naming the mean
        every time), all lower is better, and the numbers `expected` and `realized`; empty
        without findings.
    """
    if not held:
        return {}
    said = np.array([p for p, _ in held])
    true = np.array([t for _, t in held], dtype=np.float64)
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    count = np.bincount(bins, minlength=_BINS)
    gaps = np.abs(
        np.bincount(bins, weights=said, minlength=_BINS)
        - np.bincount(bins, weights=true, minlength=_BINS)
    )
    return {
        "ECE": float(gaps.sum() / count.sum()),
        "Brier": float(((said - true) ** 2).mean()),
        "Brier_constant": float(true.var()),
        "expected": float(said.sum()),
        "realized": float(true.sum()),
    }
