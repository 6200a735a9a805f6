"""What makes images differ without being drift: the camera, the finish of the part.

Each value of each condition (camera cam2, finish silver) shifts every figure by a fixed
amount; the shifts are fitted together by ridge regression on the reference and taken off
reference and line alike. A line on which products take turns can then be watched as
closely as one that always sees the same part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

Array = NDArray[np.float64]
Tags = Mapping[str, object]

_FEWEST_IMAGES = 4
_MOST_VALUES = 40
_MOST_IMAGES = 0.75
# Every shift is drawn to zero as if one more image had shown none.
_RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Conditions:
    """Shifts (V, F) of figures by value of a condition.

    `names` lists the conditions; `values` (name, value) per row of `shifts`. `usual` (V,)
    is the share of reference images with each value, and `doubt` (V, V) the covariance of
    the fitted shifts in variances of single images: images that come in other shares than
    usual are compared less surely.
    """

    names: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    shifts: Array
    usual: Array
    doubt: Array

    @staticmethod
    def none() -> Conditions:
        """No conditions: nothing is taken off."""
        return Conditions((), (), np.empty((0, 0)), np.empty(0), np.empty((0, 0)))

    def known(self, tags: Tags) -> bool:
        """Whether the tags name a value of each condition that the reference has seen."""
        return all((name, str(tags.get(name, ""))) in self.values for name in self.names)

    def shares(self, tags: Tags) -> Array:
        """Which values an image has.

        Args:
            tags: Of the image, `known`.

        Returns:
            (V,) ones and zeros.
        """
        return np.array([float(str(tags.get(n, "")) == v) for n, v in self.values])

    def shift(self, tags: Tags) -> Array | float:
        """What to take off the figures of an image.

        Args:
            tags: Of the image, `known`.

        Returns:
            (F,), or 0 without conditions.

        Raises:
            InvalidInputError: A value that the reference has not seen.
        """
        if not self.names:
            return 0.0
        if not self.known(tags):
            told = ", ".join(f"{n} {tags.get(n, '(none)')}" for n in self.names)
            raise InvalidInputError(f"the drift reference has no images of {told}")
        rows = [self.values.index((n, str(tags[n]))) for n in self.names]
        return np.asarray(self.shifts[rows].sum(axis=0))


def common(tags: Sequence[Tags], names: Sequence[str]) -> NDArray[np.bool_]:
    """Which images have values of all conditions that at least 4 images share.

    Args:
        tags: Of N images.
        names: The conditions.

    Returns:
        (N,).
    """
    keep = np.ones(len(tags), np.bool_)
    for name in names:
        column = np.array([str(t.get(name, "")) for t in tags])
        values, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        keep &= (counts[place] >= _FEWEST_IMAGES) & (values[place] != "")
    return keep


def fit_conditions(figures: Array, tags: Sequence[Tags], names: Sequence[str]) -> Conditions:
    """The shift of every value of some conditions.

    Args:
        figures: (N, F).
        tags: Of the same images, each with a value of each condition.
        names: The conditions, such as ("camera", "finish").

    Returns:
        The conditions.
    """
    values = tuple(sorted({(n, str(t[n])) for t in tags for n in names}))
    design = np.array([[float(str(t[n]) == v) for n, v in values] for t in tags])
    gram = np.linalg.inv(design.T @ design + _RIDGE * np.eye(len(values)))
    shifts = gram @ design.T @ (figures - figures.mean(axis=0))
    return Conditions(tuple(names), values, shifts, design.mean(axis=0), gram)


def usable(tags: Sequence[Tags], names: Sequence[str]) -> tuple[str, ...]:
    """Those of some names by which a reference can be told apart.

    Args:
        tags: Of the images of a reference.
        names: Candidates, in order of importance.

    Returns:
        The names with two to 40 values that leave most images in the reference when
        those with rare values are set aside.
    """
    chosen: tuple[str, ...] = ()
    for name in names:
        values = {str(t.get(name, "")) for t in tags}
        keep = common(tags, (*chosen, name))
        if 2 <= len(values) <= _MOST_VALUES and keep.mean() >= _MOST_IMAGES:
            chosen = (*chosen, name)
    return chosen


def conditions_to_json(conditions: Conditions) -> dict[str, Any]:
    """Names and values, for the description beside the arrays."""
    return {
        "names": list(conditions.names),
        "values": [list(v) for v in conditions.values],
    }


def conditions_from_json(
    data: Mapping[str, Any], shifts: Array, usual: Array | None, doubt: Array | None
) -> Conditions:
    """The conditions that `conditions_to_json` described.

    Args:
        data: The JSON object.
        shifts: (V, F).
        usual: (V,); None for a reference of before these were kept, whose length allows
            for the doubt already.
        doubt: (V, V), likewise.

    Returns:
        The conditions.

    Raises:
        ValueError: Values and shifts that do not fit together.
    """
    values = tuple((str(n), str(v)) for n, v in data["values"])
    names = tuple(str(n) for n in data["names"])
    if not names:
        return Conditions.none()
    count = len(values)
    usual = np.zeros(count) if usual is None else usual
    doubt = np.zeros((count, count)) if doubt is None else doubt
    fits = shifts.ndim == 2 and len(shifts) == count and usual.shape == (count,)
    if not fits or doubt.shape != (count, count):
        raise ValueError("its conditions do not fit together")
    if set(names) != {n for n, _ in values}:
        raise ValueError("its conditions have no values")
    return Conditions(names, values, shifts, usual, doubt)
