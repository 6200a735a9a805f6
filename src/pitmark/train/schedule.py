"""What happens when in a run: learning rates, and which parts learn."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import nn

from pitmark.train.network import Network

_RATE = 2e-3
_RATE_PRETRAINED = 1e-3
_BACKBONE_SHARE = 0.2
_WEIGHT_DECAY = 0.05
_WARM_UP = 0.06
_LAST_RATE = 0.02


@dataclass(frozen=True, slots=True)
class Schedule:
    """The number of steps, and the first of them in which only the heads learn."""

    steps: int
    heads_only: int
    pretrained: bool

    def rate(self, step: int) -> float:
        """Factor on the learning rate: a short rise, then half a cosine.

        Args:
            step: Number of the step.

        Returns:
            In (0, 1].
        """
        rise = max(1, round(self.steps * _WARM_UP))
        if step < rise:
            return (step + 1) / rise
        done = (step - rise) / max(1, self.steps - rise)
        return _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * done)) / 2

    def set_phase(self, network: Network, step: int) -> None:
        """Put every part into the state it has in a step: learning or frozen.

        Without pretrained weights all learns all the time. With them the heads begin
        alone; then stages 2 to 4 join, while stem, stage 1 and all norms of the backbone
        stay as they are.

        Args:
            network: Changed in place.
            step: Number of the step.
        """
        network.train()
        if not self.pretrained:
            return
        backbone = network.backbone
        backbone.requires_grad_(requires_grad=False)
        if step >= self.heads_only:
            for stage in list(backbone.stages)[1:]:
                stage.requires_grad_(requires_grad=True)
        for part in backbone.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.eval()
                part.requires_grad_(requires_grad=False)


def parameter_groups(network: Network, *, pretrained: bool) -> list[dict[str, object]]:
    """Parameters by learning rate and weight decay.

    Args:
        network: The network.
        pretrained: Whether the backbone starts from trained weights and moves slower.

    Returns:
        Groups for AdamW; `peak` is the learning rate at its highest.
    """
    rate = _RATE_PRETRAINED if pretrained else _RATE
    parts: tuple[tuple[nn.Module, float], ...] = (
        (network.backbone, _BACKBONE_SHARE if pretrained else 1.0),
        (network.head, 1.0),
    )
    groups: list[dict[str, object]] = []
    for part, share in parts:
        for flat in (False, True):
            params = [p for p in part.parameters() if (p.ndim <= 1) == flat]
            decay, peak = (0.0 if flat else _WEIGHT_DECAY), rate * share
            groups.append({"params": params, "lr": peak, "peak": peak, "weight_decay": decay})
    return [g for g in groups if g["params"]]
