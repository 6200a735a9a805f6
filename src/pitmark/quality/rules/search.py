"""The rule at which people change from one class to another, if there is one.

Each measurable feature (length, contrast, camera) is asked how well it foretells which of
two names an object gets, on images that it was not fitted to. What no feature does
better than chance is no rule, and that is said.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.core.label_book import Measure
from pitmark.quality.group_codes import group_codes
from pitmark.quality.rules.chance import FEWEST_GROUPS, chance_levels
from pitmark.quality.rules.limit_fit import Limit, count_answers, fit_limit, limit_grid

Verdict = Literal["limit", "condition", "no rule", "cannot be said"]

LEAST_ANSWERS = 5
# What goes into the label book should not be chance: one false rule in fifty searches.
_LEVEL = 0.02
_FOLDS, _REPEATS = 5, 3
_MOST_CHOICES = 12
_LEAST_OWN = 12
# With fewer than this on the wrong side of a half at the ends, nothing is parted.
_PARTED = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Feature:
    """One measured feature of N answers.

    `values` are numbers, or texts where `choices`. Sizes are compared by their ratio
    (`log`), all else by difference. `measure` is how the label book calls it, if it can
    hold a limit on it.
    """

    name: str
    values: NDArray[Any]
    unit: str = ""
    log: bool = False
    choices: bool = False
    measure: Measure | None = None

    def take(self, rows: NDArray[np.integer]) -> Feature:
        """The feature of some of the answers.

        Args:
            rows: Which.

        Returns:
            A new feature.
        """
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, eq=False)
class Answers:
    """N answers to the question which of two names an object has.

    Attributes:
        second: (N,) bool, whether the second name was given.
        groups: (N,) image or part; answers of one group hang together.
        labelers: (N,) who answered.
    """

    second: NDArray[np.bool_]
    groups: Sequence[Hashable]
    labelers: Sequence[str]


@dataclass(frozen=True, slots=True)
class FeatureScore:
    """How well a feature foretells the name on images that it was not fitted to.

    `gain` is the mean log likelihood per answer above guessing by frequency (nats,
    higher is better); `behind` how far below the best, `error` that difference's standard
    error; `chance` how likely chance makes any feature look as good.
    """

    name: str
    gain: float
    behind: float
    error: float
    chance: float


@dataclass(frozen=True, slots=True)
class LabelerLimit:
    """Where one labeler changes names; the limit is None where too few answers tell."""

    labeler: str
    answers: int
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class RuleSearch:
    """What was found out about one pair of names.

    `proposed` is the limit rounded to what its interval allows; only a verdict "limit"
    has one. `condition` names the value of a feature of texts that goes with the
    second name, as in camera cam2. `scores` are best first.
    """

    verdict: Verdict
    feature: Feature | None
    limit: Limit | None
    proposed: float | None
    condition: str
    by_labeler: tuple[LabelerLimit, ...]
    scores: tuple[FeatureScore, ...]
    reason: str


def find_rule(answers: Answers, features: Sequence[Feature], *, seed: int = 0) -> RuleSearch:
    """The feature that best explains which name is used, and the limit on it.

    Args:
        answers: At least five of each name, from at least ten images.
        features: Of the same answers; one with missing values is to be left out before.
        seed: Of folds and draws.

    Returns:
        A limit, a condition, that there is no rule, or why nothing can be said.

    Raises:
        InvalidInputError: A feature has another number of values than there are answers.
    """
    count = len(answers.second)
    for feature in features:
        if len(feature.values) != count:
            raise InvalidInputError(
                f"feature {feature.name} has {len(feature.values)} values for {count} answers"
            )
    usable = [f for f in features if _varies(f)]
    lacking = _lacking(answers, usable)
    if lacking:
        return _without("cannot be said", lacking)
    chance = _chances(answers, usable, seed)
    logs = _foretold(answers, usable, seed)
    scores = _scores(usable, logs, chance, answers.groups)
    sure = [s for s in scores if s.chance <= _LEVEL and s.gain > 0]
    if not sure:
        return _without("no rule", _none_told(scores), scores)
    best = next(f for f in usable if f.name == sure[0].name)
    if best.choices:
        return _condition(answers, best, scores)
    return _limit(answers, best, scores, seed)


def rounded(value: float, low: float, high: float) -> float:
    """A value with no more digits than its interval supports.

    Args:
        value: The value.
        low: Lower end of its interval.
        high: Upper end.

    Returns:
        The nearest multiple of 1, 2 or 5 times a power of ten that is at most a quarter of
        the interval wide; the value itself for an interval without width.
    """
    width = (high - low) / 4
    if not width > 0:
        return value
    power = 10.0 ** np.floor(np.log10(width))
    step = max(s * power for s in (1, 2, 5) if s * power <= width * (1 + 1e-9))
    return float(f"{round(value / step) * step:.12g}")


def _varies(feature: Feature) -> bool:
    if feature.choices:
        return 2 <= len(set(feature.values.tolist())) <= _MOST_CHOICES
    values = np.asarray(feature.values, dtype=np.float64)
    positive = not feature.log or bool((values > 0).all())
    return bool(np.isfinite(values).all()) and positive and len(np.unique(values)) > 1


def _lacking(answers: Answers, usable: Sequence[Feature]) -> str:
    second = int(answers.second.sum())
    first, images = len(answers.second) - second, len(set(answers.groups))
    if min(first, second) < LEAST_ANSWERS:
        return (
            f"{first} answers of the first and {second} of the second name;"
            f" {LEAST_ANSWERS} of each are needed"
        )
    if images < FEWEST_GROUPS:
        return f"the answers are about {images} images; {FEWEST_GROUPS} are needed"
    return "" if usable else "no feature differs between the objects"


def _without(
    verdict: Verdict, reason: str, scores: tuple[FeatureScore, ...] = ()
) -> RuleSearch:
    return RuleSearch(verdict, None, None, None, "", (), scores, reason)


def _none_told(scores: Sequence[FeatureScore]) -> str:
    least = min(scores, key=lambda s: s.chance)
    if least.chance <= _LEVEL:
        return f"{least.name} matters, but no limit parts the names"
    return (
        f"none of {len(scores)} features foretells the name better than chance (the strongest"
        f" looks like this in {100 * least.chance:.0f} of 100 cases by chance)"
    )


def _numbers(feature: Feature) -> Floats:
    values = np.asarray(feature.values, dtype=np.float64)
    return np.log(values) if feature.log else values


def _chances(answers: Answers, features: Sequence[Feature], seed: int) -> list[float]:
    """The chance level of each feature; that of texts is that of its strongest value."""
    columns, owner = [], []
    for place, feature in enumerate(features):
        if feature.choices:
            values = np.unique(feature.values)
            mine = [(feature.values == v).astype(np.float64) for v in values]
        else:
            mine = [_numbers(feature)]
        columns += mine
        owner += [place] * len(mine)
    levels = chance_levels(
        np.column_stack(columns),
        answers.second,
        answers.groups,
        strata=answers.labelers,
        seed=seed,
    )
    return [float(levels[np.array(owner) == p].min()) for p in range(len(features))]


def _foretold(answers: Answers, features: Sequence[Feature], seed: int) -> Floats:
    """(F + 1, N) mean log chance of each answer, foretold from other images.

    The last row guesses by frequency alone.
    """
    numbers = group_codes(answers.groups)
    images = int(numbers.max()) + 1
    rng = np.random.default_rng(seed)
    out = np.zeros((len(features) + 1, len(numbers)))
    for _ in range(_REPEATS):
        fold = (rng.permutation(images) % _FOLDS)[numbers]
        away = np.stack([fold != k for k in range(_FOLDS)]).astype(np.float64)
        for row, feature in enumerate([*features, None]):
            chance = _chance_of_second(answers.second, feature, away)
            own = chance[fold, np.arange(len(fold))]
            out[row] += np.log(np.where(answers.second, own, 1 - own))
    return out / _REPEATS


def _chance_of_second(
    second: NDArray[np.bool_], feature: Feature | None, away: Floats
) -> Floats:
    """(K, N) chance of the second name for all answers, learned from those in a row."""
    if feature is None or feature.choices:
        values = np.zeros(len(second)) if feature is None else feature.values
        _, level = np.unique(values, return_inverse=True)
        size = int(level.max()) + 1
        total = np.stack([np.bincount(level, row, minlength=size) for row in away])
        hits = np.stack([np.bincount(level, row * second, minlength=size) for row in away])
        usual = (away @ second + 1) / (away.sum(axis=1) + 2)
        # A value that is rare borrows from all others.
        return np.asarray(((hits + 2 * usual[:, None]) / (total + 2))[:, level])
    counts = count_answers(_numbers(feature), second)
    grid = limit_grid(counts)
    return grid.chances(grid.posterior(*counts.tally(away)))[:, counts.place]


def _scores(
    features: Sequence[Feature],
    logs: Floats,
    chance: Sequence[float],
    groups: Sequence[Hashable],
) -> tuple[FeatureScore, ...]:
    gains = (logs[:-1] - logs[-1]).mean(axis=1)
    best = int(gains.argmax())
    numbers = group_codes(groups)
    out = []
    for row, feature in enumerate(features):
        away = np.bincount(numbers, weights=logs[best] - logs[row])
        error = float(np.sqrt(len(away)) * away.std()) / len(groups)
        behind = float(gains[best] - gains[row])
        out.append(FeatureScore(feature.name, float(gains[row]), behind, error, chance[row]))
    return tuple(sorted(out, key=lambda s: -s.gain))


def _condition(
    answers: Answers, feature: Feature, scores: tuple[FeatureScore, ...]
) -> RuleSearch:
    values, level = np.unique(feature.values, return_inverse=True)
    share = np.bincount(level, weights=answers.second) / np.bincount(level)
    usual = float(answers.second.mean())
    odd = int(np.abs(share - usual).argmax())
    others = float(answers.second[level != odd].mean())
    reason = (
        f"no limit: where {feature.name} is {values[odd]}, {100 * share[odd]:.0f} of 100"
        f" answers are the second name, elsewhere {100 * others:.0f}"
    )
    told = f"{feature.name} {values[odd]}"
    return RuleSearch("condition", feature, None, None, told, (), scores, reason)


def _limit(
    answers: Answers, feature: Feature, scores: tuple[FeatureScore, ...], seed: int
) -> RuleSearch:
    values = _numbers(feature)
    counts = count_answers(values, answers.second)
    limit = fit_limit(counts, answers.groups, log=feature.log, seed=seed)
    low, high = sorted((limit.share_below, limit.share_above))
    if low > 0.5 - _PARTED or high < 0.5 + _PARTED:
        reason = (
            f"{feature.name} matters, but no limit parts the names: the second is used in"
            f" {100 * limit.share_below:.0f} of 100 cases at its low end and in"
            f" {100 * limit.share_above:.0f} at its high end"
        )
        return replace(_without("no rule", reason, scores), feature=feature)
    proposed = rounded(limit.value, limit.low, limit.high)
    mine = tuple(
        _own_limit(answers, feature, values, name, seed)
        for name in dict.fromkeys(answers.labelers)
    )
    return RuleSearch("limit", feature, limit, proposed, "", mine, scores, "")


def _own_limit(
    answers: Answers, feature: Feature, values: Floats, labeler: str, seed: int
) -> LabelerLimit:
    rows = np.flatnonzero(np.array([name == labeler for name in answers.labelers]))
    second = answers.second[rows]
    both = min(int(second.sum()), int((~second).sum()))
    if len(rows) < _LEAST_OWN or both < 3 or len(np.unique(values[rows])) < 2:
        return LabelerLimit(labeler, len(rows), None)
    counts = count_answers(values[rows], second)
    groups = [answers.groups[int(r)] for r in rows]
    found = fit_limit(counts, groups, log=feature.log, seed=seed)
    parted = min(found.share_below, found.share_above) < 0.5 - _PARTED
    parted &= max(found.share_below, found.share_above) > 0.5 + _PARTED
    return LabelerLimit(labeler, len(rows), found if parted else None)
