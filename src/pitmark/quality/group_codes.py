"""Groups by number: the same part, image or labeler under the same one."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray


def group_codes(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    """Numbers for groups, in the order in which they first occur.

    Args:
        groups: (N,) anything that can be compared.

    Returns:
        (N,) from 0 without gaps.
    """
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(g, len(known)) for g in groups], dtype=np.int64)
