"""Classification head: what the image is, from its features and its strongest spots.

The image as a whole is one vector; the mean of the strongest cells of a class map at
stride 8 sees a small defect in a large image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.targets import Batch
from pitmark.train.whole_image import image_vector, vector_length, vector_scale

_SMOOTHING = 0.05
_TOP_SHARE = 0.02


class ClassifyHead(nn.Module):
    """Backbone features to class logits.

    Args:
        widths: Channels of the backbone's stages.
        classes: Number of classes K.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, widths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.1)
        self.register_buffer("center", torch.zeros(vector_length(widths)))
        self.register_buffer("scale", vector_scale(widths))
        self.whole = nn.Linear(vector_length(widths), classes)
        self.fine = nn.Conv2d(widths[1], classes, 1)
        self.coarse = nn.Conv2d(widths[2], classes, 1)

    def forward(self, features: Sequence[Tensor], images: Tensor) -> dict[str, Tensor]:
        """Features of strides 4 .. 32, and the images, to `logits` (B, K)."""
        vector = (image_vector(features, images) - self.center) * self.scale
        logits = self.whole(self.dropout(vector))
        coarse = functional.interpolate(
            self.coarse(features[2]), scale_factor=2.0, mode="nearest"
        )
        spots = (self.fine(features[1]) + coarse).flatten(2)
        count = max(1, round(spots.shape[2] * _TOP_SHARE))
        return {"logits": logits + torch.topk(spots, count, dim=2).values.mean(2)}

    def outputs(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """`probs` (B, K) summing to 1."""
        return {"probs": raw["logits"].softmax(1)}

    def loss(self, raw: dict[str, Tensor], batch: Batch, progress: float) -> Tensor:
        """Cross-entropy with slightly softened labels.

        Args:
            raw: From `forward`.
            batch: The truth.
            progress: Share of the training done, unused here.

        Returns:
            A scalar.
        """
        return functional.cross_entropy(
            raw["logits"].float(), batch.labels, label_smoothing=_SMOOTHING
        )
