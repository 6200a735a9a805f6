"""Slices that say the same told once: camera 2, and not camera 2 and lot 7 beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.quality.slices.comparison import compare

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_CHANCE = 0.01
_LEFT_SHARE = 0.3
_INSIDE = 0.8
# A rule counts as so much stronger than a region, since people can act on it.
_PLAIN = 0.5


def told_once(
    members: Sequence[Flags],
    p_values: Sequence[float],
    *,
    known: tuple[Floats, Ints, Ints],
    before: Sequence[Flags],
    plain: Sequence[bool],
) -> list[int]:
    """Which of some slices to tell, so that each tells something new.

    The strongest comes first. Another one is told where, without the cases of those told, it
    is still worse than the rest. A wider one takes the place of a narrow one inside it that is
    no worse than the rest of the wide one; a narrow one that of a wider one whose rest is no
    worse than all else.

    Args:
        members: (N,) bool of each slice.
        p_values: Of each.
        known: (N,) losses, strata and groups of all cases.
        before: Slices that are told already.
        plain: Whether each is a rule rather than a region.

    Returns:
        Positions, strongest first.
    """
    strength = [
        float(scipy.stats.norm.isf(max(p, 1e-300))) + _PLAIN * rule
        for p, rule in zip(p_values, plain, strict=True)
    ]
    told: list[int] = []
    for n in sorted(range(len(members)), key=lambda n: -strength[n]):
        covered = _union([*before, *(members[k] for k in told)], members[n])
        if not _worse_without(members[n], covered, known):
            # Perhaps the one told is weak for nothing but this part of it.
            empty = [k for k in told if _nothing_but(members[k], members[n], known)]
            if empty:
                told = [k for k in told if k not in empty] + [n]
            continue
        told = [k for k in told if not _only_part(members[k], members[n], known)]
        told.append(n)
    return sorted(told, key=lambda n: -strength[n])


def _union(sets: Sequence[Flags], like: Flags) -> Flags:
    out = np.zeros_like(like)
    for one in sets:
        out |= one
    return out


def _worse_without(member: Flags, covered: Flags, known: tuple[Floats, Ints, Ints]) -> bool:
    """Whether the cases that nothing told yet covers are worse than the rest as well."""
    if not (member & covered).any():
        return True
    left = ~covered
    if (member & left).sum() < _LEFT_SHARE * member.sum():
        return False
    loss, strata, groups = known
    found = compare(member[left], loss[left], strata[left], groups[left])
    return found.p_value <= _CHANCE


def _only_part(narrow: Flags, wide: Flags, known: tuple[Floats, Ints, Ints]) -> bool:
    """Whether a slice lies inside a wider one and is no worse than the rest of that."""
    if (narrow & wide).sum() < _INSIDE * narrow.sum():
        return False
    loss, strata, groups = known
    found = compare(narrow[wide], loss[wide], strata[wide], groups[wide])
    return found.p_value > _CHANCE


def _nothing_but(wide: Flags, narrow: Flags, known: tuple[Floats, Ints, Ints]) -> bool:
    """Whether a slice is no worse than all else without a narrower one inside it."""
    if (narrow & wide).sum() < _INSIDE * narrow.sum() or narrow.sum() >= _INSIDE * wide.sum():
        return False
    left = ~narrow
    loss, strata, groups = known
    found = compare(wide[left], loss[left], strata[left], groups[left])
    return found.p_value > _CHANCE
