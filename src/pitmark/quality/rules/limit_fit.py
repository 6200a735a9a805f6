"""The limit at which people change from one name to another, along one measured feature.

The chance of the second name rises (or falls) along the feature as a logistic curve, and a
share of all answers is a slip that follows no rule. Limit, steepness and slips are not
searched for but weighed over a grid: answers that a limit parts cleanly then still give a
limit with an honest interval, where the maximum of the likelihood would run away.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

Floats = NDArray[np.float64]

_BINS = 160
_LIMITS = 121
# Widths of the change from one name to the other, in shares of the middle half of values.
_WIDTHS = np.geomspace(0.02, 3.0, 10)
_SLIPS = np.array([0.0, 0.02, 0.05, 0.1, 0.2])
_DRAWS = 200
_CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Limit:
    """Where two names part: `value` with its interval, all in the unit of the feature.

    Above the limit the second name is used where `rising`, else below it. `first` and
    `last` bound the stretch in which between a fifth and four fifths use the second name.
    `share_below` and `share_above` are how often it is used at both ends of the values.
    """

    value: float
    low: float
    high: float
    rising: bool
    first: float
    last: float
    share_below: float
    share_above: float


@dataclass(frozen=True, eq=False)
class AnswerCounts:
    """Answers counted in bins of nearly equal feature values.

    Attributes:
        centers: (M,) rising values, on the scale on which they are compared.
        place: (N,) the bin of each answer.
        second: (N,) 1 where an answer is the second name, else 0.
    """

    centers: Floats
    place: NDArray[np.int64]
    second: Floats

    def tally(self, weights: Floats) -> tuple[Floats, Floats]:
        """Second and first names per bin under other weights.

        Args:
            weights: (R, N) one row per reweighting.

        Returns:
            (R, M) each.
        """
        size = len(self.centers)

        def counted(name: Floats) -> Floats:
            rows = [np.bincount(self.place, row * name, minlength=size) for row in weights]
            return np.stack(rows)

        return counted(self.second), counted(1 - self.second)


@dataclass(frozen=True, eq=False)
class LimitGrid:
    """All curves that are weighed: their log chances of both names in each bin.

    Attributes:
        limits: (G,) on the scale of the bins.
        widths: (G,) of the change.
        rising: (G,) bool.
        log_second: (M, G).
        log_first: (M, G).
    """

    limits: Floats
    widths: Floats
    rising: NDArray[np.bool_]
    log_second: Floats
    log_first: Floats

    def posterior(self, second: Floats, first: Floats) -> Floats:
        """How far each curve is to be believed.

        Args:
            second: (R, M) counts of the second name.
            first: (R, M) counts of the first name.

        Returns:
            (R, G), rows sum to 1.
        """
        logs = second @ self.log_second + first @ self.log_first
        logs -= logs.max(axis=1, keepdims=True)
        odds = np.exp(logs)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def chances(self, posterior: Floats) -> Floats:
        """Chance of the second name in each bin under weighed curves.

        Args:
            posterior: (R, G).

        Returns:
            (R, M) in (0, 1).
        """
        return np.asarray(posterior @ np.exp(self.log_second).T)


def count_answers(values: NDArray[np.floating], second: NDArray[np.bool_]) -> AnswerCounts:
    """Answers by the value of a feature, at most 160 different ones.

    Args:
        values: (N,) finite.
        second: (N,) whether an answer is the second of two names.

    Returns:
        The counts.

    Raises:
        InvalidInputError: Nothing to count, lengths that differ, or values that are no
            numbers.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.ndim != 1 or len(given) != len(second) or not len(given):
        raise InvalidInputError(
            f"{np.size(values)} values and {len(second)} answers do not fit together"
        )
    if not np.isfinite(given).all():
        raise InvalidInputError("a feature has values that are no numbers")
    centers, place = np.unique(given, return_inverse=True)
    if len(centers) > _BINS:
        edges = np.unique(np.quantile(given, np.linspace(0, 1, _BINS + 1)[1:-1]))
        place = np.searchsorted(edges, given, side="right")
        used, place = np.unique(place, return_inverse=True)
        total = np.bincount(place, weights=given, minlength=len(used))
        centers = total / np.bincount(place, minlength=len(used))
    return AnswerCounts(centers, place.astype(np.int64), second.astype(np.float64))


