"""Classification head: what the image is, from its features and its strongest spots.

Average and maximum over the two coarse stages see the surface as a whole; the mean of
the strongest cells of a class map at stride 8 sees a small defect in a large image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.targets import Batch

_SMOOTHING = 0.05
_TOP_SHARE = 0.02


class ClassifyHead(nn.Module):
    """Backbone features to class logits.

    Args:
        widths: Channels of the backbone's stages.
        classes: Number of classes K.
    """

    def __init__(self, widths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.1)
        self.whole = nn.Linear(2 * (widths[2] + widths[3]), classes)
        self.fine = nn.Conv2d(widths[1], classes, 1)
        self.coarse = nn.Conv2d(widths[2], classes, 1)

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Features of strides 4 .. 32 to `logits` (B, K)."""
        pooled = [f.mean((2, 3)) for f in features[2:]] + [f.amax((2, 3)) for f in features[2:]]
        logits = self.whole(self.dropout(torch.cat(pooled, dim=1)))
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
