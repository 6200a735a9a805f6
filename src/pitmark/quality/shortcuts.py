"""Whether something that is no defect tells the class: a shortcut that a model will take.

A simple linear model names the class from a few figures (the frame of the picture alone,
its size, a column of metadata), always of images of groups that it has not seen. Its
share of right answers, averaged over the classes, is compared with the same model on
labels that are shuffled between groups: 199 times, over all families at once, so that
looking at many families finds no more by chance than looking at one.

A family that tells the class is a *shortcut* where the class should be a small place in
the picture (marked defects that leave the frame alone), or where the frame tells it and
the picture further in knows less than half of that. Where the whole surface tells the
class (kinds of rolled steel), it is only a *hint*: the surface may be what the class is.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.quality.group_codes import group_codes

FEWEST_GROUPS = 10
_FEWEST_OF_CLASS = 5
_FOLDS = 5
_SHUFFLES = 199
_LEVEL = 0.01
_RIDGE = 1.0
# Less above guessing than this is no shortcut worth a person's minute.
_LEAST_GAIN = 0.15
_MIDDLE = "middle"
_SEEN_IN_PIXELS = ("frame", "corners", "light")

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A family of figures that tells the class.

    `told` and `guessed` are shares of right answers averaged over classes, of the model
    and of guessing; `middle` is what the middle of the picture tells, nan where that was
    not compared. `by_class` is the share of each class that is recognized. `chance` is how
    likely shuffled labels are told as well by any family.
    """

    family: str
    verdict: Literal["shortcut", "hint"]
    told: float
    guessed: float
    middle: float
    by_class: Mapping[str, float]
    chance: float
    why: str

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "family": self.family,
            "verdict": self.verdict,
            "told": round(self.told, 4),
            "guessed": round(self.guessed, 4),
            "middle": None if np.isnan(self.middle) else round(self.middle, 4),
            "by_class": {k: round(v, 4) for k, v in self.by_class.items()},
            "chance": round(self.chance, 4),
            "why": self.why,
        }


def find_shortcuts(
    families: Mapping[str, Table],
    classes: Sequence[str],
    groups: Sequence[Hashable],
    *,
    local: bool = False,
    seed: int = 0,
) -> list[Shortcut]:
    """Families that tell the class of images of groups not seen before.

    Args:
        families: Name to (N, F) finite figures; "middle" serves as comparison only.
        classes: (N,) of the images.
        groups: (N,) images of one part share one.
        local: The classes are known to be small places away from the frame.
        seed: Of folds and shuffles.

    Returns:
        Shortcuts, then hints, the surest first; none with fewer than two classes of five
        images or ten groups.

    Raises:
        InvalidInputError: Lengths that differ.
    """
    if any(len(t) != len(classes) for t in families.values()) or len(groups) != len(classes):
        raise InvalidInputError(f"{len(classes)} classes, their groups and figures differ")
    names = sorted({c for c in classes if list(classes).count(c) >= _FEWEST_OF_CLASS})
    keep = np.array([c in names for c in classes], dtype=bool)
    units = group_codes([g for g, k in zip(groups, keep, strict=True) if k])
    if len(names) < 2 or units.max(initial=-1) + 1 < FEWEST_GROUPS:
        return []
    labels = np.array([names.index(c) for c, k in zip(classes, keep, strict=True) if k])
    trial = _Trial(labels, units, seed)
    solved = {n: trial.solve(np.asarray(t)[keep]) for n, t in families.items()}
    told = {n: trial.shares(s, labels) for n, s in solved.items()}
    best = np.full(_SHUFFLES, -1.0)
    for number, other in enumerate(trial.shuffled(_SHUFFLES)):
        best[number] = max(trial.shares(s, other).mean() for s in solved.values())
    middle = float(told[_MIDDLE].mean()) if _MIDDLE in told else float("nan")
    out = []
    for family, shares in told.items():
        chance = (1 + (best >= shares.mean()).sum()) / (1 + _SHUFFLES)
        if family == _MIDDLE or chance > _LEVEL:
            continue
        if shares.mean() - 1 / len(names) < _LEAST_GAIN:
            continue
        out.append(_shortcut(family, names, shares, middle, float(chance), local))
    return sorted(out, key=lambda s: (s.verdict == "hint", -s.told, s.family))


