"""How the processor is used: number of threads, and bf16 where it pays."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from pitmark.train.backbone import Backbone, init_weights
from pitmark.train.settings import TrainSettings

# bf16 costs some accuracy of the gradients: a small gain is not worth it.
_LEAST_GAIN = 1.15
_PROBE_SIDE = 224


@contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let torch use so many threads, and restore what was set before.

    Args:
        threads: How many; None takes all cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or os.cpu_count() or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def pick_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def wants_bf16(settings: TrainSettings, device: torch.device) -> bool:
    """Whether to train in bf16.

    Args:
        settings: May decide it.
        device: Where training runs.

    Returns:
        True where it was asked for, or where a training step is faster by a margin.
    """
    if settings.precision != "auto":
        return settings.precision == "bf16"
    return bf16_pays(device.type)


@cache
def bf16_pays(device_type: str) -> bool:
    """Whether one training step in bf16 beats one in fp32 by a margin on this machine.

    Measured once a process with a fixed network, so that all runs decide alike.

    Args:
        device_type: "cpu" or "cuda".

    Returns:
        True where it pays.
    """
    backbone = Backbone(1).to(device_type)
    init_weights(backbone, seed=0)
    images = torch.zeros(2, 3, _PROBE_SIDE, _PROBE_SIDE, device=device_type)
    took = {
        use: min(_step_s(backbone, images, bf16=use) for _ in range(3)) for use in (False, True)
    }
    return took[False] > took[True] * _LEAST_GAIN


def _step_s(backbone: Backbone, images: torch.Tensor, *, bf16: bool) -> float:
    start = time.perf_counter()
    with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
        last = backbone(images)[-1]
    loss = last.float().mean()
    torch.autograd.backward(loss)
    loss.item()
    return time.perf_counter() - start
