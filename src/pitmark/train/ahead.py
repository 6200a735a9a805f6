"""Batches made while the network learns from the one before.

Making a batch keeps one core busy for a fifth of a step. Where torch may use several, the
next batch is made beside it; the batches are the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

from pitmark.train.batches import BatchMaker
from pitmark.train.schedule import Schedule
from pitmark.train.targets import Batch

Made = TypeVar("Made")


def batches_ahead(
    maker: BatchMaker, schedule: Schedule, *, start: int
) -> Generator[Batch, None, None]:
    """The batches of all steps that are left, in order.

    Args:
        maker: Of the batches; nothing else may use its scenes meanwhile.
        schedule: Number of steps and size of a batch.
        start: Number of the first step.

    Yields:
        The batch of each step.
    """
    beside = torch.get_num_threads() > 1
    yield from made_ahead(
        lambda step: maker.batch(step, schedule.batch, step / schedule.steps),
        range(start, schedule.steps),
        beside=beside,
    )


def made_ahead(
    make: Callable[[int], Made], steps: range, *, beside: bool
) -> Generator[Made, None, None]:
    """What is made of every step, in order.

    Args:
        make: Gives the thing of a step; called from one thread at a time.
        steps: Their numbers.
        beside: Make the next one in a thread while the caller uses the last.

    Yields:
        One thing per step.
    """
    if not beside:
        yield from map(make, steps)
        return
    with ThreadPoolExecutor(1, "pitmark-batches") as pool:
        coming = [pool.submit(make, step) for step in steps[:1]]
        for step in steps:
            ready = coming.pop().result()
            if step + 1 < steps.stop:
                coming.append(pool.submit(make, step + 1))
            yield ready
