"""The optimizer of all training."""

from __future__ import annotations

from inspect import unwrap
from typing import Any

import torch
from torch import Tensor
from torch.optim.adamw import adamw


class AdamW(torch.optim.AdamW):
    """AdamW as torch has it, fused, with the same values in half the time.

    Torch loads its compiler to keep it away from these methods, which takes longer than
    ten steps, and copies every weight whose channels are last in memory.
    """

    add_param_group = unwrap(torch.optim.AdamW.add_param_group)
    load_state_dict = unwrap(torch.optim.AdamW.load_state_dict)
    state_dict = unwrap(torch.optim.AdamW.state_dict)
    zero_grad = unwrap(torch.optim.AdamW.zero_grad)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Change all weights that have a gradient.

        Args:
            closure: Not supported.
        """
        assert closure is None
        for group in self.param_groups:
            learning = [p for p in group["params"] if p.grad is not None]
            slots = [self._slots(p) for p in learning]
            adamw(
                [_as_stored(p, p) for p in learning],
                [_as_stored(p.grad, p) for p in learning],
                [_as_stored(s["exp_avg"], p) for s, p in zip(slots, learning, strict=True)],
                [_as_stored(s["exp_avg_sq"], p) for s, p in zip(slots, learning, strict=True)],
                [],
                [s["step"] for s in slots],
                fused=True,
                amsgrad=False,
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                lr=group["lr"],
                weight_decay=group["weight_decay"],
                eps=group["eps"],
                maximize=False,
            )

    def _slots(self, weight: Tensor) -> dict[str, Tensor]:
        slots: dict[str, Tensor] = self.state[weight]
        if not slots:
            slots["step"] = torch.zeros((), device=weight.device)
            slots["exp_avg"] = torch.zeros_like(weight)
            slots["exp_avg_sq"] = torch.zeros_like(weight)
        return slots


def _as_stored(values: Tensor, weight: Tensor) -> Tensor:
    """Values of a weight, axes in the order in which the weight lies in memory."""
    last = weight.ndim == 4 and weight.is_contiguous(memory_format=torch.channels_last)
    return (values.permute(0, 2, 3, 1) if last else values).contiguous()
