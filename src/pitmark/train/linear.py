"""Heads of the quick first model: linear maps on frozen features, solved in closed form.

Classification looks at the pooled image, segmentation and detection at every cell of
stride 8. A detection cell gives a score per class and the four distances to the sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.core.labels import Task
from pitmark.train.whole_image import image_vector, vector_length

CELL_STRIDE = 8


class LinearHead(nn.Module):
    """Standardized features times a matrix.

    Args:
        widths: Channels of the backbone's stages.
        classes: Number of classes K.
        task: Classification, detection or segmentation.
    """

    center: Tensor
    spread: Tensor
    matrix: Tensor
    offset: Tensor
    sharpness: Tensor

    def __init__(self, widths: Sequence[int], classes: int, *, task: Task) -> None:
        super().__init__()
        self.task = task
        self.classes = classes
        whole = task == "classification"
        depth = vector_length(widths) if whole else sum(widths)
        columns = classes + (4 if task == "detection" else 0)
        self.register_buffer("center", torch.zeros(depth))
        self.register_buffer("spread", torch.ones(depth))
        self.register_buffer("matrix", torch.zeros(depth, columns))
        self.register_buffer("offset", torch.zeros(columns))
        self.register_buffer("sharpness", torch.tensor(1.0))

    def cells(self, features: Sequence[Tensor]) -> Tensor:
        """Features of all strides at cells of stride 8: (B, D, H / 8, W / 8)."""
        planes = [functional.avg_pool2d(features[0], 2), features[1]]
        for factor, plane in ((2.0, features[2]), (4.0, features[3])):
            planes.append(functional.interpolate(plane, scale_factor=factor, mode="nearest"))
        return torch.cat(planes, dim=1)

    def forward(self, features: Sequence[Tensor], images: Tensor) -> dict[str, Tensor]:
        """Features, and the images, to `values`: (B, K) or (B, h, w, columns)."""
        described = (
            image_vector(features, images)
            if self.task == "classification"
            else self.cells(features).permute(0, 2, 3, 1)
        )
        return {"values": (described - self.center) / self.spread @ self.matrix + self.offset}

    def outputs(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """The outputs of the task, see `core.assemble`."""
        values = raw["values"]
        if self.task == "classification":
            return {"probs": (values * self.sharpness).softmax(1)}
        scores = ((values[..., : self.classes] - 0.5) * self.sharpness).sigmoid()
        if self.task == "segmentation":
            return {"maps": scores.permute(0, 3, 1, 2)}
        rows, columns = values.shape[1], values.shape[2]
        ys = (torch.arange(rows, device=values.device) + 0.5) * CELL_STRIDE
        xs = (torch.arange(columns, device=values.device) + 0.5) * CELL_STRIDE
        middle = torch.stack([xs.repeat(rows), ys.repeat_interleave(columns)], dim=1)
        reach = values[..., self.classes :].flatten(1, 2).clamp(min=0.5)
        boxes = torch.cat([middle - reach[..., :2], middle + reach[..., 2:]], dim=2)
        return {"scores": scores.flatten(1, 2), "boxes": boxes}
