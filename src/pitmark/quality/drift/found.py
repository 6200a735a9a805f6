"""A drift that was found: since when, which figures moved, on which camera or lot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.quality.drift.causes import Cause, carrying_tags, describe_cause
from pitmark.quality.drift.eprocess import RestartSums, gathered
from pitmark.quality.drift.reference import DriftReference
from pitmark.quality.drift.tag_history import TagHistory

Array = NDArray[np.float64]

_MOST_CAUSES = 5
_SURE = 0.95


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a drift; `since` lies between `low` and `high`, as image numbers."""

    since: int | None = None
    low: int | None = None
    high: int | None = None
    causes: tuple[Cause, ...] = ()
    carriers: tuple[tuple[str, str], ...] = ()
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logarithms of evidence by moment and component (K, C), and averaged over these (K,)."""

    by_component: Array
    average: Array


def explain(
    reference: DriftReference,
    sums: RestartSums,
    tags: TagHistory,
    evidence: Evidence,
    *,
    needed: float,
    first: int,
) -> Found:
    """Say since when, what and where.

    Args:
        reference: What the stream is compared with.
        sums: Of the stream.
        tags: Of the stream.
        evidence: At the moments of `sums`.
        needed: Evidence at which a component counts as moved.
        first: Images before the stream.

    Returns:
        The drift.
    """

    def number_of(start: int) -> int:
        return first + int(sums.starts[start]) * reference.block + 1

    start = int(np.argmax(evidence.average))
    low, high = _likely_starts(sums, evidence.average)
    causes = _causes(reference, sums, evidence.by_component, needed, number_of)
    before, after = tags.split(int(sums.starts[start]))
    component = reference.names.index(causes[0].name)
    carriers = carrying_tags(reference, component, before=before, after=after)
    # A change within a block may make this block the first to differ, or only the next.
    within = reference.block - 1
    return Found(
        number_of(start),
        max(number_of(low) - within, first + 1),
        number_of(high) + within,
        causes,
        carriers,
        _sentence(causes, carriers),
    )


def _likely_starts(sums: RestartSums, average: Array) -> tuple[int, int]:
    """The first and last of the likeliest moments that together hold 95 % of the evidence.

    Old moments are kept at intervals; each stands for those that were dropped after it.
    """
    stands_for = np.diff(sums.starts, append=sums.blocks)
    weight = average + np.log(stands_for)
    share = np.exp(weight - weight.max())
    order = np.argsort(-share, kind="stable")
    enough = int(np.searchsorted(np.cumsum(share[order]), _SURE * share.sum())) + 1
    likely = order[:enough]
    return int(likely.min()), int(likely.max())


def _causes(
    reference: DriftReference,
    sums: RestartSums,
    log_evidence: Array,
    needed: float,
    number_of: Callable[[int], int],
) -> tuple[Cause, ...]:
    own = gathered(log_evidence, reference.block)
    leading = np.argsort(-own, kind="stable")[:_MOST_CAUSES]
    enough = own[leading] >= np.log(needed)
    moved = leading[enough] if enough.any() else leading[:1]
    causes = []
    for component in moved.tolist():
        at = int(np.argmax(log_evidence[:, component]))
        mean = (sums.total_raw - sums.raw[at])[component] / (sums.blocks - sums.starts[at])
        causes.append(describe_cause(reference, component, mean=mean, since=number_of(at)))
    return _light_first(causes)


def _light_first(causes: list[Cause]) -> tuple[Cause, ...]:
    """Less light lowers contrast and noise by the same share: then the light is the cause."""
    light = next((c for c in causes if c.name == "brightness"), None)
    first = causes[0]
    if light is None or first.name not in ("contrast", "noise") or first.unit != light.unit:
        return tuple(causes)
    alike = light.shift * first.shift > 0 and abs(light.shift) >= abs(first.shift) / 2
    return (light, *(c for c in causes if c is not light)) if alike else tuple(causes)


def _sentence(causes: tuple[Cause, ...], carriers: tuple[tuple[str, str], ...]) -> str:
    where = ", ".join(f"{tag} {value}" for tag, value in carriers)
    first = f"{where}: {causes[0].sentence}" if where else causes[0].sentence
    rest = len(causes) - 1
    more = "" if not rest else f"; {rest} more {'figure' if rest == 1 else 'figures'} moved"
    return f"{first}{more}"
