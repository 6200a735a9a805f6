"""What one half of the cases suggests as weak slices, and what the other half says to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.slices.columns import Columns, Condition
from pitmark.quality.slices.comparison import Evidence, compare
from pitmark.quality.slices.latent import Region, RegionSearch, Singles
from pitmark.quality.slices.search import RuleSearch

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_MOST_CANDIDATES = 6
_LEAST_GAIN = -2.0
# A rule that people can act on is preferred to a region that is hardly better.
_RULE_BONUS = 1.5
# So many strata, the largest, are searched for regions of their own.
_MOST_AREAS = 12
# Each stratum's spread is drawn to the usual one as by so many cases.
_PRIOR_CASES = 10.0


@dataclass(frozen=True, eq=False)
class Known:
    """The cases as arrays."""

    loss: Floats
    columns: Columns
    groups: Ints
    strata: Ints
    looks: Singles | None
    least: int
    within: str


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a half suggests, and what the other half says to it.

    A rule has conditions alone; a region has those of the stratum that it lies in, or none.
    """

    conditions: tuple[Condition, ...]
    region: Region | None
    member: Flags
    across: bool
    judged: Flags
    evidence: Evidence

    def stratum(self, known: Known) -> Flags:
        """The cases that meet its conditions, wherever they lie in the embedding.

        Args:
            known: All cases.

        Returns:
            (N,) bool.
        """
        return _meets_all(known, self.conditions)


@dataclass(frozen=True, eq=False)
class _Area:
    """Where regions are searched: all cases of a half, or those of one stratum."""

    condition: Condition | None
    places: Ints
    search: RegionSearch


def first_half(groups: Ints, seed: int) -> Flags:
    """Whole groups, drawn until half of the cases are together.

    Args:
        groups: (N,) numbers from 0.
        seed: Of the draw.

    Returns:
        (N,) bool.
    """
    sizes = np.bincount(groups)
    order = np.random.default_rng([seed, 1]).permutation(len(sizes))
    before = np.cumsum(sizes[order]) - sizes[order]
    taken = np.zeros(len(sizes), dtype=bool)
    taken[order] = before + sizes[order] / 2 <= len(groups) / 2
    return np.asarray(taken[groups])


def _excess(loss: Floats, strata: Ints, groups: Ints) -> Floats:
    """Loss beyond the mean of the stratum, in standard deviations of independent cases."""
    count = np.maximum(np.bincount(strata), 1)
    away = loss - (np.bincount(strata, loss) / count)[strata]
    usual = float((away**2).mean())
    variance = np.bincount(strata, away**2) + _PRIOR_CASES * usual
    spread = np.sqrt(variance / (count + _PRIOR_CASES))
    out = away / np.maximum(spread[strata], 1e-12)
    together = np.square(np.bincount(groups, out)).sum() / max(np.square(out).sum(), 1e-12)
    return np.asarray(out / np.sqrt(max(1.0, float(together))))


def candidates_of(known: Known, half: Flags, *, depth: int, seed: int) -> list[Candidate]:
    """What one half suggests, each tested on the other half.

    Args:
        known: All cases.
        half: (N,) which of them to search.
        depth: Most conditions of a rule.
        seed: Of folds and centers.

    Returns:
        At most six rules and regions, and as many weak strata.
    """
    rows = np.flatnonzero(half)
    _, groups = np.unique(known.groups[rows], return_inverse=True)
    least = max(4, known.least // 2)
    out: list[Candidate] = []
    flat = np.zeros_like(known.strata)
    for across, strata in ((True, flat), (False, known.strata)):
        if across and not known.strata.any():
            continue
        columns = _of_column(known.columns, known.within) if across else known.columns
        most = 1 if across else depth
        rules = RuleSearch(columns, rows, least_cases=least, depth=most)
        areas = [] if across else _areas(known, rows, groups, (least, seed))
        excess = _excess(known.loss[rows], strata[rows], groups)
        least_gain = 0.0 if across else _LEAST_GAIN
        seen: set[tuple[Condition, ...]] = set()
        for _ in range(_MOST_CANDIDATES):
            picked = _pick(rules, areas, excess, known, least_gain)
            if picked is None or picked[0] in seen:
                break
            if picked[1] is None:
                seen.add(picked[0])
            inside = picked[2][rows]
            excess[inside] -= excess[inside].mean()
            out.append(judged(picked, known, ~half, across=across))
    return out


def _areas(known: Known, rows: Ints, groups: Ints, how: tuple[int, int]) -> list[_Area]:
    """All cases, and each large stratum: what is weak within a class lies among its own."""
    if known.looks is None:
        return []
    least, seed = how
    everywhere = np.arange(len(rows))
    out = [_Area(None, everywhere, _search(known.looks[rows], groups, least, seed))]
    own = _of_column(known.columns, known.within).conditions
    inside = [(c, np.flatnonzero(known.columns.meets(c, rows))) for c in own]
    inside = [(c, p) for c, p in inside if 4 * least <= len(p) < len(rows)]
    for condition, places in sorted(inside, key=lambda i: -len(i[1]))[:_MOST_AREAS]:
        looks = known.looks[rows[places]]
        out.append(_Area(condition, places, _search(looks, groups[places], least, seed)))
    return out


def _search(looks: Singles, groups: Ints, least: int, seed: int) -> RegionSearch:
    return RegionSearch(looks, groups, least_cases=least, seed=seed)


def _of_column(columns: Columns, name: str) -> Columns:
    kept = tuple(c for c in columns.conditions if c.name == name)
    return replace(columns, conditions=kept)


Picked = tuple[tuple[Condition, ...], Region | None, Flags]


def _pick(
    rules: RuleSearch, areas: list[_Area], excess: Floats, known: Known, least_gain: float
) -> Picked | None:
    """The rule or region with the most evidence."""
    rule = rules.best(excess, least_gain=least_gain)
    floor = least_gain if rule is None else rule.gain + _RULE_BONUS
    found = _best_region(areas, excess, floor)
    if found is not None and known.looks is not None:
        conditions, region = found
        member = _meets_all(known, conditions) & (region.depth(known.looks) >= 0)
        return conditions, region, member
    if rule is None:
        return None
    return rule.conditions, None, _meets_all(known, rule.conditions)


def _best_region(
    areas: list[_Area], excess: Floats, floor: float
) -> tuple[tuple[Condition, ...], Region] | None:
    """The region of most evidence over all areas; a stratum pays for being one of several."""
    best: tuple[tuple[Condition, ...], Region] | None = None
    for area in areas:
        paid = 0.0 if area.condition is None else float(np.log(len(areas)))
        found = area.search.best(excess[area.places], least_gain=floor + paid)
        if found is not None:
            floor = found.gain - paid
            best = (() if area.condition is None else (area.condition,)), found.region
    return best


def _meets_all(known: Known, conditions: tuple[Condition, ...]) -> Flags:
    member = np.ones(len(known.loss), dtype=bool)
    for condition in conditions:
        member &= known.columns.meets(condition)
    return member


def judged(picked: Picked, known: Known, judged: Flags, *, across: bool) -> Candidate:
    """A slice tested on some cases.

    Args:
        picked: Its conditions, its region or None, and (N,) its cases.
        known: All cases.
        judged: (N,) on which cases to test it.
        across: Compare with all other cases, not within strata.

    Returns:
        The slice with its evidence.
    """
    conditions, region, member = picked
    strata = np.zeros_like(known.strata) if across else known.strata
    groups = known.groups[judged]
    evidence = compare(member[judged], known.loss[judged], strata[judged], groups)
    return Candidate(conditions, region, member, across, judged, evidence)
