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
        return torch.cat(_at_cells(features), dim=1)

    def forward(self, features: Sequence[Tensor], images: Tensor) -> dict[str, Tensor]:
        """Features, and the images, to `values`: (B, K) or (B, h, w, columns)."""
        if self.task == "classification":
            described = image_vector(features, images)
            standardized = (described - self.center) / self.spread
            return {"values": standardized @ self.matrix + self.offset}
        return {"values": self._cell_values(features)}

    def _cell_values(self, features: Sequence[Tensor]) -> Tensor:
        """The map at every cell, (B, h, w, columns).

        Every stage goes through its part of the map before it is brought to the cells:
        the order makes no difference, and a few columns are carried instead of all
        features.
        """
        matrix = self.matrix / self.spread[:, None]
        parts = torch.split(matrix, [f.shape[1] for f in features])
        mapped = [
            (f.permute(0, 2, 3, 1) @ part).permute(0, 3, 1, 2)
            for f, part in zip(features, parts, strict=True)
        ]
        fine, *coarser = _at_cells(mapped)
        return sum(coarser, fine).permute(0, 2, 3, 1) + (self.offset - self.center @ matrix)

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


def _at_cells(stages: Sequence[Tensor]) -> list[Tensor]:
    """Maps of strides 4, 8, 16 and 32, each brought to stride 8."""
    return [
        functional.avg_pool2d(stages[0], 2),
        stages[1],
        functional.interpolate(stages[2], scale_factor=2.0, mode="nearest"),
        functional.interpolate(stages[3], scale_factor=4.0, mode="nearest"),
    ]
