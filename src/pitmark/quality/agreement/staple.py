"""Consensus of masks: STAPLE, with the sensitivity and specificity of every labeler.

Pixels with the same answers get the same probability, so images are first counted into
the few patterns of answers that occur; the estimate then costs nothing, and memory does
not grow with the number of images. Probabilities lie in [0, 1]; higher means marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Pattern = tuple[int, ...]

_START = 0.99999
_STEPS = 500
_TOLERANCE = 1e-9
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Staple:
    """What was learned from masks of one class.

    `sensitivity` and `specificity` are (R,); None for a labeler where nothing (or
    everything) is held to be marked. `prior` is the share of pixels that is marked.
    `chances` gives the probability of every pattern of answers that occurred.
    """

    sensitivity: tuple[float | None, ...]
    specificity: tuple[float | None, ...]
    prior: float
    chances: Mapping[Pattern, float]
    steps: int
    converged: bool

    def probability(self, masks: Sequence[Mask | None]) -> Floats:
        """The probability of every pixel of one image.

        Args:
            masks: (H, W) per labeler, None where there is no answer; one of the images
                that the estimate was made from.

        Returns:
            (H, W) in [0, 1].

        Raises:
            InvalidInputError: An image with other answers than those counted.
        """
        keys, patterns = _patterns(masks)
        missing = next((p for p in patterns if p not in self.chances), None)
        if missing is not None:
            raise InvalidInputError(f"answers {missing} did not occur in the images counted")
        return np.array([self.chances[p] for p in patterns])[keys]


class PatternCounts:
    """Counts how often each pattern of answers occurs in the pixels of many images.

    Args:
        labeler_count: Number of labelers R.
    """

    def __init__(self, labeler_count: int) -> None:
        self.labeler_count = labeler_count
        self.counts: dict[Pattern, float] = {}

    def add(self, masks: Sequence[Mask | None], *, field_hw: Mask | None = None) -> None:
        """Count the pixels of one image.

        Args:
            masks: (H, W) per labeler, None where there is no answer.
            field_hw: (H, W) pixels that count; all if left out.

        Raises:
            InvalidInputError: Another number of masks than of labelers, unequal shapes, or
                no answer at all.
        """
        if len(masks) != self.labeler_count:
            raise InvalidInputError(f"{len(masks)} masks, {self.labeler_count} labelers")
        keys, patterns = _patterns(masks)
        inside = keys if field_hw is None else keys[field_hw]
        sizes = np.bincount(inside.ravel(), minlength=len(patterns))
        for pattern, size in zip(patterns, sizes.tolist(), strict=True):
            self.counts[pattern] = self.counts.get(pattern, 0.0) + size


def staple(counts: PatternCounts, *, prior: float | None = None) -> Staple:
    """The most likely truth behind masks, and how good each labeler is.

    With two labelers the data cannot tell who is right where only one of them marks: the
    answer then rests on the prior and the start, which takes both for almost faultless.

    Args:
        counts: Of at least one image with an answer.
        prior: Share of pixels that is marked; the mean over all answers if left out.

    Returns:
        The estimate.

    Raises:
        NotEnoughDataError: No pixel was counted.

    Source:
        Warfield, Zou and Wells (2004), Simultaneous truth and performance level estimation
        (STAPLE). IEEE Transactions on Medical Imaging 23.
    """
    patterns = [p for p, n in counts.counts.items() if n > 0]
    if not patterns:
        raise NotEnoughDataError("no pixel was counted, so there is no consensus of masks")
    table = np.array(patterns, dtype=np.int64).reshape(len(patterns), -1)
    size = np.array([counts.counts[p] for p in patterns], dtype=np.float64)
    yes, no = table == 1, table == 0
    share = prior
    if share is None:
        answered = size @ (yes | no)
        share = float((size @ yes).sum() / max(answered.sum(), 1.0))
    p = np.full(table.shape[1], _START)
    q = np.full(table.shape[1], _START)
    chance, steps, change = np.zeros(len(patterns)), 0, np.inf
    while steps < _STEPS and change > _TOLERANCE:
        fresh = _expect(yes, no, p, q, share)
        change, chance = float(np.abs(fresh - chance).max()) if steps else np.inf, fresh
        p = _rate(size * chance, yes, no, p)
        q = _rate(size * (1 - chance), no, yes, q)
        steps += 1
    known = dict(zip(patterns, chance.tolist(), strict=True))
    return Staple(
        _told(size * chance, yes | no, p),
        _told(size * (1 - chance), yes | no, q),
        share,
        {**dict.fromkeys(counts.counts, share), **known},
        steps,
        change <= _TOLERANCE,
    )


def expected_dice(probability_hw: Floats, mask_hw: Mask) -> float:
    """How well a mask is expected to agree with a truth that is known as probabilities.

    Args:
        probability_hw: (H, W) in [0, 1].
        mask_hw: (H, W) the mask that is held.

    Returns:
        In [0, 1]; for an empty mask the probability that its likeliest pixel is not marked.

    Source:
        The expectation of Dice with numerator and denominator taken apart.
    """
    if not mask_hw.any():
        return float(1 - probability_hw.max(initial=0.0))
    inside = float(probability_hw[mask_hw].sum())
    return 2 * inside / (float(probability_hw.sum()) + float(mask_hw.sum()))


def _expect(yes: Mask, no: Mask, p: Floats, q: Floats, prior: float) -> Floats:
    """The probability of each pattern, in logarithms so that many labelers do not underflow."""
    p, q = np.clip(p, _LEAST, 1 - _LEAST), np.clip(q, _LEAST, 1 - _LEAST)
    share = min(max(prior, _LEAST), 1 - _LEAST)
    marked = np.log(share) + yes @ np.log(p) + no @ np.log(1 - p)
    free = np.log(1 - share) + yes @ np.log(1 - q) + no @ np.log(q)
    return np.asarray(1 / (1 + np.exp(np.clip(free - marked, -700, 700))))


def _rate(weight: Floats, right: Mask, wrong: Mask, before: Floats) -> Floats:
    total = weight @ (right | wrong)
    return np.where(total > 0, weight @ right / np.where(total > 0, total, 1.0), before)


def _told(weight: Floats, answered: Mask, rates: Floats) -> tuple[float | None, ...]:
    """Rates that rest on less than half a pixel cannot be told."""
    total = weight @ answered
    return tuple(
        float(r) if t > 0.5 else None for r, t in zip(rates, total.tolist(), strict=True)
    )


def _patterns(masks: Sequence[Mask | None]) -> tuple[NDArray[np.intp], list[Pattern]]:
    """The number of the pattern of every pixel, and the patterns."""
    given = [m for m in masks if m is not None]
    if not given:
        raise InvalidInputError("nobody answered this image")
    shape = given[0].shape
    if any(m.shape != shape for m in given):
        raise InvalidInputError(
            f"masks of one image differ in size: {[m.shape for m in given]}"
        )
    keys = np.zeros(given[0].size, dtype=np.intp)
    patterns: list[Pattern] = [()]
    for mask in masks:
        if mask is None:
            patterns = [(*p, -1) for p in patterns]
            continue
        found, keys = np.unique(keys * 2 + mask.ravel(), return_inverse=True)
        patterns = [(*patterns[k // 2], int(k % 2)) for k in found.tolist()]
    return keys.reshape(shape), patterns
