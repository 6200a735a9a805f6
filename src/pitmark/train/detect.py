"""Detection head: an anchor-free flavor of RetinaNet on the levels of a pyramid.

Two convolutions shared by all levels (each level keeps its own norm), then a score per
class and the four distances to the sides of the box.

Sources: Tian et al., "FCOS", 2019 (points and distances); Li et al., "Generalized focal
loss", 2020 (scores that are overlaps); Zhang et al., "VarifocalNet", 2021 (only the
background is focal); Rezatofighi et al., "Generalized intersection over union", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.assign import (
    Assignment,
    Points,
    assign_by_alignment,
    assign_by_geometry,
    join_levels,
)
from pitmark.train.neck import CHANNELS, Pyramid
from pitmark.train.targets import Batch

_PRIOR = 0.01
_GEOMETRY_SHARE = 1 / 3
_BOX_GAIN = 4.0


class DetectHead(nn.Module):
    """Backbone features to scored boxes.

    Args:
        widths: Channels of the backbone's stages.
        classes: Number of classes K.
        fine: Whether to look at stride 4 too, for defects of a few pixels.
    """

    def __init__(self, widths: Sequence[int], classes: int, *, fine: bool) -> None:
        super().__init__()
        levels = (0, 1, 2, 3) if fine else (1, 2, 3)
        self.strides = tuple(4 * 2**level for level in levels)
        self.classes = classes
        self.pyramid = Pyramid(widths, levels)
        self.convs = nn.ModuleList(
            nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, bias=False) for _ in range(2)
        )
        self.norms = nn.ModuleList(
            nn.ModuleList(nn.BatchNorm2d(CHANNELS) for _ in self.convs) for _ in levels
        )
        self.score = nn.Conv2d(CHANNELS, classes, 3, padding=1)
        self.sides = nn.Conv2d(CHANNELS, 4, 3, padding=1)

    def reset_prior(self) -> None:
        """Start from the belief that hardly any point is a defect."""
        for conv, bias in ((self.score, -math.log(1 / _PRIOR - 1)), (self.sides, 1.5)):
            assert conv.bias is not None
            nn.init.constant_(conv.bias, bias)

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Features to `logits` (B, A, K), `boxes` (B, A, 4), points `centers` and `steps`."""
        logits, sides, sizes = [], [], []
        for level, norms in zip(self.pyramid(features), self.norms, strict=True):
            x: Tensor = level
            for conv, norm in zip(self.convs, norms, strict=True):  # type: ignore[call-overload]
                x = torch.relu(norm(conv(x)))
            logits.append(self.score(x).flatten(2).transpose(1, 2))
            sides.append(self.sides(x).flatten(2).transpose(1, 2))
            sizes.append((x.shape[2], x.shape[3]))
        points = join_levels(sizes, self.strides, features[0].device)
        reach = functional.softplus(torch.cat(sides, dim=1).float()) * points.strides[:, None]
        low = points.centers_xy - reach[..., :2]
        high = points.centers_xy + reach[..., 2:]
        return {
            "logits": torch.cat(logits, dim=1).float(),
            "boxes": torch.cat([low, high], dim=2),
            "centers": points.centers_xy,
            "steps": points.strides,
        }

    def outputs(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """`scores` (B, A, K) in [0, 1] and `boxes` (B, A, 4) in patch pixels."""
        return {"scores": raw["logits"].sigmoid(), "boxes": raw["boxes"]}

    def loss(self, raw: dict[str, Tensor], batch: Batch, progress: float) -> Tensor:
        """Score loss plus generalized IoU loss.

        Args:
            raw: From `forward`.
            batch: The truth.
            progress: Share of the training done; early on geometry assigns.

        Returns:
            A scalar.
        """
        steps = raw["steps"]
        sizes = tuple(int((steps == s).sum()) for s in self.strides)
        points = Points(raw["centers"], steps, sizes)
        wanted = torch.zeros_like(raw["logits"])
        box_loss, total = raw["logits"].new_zeros(()), raw["logits"].new_zeros(())
        for position, truth in enumerate(batch.boxes_xyxy):
            if not len(truth):
                continue
            kinds = batch.box_classes[position]
            found = self._assign(raw, points, position, (truth, kinds), progress)
            chosen = torch.nonzero(found.box_index >= 0).flatten()
            index = found.box_index[chosen]
            iou, giou = generalized_iou(raw["boxes"][position, chosen], truth[index])
            quality = found.weight[chosen]
            if progress < _GEOMETRY_SHARE:
                quality = iou.detach().clamp(0, 1)
            wanted[position, chosen, kinds[index]] = quality
            weight = quality.clamp(min=0.1)
            box_loss = box_loss + ((1 - giou) * weight).sum()
            total = total + weight.sum()
        scores = score_loss(raw["logits"], wanted).sum()
        return (scores + _BOX_GAIN * box_loss) / total.clamp(min=1.0)

    def _assign(
        self,
        raw: dict[str, Tensor],
        points: Points,
        position: int,
        truth: tuple[Tensor, Tensor],
        progress: float,
    ) -> Assignment:
        with torch.no_grad():
            if progress < _GEOMETRY_SHARE:
                return assign_by_geometry(points, truth[0])
            return assign_by_alignment(
                points,
                *truth,
                scores=raw["logits"][position].sigmoid(),
                predicted_xyxy=raw["boxes"][position],
            )


def score_loss(logits: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy against soft scores, focal on the background alone.

    A point that answers for a box learns its class and "not the others" at full weight:
    focal weights there leave similar classes unlearned after a few hundred steps. Easy
    background, which is nearly everything, weighs as little as it is mistaken.

    Args:
        logits: (..., K).
        wanted: The same shape, in [0, 1]; all zero for background.

    Returns:
        The same shape, >= 0.
    """
    background = wanted.amax(-1, keepdim=True) <= 0
    weight = torch.where(background, logits.detach().sigmoid() ** 2, 1.0)
    return weight * functional.binary_cross_entropy_with_logits(
        logits, wanted, reduction="none"
    )


def generalized_iou(first_xyxy: Tensor, second_xyxy: Tensor) -> tuple[Tensor, Tensor]:
    """Overlap of boxes pair by pair, plain and generalized.

    Args:
        first_xyxy: (N, 4).
        second_xyxy: (N, 4).

    Returns:
        (N,) in [0, 1] and (N,) in [-1, 1].
    """
    low = torch.maximum(first_xyxy[:, :2], second_xyxy[:, :2])
    high = torch.minimum(first_xyxy[:, 2:], second_xyxy[:, 2:])
    inter = (high - low).clamp(min=0).prod(1)
    areas = [(b[:, 2:] - b[:, :2]).clamp(min=0).prod(1) for b in (first_xyxy, second_xyxy)]
    union = (areas[0] + areas[1] - inter).clamp(min=1e-6)
    low = torch.minimum(first_xyxy[:, :2], second_xyxy[:, :2])
    high = torch.maximum(first_xyxy[:, 2:], second_xyxy[:, 2:])
    hull = (high - low).clamp(min=0).prod(1).clamp(min=1e-6)
    iou = inter / union
    return iou, iou - (hull - union) / hull
