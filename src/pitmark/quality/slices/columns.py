"""What is known of cases, as conditions that can be counted fast: camera cam2, size at most 9.

Texts give one condition per value. Numbers are cut at their tenths: conditions are the
ends (at most, above) up to the middle, and some ranges between them. No label and no
loss is looked at here, so conditions may be made from all cases before any search.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

Ints = NDArray[np.int64]

MOST_VALUES = 100
_TENTHS = 10
# Numbers with fewer different values are names: shift 1, shift 2.
_FEWEST_LEVELS = 11
_ENDS = (1, 2, 3, 5)
_RANGES = ((2, 4), (4, 6), (6, 8), (3, 7))


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: a column (by number), the codes that it allows, and its words.

    Attributes:
        column: Number of the column.
        first: The first code allowed.
        last: The last one.
        name: Of the column.
        value: What follows the name: "cam2", "at most 9.5", "from 3 to 5".
    """

    column: int
    first: int
    last: int
    name: str
    value: str


@dataclass(frozen=True, eq=False)
class Columns:
    """All columns of N cases as small numbers.

    Attributes:
        codes: (C, N) code of each case in each column.
        sizes: (C,) number of codes of each column; the last code is "anything else".
        conditions: What can be asked of the columns, column by column.
    """

    codes: NDArray[np.int16]
    sizes: Ints
    conditions: tuple[Condition, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Columns about which something can be asked, in order."""
        return tuple(dict.fromkeys(c.name for c in self.conditions))

    def meets(self, condition: Condition, rows: Ints | None = None) -> NDArray[np.bool_]:
        """Which cases meet a condition.

        Args:
            condition: One of `conditions`.
            rows: Only these cases; all if left out.

        Returns:
            (N,) or (rows,) bool.
        """
        codes = self.codes[condition.column]
        here = codes if rows is None else codes[rows]
        return np.asarray((here >= condition.first) & (here <= condition.last))


def columns_of(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]], count: int, *, least_cases: int
) -> Columns:
    """Columns as small numbers, with the conditions that enough cases meet.

    Args:
        columns: Name to (N,) texts, numbers or truth values; None, an empty text and a
            number that is none mean unknown.
        count: N.
        least_cases: Fewest cases that meet a condition, on either side of it.

    Returns:
        The columns; those about which nothing can be asked have no condition.

    Raises:
        InvalidInputError: A column has another length.
    """
    codes: list[NDArray[np.int16]] = []
    sizes: list[int] = []
    conditions: list[Condition] = []
    for name, values in columns.items():
        if len(values) != count:
            raise InvalidInputError(f"column {name} has {len(values)} values, not {count}")
        numbers = _as_numbers(values)
        if numbers is not None:
            own, told = _cut(name, numbers, len(codes))
        else:
            own, told = _named(name, values, len(codes), least_cases)
        kept = [c for c in told if _enough(own, c, least_cases)]
        if kept:
            codes.append(own)
            sizes.append(int(own.max()) + 1)
            conditions += kept
    stacked = np.stack(codes) if codes else np.zeros((0, count), dtype=np.int16)
    return Columns(stacked, np.array(sizes, dtype=np.int64), tuple(conditions))


def _enough(codes: NDArray[np.int16], condition: Condition, least: int) -> bool:
    inside = int(((codes >= condition.first) & (codes <= condition.last)).sum())
    return least <= inside <= len(codes) - least


def _as_numbers(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.float64] | None:
    """The values where they are measures; None where they are names."""
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiu":
        numbers = values.astype(np.float64)
    else:
        known = [v for v in values if v is not None and v != ""]
        number = (int, float, np.integer, np.floating)
        if not known or not all(
            isinstance(v, number) and not isinstance(v, bool) for v in known
        ):
            return None
        numbers = np.array(
            [np.nan if v is None or v == "" else float(v) for v in values], dtype=np.float64
        )
    finite = numbers[np.isfinite(numbers)]
    return numbers if len(np.unique(finite)) >= _FEWEST_LEVELS else None


def _cut(
    name: str, numbers: NDArray[np.float64], column: int
) -> tuple[NDArray[np.int16], list[Condition]]:
    """A measure in tenths, and the ends and ranges of it."""
    known = np.isfinite(numbers)
    inner = np.quantile(numbers[known], np.arange(1, _TENTHS) / _TENTHS)
    edges = np.unique(inner)
    placed = np.searchsorted(edges, np.where(known, numbers, 0.0), side="left")
    top = len(edges)
    codes: NDArray[np.int16] = np.where(known, placed, top + 1).astype(np.int16)
    # Many equal values leave fewer cuts than tenths: then every cut is an end.
    at = [int(np.searchsorted(edges, v)) for v in inner]
    told: dict[tuple[int, int], str] = {}
    for tenth in _ENDS:
        low, high = at[tenth - 1], at[_TENTHS - tenth - 1]
        told.setdefault((0, low), f"at most {_number(edges[low])}")
        if high < top:
            told.setdefault((high + 1, top), f"above {_number(edges[high])}")
    for first, last in _RANGES:
        low, high = at[first - 1], at[last - 1]
        words = f"above {_number(edges[low])} to {_number(edges[high])}"
        if low < high:
            told.setdefault((low + 1, high), words)
    return codes, [Condition(column, a, b, name, w) for (a, b), w in told.items()]


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def _named(
    name: str, values: Sequence[Any] | NDArray[Any], column: int, least: int
) -> tuple[NDArray[np.int16], list[Condition]]:
    """Names, the most frequent ones first; rare and unknown ones share the last code."""
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    texts = _texts(listed)
    numbered = group_codes(texts)
    counts = np.bincount(numbered)
    first = np.unique(numbered, return_index=True)[1]
    order = sorted(
        (int(k) for k in np.flatnonzero(counts >= least) if texts[first[k]]),
        key=lambda k: (-counts[k], texts[first[k]]),
    )[:MOST_VALUES]
    place = np.full(len(counts), len(order), dtype=np.int16)
    place[order] = np.arange(len(order))
    return place[numbered], [
        Condition(column, n, n, name, texts[first[k]]) for n, k in enumerate(order)
    ]


def _texts(values: Sequence[Any]) -> list[str]:
    def text(value: Any) -> str:
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        whole = isinstance(value, float) and value.is_integer()
        return str(int(value)) if whole else str(value)

    return [text(v) for v in values]
