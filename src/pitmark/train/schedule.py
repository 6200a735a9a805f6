"""What happens when in a run: learning rates, and which parts learn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from pitmark.core.labels import Task
from pitmark.train.batches import LOCATING, BatchMaker
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.settings import TrainSettings, image_steps

_RATE = 2e-3
_RATE_PRETRAINED = 1e-3
_BACKBONE_SHARE = 0.2
_BACKBONE_SHARE_THAWED = 0.5
_WEIGHT_DECAY = 0.05
_WARM_UP = 0.06
_LAST_RATE = 0.02
_HEADS_ONLY_IMAGES = 400
_BATCH = 8
# Where a defect must be found, many small steps beat few large ones.
_LOCATING_BATCH = 4
# Where patches are a part of the input, so many times more of them are shown. Boxes are
# learned slowly and hardly by heart (docs/decisions/0019); fast must end within a minute.
_MOST_TIMES_MORE = 1.4
_MOST_TIMES_MORE_BOXES: Mapping[str, float] = {"fast": 1.4, "balanced": 2.8, "thorough": 3.36}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The number of steps, and the first of them in which only the heads learn.

    `batch` is the number of patches a step. `thawed` lets all of a pretrained backbone
    learn from the first step, its norms as well.
    """

    steps: int
    heads_only: int
    pretrained: bool
    batch: int = _BATCH
    thawed: bool = False

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

        Without pretrained weights, or thawed, all learns all the time. Otherwise the
        heads begin alone; then stages 2 to 4 join, while stem, stage 1 and all norms of
        the backbone stay as they are.

        Args:
            network: Changed in place.
            step: Number of the step.
        """
        network.train()
        if not self.pretrained or self.thawed:
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


def plan_schedule(
    plan: NetworkPlan,
    maker: BatchMaker,
    settings: TrainSettings,
    *,
    count: int,
    pretrained: bool,
) -> Schedule:
    """What a run does when.

    Where patches are smaller than the input of the network, more of them are shown in
    about the same time, unless the settings say how many.

    Args:
        plan: Of the network.
        maker: Of the batches.
        settings: The choices.
        count: Images to learn from.
        pretrained: Whether the backbone starts from trained weights.

    Returns:
        The schedule.
    """
    batch, thawed = batch_size(plan.task), False
    if plan.task in LOCATING:
        # A large borrowed backbone knows photographs and would only forget.
        thawed = pretrained and plan.backbone == "narrow"
    shown = image_steps(settings, count)
    if settings.image_steps is None and maker.patch_wh is not None:
        inputs, patch = (
            math.prod(wh) for wh in (maker.spec.preprocess.input_wh, maker.patch_wh)
        )
        most = _MOST_TIMES_MORE
        if plan.task == "detection":
            most = _MOST_TIMES_MORE_BOXES[settings.preset]
        shown = round(shown * min(inputs / patch, most))
    steps = math.ceil(shown / batch)
    frozen = pretrained and not thawed
    heads_only = min(steps // 4, _HEADS_ONLY_IMAGES // batch) if frozen else 0
    return Schedule(steps, heads_only, pretrained, batch, thawed)


def batch_size(task: Task) -> int:
    """Patches a step.

    Args:
        task: What is learned.

    Returns:
        The number.
    """
    return _LOCATING_BATCH if task in LOCATING else _BATCH


def parameter_groups(network: Network, schedule: Schedule) -> list[dict[str, object]]:
    """Parameters by learning rate and weight decay.

    Args:
        network: The network.
        schedule: Says whether the backbone is pretrained and moves slower.

    Returns:
        Groups for AdamW; `peak` is the learning rate at its highest.
    """
    rate = _RATE_PRETRAINED if schedule.pretrained and not schedule.thawed else _RATE
    share = 1.0
    if schedule.pretrained:
        share = _BACKBONE_SHARE_THAWED if schedule.thawed else _BACKBONE_SHARE
    parts: tuple[tuple[nn.Module, float], ...] = (
        (network.backbone, share),
        (network.head, 1.0),
        *([(network.fusion, 1.0)] if network.fusion is not None else []),
    )
    groups: list[dict[str, object]] = []
    for part, share in parts:
        for flat in (False, True):
            params = [p for p in part.parameters() if (p.ndim <= 1) == flat]
            decay, peak = (0.0 if flat else _WEIGHT_DECAY), rate * share
            groups.append({"params": params, "lr": peak, "peak": peak, "weight_decay": decay})
    return [g for g in groups if g["params"]]