class _Trial:
    """Folds of whole groups, and ridge models whose inputs stay while labels change."""

    def __init__(self, labels: NDArray[np.int64], units: NDArray[np.int64], seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._units, self._labels = units, labels
        self._count = int(labels.max()) + 1
        count = int(units.max()) + 1
        self._fold = self._rng.permutation(count)[units] % _FOLDS

    def solve(self, table: Table) -> list[tuple[NDArray[np.bool_], Table]]:
        """Per fold the held-out images and the matrix from training labels to scores."""
        out = []
        for fold in range(_FOLDS):
            held = self._fold == fold
            if not held.any():
                continue
            train, test = _standard(table[~held], table[held])
            inner = train.T @ train + _RIDGE * np.eye(train.shape[1])
            out.append((held, test @ np.linalg.solve(inner, train.T)))
        return out

    def shares(
        self, solved: list[tuple[NDArray[np.bool_], Table]], labels: NDArray[np.int64]
    ) -> Table:
        """(K,) share of each class that is recognized in images not learned from."""
        right = np.zeros(self._count)
        for held, matrix in solved:
            ones = np.eye(self._count)[labels[~held]]
            # A class counts as much as another, whatever its size.
            weight = ones.sum(axis=0)
            scores = matrix @ (ones / np.maximum(weight, 1)) * len(ones) / self._count
            said = scores.argmax(axis=1)
            right += np.bincount(labels[held][said == labels[held]], minlength=self._count)
        return np.asarray(right / np.maximum(np.bincount(labels, minlength=self._count), 1))

    def shuffled(self, times: int) -> Any:
        """Labels moved between groups of the same size, so that groups keep one fate."""
        sizes = np.bincount(self._units)
        order = np.argsort(self._units, kind="stable")
        starts = np.cumsum(sizes) - sizes
        for _ in range(times):
            out = np.empty_like(self._labels)
            for size in np.unique(sizes):
                alike = np.flatnonzero(sizes == size)
                places = order[starts[alike][:, None] + np.arange(size)]
                out[places] = self._labels[places[self._rng.permutation(len(alike))]]
            yield out


def _standard(train: Table, test: Table) -> tuple[Table, Table]:
    """Both on the scale of the first, with squares (both ends may be the odd ones) and 1."""
    mean, spread = train.mean(axis=0), train.std(axis=0)
    out = []
    for table in (train, test):
        scaled = np.clip((table - mean) / np.where(spread > 1e-9, spread, 1), -5, 5)
        out.append(np.column_stack([scaled, np.square(scaled), np.ones(len(scaled))]))
    return out[0], out[1]


def _shortcut(
    family: str,
    names: Sequence[str],
    shares: Table,
    middle: float,
    chance: float,
    local: bool,
) -> Shortcut:
    told, guessed = float(shares.mean()), 1 / len(names)
    in_pixels = family in _SEEN_IN_PIXELS
    whole = in_pixels and not local and not middle - guessed < _ODD * (told - guessed)
    easiest = names[int(shares.argmax())]
    words = _WORDS.get(family, f"{family} alone")
    why = (
        f"the class can be told in {told:.0%} of images from {words} (guessing:"
        f" {guessed:.0%}; best told: {easiest}, {shares.max():.0%})"
    )
    if whole:
        why += (
            f"; but the middle of the picture tells it in {middle:.0%}: the whole surface may"
            " be what the class is. A shortcut only if the class should be a small place"
        )
    elif in_pixels and local:
        why += "; the marked places do not reach there"
    elif in_pixels:
        why += f"; the middle of the picture tells it in {middle:.0%} only"
    by_class = dict(zip(names, shares.tolist(), strict=True))
    verdict: Literal["shortcut", "hint"] = "hint" if whole else "shortcut"
    reference = float("nan") if not in_pixels else middle
    return Shortcut(family, verdict, told, 1 / len(names), reference, by_class, chance, why)


# Odd is what the frame knows where the picture further in knows less than half of it.
_ODD = 0.5
_WORDS = {
    "frame": "the outer 5 % of the picture alone",
    "corners": "the four corners alone",
    "light": "brightness and contrast of the whole picture alone",
    "size": "the size of the image alone",
    "file": "the kind of file alone",
}
