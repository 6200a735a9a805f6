"""Images that go through a network two at a time, each on its own cores.

Cores that share one image wait for each other after every layer, and while it is decoded
all but one are idle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

from pitmark.train.precision import limited_threads

Item = TypeVar("Item")
Result = TypeVar("Result")

_AT_ONCE = 2


def side_by_side(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Generator[Result, None, None]:
    """The results of some work on every item, in order.

    Torch uses half of its threads for each of two items until all are done; with one
    thread they are done one by one.

    Args:
        work: Called from several threads at once.
        items: Taken one by one in the thread of the caller.

    Yields:
        One result per item.
    """
    threads = torch.get_num_threads()
    if threads < _AT_ONCE:
        yield from map(work, items)
        return
    with limited_threads(threads // _AT_ONCE), ThreadPoolExecutor(_AT_ONCE) as pool:
        coming: deque[Future[Result]] = deque()
        for item in items:
            coming.append(pool.submit(work, item))
            # One more than are worked on, so that none waits for the caller.
            if len(coming) > _AT_ONCE:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
