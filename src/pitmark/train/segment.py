"""Segmentation head: a class for every cell of stride 4, background included.

A cell's truth is the share of it that a defect covers, so that outlines learn to be
finer than cells.

Source: Milletari et al., "V-Net", 2016 (the overlap loss beside cross-entropy).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.backbone import ConvNorm
from pitmark.train.neck import CHANNELS, Pyramid
from pitmark.train.targets import Batch

STRIDE = 4
# Defects together weigh at least this much of an image, but no cell more than so many.
_DEFECT_SHARE = 0.25
_LARGEST_WEIGHT = 30.0
# A defect that covers half a cell counts as the whole of it: thin cracks stay visible.
_COVER_GAIN = 2.0


class SegmentHead(nn.Module):
    """Backbone features to class maps.

    Args:
        widths: Channels of the backbone's stages.
        classes: Number of defect classes K.
    """

    def __init__(self, widths: Sequence[int], classes: int) -> None:
        super().__init__()
        self.pyramid = Pyramid(widths, (0,))
        self.mix = ConvNorm(CHANNELS, CHANNELS)
        self.score = nn.Conv2d(CHANNELS, classes + 1, 1)

    def forward(self, features: Sequence[Tensor]) -> dict[str, Tensor]:
        """Features to `logits` (B, K + 1, H / 4, W / 4); the first is background."""
        return {"logits": self.score(self.mix(self.pyramid(features)[0])).float()}

    def outputs(self, raw: dict[str, Tensor]) -> dict[str, Tensor]:
        """`maps` (B, K, H / 4, W / 4) in [0, 1], background left out."""
        return {"maps": raw["logits"].softmax(1)[:, 1:]}

    def loss(self, raw: dict[str, Tensor], batch: Batch, progress: float) -> Tensor:
        """Weighted cross-entropy plus overlap of all defects, image by image.

        Every image counts alike, so that a large stain does not drown a small pore.

        Args:
            raw: From `forward`.
            batch: The truth.
            progress: Share of the training done, unused here.

        Returns:
            A scalar.
        """
        logits = raw["logits"]
        truth = cell_shares(batch.masks, logits.shape[1])
        defect = 1 - truth[:, 0]
        weight = defect_weight(defect)
        entropy = -(truth * logits.log_softmax(1)).sum(1)
        cross = (entropy * weight).sum((1, 2)) / weight.sum((1, 2))
        guess = 1 - logits.softmax(1)[:, 0]
        both = (guess * defect).sum((1, 2))
        overlap = (2 * both + 1) / (guess.sum((1, 2)) + defect.sum((1, 2)) + 1)
        shown = (defect.sum((1, 2)) > 0).float()
        return cross.mean() + 0.5 * ((1 - overlap) * shown).sum() / shown.sum().clamp(min=1.0)


def defect_weight(defect: Tensor) -> Tensor:
    """Weights of cells by which small defects are not drowned by background.

    Args:
        defect: (B, h, w) share of each cell that is defect.

    Returns:
        (B, h, w), 1 for background.
    """
    share = defect.mean((1, 2), keepdim=True).clamp(min=1e-6)
    wanted = _DEFECT_SHARE * (1 - share) / ((1 - _DEFECT_SHARE) * share)
    return 1 + (wanted.clamp(1.0, _LARGEST_WEIGHT) - 1) * defect


def cell_shares(masks: Tensor, classes: int) -> Tensor:
    """What share of each cell belongs to each class.

    Args:
        masks: (B, H, W) uint8, 0 for background.
        classes: K + 1.

    Returns:
        (B, K + 1, H / 4, W / 4) float32, summing to 1 over classes.
    """
    planes = torch.stack([(masks == k).float() for k in range(1, classes)], dim=1)
    shares = functional.avg_pool2d(planes, STRIDE) * _COVER_GAIN
    shares = shares / shares.sum(1, keepdim=True).clamp(min=1.0)
    return torch.cat([1 - shares.sum(1, keepdim=True), shares], dim=1)
