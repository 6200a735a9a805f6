"""What more examples of each class would bring, from rounds with fewer of them.

The score is the mean recall over the classes, in [0, 1]. More examples of a class lift its
own recall along its learning curve. What they do to the other classes is too small to be
foretold from a few dozen examples; it only widens the interval, by as much as the rounds
show that classes disturb each other.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.needs.class_rounds import ClassRounds
from pitmark.quality.needs.learning_curves import (
    Curve,
    Rounds,
    fit_curve,
    rounds_of,
    usual_exponents,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CONFIDENCE = 0.8
_DRAWS = 4000
# The exponent is a matter of the data more than of the class: classes share most of it.
_SHARED = 0.5
# So many cases are lent to the error of a class from what all classes show.
_LENT = 4.0


@dataclass(frozen=True, slots=True)
class Gain:
    """A change of a score in [-1, 1] with its interval."""

    median: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class ClassGains:
    """The learning curve of one class.

    Attributes:
        count: Examples of the class that there are.
        recall: Share of them that a learner names rightly that has not seen them.
        cases: How many independent groups of examples stand behind that.
        curve: Recall against the number of examples.
        scored: How many classes the mean recall is taken over.
        side_spread: Standard deviation of what the other classes gain or lose when the
            examples of this one become e times as many, in mean recall.
        churn: Standard deviation of the mean recall when other examples, no more of them,
            are learned from.
    """

    count: int
    recall: float
    cases: float
    curve: Curve
    scored: int
    side_spread: float
    churn: float = 0.0

    def more(self, number: float, *, seed: int = 0) -> Gain:
        """What a number of further examples brings in mean recall.

        Args:
            number: At least 0.
            seed: Of the draws.

        Returns:
            The gain.
        """
        return self.between(self.count, self.count + number, seed=seed)

    def between(self, now: float, later: float, *, seed: int = 0) -> Gain:
        """What the class gains in mean recall from one number of examples to another.

        Args:
            now: Examples that count now, at least 1.
            later: Examples that count then.
            seed: Of the draws.

        Returns:
            The gain.
        """
        scores = self.curve.scores([max(now, 1.0), max(later, 1.0)], draws=_DRAWS, seed=seed)
        own = (scores[:, 1] - scores[:, 0]) / self.scored
        reach = self.side_spread * abs(np.log(max(later, 1.0) / max(now, 1.0)))
        # The realized gain is counted on cases: those that change are few, and random.
        changed = np.maximum(own * self.scored, 0.0) / self.cases
        moved = self.churn**2 if later > now else 0.0
        noise = np.sqrt(reach**2 + moved + changed / self.scored**2)
        drawn = own + noise * np.random.default_rng(seed + 1).standard_normal(len(own))
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(drawn, [tail, 1 - tail])
        middle = float(np.median(own))
        return Gain(middle, min(float(low), middle), max(float(high), middle))

    def recall_at(self, number: float) -> Gain:
        """The recall of the class with a number of examples, with its interval.

        Args:
            number: At least 1.

        Returns:
            In [0, 1].
        """
        tail = (1 - CONFIDENCE) / 2
        drawn = self.curve.scores([number], draws=_DRAWS)[:, 0]
        low, median, high = np.quantile(drawn, [tail, 0.5, 1 - tail])
        return Gain(float(median), float(low), float(high))


def class_gains(
    rounds: Mapping[int, ClassRounds],
    labels: Ints,
    groups: Sequence[Hashable],
    *,
    scored: Sequence[int],
    trusted: NDArray[np.bool_] | None = None,
    counts: Mapping[int, int] | None = None,
) -> dict[int, ClassGains]:
    """The learning curve of every class.

    Args:
        rounds: Class number to its rounds, as `run_rounds` gives them.
        labels: (N,) class numbers of the examples.
        groups: (N,) what belongs together.
        scored: Classes that the mean recall is taken over.
        trusted: (N,) examples whose label is not in doubt; only these are judged on.
        counts: Class number to its examples, where `labels` holds only some of them.

    Returns:
        Class number to its curve; a class none of whose examples was judged is left out.
    """
    names = np.array([str(g) for g in groups])
    there = counts or dict(enumerate(np.bincount(labels).tolist()))
    judge = np.ones(len(labels), bool) if trusted is None else trusted
    judge = judge & np.all([np.isfinite(r.hits).all(axis=(0, 1)) for r in rounds.values()], 0)
    fits: dict[int, Rounds] = {}
    for number, seen in rounds.items():
        mine = judge & (labels == number)
        if mine.any():
            scores = seen.hits[:, :, mine].mean(axis=2)
            sizes = np.broadcast_to(np.maximum(seen.sizes, 1.0), scores.shape)
            fits[number] = rounds_of(sizes, scores, cases=len(np.unique(names[mine])))
    sides, churn = _disturbance(rounds, labels, judge, scored)
    exponents, shifts = _shared_exponents(fits), _shared_levels(fits, there)
    return {
        number: ClassGains(
            count=there[number],
            recall=float(rounds[number].hits[:, -1, judge & (labels == number)].mean()),
            cases=fit.cases,
            curve=fit_curve(fit, exponents=exponents).shifted(shifts[number]),
            scored=len(scored),
            side_spread=sides,
            churn=churn,
        )
        for number, fit in fits.items()
    }


def _shared_exponents(fits: Mapping[int, Rounds]) -> Floats:
    """Logarithm of how likely exponents are, by what all classes show."""
    seen = np.sum([fit_curve(fit).evidence for fit in fits.values()], axis=0)
    return np.asarray(usual_exponents() + _SHARED * (seen - np.max(seen)))


def _disturbance(
    rounds: Mapping[int, ClassRounds],
    labels: Ints,
    judge: NDArray[np.bool_],
    scored: Sequence[int],
) -> tuple[float, float]:
    """How much other classes change as one grows e times, and all do between repeats."""
    slopes, moves = [], []
    for number, seen in rounds.items():
        steps = np.log(np.maximum(seen.sizes[-1], 1.0) / np.maximum(seen.sizes[:-1], 1.0))
        there = [c for c in scored if (judge & (labels == c)).any()]
        if not there or not (steps > 0).any():
            continue
        by_class = np.stack([seen.hits[:, :, judge & (labels == c)].mean(2) for c in there])
        change = (by_class[:, :, -1:] - by_class[:, :, :-1]) / len(scored)
        # The last step is the smallest: what moves there is chance more than growth.
        moves.append(change[:, :, -1].sum(axis=0).var(ddof=1) if change.shape[1] > 1 else 0.0)
        others = [n for n, c in enumerate(there) if c != number]
        total = change[others].sum(axis=0).mean(axis=0)
        slopes.append(float((steps @ total) / (steps @ steps)))
    if not slopes:
        return 0.0, 0.0
    return float(np.sqrt(np.mean(np.square(slopes)))), float(np.sqrt(np.mean(moves)))


def _shared_levels(fits: Mapping[int, Rounds], counts: Mapping[int, int]) -> dict[int, float]:
    """The error of each class, drawn towards what is usual for a class of its size.

    Errors fall with the root of the number of examples; a class with a handful of cases
    is judged by the others as much as by its own.
    """
    own = {
        c: 1 - float(fit.scores[fit.sizes == fit.sizes.max()].mean()) for c, fit in fits.items()
    }
    size = {c: np.sqrt(max(counts[c], 1)) for c in fits}
    usual = float(np.mean([own[c] * size[c] for c in fits]))
    return {
        c: float((own[c] * fit.cases + _LENT * min(usual / size[c], 0.9)) / (fit.cases + _LENT))
        - own[c]
        for c, fit in fits.items()
    }
