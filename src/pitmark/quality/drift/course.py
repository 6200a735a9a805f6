"""How the evidence for a drift and the figures of a line went, fine lately, coarse long ago."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

MOST_POINTS = 160
_MOST_ALARMS = 20
# More says nothing to the eye.
_MOST_EVIDENCE = 1e12
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class CoursePoint:
    """Images `first` to `last`: their highest evidence, and the mean (C,) of components."""

    first: int
    last: int
    evidence: float
    means: Array

    def joined(self, later: CoursePoint) -> CoursePoint:
        """Both as one point."""
        sizes = (self.last - self.first + 1, later.last - later.first + 1)
        means = (sizes[0] * self.means + sizes[1] * later.means) / sum(sizes)
        return CoursePoint(self.first, later.last, max(self.evidence, later.evidence), means)


class DriftCourse:
    """A bounded course: where there are too many points, two neighbors become one.

    They are those that are shortest for their age, so that the latest images stay fine and
    the whole past is kept.

    Args:
        points: In the order of images.
        alarms: Numbers of the images at which there was an alarm.
    """

    def __init__(self, points: Iterable[CoursePoint] = (), alarms: Iterable[int] = ()) -> None:
        # Replaced, never changed: another thread may read them.
        self.points: tuple[CoursePoint, ...] = tuple(points)
        self.alarms: tuple[int, ...] = tuple(alarms)

    def add(self, point: CoursePoint) -> None:
        """Takes the next images.

        Args:
            point: It begins behind the last one.
        """
        points = [*self.points, point]
        if len(points) > MOST_POINTS:
            place = _shortest_for_its_age(points)
            points[place : place + 2] = [points[place].joined(points[place + 1])]
        self.points = tuple(points)

    def add_alarm(self, image: int) -> None:
        """Notes an alarm.

        Args:
            image: Number of the image at which it was raised.
        """
        self.alarms = (*self.alarms, image)[-_MOST_ALARMS:]

    def to_json(self) -> dict[str, Any]:
        """Everything to go on with, as plain JSON types."""
        rows = [
            [p.first, p.last, _short(p.evidence), [_short(v) for v in p.means.tolist()]]
            for p in self.points
        ]
        return {"points": rows, "alarms": list(self.alarms)}

    def told(self, component: int) -> dict[str, Any]:
        """What is shown of it, as plain JSON types.

        Args:
            component: Whose means.

        Returns:
            `images` (the last of each point), `evidence`, `values` and `alarms`.
        """
        points = self.points
        return {
            "images": [p.last for p in points],
            "evidence": [_short(p.evidence) for p in points],
            "values": [_short(float(p.means[component])) for p in points],
            "alarms": list(self.alarms),
        }

    @staticmethod
    def from_json(data: Any, components: int) -> DriftCourse:
        """The course that `to_json` wrote.

        Args:
            data: The JSON object; None begins anew.
            components: Number C of figures per image.

        Returns:
            The course.

        Raises:
            ValueError: Rows that do not fit.
            KeyError: Something is missing.
            TypeError: Something else than numbers.
        """
        if data is None:
            return DriftCourse()
        points = []
        for first, last, evidence, means in data["points"]:
            row = np.asarray(means, dtype=np.float64)
            if row.shape != (components,):
                raise ValueError(f"expected {components} means, found {row.shape}")
            points.append(CoursePoint(int(first), int(last), float(evidence), row))
        return DriftCourse(points, [int(n) for n in data["alarms"]])


def _shortest_for_its_age(points: list[CoursePoint]) -> int:
    first = np.array([p.first for p in points[:-1]])
    last = np.array([p.last for p in points[1:]])
    length = last - first + 1
    age = points[-1].last - first + 1
    return int(np.argmin(length / age))


def _short(value: float) -> float:
    return float(f"{min(value, _MOST_EVIDENCE):.{_DIGITS}g}")
