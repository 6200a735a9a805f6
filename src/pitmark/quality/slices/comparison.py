"""Whether a loss is higher inside a slice than elsewhere, on cases that the search did not see.

Cases are compared with cases of the same stratum (the same class), so that a class that is
hard everywhere makes no slice. Cases of one group (one part, one image) count as far as they
agree: what a lot of exposures of one part proves is little. A loss of 0 and 1 is tested
exactly, any other by the moments that chance gives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.quality.slices.stratified import Strata

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Fewer parts than this prove nothing, however many cases show them.
LEAST_GROUPS = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """A slice against the rest.

    Attributes:
        cases: Cases inside that could be compared.
        groups: Parts (or images) that they belong to.
        total: Sum of their losses; with a loss of 0 and 1 the number that fail.
        inside: Mean loss inside.
        outside: That of the same strata elsewhere, in the slice's proportions.
        low: Of the 95 % interval of the difference.
        high: Of the same.
        p_value: How likely chance gives as much or more, in (0, 1].
    """

    cases: int
    groups: int
    total: float
    inside: float
    outside: float
    low: float
    high: float
    p_value: float

    @property
    def difference(self) -> float:
        """Mean loss inside less that elsewhere; above 0 is worse inside."""
        return self.inside - self.outside

    def to_json(self) -> dict[str, Any]:
        """The evidence as plain JSON types."""
        return {
            "cases": self.cases,
            "groups": self.groups,
            "total": self.total,
            "inside": self.inside,
            "outside": self.outside,
            "difference": {"value": self.difference, "low": self.low, "high": self.high},
            "p_value": self.p_value,
        }


def compare(member: Flags, loss: Floats, strata: Ints, groups: Ints) -> Evidence:
    """A slice against all other cases of the same strata.

    Args:
        member: (N,) which cases the slice holds.
        loss: (N,) higher is worse.
        strata: (N,) numbers from 0.
        groups: (N,) numbers from 0: cases that prove nothing twice.

    Returns:
        The evidence; a p-value of 1 where fewer than three groups lie inside.
    """
    table = _Tables.of(member, loss, strata)
    inside = member & table.told[strata]
    cases = int(inside.sum())
    if not cases:
        return Evidence(0, 0, 0.0, 0.0, 0.0, -1.0, 1.0, 1.0)
    weight = table.inside / cases
    own, rest = float((weight * table.mean_in).sum()), float((weight * table.mean_out).sum())
    effect, parts = _design_effect(inside, loss - table.mean_in[strata], groups)
    spread = float(np.sqrt((np.square(weight) * table.variance).sum() * effect))
    clustered = parts < cases
    freedom = parts - 1 if clustered else max(cases - 1, 1)
    half = spread * float(scipy.stats.t.ppf(0.975, max(freedom, 1)))
    p_value = 1.0
    if parts >= LEAST_GROUPS:
        p_value = _p_value(inside, loss, strata, table)
        if clustered:
            z = float(scipy.stats.norm.isf(np.clip(p_value, 1e-300, 1 - 1e-12))) / np.sqrt(
                effect
            )
            p_value = float(scipy.stats.t.sf(z, freedom))
    return Evidence(
        cases,
        parts,
        float(loss[inside].sum()),
        own,
        rest,
        own - rest - half,
        own - rest + half,
        max(p_value, 1e-300),
    )


@dataclass(frozen=True, eq=False)
class _Tables:
    """Per stratum: cases and mean loss on both sides, and the variance of their difference."""

    inside: Floats
    mean_in: Floats
    mean_out: Floats
    variance: Floats
    told: Flags

    @staticmethod
    def of(member: Flags, loss: Floats, strata: Ints) -> _Tables:
        size = int(strata.max(initial=-1)) + 1

        def sums(rows: Flags) -> tuple[Floats, Floats, Floats]:
            one, own = strata[rows], loss[rows]
            count = np.bincount(one, minlength=size).astype(np.float64)
            total = np.bincount(one, own, size).astype(np.float64)
            return count, total, np.bincount(one, own**2, size).astype(np.float64)

        (n, x, xx), (m, y, yy) = sums(member), sums(~member)
        told = (n > 0) & (m > 0)
        # One more case of the usual spread: a side without any exception is not certain.
        usual = float(loss.var()) if len(loss) else 0.0
        sides = []
        for count, total, squares in ((n, x, xx), (m, y, yy)):
            safe = np.maximum(count, 1)
            around = np.maximum(squares - total**2 / safe, 0.0)
            sides.append((around + usual) / safe**2)
        mean_in, mean_out = x / np.maximum(n, 1), y / np.maximum(m, 1)
        keep = told.astype(np.float64)
        return _Tables(n * keep, mean_in, mean_out, keep * (sides[0] + sides[1]), told)


def _design_effect(inside: Flags, around: Floats, groups: Ints) -> tuple[float, int]:
    """By how much groups widen the interval, at least 1; and how many lie inside."""
    own, place = np.unique(groups[inside], return_inverse=True)
    count, parts = int(inside.sum()), len(own)
    if parts == count or parts < 2:
        return 1.0, parts
    sums = np.bincount(place, around[inside])
    squares = float(np.square(around[inside]).sum())
    if squares <= 0:
        # All agree: groups are then worth one case each.
        return count / parts, parts
    effect = float(np.square(sums).sum()) / squares * parts / (parts - 1)
    return max(1.0, effect), parts


def _p_value(inside: Flags, loss: Floats, strata: Ints, table: _Tables) -> float:
    rows = table.told[strata]
    if np.isin(loss, (0.0, 1.0)).all():
        return Strata.of(inside[rows], loss[rows] > 0, strata[rows]).p_above()
    mean = variance = third = 0.0
    for stratum in np.flatnonzero(table.told):
        here = strata == stratum
        values, n = loss[here], int((here & inside).sum())
        size = len(values)
        away = values - values.mean()
        mean += n * float(values.mean())
        variance += n * (size - n) / max(size - 1, 1) * float((away**2).mean())
        scale = max((size - 1) * (size - 2), 1)
        third += n * (size - n) * (size - 2 * n) / scale * float((away**3).mean())
    if variance <= 0:
        return 1.0
    z = (float(loss[inside].sum()) - mean) / np.sqrt(variance)
    return float(np.clip(scipy.stats.pearson3.sf(z, third / variance**1.5), 1e-300, 1.0))
