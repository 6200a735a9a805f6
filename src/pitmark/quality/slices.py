"""Slices of the data on which a model fails more often than elsewhere.

Every pair of one or two conditions on metadata (camera = cam2 and class = dent) with
enough cases is compared with the cases outside it by an exact test; over all slices
looked at, the share of false discoveries is held down (Benjamini and Hochberg, 1995).
Classes differ in how hard they are: a slice is compared with cases of the same class
elsewhere, class by class, so that the hardest class does not hide a weak slice of another.
Rates are shares of failures in [0, 1]; higher is worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from pitmark.core.errors import InvalidInputError
from pitmark.quality.stratified_test import false_discovery_levels

Rule = tuple[tuple[str, str], ...]

_MOST_VALUES = 40


@dataclass(frozen=True, slots=True)
class Slice:
    """One weak slice: its rule, its size, and how often it fails against the rest.

    `rate_outside` is that of the same classes elsewhere, in the slice's proportions.
    `q_value` is the share of false discoveries one accepts by taking this slice and all
    stronger ones for real.
    """

    rule: Rule
    cases: int
    failures: int
    rate: float
    rate_outside: float
    q_value: float

    def sentence(self) -> str:
        """The slice in words."""
        where = " and ".join(f"{name} {value}" for name, value in self.rule)
        return (
            f"{where}: {self.failures} of {self.cases} fail ({self.rate:.0%}),"
            f" elsewhere {self.rate_outside:.0%}"
        )

    def to_json(self) -> dict[str, object]:
        """The slice as plain JSON types."""
        return {
            "rule": dict(self.rule),
            "cases": self.cases,
            "failures": self.failures,
            "rate": self.rate,
            "rate_outside": self.rate_outside,
            "q_value": self.q_value,
            "sentence": self.sentence(),
        }


def weak_slices(
    failed: NDArray[np.bool_],
    metadata: Sequence[Mapping[str, object]],
    *,
    within: str = "class",
    least_cases: int = 10,
    false_discovery_rate: float = 0.05,
) -> list[Slice]:
    """The slices that fail more often than the rest, strongest evidence first.

    A slice of two conditions is kept only when it lies clearly further from the rest than
    each of its conditions alone; otherwise the simpler rule says the same.

    Args:
        failed: (N,) whether each case (an image, an object) was judged wrongly.
        metadata: Per case, name to value; columns with more than 40 values are left out.
        within: The column whose values are judged apart where cases have it; a slice of
            nothing but this column is compared with all other values.
        least_cases: Smallest slice worth telling.
        false_discovery_rate: In (0, 1); slices beyond it are not told.

    Returns:
        The weak slices.

    Raises:
        InvalidInputError: Another number of cases than of metadata.
    """
    if len(failed) != len(metadata):
        raise InvalidInputError(f"{len(failed)} cases but metadata of {len(metadata)}")
    conditions = _conditions(metadata, least_cases)
    strata = np.array([str(m.get(within, "")) for m in metadata])
    tested: dict[Rule, tuple[float, Slice]] = {}
    rules: list[Rule] = [(c,) for c in conditions]
    rules += [(a, b) for a, b in combinations(conditions, 2) if a[0] != b[0]]
    for rule in rules:
        inside = np.logical_and.reduce([conditions[c] for c in rule])
        if least_cases <= inside.sum() <= len(failed) - least_cases:
            among = np.zeros_like(strata) if rule[0][0] == within == rule[-1][0] else strata
            made = _test(rule, inside, failed, among)
            if made is not None:
                tested[rule] = made
    levels = false_discovery_levels([p for p, _ in tested.values()])
    found = {
        rule: Slice(s.rule, s.cases, s.failures, s.rate, s.rate_outside, float(q))
        for (rule, (_, s)), q in zip(tested.items(), levels, strict=True)
    }
    told = [
        s for r, s in found.items() if s.q_value <= false_discovery_rate and _sharper(r, found)
    ]
    return sorted(told, key=lambda s: (s.q_value, -s.rate))


def _conditions(
    metadata: Sequence[Mapping[str, object]], least_cases: int
) -> dict[tuple[str, str], NDArray[np.bool_]]:
    out: dict[tuple[str, str], NDArray[np.bool_]] = {}
    for name in sorted({k for m in metadata for k in m}):
        column = np.array([str(m.get(name, "")) for m in metadata])
        values, counts = np.unique(column, return_counts=True)
        if len(values) > _MOST_VALUES:
            continue
        for value, count in zip(values, counts, strict=True):
            if count >= least_cases and value:
                out[(name, str(value))] = column == value
    return out


def _test(
    rule: Rule, inside: NDArray[np.bool_], failed: NDArray[np.bool_], strata: NDArray[np.str_]
) -> tuple[float, Slice] | None:
    """The exact test stratum by stratum; None where no stratum lies on both sides.

    Given how many fail in each stratum, failures inside follow a sum of hypergeometric
    distributions when the slice makes no difference (Mantel and Haenszel, 1959).
    """
    chances = np.ones(1)
    cases = failures = 0
    expected = 0.0
    for stratum in np.unique(strata[inside]):
        here = strata == stratum
        own, others = int((here & inside).sum()), int((here & ~inside).sum())
        if not others:
            continue
        bad, elsewhere = (
            int((here & failed & inside).sum()),
            int((here & failed & ~inside).sum()),
        )
        draws = hypergeom(own + others, bad + elsewhere, own).pmf(np.arange(own + 1))
        chances = np.convolve(chances, draws)
        cases, failures = cases + own, failures + bad
        expected += own * elsewhere / others
    if not cases:
        return None
    p_value = float(min(chances[failures:].sum(), 1.0))
    return p_value, Slice(rule, cases, failures, failures / cases, expected / cases, 1.0)


def _sharper(rule: Rule, found: Mapping[Rule, Slice]) -> bool:
    """Whether a rule says more than each part of it, or no pair says more than it."""
    mine = found[rule]
    if len(rule) == 2:
        parts = [found[(c,)] for c in rule if (c,) in found]
        return all(
            _lift(mine) >= 1.15 * _lift(p) and mine.q_value <= p.q_value * 10 for p in parts
        )
    return not any(
        len(other) == 2
        and rule[0] in other
        and _lift(s) >= 1.15 * _lift(mine)
        and s.q_value <= mine.q_value
        for other, s in found.items()
    )


def _lift(found: Slice) -> float:
    return found.rate - found.rate_outside
