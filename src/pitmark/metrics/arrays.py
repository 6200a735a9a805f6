"""What the metrics accept: arrays that were checked once, at the door."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError

Groups = Sequence[Hashable | None]


def as_scores(scores: ArrayLike, *, unit_range: bool = False) -> NDArray[np.float64]:
    """Scores as a flat float array.

    Args:
        scores: (N,) finite numbers.
        unit_range: Whether every score must lie in [0, 1].

    Returns:
        (N,) float64.

    Raises:
        InvalidInputError: Not flat, not finite, or outside [0, 1].
    """
    array = np.asarray(scores, dtype=np.float64)
    if array.ndim != 1:
        raise InvalidInputError(f"scores must have shape (N,), found {array.shape}")
    bad = ~np.isfinite(array)
    if unit_range:
        bad |= (array < 0) | (array > 1)
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        wanted = "between 0 and 1" if unit_range else "finite"
        raise InvalidInputError(f"scores must be {wanted}, score {first} is {array[first]}")
    return array


def as_flags(flags: ArrayLike, count: int, name: str) -> NDArray[np.bool_]:
    """Yes/no values as a flat bool array.

    Args:
        flags: (N,) bools, or integers 0 and 1.
        count: The N that is expected.
        name: What the flags are, for the message.

    Returns:
        (N,) bool.

    Raises:
        InvalidInputError: Another length, or a value that is neither yes nor no.
    """
    array = np.asarray(flags)
    if array.shape != (count,):
        raise InvalidInputError(f"{name} must have shape ({count},), found {array.shape}")
    if array.dtype != np.bool_ and not np.isin(array, (0, 1)).all():
        raise InvalidInputError(f"{name} must be true or false for every image")
    return array.astype(np.bool_)


def as_classes(classes: ArrayLike, class_count: int, name: str) -> NDArray[np.intp]:
    """Class indices as a flat integer array.

    Args:
        classes: (N,) integers in [0, class_count).
        class_count: Number of classes.
        name: What the classes are, for the message.

    Returns:
        (N,) intp.

    Raises:
        InvalidInputError: Not flat, not whole numbers, or outside the range.
    """
    array = np.asarray(classes)
    if array.size == 0:
        return np.zeros(0, dtype=np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InvalidInputError(
            f"{name} must be whole numbers of shape (N,),"
            f" found {array.dtype} of shape {array.shape}"
        )
    bad = (array < 0) | (array >= class_count)
    if bad.any():
        raise InvalidInputError(
            f"{name} must lie in 0..{class_count - 1}, found {int(array[bad][0])}"
        )
    return array.astype(np.intp)


def group_numbers(groups: Groups | None, count: int) -> NDArray[np.intp]:
    """The number of the group that each image belongs to.

    Args:
        groups: Group key per image (for instance the part); None in it stands for an
            image that is a group of its own; None instead of it for all images so.
        count: Number of images.

    Returns:
        (count,) integers 0..G-1, every number in use.

    Raises:
        InvalidInputError: Another number of groups than of images.
    """
    if groups is None:
        return np.arange(count)
    if len(groups) != count:
        raise InvalidInputError(
            f"there must be one group per image: {count} images, {len(groups)} groups"
        )
    numbers: dict[Hashable, int] = {}
    keys = (
        ("alone", index) if key is None else ("group", key) for index, key in enumerate(groups)
    )
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.intp)
