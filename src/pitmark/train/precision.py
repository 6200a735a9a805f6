"""How the processor is used: number of threads, and bf16 where it pays."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from pitmark.train.settings import TrainSettings

# What processors call it; on others it was not measured.
_NATIVE = ("avx512_bf16", "amx_bf16")


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
        True where it was asked for, or where it pays.
    """
    if settings.precision != "auto":
        return settings.precision == "bf16"
    return bf16_pays(device.type)


def bf16_pays(device_type: str) -> bool:
    """Whether the processor multiplies bf16 itself; it is slow where it does not.

    Told by what the processor can do and not by a clock: beside other work a clock says
    now this and now that, and the same seed would not give the same weights.

    Args:
        device_type: "cpu" or "cuda".

    Returns:
        True where training in bf16 is faster.
    """
    if device_type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # An older torch cannot tell.
    known: Mapping[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(bool(known.get(name)) for name in _NATIVE)
