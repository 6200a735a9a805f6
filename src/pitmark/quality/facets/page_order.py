"""A page of many rows in the order of a key, without sorting all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def page_of(keys: NDArray[Any], *, offset: int, limit: int) -> NDArray[np.intp]:
    """The rows of one page in the order of their keys; equal keys stay in their order.

    Args:
        keys: (N,) numbers, none of them NaN.
        offset: How many rows come before the page, at least 0.
        limit: How many rows the page has at most, at least 0.

    Returns:
        (M,) positions in `keys`, the same as of a full stable sort.
    """
    last = min(offset + limit, len(keys)) - 1
    if last < offset:
        return np.zeros(0, dtype=np.intp)
    parts = np.partition(keys, (offset, last))
    low, high = parts[offset], parts[last]
    before = offset - int(np.count_nonzero(keys < low))
    wanted = last - offset + 1
    head = np.flatnonzero(keys == low)[before:][:wanted]
    if low == high:
        return head
    between = np.flatnonzero((keys > low) & (keys < high))
    between = between[np.argsort(keys[between], kind="stable")]
    tail = np.flatnonzero(keys == high)[: wanted - len(head) - len(between)]
    return np.concatenate([head, between, tail])


def descending(keys: NDArray[Any], missing: Any) -> NDArray[Any]:
    """Keys whose order is turned round, while what has no value stays at the end.

    Args:
        keys: (N,) numbers.
        missing: The key of rows without a value.

    Returns:
        (N,) new keys.
    """
    return np.where(keys == missing, keys, -keys)