def limit_grid(counts: AnswerCounts) -> LimitGrid:
    """The curves to weigh for some answers: limits between their lowest and highest value.

    Args:
        counts: At least two different values.

    Returns:
        The grid.

    Raises:
        InvalidInputError: All values are equal.
    """
    centers = counts.centers
    if len(centers) < 2:
        raise InvalidInputError("all values of a feature are equal: there is no limit in them")
    usual = np.subtract(*np.quantile(centers[counts.place], [0.75, 0.25]))
    scale = float(usual) or float(np.ptp(centers)) / 4
    # A limit at the very end would part nothing from the rest.
    at = np.linspace(centers[0], centers[-1], _LIMITS + 2)[1:-1]
    limits, widths, slips, signs = (
        m.ravel() for m in np.meshgrid(at, _WIDTHS * scale, _SLIPS, [1.0, -1.0])
    )
    steps = signs * (centers[:, None] - limits) / widths
    chance = slips / 2 + (1 - slips) / (1 + np.exp(-np.clip(steps, -40, 40)))
    chance = np.clip(chance, 1e-4, 1 - 1e-4)
    return LimitGrid(limits, widths, signs > 0, np.log(chance), np.log1p(-chance))


def fit_limit(
    counts: AnswerCounts, groups: Sequence[Hashable], *, log: bool, seed: int = 0
) -> Limit:
    """The limit at which the second name takes over from the first.

    The interval holds what the curves leave open and what other images would have
    said: whole groups are drawn anew and all draws are weighed together.
    Source: Huggins and Miller (2019), Robust inference and model criticism using bagged
    posteriors; the slips are the lapses of psychometric functions (Wichmann and Hill,
    2001).

    Args:
        counts: The answers; with `log` their values are logarithms.
        groups: (N,) those that are about one image or part.
        log: Whether to give the limit as the exponential of what was compared.
        seed: Of the draws.

    Returns:
        The limit with its 95 % interval.

    Raises:
        InvalidInputError: All values are equal, or the groups do not fit.
    """
    if len(groups) != len(counts.place):
        raise InvalidInputError(f"{len(counts.place)} answers need as many groups")
    grid = limit_grid(counts)
    numbers = group_codes(groups)
    size = int(numbers.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(size, np.full(size, 1 / size), size=_DRAWS)
    rows = np.vstack([np.ones(size), drawn])[:, numbers]
    posterior = grid.posterior(*counts.tally(rows))
    whole, bagged = posterior[0], posterior[1:].mean(axis=0)
    chance = grid.chances(whole[None])[0]
    rising = bool(whole[grid.rising].sum() >= 0.5)
    sides = grid.rising == rising
    tail = (1 - _CONFIDENCE) / 2
    value = _quantile(grid.limits, whole * sides, 0.5)
    low, high = (_quantile(grid.limits, bagged * sides, q) for q in (tail, 1 - tail))
    first, last = _stretch(counts.centers, chance, value)
    back = np.exp if log else np.asarray
    value, low, high, first, last = (float(back(v)) for v in (value, low, high, first, last))
    ends = float(chance[0]), float(chance[-1])
    return Limit(value, min(low, value), max(high, value), rising, first, last, *ends)


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """Of a weighed grid, linear between its different values."""
    levels, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place, weights=weights, minlength=len(levels))
    total = np.cumsum(mass) - mass / 2
    return float(np.interp(share * mass.sum(), total, levels))


def _stretch(centers: Floats, chance: Floats, value: float) -> tuple[float, float]:
    """Where people differ: between a fifth and four fifths use the second name."""
    mixed = centers[(chance > 0.2) & (chance < 0.8)]
    if not len(mixed):
        return value, value
    return float(min(mixed[0], value)), float(max(mixed[-1], value))
