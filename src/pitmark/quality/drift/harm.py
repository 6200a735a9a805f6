"""Whether a drift does harm: a test of the error rate that may be looked at after every label.

A verdict is wrong where it lets a defect pass or rejects a good part. A release comes with
accepted rates of both. The excess of an image is 1 if its verdict was wrong, less the rate
accepted for parts of its kind: on average it is at most 0 as long as the model does what it
did, however many parts are defective today. Two bets are held against the labels:

    harm       pays where the excess is above 0
    harmless   pays where the excess is below a margin

Each grows by a factor of 20 in at most one of 20 cases in which it bets on what is not so,
whenever one looks and stops. Evidence is larger the more there is for its name.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting",
2024; a mixture over fixed stakes instead of one that adapts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
HarmVerdict = Literal["harmless", "retrain", "more labels"]

USUAL_LABELS = 60
_STAKES = np.array([0.06, 0.15, 0.3, 0.5, 0.7, 0.95])
_LEAST_RATE = 1e-3
_GRID = 200


@dataclass(frozen=True, slots=True)
class AcceptedRates:
    """Shares of defective parts that may pass and of good parts that may be rejected.

    None where the release could not be judged on such parts: they then say nothing.
    """

    escape: float | None
    overkill: float | None

    def __post_init__(self) -> None:
        for name, rate in (("escape", self.escape), ("overkill", self.overkill)):
            if rate is not None and not 0 <= rate <= 1:
                raise InvalidInputError(f"an accepted rate is 0 to 1, {name} is {rate}")


@dataclass(frozen=True, slots=True)
class HarmTest:
    """What the labels say.

    `excess` is the mean excess of wrong verdicts over the accepted rates, a share of all
    images, between `low` and `high` (95 % at every look together). `harm` and `harmless` are
    the two evidences, `needed` is what either must reach.
    """

    verdict: HarmVerdict
    labels: int
    escapes: int
    defective: int
    overkill: int
    excess: float | None
    low: float
    high: float
    harm: float
    harmless: float
    needed: float
    margin: float

    def to_json(self) -> dict[str, Any]:
        """The test as plain JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def harm_test(
    wrong: Sequence[bool] | Flags,
    defective: Sequence[bool] | Flags,
    accepted: AcceptedRates,
    *,
    margin: float = 0.05,
    level: float = 0.05,
) -> HarmTest:
    """Judge labeled images that were drawn at random from those of a line.

    Args:
        wrong: (N,) whether the device's verdict is wrong, N may be 0.
        defective: (N,) whether the part is defective by its label.
        accepted: Rates of the release.
        margin: An excess of so many wrong verdicts per image would be harm, in (0, 1).
        level: Chance that a verdict is wrong, in (0, 1), at all looks together.

    Returns:
        The test. It says "retrain" where the excess is above 0 beyond chance, "harmless"
        where it is below the margin beyond chance.

    Raises:
        InvalidInputError: Lengths that differ, margin or level out of range.
    """
    bad, faulty = np.asarray(defective, np.bool_), np.asarray(wrong, np.bool_)
    if bad.shape != faulty.shape or bad.ndim != 1:
        raise InvalidInputError(f"{faulty.size} verdicts for {bad.size} labels")
    if not 0 < margin < 1 or not 0 < level < 1:
        raise InvalidInputError(f"margin {margin} and level {level} must lie between 0 and 1")
    excess = excesses(faulty, bad, accepted)
    harm = evidence_above(excess, 0.0, accepted)
    harmless = evidence_below(excess, margin, accepted)
    low, high = _range(excess, accepted, level)
    needed = 1 / level
    verdict: HarmVerdict = "more labels"
    if harm >= needed:
        verdict = "retrain"
    elif harmless >= needed:
        verdict = "harmless"
    return HarmTest(
        verdict=verdict,
        labels=len(excess),
        escapes=int((faulty & bad).sum()),
        defective=int(bad.sum()),
        overkill=int((faulty & ~bad).sum()),
        excess=float(excess.mean()) if len(excess) else None,
        low=low,
        high=high,
        harm=harm,
        harmless=harmless,
        needed=needed,
        margin=margin,
    )


def excesses(wrong: Flags, defective: Flags, accepted: AcceptedRates) -> Floats:
    """1 for a wrong verdict, less the rate accepted for parts of this kind.

    Args:
        wrong: (N,).
        defective: (N,).
        accepted: The rates.

    Returns:
        (N,) in [-1, 1]; 0 for parts of a kind without an accepted rate.
    """
    out = np.zeros(len(wrong))
    for kind, rate in ((True, accepted.escape), (False, accepted.overkill)):
        if rate is not None:
            of_kind = defective == kind
            out[of_kind] = wrong[of_kind] - max(rate, _LEAST_RATE)
    return out


def evidence_above(excess: Floats, limit: float, accepted: AcceptedRates) -> float:
    """Evidence that the mean excess is above a limit.

    Args:
        excess: (N,) from `excesses`.
        limit: In (-1, 1).
        accepted: The rates.

    Returns:
        At least 0; its mean is at most 1 where the mean excess is at most the limit.
    """
    lowest = -max(_rates(accepted), default=0.0)
    return _wealth(excess - limit, worst=lowest - limit)


def evidence_below(excess: Floats, limit: float, accepted: AcceptedRates) -> float:
    """Evidence that the mean excess is below a limit.

    Args:
        excess: (N,) from `excesses`.
        limit: In (-1, 1).
        accepted: The rates.

    Returns:
        At least 0; its mean is at most 1 where the mean excess is at least the limit.
    """
    highest = 1 - min(_rates(accepted), default=1.0)
    return _wealth(limit - excess, worst=limit - highest)


def _rates(accepted: AcceptedRates) -> list[float]:
    known = (accepted.escape, accepted.overkill)
    return [max(r, _LEAST_RATE) for r in known if r is not None]


def _wealth(gains: Floats, *, worst: float) -> float:
    """What one coin becomes, spread evenly over the stakes; `worst` is the largest loss."""
    if worst >= 0:
        # Nothing can be lost, hence nothing could be said either way.
        return 1.0
    growth = np.log1p(np.outer(_STAKES / -worst, np.maximum(gains, worst)))
    totals = growth.sum(axis=1)
    peak = float(totals.max(initial=0.0))
    return float(np.exp(min(peak, 600.0)) * np.exp(totals - peak).mean())


def _range(excess: Floats, accepted: AcceptedRates, level: float) -> tuple[float, float]:
    """The mean excesses against which neither bet has won, each at half the level."""
    limits = np.linspace(-1, 1, _GRID + 1)[1:-1]
    needed = 2 / level
    above = [m for m in limits if evidence_above(excess, float(m), accepted) >= needed]
    below = [m for m in limits if evidence_below(excess, float(m), accepted) >= needed]
    return float(max(above, default=-1.0)), float(min(below, default=1.0))
