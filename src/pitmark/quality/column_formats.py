"""Columns that one source fills in another format than the others: units, codes, dates.

Tables from several sources (hospitals, plants, laboratories) hold the same columns in
different words: Fahrenheit beside Celsius, M and F beside 1 and 2, 2024-03-01 beside
01.03.2024. Sources that fill a column alike are put together; the largest such party is
the usual one, and every other party is told with what sets it apart. Nothing is converted
here: which format is right is for a person to say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = Counter[str]

# Two populations seldom lie so far apart that a value tells its source 97 times in 100.
_APART = 0.97
# Sources of which one shares half of what it writes with the other speak one language.
_SHARED = 0.5
# Fewer different numbers are codes; words that seldom come twice are no list of codes.
_FEWEST_LEVELS = 11
_MOST_CODES = 40
# So many values of every source must be numbers, or the column holds texts.
_NUMBERS = 0.8
_SHOWN = 4
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
# Units explain a column where they bring its quantiles within so much of its spread.
_NEAR_ENOUGH = 0.5

# One unit, another one, and the line that turns the first into the second.
_UNITS: tuple[tuple[str, str, float, float], ...] = (
    ("degrees Celsius", "degrees Fahrenheit", 1.8, 32.0),
    ("degrees Celsius", "kelvin", 1.0, 273.15),
    ("inches", "centimeters", 2.54, 0.0),
    ("kilograms", "pounds", 2.20462, 0.0),
    ("bar", "pounds per square inch", 14.5038, 0.0),
    ("mmol/l of glucose", "mg/dl of glucose", 18.016, 0.0),
    ("mmol/l of cholesterol", "mg/dl of cholesterol", 38.67, 0.0),
    ("mg/dl of creatinine", "umol/l of creatinine", 88.42, 0.0),
    ("percent of HbA1c", "mmol/mol of HbA1c", 10.929, -23.5),
    ("a unit", "a tenth of that unit", 10.0, 0.0),
    ("a unit", "a hundredth of that unit", 100.0, 0.0),
    ("a unit", "a thousandth of that unit", 1000.0, 0.0),
)


@dataclass(frozen=True, eq=False)
class FormatDifference:
    """A column that some sources fill otherwise than most do.

    Attributes:
        column: Its name.
        kind: scale for numbers in another unit, codes for other words of a short list,
            pattern for texts of another shape, such as dates.
        sources: Who fills it otherwise.
        usual: Who fills it as most do.
        rows: Positions of the values of `sources`.
        written: What `sources` write: the middle of their numbers, the most frequent
            codes, or examples of texts.
        written_usually: The same of the others.
        slope: Of the line that turns usual numbers into these; None for texts.
        offset: Of that line.
        units: The usual and the other unit that explain it; None where none is known.
    """

    column: str
    kind: Literal["scale", "codes", "pattern"]
    sources: tuple[str, ...]
    usual: tuple[str, ...]
    rows: Ints
    written: tuple[str, ...] = ()
    written_usually: tuple[str, ...] = ()
    slope: float | None = None
    offset: float | None = None
    units: tuple[str, str] | None = None

    def sentence(self) -> str:
        """The difference in words."""
        about = "around " if self.kind == "scale" else ""
        told = (
            f"{self.column}: {about}{', '.join(self.written)} in {', '.join(self.sources)};"
            f" {about}{', '.join(self.written_usually)} in {', '.join(self.usual)}"
        )
        if self.units is not None:
            return f"{told}; fits {self.units[1]} instead of {self.units[0]}"
        if self.slope is not None and self.offset is not None:
            return f"{told}; about {self.slope:.3g} times as much, {self.offset:+.3g}"
        return told


def column_formats(
    columns: Mapping[str, Sequence[Any] | NDArray[Any]],
    sources: Sequence[Hashable],
    *,
    least_cases: int = 20,
) -> list[FormatDifference]:
    """Columns whose values live on other scales or in other words by source.

    A unit is told where its numbers hardly overlap with those of the others: sources whose
    cases merely differ (older patients, larger parts) are not named, and neither is a unit
    whose factor is small beside the spread of the values.

    Args:
        columns: Name to (N,) numbers or texts; None, "" and nan mean unknown. Texts that
            are numbers count as numbers.
        sources: (N,) where each case comes from.
        least_cases: A source with fewer known values in a column is not judged there.

    Returns:
        One per column and party of sources that differs from the usual one, in the order
        of the columns, larger parties first.

    Raises:
        InvalidInputError: A column has another length than the sources.
    """
    names = [str(s) for s in sources]
    out: list[FormatDifference] = []
    for column, values in columns.items():
        if len(values) != len(names):
            raise InvalidInputError(
                f"column {column} has {len(values)} values, but there are {len(names)} sources"
            )
        texts = _texts(values)
        found = _by_scale(column, texts, names, least_cases)
        out += _by_words(column, texts, names, least_cases) if found is None else found
    return out


def _by_scale(
    column: str, texts: Sequence[str], names: Sequence[str], least: int
) -> list[FormatDifference] | None:
    """Parties by unit; None where the column holds no measures."""
    numbers = np.array([_number(t) for t in texts])
    rows = _rows(np.array([t != "" for t in texts], dtype=bool), names, least)
    if any(np.isfinite(numbers[at]).mean() < _NUMBERS for at in rows.values()):
        return None
    known = np.isfinite(numbers)
    if len(np.unique(numbers[known])) < _FEWEST_LEVELS:
        return None
    rows = _rows(known, names, least)
    parties = _parties({s: numbers[at] for s, at in rows.items()}, rows, _same_scale)
    out = []
    for party in parties[1:]:
        at, around = _joined(rows, party), _joined(rows, parties[0])
        ours, theirs = (np.quantile(numbers[r], _QUANTILES) for r in (at, around))
        slope, offset = np.polyfit(theirs, ours, 1) if np.ptp(theirs) else (None, None)
        found = FormatDifference(column, "scale", party, parties[0], at)
        out.append(
            replace(
                found,
                written=(f"{float(f'{ours[2]:.3g}'):g}",),
                written_usually=(f"{float(f'{theirs[2]:.3g}'):g}",),
                slope=None if slope is None else float(slope),
                offset=None if offset is None else float(offset),
                units=_units(ours, theirs),
            )
        )
    return out


def _by_words(
    column: str, texts: Sequence[str], names: Sequence[str], least: int
) -> list[FormatDifference]:
    """Parties by the codes that they use or, where texts seldom repeat, by their shapes."""
    rows = _rows(np.array([t != "" for t in texts], dtype=bool), names, least)
    words = {s: Counter(texts[i] for i in at.tolist()) for s, at in rows.items()}
    coded = all(len(w) <= min(_MOST_CODES, _SHARED * w.total()) for w in words.values())
    shapes = {s: Counter(_shape(texts[i]) for i in at.tolist()) for s, at in rows.items()}
    parties = _parties(words if coded else shapes, rows, _same_words)
    return [
        FormatDifference(
            column,
            "codes" if coded else "pattern",
            party,
            parties[0],
            _joined(rows, party),
            _shown(party, words, coded=coded),
            _shown(parties[0], words, coded=coded),
        )
        for party in parties[1:]
    ]


def _rows(known: NDArray[np.bool_], names: Sequence[str], least: int) -> dict[str, Ints]:
    """Per source with enough of them the positions of known values."""
    own = np.array(names, dtype=object)
    rows = {s: np.flatnonzero(known & (own == s)) for s in sorted(set(names))}
    return {s: at for s, at in rows.items() if len(at) >= least}


def _parties(
    seen: Mapping[str, Any], rows: Mapping[str, Ints], same: Callable[[Any, Any], bool]
) -> list[tuple[str, ...]]:
    """Sources that are alike, directly or through others; those with most cases first."""
    party = {s: n for n, s in enumerate(seen)}
    for one, two in combinations(seen, 2):
        if party[one] != party[two] and same(seen[one], seen[two]):
            gone, kept = party[two], party[one]
            party = {s: kept if n == gone else n for s, n in party.items()}
    numbers = dict.fromkeys(party.values())
    found = [tuple(s for s in seen if party[s] == n) for n in numbers]
    return sorted(found, key=lambda p: -len(_joined(rows, p)))


def _same_scale(one: Floats, two: Floats) -> bool:
    """Whether a value does not tell its source: the share of pairs where one is larger."""
    ranks = scipy.stats.rankdata(np.concatenate([one, two]))[: len(one)]
    larger = (ranks.sum() - len(one) * (len(one) + 1) / 2) / (len(one) * len(two))
    return bool(1 - _APART < larger < _APART)


def _same_words(one: Words, two: Words) -> bool:
    both = one.keys() & two.keys()
    shares = [sum(words[w] for w in both) / words.total() for words in (one, two)]
    return max(shares) >= _SHARED


def _units(ours: Floats, theirs: Floats) -> tuple[str, str] | None:
    """The known units that bring the quantiles nearest to each other, where any does."""
    best, least = None, _NEAR_ENOUGH * max(float(np.ptp(ours)), 1e-12)
    for first, second, factor, offset in _UNITS:
        there = theirs * factor + offset, (first, second)
        back = (theirs - offset) / factor, (second, first)
        for turned, units in (there, back):
            gap = float(np.abs(turned - ours).mean())
            if gap < least:
                best, least = units, gap
    return best


def _shown(party: Sequence[str], words: Mapping[str, Words], *, coded: bool) -> tuple[str, ...]:
    """Codes with their shares, or one example of each frequent shape."""
    whole: Words = Counter()
    for source in party:
        whole.update(words[source])
    if coded:
        return tuple(f"{w} ({n / whole.total():.0%})" for w, n in whole.most_common(_SHOWN))
    shapes: Words = Counter()
    example: dict[str, str] = {}
    for word, count in whole.items():
        shapes[_shape(word)] += count
        example.setdefault(_shape(word), word)
    return tuple(example[s] for s, _ in shapes.most_common(_SHOWN))


def _joined(rows: Mapping[str, Ints], party: Sequence[str]) -> Ints:
    return np.sort(np.concatenate([rows[s] for s in party]))


def _shape(text: str) -> str:
    """9 for each digit and a for each run of letters: 2024-03-01 is 9999-99-99."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", text))


def _texts(values: Sequence[Any] | NDArray[Any]) -> list[str]:
    """Values as texts, empty where unknown."""
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    texts = ["" if v is None else str(v).strip() for v in listed]
    return ["" if t.lower() == "nan" else t for t in texts]


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
