"""How alike the most alike of unrelated things come, read from the others of a neighborhood.

Similarities are taken as z = artanh. The z of the 30th neighbor says how alike things around
this one are, and the fall from the 24th to the 48th how fast that thins out: unrelated things
have an exponential tail, by which their best may be foretold.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Below this many things there is no neighborhood to compare with.
FEWEST = 12
MOST_SIMILAR = 0.9999
NEIGHBORS = 48
_NEAR_RANK, _SCALE_RANK, _FAR_RANK = 24, 30, 48
_ALIKE_WITHOUT_SCALE = 0.5

Floats = NDArray[np.float64]


def tail_limits(z: Floats, count: int) -> tuple[Floats, Floats]:
    """Above which z neighbors are more alike than unrelated things come by chance.

    Args:
        z: (N, k) artanh of the similarity of each thing and its neighbors, in any order;
            best with k of at least 48.
        count: How many things there are in all.

    Returns:
        The limits (N,), and the z of the 30th neighbor (N,), nan with fewer than 12 things.
    """
    if count < FEWEST:
        return np.full(len(z), np.arctanh(_ALIKE_WITHOUT_SCALE)), np.full(len(z), np.nan)
    ordered = -np.sort(-z, axis=1)
    known = ordered.shape[1]
    near, scale, far = (
        max(1, min(rank, known * rank // _FAR_RANK))
        for rank in (_NEAR_RANK, _SCALE_RANK, _FAR_RANK)
    )
    fall = (ordered[:, near - 1] - ordered[:, far - 1]) / np.log(far / near)
    common = float(np.median(fall))
    usual = ordered[:, scale - 1]
    # Its own tail tells how high its best comes; that of all, the best of all of them.
    best = usual + np.maximum(fall, common) * np.log(scale)
    return best + common * np.log(count), usual
