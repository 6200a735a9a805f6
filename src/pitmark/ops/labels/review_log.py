"""What was decided so far, as single looks of a person, and what that teaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pitmark.quality.review.curve import ReviewCurve, learn_curve
from pitmark.quality.review.pace import seconds_by_kind, seconds_for
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingBrief

# The order of the queue takes up what was learned after so many decisions, not in between.
BLOCK = 20


@dataclass(frozen=True, slots=True)
class Look:
    """One decision of a person; a group that was settled as one is one look."""

    kind: str
    score: float
    fault: bool
    by: str
    at: datetime


@dataclass(frozen=True, eq=False)
class Learned:
    """What some looks teach: a curve per kind, and seconds per decision where timed."""

    curves: dict[str, ReviewCurve]
    timed_s: dict[str, float]

    def curve(self, kind: str) -> ReviewCurve:
        """The curve of a kind; that of no decisions where there were none.

        Args:
            kind: Of findings.

        Returns:
            The curve.
        """
        if kind not in self.curves:
            self.curves[kind] = learn_curve([], [])
        return self.curves[kind]

    def seconds(self, kind: str) -> float:
        """Seconds per decision on a kind, measured or assumed.

        Args:
            kind: Of findings.

        Returns:
            Seconds.
        """
        return seconds_for(kind, self.timed_s)


def looks_of(project: ProjectStore) -> list[Look]:
    """All decisions that stand, in their order.

    Args:
        project: The project.

    Returns:
        One per decision; of findings settled in one go that on which it was made.
    """
    out: list[Look] = []
    seen: set[int] = set()
    for row in project.findings.decided():
        if row.decision is not None and row.decision in seen:
            continue
        seen |= {row.decision} if row.decision is not None else set()
        out.append(_look(row))
    return out


def learn(looks: Sequence[Look]) -> Learned:
    """What decisions teach about the findings that are open.

    Args:
        looks: In their order.

    Returns:
        Curves and times, by kind.
    """
    curves = {}
    for kind in {look.kind for look in looks}:
        mine = [look for look in looks if look.kind == kind]
        curves[kind] = learn_curve([m.score for m in mine], [m.fault for m in mine])
    return Learned(curves, seconds_by_kind((x.kind, x.by, x.at) for x in looks))


def _look(row: FindingBrief) -> Look:
    at = row.at or row.found
    return Look(row.kind, row.score, row.state != "dismissed", row.by or "", at)
