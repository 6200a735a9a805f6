"""A drift in words: what moved, by how much, since which image, on which camera or lot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.input_statistics import STATISTICS
from pitmark.quality.drift.reference import DriftReference

Array = NDArray[np.float64]

_BY_NAME = {s.name: s for s in STATISTICS}
# Below this reference value a percentage says nothing.
_LEAST_FOR_PERCENT = 0.01


@dataclass(frozen=True, slots=True)
class Cause:
    """One component that moved.

    `shift` is in the unit that `unit` names: "relative" (0.18 is 18 % more than the
    reference), "absolute" (in the component's own unit) or "spreads" (standard
    deviations of single reference images). `since` is the number of the first image
    after the change.
    """

    name: str
    shift: float
    unit: Literal["relative", "absolute", "spreads"]
    since: int
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """The cause as plain JSON types."""
        return {
            "name": self.name,
            "shift": self.shift,
            "unit": self.unit,
            "since": self.since,
            "sentence": self.sentence,
        }


def describe_cause(
    reference: DriftReference, component: int, *, mean: float, since: int
) -> Cause:
    """A component's move in words.

    Args:
        reference: What it is compared with.
        component: Index into the reference's names.
        mean: The component's mean since the change, in its own unit.
        since: Number of the first image after the change.

    Returns:
        The cause; its sentence has no capital and no full stop.
    """
    name = reference.names[component]
    old, deviation = float(reference.means[component]), float(reference.deviations[component])
    spreads = (mean - old) / max(deviation, 1e-12)
    when = f"since image {since}"
    statistic = _BY_NAME.get(name)
    if statistic is not None:
        word = statistic.more if mean > old else statistic.less
        if statistic.change == "relative" and old > _LEAST_FOR_PERCENT:
            share = mean / old - 1
            text = f"{statistic.subject} {_number(100 * abs(share))} % {word} {when}"
            return Cause(name, share, "relative", since, text)
        points = 100 * abs(mean - old)
        text = f"{statistic.subject} {_number(points)} points {word} {when}"
        return Cause(name, mean - old, "absolute", since, text)
    if name == "score":
        verb = "rose" if mean > old else "fell"
        text = f"the model's scores {verb} from {old:.3g} to {mean:.3g} on average {when}"
        return Cause(name, mean - old, "absolute", since, text)
    if name == "distance":
        side = "further from" if mean > old else "nearer to"
        share = mean / max(old, 1e-12) - 1
        text = f"images are {_number(100 * abs(share))} % {side} those of the reference {when}"
        return Cause(name, share, "relative", since, text)
    text = f"the look of the images (model {name}) moved by {abs(spreads):.2g} spreads {when}"
    return Cause(name, spreads, "spreads", since, text)


@dataclass(frozen=True, slots=True)
class TagSums:
    """Number of images with one tag value, and the sums (C,) of their components."""

    images: int
    sums: Array

    def plus(self, other: TagSums) -> TagSums:
        """Both together."""
        return TagSums(self.images + other.images, self.sums + other.sums)


TagTable = Mapping[tuple[str, str], TagSums]

_ENOUGH_IMAGES = 5
_CARRIES = 0.75
# A value that holds most images also holds most of an even shift: it must exceed its part.
_MORE_THAN_ITS_PART = 1.3


def carrying_tags(
    reference: DriftReference, component: int, *, before: TagTable, after: TagTable
) -> tuple[tuple[str, str], ...]:
    """The tag values on which a component moved while it stayed on others.

    Each value is compared with its own past, or with the reference where it has none, so
    that cameras which always differed are not blamed.

    Args:
        reference: What it is compared with.
        component: Index into the reference's names.
        before: Sums by (tag, value) before the change.
        after: The same since the change.

    Returns:
        At most one (tag, value) per tag; empty where the shift is everywhere.
    """
    found = []
    for tag in sorted({t for t, _ in after}):
        values = {v: s for (t, v), s in after.items() if t == tag}
        known = {v for t, v in before if t == tag}
        if len(values.keys() | known) < 2:
            continue
        moved = {
            v: s.sums[component] - s.images * _past(reference, component, before.get((tag, v)))
            for v, s in values.items()
            if s.images >= _ENOUGH_IMAGES
        }
        value = _carrier(moved, {v: s.images for v, s in values.items()}, known)
        if value is not None:
            found.append((tag, value))
    return tuple(found)


def _past(reference: DriftReference, component: int, past: TagSums | None) -> float:
    if past is None or past.images < _ENOUGH_IMAGES:
        return float(reference.means[component])
    return float(past.sums[component]) / past.images


def _carrier(
    moved: Mapping[str, float], images: Mapping[str, int], known: set[str]
) -> str | None:
    """The value with nearly all of the move, if that is more than its part of the images."""
    whole = sum(abs(m) for m in moved.values())
    if not moved or whole <= 0:
        return None
    value = max(moved, key=lambda v: abs(moved[v]))
    share = abs(moved[value]) / whole
    part = images[value] / sum(images.values())
    # A value that came with the change and holds every image since: a new lot.
    if share >= _CARRIES and part == 1 and value not in known:
        return value
    return value if share >= _CARRIES and share >= _MORE_THAN_ITS_PART * part else None


def _number(value: float) -> str:
    return (
        f"{value:.0f}" if value >= 9.5 else f"{value:.1f}" if value >= 0.1 else f"{value:.2g}"
    )
