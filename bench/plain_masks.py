"""Figures on two or more people's masks, written out plainly to check others against.

No pattern counting, no logarithms, one formula per line: what a reader of the papers would
write first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PlainStaple:
    """Probability of every pixel, and each person's sensitivity and specificity."""

    probability: Floats
    sensitivity: Floats
    specificity: Floats
    steps: int


def plain_staple(decisions: Mask, *, steps: int = 500, tolerance: float = 1e-9) -> PlainStaple:
    """STAPLE by formulas 14 to 19 of Warfield, Zou and Wells (2004).

    Args:
        decisions: (R, N) whether each person marks each pixel.
        steps: Most steps.
        tolerance: Stop when no probability moves by more.

    Returns:
        The estimate.
    """
    people, pixels = decisions.shape
    prior = decisions.mean()
    p, q = np.full(people, 0.99999), np.full(people, 0.99999)
    weight = np.zeros(pixels)
    for step in range(1, steps + 1):
        yes, no = np.full(pixels, prior), np.full(pixels, 1 - prior)
        for j in range(people):
            yes = yes * np.where(decisions[j], p[j], 1 - p[j])
            no = no * np.where(decisions[j], 1 - q[j], q[j])
        before, weight = weight, yes / (yes + no)
        for j in range(people):
            p[j] = weight[decisions[j]].sum() / weight.sum()
            q[j] = (1 - weight)[~decisions[j]].sum() / (1 - weight).sum()
        if step > 1 and np.abs(weight - before).max() <= tolerance:
            break
    return PlainStaple(weight, p, q, step)


def plain_dice(first: Sequence[Mask], second: Sequence[Mask]) -> float:
    """The mean over images of 2 * both / (first + second)."""
    values = []
    for one, other in zip(first, second, strict=True):
        values.append(2 * (one & other).sum() / (one.sum() + other.sum()))
    return float(np.mean(values))


def plain_rates(truth: Sequence[Mask], called: Sequence[Mask]) -> tuple[float, float]:
    """Sensitivity and specificity over all pixels of all images."""
    true = np.concatenate([t.ravel() for t in truth])
    said = np.concatenate([c.ravel() for c in called])
    return float(said[true].mean()), float((~said[~true]).mean())
