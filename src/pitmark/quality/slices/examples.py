"""Which cases of a slice to show: the most typical failing ones, and passing ones alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def typical_members(
    members: Ints,
    loss: NDArray[np.floating],
    embeddings: NDArray[np.floating] | None,
    *,
    count: int = 4,
) -> tuple[Ints, Ints]:
    """The members that show best what fails in a slice, and what does not.

    Args:
        members: (M,) positions of the cases of a slice.
        loss: (N,) of all cases, higher is worse.
        embeddings: (N, D) of all cases; None takes the order of the members.
        count: Of each kind at most.

    Returns:
        Positions of failing and of passing members: those nearest to the middle of the failing
        ones, so that both kinds look alike. A member fails where its loss is above 0 and not
        below the mean of the members.
    """
    own = loss[members]
    bad = (own > 0) & (own >= own.mean()) if len(own) else np.zeros(0, dtype=bool)
    order = np.arange(len(members))
    if embeddings is not None and bad.any():
        looks = np.asarray(embeddings[members], dtype=np.float64)
        looks = looks / np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-12)
        order = np.argsort(-(looks @ looks[bad].mean(0)), kind="stable")
    failing, passing = order[bad[order]], order[~bad[order]]
    return members[failing[:count]], members[passing[:count]]
