"""The conjunction of up to three conditions in which a loss piles up most: exact search.

The evidence of a rule is how unlikely chance gives so large a sum of standardized excess
losses (for many cases z² / 2, z being the sum over the root of the cases) less the logarithm
of how many rules of that length there are: a longer rule must earn its length. All conditions
of two or three columns are counted together in one table, whatever their number, so a million
cases take seconds. Columns are left out only where a bound proves that no longer rule on
them can win: the answer is that of trying all rules.

Source: the bounds follow Sagadeeva and Boehm (2021), SliceLine: fast, linear-algebra-based
slice finding for ML model debugging.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.slices.columns import Columns, Condition

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Tables of counts are kept from one search to the next up to so many cells in all.
_KEPT_CELLS = 20_000_000
_LEAST_SKEW = 0.05


@dataclass(frozen=True, slots=True)
class FoundRule:
    """A rule with its evidence on the cases that were searched."""

    conditions: tuple[Condition, ...]
    cases: int
    z_score: float
    gain: float


def evidence(total: Floats, cases: Floats | Ints, skew: float) -> Floats:
    """How unlikely chance gives such sums of excess, as a negative logarithm.

    Args:
        total: Sums of excess in standard deviations; below 0 counts as 0.
        cases: How many cases each sum is of, at least 1.
        skew: Of the excess; rare failures come in large steps, and few of them prove less.

    Returns:
        At least 0; z² / 2 without skew.

    Source:
        The exponent of Bennett (1962), Probability inequalities for the sum of independent
        random variables, with the skew as the size of a step.
    """
    up = np.maximum(total, 0.0)
    if skew < _LEAST_SKEW:
        return np.asarray(up**2 / cases / 2)
    step = skew * up / cases
    return np.asarray(cases / skew**2 * ((1 + step) * np.log1p(step) - step))


def skew_of(excess: Floats) -> float:
    """The third moment over the second: how large the steps are in which failures come."""
    return float((excess**3).mean() / max(float((excess**2).mean()), 1e-12))


@dataclass(frozen=True, eq=False)
class _Column:
    """One column of the cases that are searched.

    Attributes:
        codes: (N,) of the cases.
        size: Number of codes.
        allows: (conditions, codes) 1 where a condition allows a code.
        first: Position of its first condition among all.
    """

    codes: NDArray[np.int32]
    size: int
    allows: Floats
    first: int


@dataclass(slots=True)
class _Best:
    gain: float
    skew: float
    rule: tuple[int, ...] = ()
    cases: int = 0
    z_score: float = 0.0


class RuleSearch:
    """Searches one set of columns, as often as the losses change.

    Args:
        columns: Of all cases.
        rows: The cases to search.
        least_cases: Smallest slice, at least 1.
        depth: Most conditions of a rule.
    """

    def __init__(
        self, columns: Columns, rows: Ints, *, least_cases: int, depth: int = 3
    ) -> None:
        self._conditions, self._least = columns.conditions, least_cases
        self._columns = list(_columns(columns, rows))
        self._penalties = _penalties([len(c.allows) for c in self._columns], depth)
        self._counts: dict[tuple[int, ...], Floats] = {}
        self._kept = 0
        self.tables = 0

    def best(self, excess: Floats, *, least_gain: float = 0.0) -> FoundRule | None:
        """The rule with the most evidence that losses are higher inside.

        Args:
            excess: (rows,) loss beyond what is expected, in standard deviations.
            least_gain: A rule with less is none.

        Returns:
            The rule; None where there is none. `tables` then says how many sets of columns
            were counted.
        """
        best = _Best(least_gain, skew_of(excess))
        above = np.maximum(excess, 0.0)
        self.tables = 0
        bounds: dict[tuple[int, ...], float] = {(): np.inf}
        for depth in range(1, len(self._penalties) + 1):
            grown: dict[tuple[int, ...], float] = {}
            for chosen, bound in self._worth(depth, bounds):
                # The best so far may have grown since the order was made.
                if bound > best.gain:
                    grown[chosen] = self._count(chosen, excess, above, best)
            bounds = grown
        if not best.rule:
            return None
        told = tuple(self._conditions[k] for k in best.rule)
        return FoundRule(told, best.cases, best.z_score, best.gain)

    def _worth(
        self, depth: int, bounds: dict[tuple[int, ...], float]
    ) -> list[tuple[tuple[int, ...], float]]:
        """Sets of columns with what a rule on them can reach at most, the best first."""
        out = []
        for chosen in combinations(range(len(self._columns)), depth):
            parts = combinations(chosen, depth - 1)
            bound = min(bounds.get(part, -np.inf) for part in parts)
            if bound > -np.inf:
                out.append((chosen, bound))
        return sorted(out, key=lambda pair: -pair[1])

    def _count(
        self, chosen: tuple[int, ...], excess: Floats, above: Floats, best: _Best
    ) -> float:
        """Try all rules on some columns; give the most that a longer rule may reach."""
        self.tables += 1
        columns = [self._columns[n] for n in chosen]
        joint = _joint(columns)
        cases = self._cases(chosen, columns, joint)
        usable = cases >= self._least
        if not usable.any():
            return -np.inf
        safe = np.maximum(cases, 1)
        total = np.where(usable, _table(columns, joint, excess), 0.0)
        told = evidence(total, safe, best.skew)
        top = int(told.argmax())
        gain = float(told.flat[top] - self._penalties[len(chosen) - 1])
        if gain > best.gain:
            places = np.unravel_index(top, told.shape)
            best.rule = tuple(c.first + int(k) for c, k in zip(columns, places, strict=True))
            best.gain, best.cases = gain, round(float(cases.flat[top]))
            best.z_score = float(total.flat[top] / np.sqrt(safe.flat[top]))
        if len(chosen) == len(self._penalties):
            return -np.inf
        # A part of a slice has at most its excess above zero, on at least so many cases.
        most = max(float(excess.max(initial=0.0)), 1e-9)
        highest = np.where(usable, _table(columns, joint, above), 0.0)
        reach = evidence(highest, np.maximum(self._least, highest / most), best.skew)
        return float(reach.max() - self._penalties[len(chosen)])

    def _cases(
        self, chosen: tuple[int, ...], columns: list[_Column], joint: NDArray[np.int32]
    ) -> Floats:
        known = self._counts.get(chosen)
        if known is None:
            known = _table(columns, joint, None)
            if self._kept + known.size <= _KEPT_CELLS:
                self._kept += known.size
                self._counts[chosen] = known
        return known


def _columns(columns: Columns, rows: Ints) -> Iterator[_Column]:
    for number, size in enumerate(columns.sizes):
        own = [n for n, c in enumerate(columns.conditions) if c.column == number]
        if not own:
            continue
        allows = np.zeros((len(own), int(size)))
        for row, n in enumerate(own):
            allows[row, columns.conditions[n].first : columns.conditions[n].last + 1] = 1
        yield _Column(columns.codes[number][rows].astype(np.int32), int(size), allows, own[0])


def _joint(columns: list[_Column]) -> NDArray[np.int32]:
    """One number per case for its codes in all columns."""
    out = columns[0].codes
    for column in columns[1:]:
        out = out * np.int32(column.size) + column.codes
    return out


def _table(columns: list[_Column], joint: NDArray[np.int32], weights: Floats | None) -> Floats:
    """Sums over cases for every combination of one condition per column."""
    sizes = [c.size for c in columns]
    cells = np.bincount(joint, weights, minlength=int(np.prod(sizes)))
    out = cells.reshape(sizes).astype(np.float64)
    for column in columns:
        # The axis of codes becomes one of conditions and goes last; all come in order.
        out = np.tensordot(out, column.allows, axes=(0, 1))
    return out


def _penalties(many: list[int], depth: int) -> Floats:
    """The logarithm of the number of rules of 1 .. depth conditions of different columns."""
    counts = np.zeros(depth + 1)
    counts[0] = 1.0
    for own in many:
        # Elementary symmetric polynomials.
        counts[1:] = counts[1:] + own * counts[:-1]
    return np.log(counts[1:][counts[1:] > 0])
