"""How a score grows with the number of examples, and what more of them would bring.

The error falls as an inverse power of the number of examples towards a floor:
error(n) = error(N) * (floor + (1 - floor) * (N / n) ** exponent), N the largest number
tried. All floors and exponents that fit the rounds are kept, weighed by how well they fit
and by a prior that prefers high floors: of fits that explain the rounds alike, the one
that promises less counts more. Scores are in [0, 1], higher is better.

Sources: Hestness et al., "Deep learning scaling is predictable, empirically", 2017 (the
power law); Mahmood et al., "How much more data do I need?", 2022 (power laws fitted to few
rounds promise too much, hence the correction).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]

_EXPONENTS = np.geomspace(0.08, 2.0, 24)
_FLOORS = np.linspace(0.0, 0.98, 25)
# Published exponents of image tasks lie around one half.
_USUAL_EXPONENT = 0.5
_EXPONENT_SPREAD = 0.6
_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class Rounds:
    """Scores of models that learned from some of the examples.

    Attributes:
        sizes: (M,) number of examples that each round learned from, at least 1.
        scores: (M,) in [0, 1], all on the same test images.
        cases: How many independent test cases stand behind each score.
    """

    sizes: Floats
    scores: Floats
    cases: float


@dataclass(frozen=True, eq=False)
class Forecast:
    """A score at numbers of examples, with the range it lies in.

    Attributes:
        sizes: (G,) numbers of examples.
        median: (G,) in [0, 1].
        low: (G,) lower end of the interval.
        high: (G,) upper end.
        confidence: Probability that the interval holds at each size.
    """

    sizes: Floats
    median: Floats
    low: Floats
    high: Floats
    confidence: float


@dataclass(frozen=True, eq=False)
class Curve:
    """All power laws that fit some rounds, with their weights.

    Attributes:
        top_size: Largest number of examples tried.
        weights: (E, F) probability of each exponent and floor; sums to 1.
        error: (E, F) error at the largest size, in [0, 1].
        spread: Standard deviation of that error.
        evidence: (E,) logarithm of how well each exponent explains the rounds.
    """

    top_size: float
    weights: Floats
    error: Floats
    spread: float
    evidence: Floats

    def shifted(self, error: float) -> Curve:
        """The same curves at another level.

        Args:
            error: Added to the error at the largest size.

        Returns:
            The curves.
        """
        return replace(self, error=np.clip(self.error + error, 0.0, 1.0))

    def scores(self, sizes: ArrayLike, *, draws: int = _DRAWS, seed: int = 0) -> Floats:
        """Possible scores at numbers of examples.

        Args:
            sizes: (G,) at least 1.
            draws: How many curves to draw.
            seed: The same seed gives the same curves, whatever the sizes.

        Returns:
            (draws, G) in [0, 1]; along a row no score falls.
        """
        rng = np.random.default_rng(seed)
        picked = rng.choice(self.weights.size, size=draws, p=self.weights.ravel())
        row, column = np.divmod(picked, len(_FLOORS))
        noise = self.spread * rng.standard_normal(draws)
        error = np.clip(self.error[row, column] + noise, 0.0, 1.0)
        shape = _shape(np.atleast_1d(np.asarray(sizes, float)) / self.top_size)
        return np.asarray(1 - np.minimum(error[:, None] * shape[row, column], 1.0))


def forecast(
    sizes: ArrayLike,
    scores: ArrayLike,
    grid: ArrayLike | None = None,
    *,
    cases: float,
    confidence: float = 0.8,
    seed: int = 0,
) -> Forecast:
    """What score to expect from more examples, with its interval.

    Args:
        sizes: (M,) number of examples of each round; several rounds may share a size.
        scores: (M,) their scores in [0, 1], all on the same test images.
        grid: (G,) numbers of examples to forecast for; None takes steps up to ten times
            the largest size.
        cases: How many independent test cases stand behind each score.
        confidence: Probability that the interval holds, in (0, 1).
        seed: The same seed gives the same forecast.

    Returns:
        The forecast; `median` rather promises too little.

    Raises:
        InvalidInputError: No rounds, sizes below 1, or scores outside [0, 1].
    """
    curve = fit_curve(rounds_of(sizes, scores, cases=cases))
    if not 0 < confidence < 1:
        raise InvalidInputError(f"confidence must lie between 0 and 1, found {confidence}")
    top = curve.top_size
    wanted = np.unique(np.round(np.geomspace(max(top / 4, 1), 10 * top, 25)))
    at = wanted if grid is None else np.atleast_1d(np.asarray(grid, float))
    tail = (1 - confidence) / 2
    low, median, high = np.quantile(curve.scores(at, seed=seed), [tail, 0.5, 1 - tail], axis=0)
    return Forecast(at, median, low, high, confidence)


def rounds_of(sizes: ArrayLike, scores: ArrayLike, *, cases: float) -> Rounds:
    """Rounds from plain numbers, checked.

    Args:
        sizes: (M,) number of examples of each round.
        scores: (M,) in [0, 1].
        cases: Independent test cases behind each score.

    Returns:
        The rounds.

    Raises:
        InvalidInputError: No rounds, sizes below 1, or scores outside [0, 1].
    """
    at, seen = np.asarray(sizes, float).ravel(), np.asarray(scores, float).ravel()
    if not at.size or at.size != seen.size:
        raise InvalidInputError(
            f"a learning curve needs one score per size, found {at.size} sizes and"
            f" {seen.size} scores"
        )
    if at.min() < 1 or not np.isfinite(at).all():
        raise InvalidInputError(f"a round learns from at least 1 example, found {at.min():g}")
    if not (np.isfinite(seen).all() and seen.min() >= 0 and seen.max() <= 1):
        raise InvalidInputError(
            f"scores must lie in [0, 1], found {seen.min():g} to {seen.max():g}"
        )
    if not cases > 0:
        raise InvalidInputError(f"scores need test cases behind them, found {cases:g}")
    return Rounds(at, seen, float(cases))


def fit_curve(rounds: Rounds, *, exponents: Floats | None = None) -> Curve:
    """All power laws that could lie behind some rounds.

    Args:
        rounds: At least one.
        exponents: (E,) logarithm of the prior of each exponent, such as what other classes
            taught; None takes what is usual.

    Returns:
        The curve.
    """
    sizes, means, noise = _by_size(rounds)
    top = float(sizes.max())
    shape = _shape(sizes / top)
    error = 1 - means
    square = (shape**2 / noise).sum(axis=-1)
    level = np.clip((shape * error / noise).sum(axis=-1) / square, 0.0, 1.0)
    misfit = ((level[..., None] * shape - error) ** 2 / noise).sum(axis=-1)
    fit = -0.5 * misfit + _floor_prior()
    prior = usual_exponents() if exponents is None else exponents
    joint = fit + prior[:, None]
    weights = np.exp(joint - joint.max())
    mean = float(error[np.argmax(sizes)])
    # All sizes are judged on the same cases: their error is common, and moves the level.
    smooth = (mean * rounds.cases + 0.5) / (rounds.cases + 1)
    spread = np.sqrt(smooth * (1 - smooth) / rounds.cases)
    top_fit = fit.max(axis=1)
    evidence = top_fit + np.log(np.exp(fit - top_fit[:, None]).sum(axis=1))
    return Curve(top, weights / weights.sum(), level, float(spread), evidence)


def usual_exponents() -> Floats:
    """How likely exponents are before anything is measured.

    Returns:
        (E,) logarithms.
    """
    gap = np.log(_EXPONENTS / _USUAL_EXPONENT) / _EXPONENT_SPREAD
    return np.asarray(-0.5 * gap**2)


def _floor_prior() -> Floats:
    """Logarithm of the prior of floors: a high one promises less."""
    return np.asarray(np.log(0.25 + _FLOORS) + np.log(1.02 - _FLOORS))


def _shape(relative: Floats) -> Floats:
    """(E, F, G) error at sizes relative to the largest one tried, where it is 1."""
    fall = relative[None, None, :] ** -_EXPONENTS[:, None, None]
    floor = _FLOORS[None, :, None]
    return np.asarray(floor + (1 - floor) * fall)


def _by_size(rounds: Rounds) -> tuple[Floats, Floats, Floats]:
    """Sizes, mean score of each, and the variance of that mean."""
    sizes, number = np.unique(rounds.sizes, return_inverse=True)
    counts = np.bincount(number).astype(float)
    means = np.bincount(number, weights=rounds.scores) / counts
    gaps = np.bincount(number, weights=(rounds.scores - means[number]) ** 2)
    free = float((counts - 1).sum())
    pooled = float(gaps.sum()) / free if free >= 1 else 0.05**2
    # However many rounds: they are judged on few cases, of which those count that change.
    changed = np.abs(means - means[np.argmax(sizes)]) + 0.5 / rounds.cases
    return sizes, means, pooled / counts + changed / rounds.cases
