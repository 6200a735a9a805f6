"""The state of a run on disk, so that a killed training goes on where it stood.

One safetensors file, replaced atomically: weights, their moving average, the state of
the optimizer and the step. Batches and dropout follow from seed and step, so there is
no other randomness to keep.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

_KEY = "pitmark"


@dataclass
class RunState:
    """All that changes during a run."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int = 0
    bf16: bool = False
    losses: list[float] = field(default_factory=list)


def save_state(state: RunState, path: Path, *, fingerprint: str) -> None:
    """Write the state of a run; a crash leaves the old file or the new one.

    Args:
        state: The run.
        path: The file.
        fingerprint: Of data, spec and settings.
    """
    tensors = {f"network.{k}": v for k, v in state.network.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    for number, slots in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{number}.{k}": v for k, v in slots.items()}
    about = {
        "fingerprint": fingerprint,
        "step": state.step,
        "bf16": state.bf16,
        "losses": state.losses,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    save_file(
        {k: v.detach().cpu().contiguous() for k, v in tensors.items()},
        partial,
        metadata={_KEY: json.dumps(about)},
    )
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)


def restore_state(state: RunState, path: Path, *, fingerprint: str) -> bool:
    """Bring a run to where its file says it stood.

    Args:
        state: A fresh run, changed in place.
        path: The file.
        fingerprint: Of data, spec and settings; a file of another run is left alone.

    Returns:
        True when the state was restored, False to start from the beginning.
    """
    if not path.is_file():
        return False
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()[_KEY])
            if about["fingerprint"] != fingerprint:
                return False
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, KeyError, TypeError):
        return False
    state.network.load_state_dict(_part(tensors, "network."))
    state.average.load_state_dict(_part(tensors, "average."))
    slots: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimizer.").items():
        number, _, slot = name.partition(".")
        slots.setdefault(int(number), {})[slot] = tensor
    blank = state.optimizer.state_dict()
    state.optimizer.load_state_dict({"state": slots, "param_groups": blank["param_groups"]})
    for weight, kept in state.optimizer.state.items():
        # The fused optimizer reads memory as it lies: channels last, like the weights.
        for slot in ("exp_avg", "exp_avg_sq"):
            kept[slot] = torch.empty_like(weight).copy_(kept[slot])
    state.step, state.bf16 = int(about["step"]), bool(about["bf16"])
    state.losses = [float(v) for v in about["losses"]]
    return True


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
