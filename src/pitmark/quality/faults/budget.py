"""Scores that do not expect more faults than labels can hold.

A weak detector makes up thousands of boxes, each a little likely to be a missed object; taken
one by one they drown the rest. Together they may not expect more faults of one kind than
one label in ten: beyond it, the odds of all faults of that kind are lowered alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import expit, logit

from pitmark.quality.faults.class_faults import Fault, strongest_first

MOST_FAULTS = 0.1
_LEAST_SCORE = 0.01
_MOST_SHIFT = 30.0


def within_budget(faults: Sequence[Fault], label_count: int) -> list[Fault]:
    """Faults with scores lowered, kind by kind, to what so many labels can hold.

    The order within a kind stays; scores below 0.01 are left out.

    Args:
        faults: With scores in [0, 1].
        label_count: Labels that were judged; at least ten are assumed.

    Returns:
        Faults, most likely first.
    """
    allowed = MOST_FAULTS * max(label_count, 10)
    by_kind: dict[str, list[Fault]] = defaultdict(list)
    for fault in faults:
        by_kind[fault.kind].append(fault)
    out: list[Fault] = []
    for mine in by_kind.values():
        odds = logit(np.clip([f.score for f in mine], 1e-6, 1 - 1e-6))
        shift = _shift(odds, allowed)
        if shift == 0:
            out += mine
            continue
        scores = expit(odds - shift)
        lowered = [replace(f, score=float(s)) for f, s in zip(mine, scores, strict=True)]
        out += [f for f in lowered if f.score >= _LEAST_SCORE]
    return strongest_first(out)


def _shift(odds: np.ndarray[tuple[int], np.dtype[np.float64]], allowed: float) -> float:
    """How far log odds must go down for their probabilities to sum to what is allowed."""
    if expit(odds).sum() <= allowed:
        return 0.0
    low, high = 0.0, _MOST_SHIFT
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(odds - middle).sum() > allowed else (low, middle)
    return high
