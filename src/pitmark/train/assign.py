"""Which points of the detection head answer for which true box.

Early in training, where predictions mean nothing, geometry decides (ATSS); later the
points that predict an object best answer for it (task-aligned). An object so small that
no point lies inside it gets the nearest one, so that nothing is left unlearned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

# Side of the imagined box of a point, in strides: defects are small, so half of the
# eight that is usual for everyday objects.
_ANCHOR_STRIDES = 4.0
_ATSS_NEAREST = 9
_ALIGNED_BEST = 10
_ALIGNED_POWER = 4.0


@dataclass(frozen=True, slots=True)
class Points:
    """Where the head looks: (A, 2) centers in patch pixels, (A,) strides, level sizes."""

    centers_xy: Tensor
    strides: Tensor
    level_sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """(A,) number of the box a point answers for, -1 for background; (A,) its weight.

    A weight lies in [0, 1]; it is the score that the point shall give where it is known
    beforehand, and 1 where the overlap of its predicted box shall decide.
    """

    box_index: Tensor
    weight: Tensor


def pair_iou(first_xyxy: Tensor, second_xyxy: Tensor) -> Tensor:
    """Intersection over union of every pair of boxes.

    Args:
        first_xyxy: (N, 4).
        second_xyxy: (M, 4).

    Returns:
        (N, M) in [0, 1].
    """
    low = torch.maximum(first_xyxy[:, None, :2], second_xyxy[None, :, :2])
    high = torch.minimum(first_xyxy[:, None, 2:], second_xyxy[None, :, 2:])
    inter = (high - low).clamp(min=0).prod(2)
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (first_xyxy, second_xyxy)]
    union = areas[0][:, None] + areas[1][None] - inter
    return inter / union.clamp(min=1e-9)


def assign_by_geometry(points: Points, boxes_xyxy: Tensor) -> Assignment:
    """Points near the middle of a box whose imagined boxes overlap it more than most.

    Source: Zhang et al., "Bridging the gap between anchor-based and anchor-free
    detection via adaptive training sample selection" (ATSS), 2020.

    Args:
        points: Where the head looks.
        boxes_xyxy: (N, 4) true boxes in patch pixels, N >= 1.

    Returns:
        The assignment.
    """
    half = points.strides[:, None] * (_ANCHOR_STRIDES / 2)
    anchors = torch.cat([points.centers_xy - half, points.centers_xy + half], dim=1)
    overlap = pair_iou(anchors, boxes_xyxy)
    middle = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    distance = torch.cdist(points.centers_xy, middle)
    near = torch.zeros_like(overlap, dtype=torch.bool)
    start = 0
    for size in points.level_sizes:
        part = distance[start : start + size]
        chosen = part.topk(min(_ATSS_NEAREST, size), dim=0, largest=False).indices
        near[start : start + size].scatter_(0, chosen, value=True)
        start += size
    count = near.sum(0)
    mean = (overlap * near).sum(0) / count
    spread = (((overlap - mean) ** 2 * near).sum(0) / count).sqrt()
    positive = near & (overlap >= mean + spread) & _inside(points, boxes_xyxy)
    positive = _none_left_out(positive, distance)
    return _settled(positive, overlap, torch.ones(len(overlap), device=overlap.device))


def assign_by_alignment(
    points: Points,
    boxes_xyxy: Tensor,
    classes: Tensor,
    *,
    scores: Tensor,
    predicted_xyxy: Tensor,
) -> Assignment:
    """Points inside a box that name its class and outline it best.

    Source: Feng et al., "TOOD: task-aligned one-stage object detection", 2021.

    Args:
        points: Where the head looks.
        boxes_xyxy: (N, 4) true boxes in patch pixels, N >= 1.
        classes: (N,) class numbers.
        scores: (A, K) predicted, in [0, 1].
        predicted_xyxy: (A, 4) predicted boxes in patch pixels.

    Returns:
        The assignment.
    """
    overlap = pair_iou(predicted_xyxy, boxes_xyxy)
    aligned = scores[:, classes] * overlap**_ALIGNED_POWER
    middle = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    distance = torch.cdist(points.centers_xy, middle)
    inside = _inside(points, boxes_xyxy)
    ranked = torch.where(inside, aligned, -1.0)
    best = ranked.topk(min(_ALIGNED_BEST, len(ranked)), dim=0).indices
    positive = torch.zeros_like(inside).scatter_(0, best, value=True) & inside
    positive = _none_left_out(positive, distance)
    aligned = aligned * positive
    peak = aligned.amax(0).clamp(min=1e-9)
    reach = (overlap * positive).amax(0)
    weights = (aligned / peak * reach).clamp(max=1.0)
    # A point that alone answers for a box must learn it, however badly it starts.
    lonely = positive & (positive.sum(0) == 1)
    weights = torch.where(lonely, weights.clamp(min=0.3), weights)
    settled = _settled(positive, overlap, torch.ones(len(overlap), device=overlap.device))
    rows = torch.arange(len(overlap), device=overlap.device)
    return Assignment(settled.box_index, weights[rows, settled.box_index.clamp(min=0)])


def _inside(points: Points, boxes_xyxy: Tensor) -> Tensor:
    """(A, N): whether a point lies in a box."""
    low = points.centers_xy[:, None] - boxes_xyxy[None, :, :2]
    high = boxes_xyxy[None, :, 2:] - points.centers_xy[:, None]
    return torch.cat([low, high], dim=2).amin(2) > 0


def _none_left_out(positive: Tensor, distance: Tensor) -> Tensor:
    """Give the nearest point to every box that has none."""
    for box in torch.nonzero(~positive.any(0)).flatten().tolist():
        positive[distance[:, box].argmin(), box] = True
    return positive


def _settled(positive: Tensor, overlap: Tensor, weight: Tensor) -> Assignment:
    """A point wanted by several boxes takes the one it overlaps most."""
    ranked = torch.where(positive, overlap, -1.0)
    best, index = ranked.max(1)
    return Assignment(torch.where(best >= 0, index, -1), weight)


def join_levels(
    sizes_hw: Sequence[tuple[int, int]], strides: Sequence[int], device: torch.device
) -> Points:
    """The points of all levels, fine to coarse, row by row.

    Args:
        sizes_hw: Rows and columns of each level.
        strides: Pixels between neighbors of each level.
        device: Where to put them.

    Returns:
        The points; each is the middle of its cell.
    """
    centers, steps = [], []
    for (rows, columns), stride in zip(sizes_hw, strides, strict=True):
        ys = (torch.arange(rows, device=device) + 0.5) * stride
        xs = (torch.arange(columns, device=device) + 0.5) * stride
        grid = torch.stack([xs.repeat(rows), ys.repeat_interleave(columns)], dim=1)
        centers.append(grid)
        steps.append(torch.full((rows * columns,), float(stride), device=device))
    return Points(torch.cat(centers), torch.cat(steps), tuple(h * w for h, w in sizes_hw))
