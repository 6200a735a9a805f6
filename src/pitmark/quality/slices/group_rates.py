"""Escapes and overkill group by group: whether a model treats people or parts alike.

For data about people the groups are protected attributes (sex, age, hospital). An escape is
a case with a defect (or disease) that the model passes, overkill one without that it rejects.
Every value of every named column is compared with all others; the groups were named before
anybody looked, so all cases may be used, and the share of false discoveries over all
groups and both rates is held down.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes
from pitmark.quality.slices.columns import columns_of
from pitmark.quality.slices.comparison import Evidence, compare
from pitmark.quality.slices.stratified import false_discovery_levels

Rate = Literal["escapes", "overkill"]
_LEAST_CASES = 5


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One rate of one group against all others.

    `unequal` says that the group is worse off than chance explains.
    """

    rate: Rate
    name: str
    value: str
    evidence: Evidence
    q_value: float
    unequal: bool

    def sentence(self) -> str:
        """The rate in words."""
        seen, what = self.evidence, "defects missed" if self.rate == "escapes" else "rejected"
        kind = "" if self.rate == "escapes" else "good cases "
        told = (
            f"{self.name} {self.value}: {seen.total:.0f} of {seen.cases} {kind}{what}"
            f" ({seen.inside:.0%}), others {seen.outside:.0%};"
            f" {100 * seen.difference:+.0f} points (between {100 * seen.low:+.0f} and"
            f" {100 * seen.high:+.0f})"
        )
        return f"{told}; worse than chance explains" if self.unequal else told

    def to_json(self) -> dict[str, Any]:
        """The rate as plain JSON types."""
        return {
            "rate": self.rate,
            "name": self.name,
            "value": self.value,
            "evidence": self.evidence.to_json(),
            "q_value": self.q_value,
            "unequal": self.unequal,
            "sentence": self.sentence(),
        }


def group_rates(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]],
    defective: NDArray[np.bool_],
    rejected: NDArray[np.bool_],
    *,
    groups: Sequence[Hashable] | None = None,
    false_discovery_rate: float = 0.1,
) -> list[GroupRate]:
    """Escapes and overkill of every group.

    Args:
        columns: The attributes to compare: name to (N,) values.
        defective: (N,) what is true.
        rejected: (N,) what the model said.
        groups: (N,) cases of one person or part; None: each is its own.
        false_discovery_rate: In (0, 1).

    Returns:
        Groups of at least five cases, those that are worse off than chance explains first.

    Raises:
        InvalidInputError: Arrays of different lengths.
    """
    count = len(defective)
    if len(rejected) != count or (groups is not None and len(groups) != count):
        raise InvalidInputError(f"{count} cases, but {len(rejected)} answers or other groups")
    numbers = np.arange(count) if groups is None else group_codes(groups)
    told: list[tuple[Rate, str, str, Evidence]] = []
    sides: tuple[tuple[Rate, NDArray[np.bool_], NDArray[np.bool_]], ...] = (
        ("escapes", defective, ~rejected),
        ("overkill", ~defective, rejected),
    )
    for rate, rows, wrong in sides:
        part = {name: _taken(values, rows) for name, values in columns.items()}
        known = columns_of(part, int(rows.sum()), least_cases=_LEAST_CASES)
        flat = np.zeros(int(rows.sum()), dtype=np.int64)
        loss = wrong[rows].astype(np.float64)
        for condition in known.conditions:
            seen = compare(known.meets(condition), loss, flat, numbers[rows])
            told.append((rate, condition.name, condition.value, seen))
    levels = false_discovery_levels([seen.p_value for *_, seen in told])
    out = [
        GroupRate(rate, name, value, seen, float(q), bool(q <= false_discovery_rate))
        for (rate, name, value, seen), q in zip(told, levels, strict=True)
    ]
    return sorted(out, key=lambda g: (not g.unequal, -g.evidence.difference))


def _taken(values: Sequence[Any] | NDArray[Any], rows: NDArray[np.bool_]) -> list[Any]:
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    return [v for v, kept in zip(listed, rows, strict=True) if kept]
