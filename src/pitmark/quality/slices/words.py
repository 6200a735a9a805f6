"""Slices in words: their rule, what sets a look apart, and the figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.slices.columns import Columns
from pitmark.quality.slices.comparison import Evidence, compare

Rule = tuple[tuple[str, str], ...]

_MOST_TRAITS = 3
_LEAST_CHANCE = 0.01
_LEAST_LEAD = 0.25
_FEWEST_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class Trait:
    """A condition that holds inside a slice much more often than elsewhere."""

    name: str
    value: str
    inside: float
    outside: float

    def to_json(self) -> dict[str, Any]:
        """The trait as plain JSON types."""
        return {
            "name": self.name,
            "value": self.value,
            "inside": self.inside,
            "outside": self.outside,
        }


def traits_of(
    member: NDArray[np.bool_],
    columns: Columns,
    groups: NDArray[np.int64],
    *,
    among: NDArray[np.bool_] | None = None,
) -> tuple[Trait, ...]:
    """What sets some cases apart, by the same test that finds slices.

    Args:
        member: (N,) which cases.
        columns: Of all cases.
        groups: (N,) numbers.
        among: (N,) the cases that they are compared with; None: all.

    Returns:
        At most three, one per column, the one with the widest lead first.
    """
    rows = np.arange(len(member)) if among is None else np.flatnonzero(among)
    member, groups = member[rows], groups[rows]
    if member.all():
        return ()
    flat = np.zeros(len(member), dtype=np.int64)
    best: dict[str, Trait] = {}
    # Two sides of one measure are one question.
    chance = _LEAST_CHANCE / max(len(columns.conditions), 1)
    for condition in columns.conditions:
        holds = columns.meets(condition, rows)
        inside, outside = float(holds[member].mean()), float(holds[~member].mean())
        lead = inside - outside
        rival = best.get(condition.name)
        if lead < _LEAST_LEAD or inside < _FEWEST_SHARE:
            continue
        if rival is not None and rival.inside - rival.outside >= lead:
            continue
        found = compare(member, holds.astype(np.float64), flat, groups)
        if found.p_value <= chance:
            best[condition.name] = Trait(condition.name, condition.value, inside, outside)
    ranked = sorted(best.values(), key=lambda t: t.outside - t.inside)
    return tuple(ranked[:_MOST_TRAITS])


def rule_words(rule: Rule) -> str:
    """A rule in a few words.

    Args:
        rule: Its conditions.

    Returns:
        Such as "camera cam2 and size at most 9".
    """
    return " and ".join(f"{name} {value}" for name, value in rule)


def region_words(rule: Rule, traits: tuple[Trait, ...]) -> str:
    """A region of the embedding in a few words.

    Args:
        rule: The class that it lies in; empty where it is of all.
        traits: What sets it apart.

    Returns:
        Such as "cases of class dent that look alike: mostly camera cam2 (80% of them)".
    """
    who = f"cases of {rule_words(rule)} that look alike" if rule else "cases that look alike"
    if not traits:
        return f"{who}, by no known measure"
    told = ", ".join(f"{t.name} {t.value} ({t.inside:.0%} of them)" for t in traits)
    return f"{who}: mostly {told}"


def sentence(name: str, evidence: Evidence, *, confirmed: bool, failures: bool) -> str:
    """A slice with its figures.

    Args:
        name: In a few words.
        evidence: On cases that the search had not seen.
        confirmed: Whether it holds there.
        failures: Whether losses are 0 and 1.

    Returns:
        One sentence.
    """
    if failures:
        told = (
            f"{evidence.total:.0f} of {evidence.cases} fail ({evidence.inside:.0%}),"
            f" elsewhere {evidence.outside:.0%};"
            f" {100 * evidence.difference:.0f} points apart"
            f" (between {100 * evidence.low:.0f} and {100 * evidence.high:.0f})"
        )
    else:
        told = (
            f"mean loss {evidence.inside:.3g} on {evidence.cases} cases, elsewhere"
            f" {evidence.outside:.3g}; {evidence.difference:.3g} apart"
            f" (between {evidence.low:.3g} and {evidence.high:.3g})"
        )
    end = "" if confirmed else "; a hint, not confirmed on cases held out from the search"
    return f"{name}: {told}{end}"
