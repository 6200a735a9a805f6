"""How long a decision takes, from the times at which decisions were made.

Only what the clock shows: the time between two decisions of one person. A pause is no
review, and nobody looks at a picture in less than a second (that was a program).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from statistics import median

SHORTEST_S = 1.0
LONGEST_S = 600.0
_ENOUGH = 5

# Before enough decisions of a kind were timed: rough figures, stated in docs/review.md.
_ASSUMED_S: Mapping[str, float] = {
    "wrong_class": 15.0,
    "image_fault": 15.0,
    "inconsistent_label": 15.0,
    "duplicate": 15.0,
    "leak": 15.0,
    "broken_rule": 20.0,
    "missed_object": 20.0,
    "spurious_object": 20.0,
    "contradiction": 30.0,
    "sloppy_outline": 30.0,
    "inconsistent_group": 180.0,
}
_ANY_S = 20.0


def seconds_by_kind(decisions: Iterable[tuple[str, str, datetime]]) -> dict[str, float]:
    """Median seconds per decision, by kind, where at least five were timed.

    Args:
        decisions: Kind, person and time of each, in the order of time.

    Returns:
        Kind to seconds; kinds with fewer timed decisions are left out.
    """
    last: dict[str, datetime] = {}
    gaps: dict[str, list[float]] = defaultdict(list)
    for kind, person, at in decisions:
        if person in last:
            gap = (at - last[person]).total_seconds()
            if SHORTEST_S <= gap <= LONGEST_S:
                gaps[kind].append(gap)
        last[person] = at
    return {kind: float(median(g)) for kind, g in gaps.items() if len(g) >= _ENOUGH}


def seconds_for(kind: str, measured: Mapping[str, float]) -> float:
    """Seconds that a decision on a kind of finding takes: measured, else assumed.

    Args:
        kind: Of the finding.
        measured: From `seconds_by_kind`.

    Returns:
        Seconds, above 0.
    """
    return measured.get(kind, _ASSUMED_S.get(kind, _ANY_S))
