"""Segmentation head: a class for every cell of stride 4, background included.

A cell's truth is the share of it that a defect covers, so that outlines learn to be
finer than cells.

Sources: Milletari et al., "V-Net", 2016 (the overlap loss beside cross-entropy); Zhang et
al., "VarifocalNet", 2021 (only the background is focal).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.backbone import ConvNorm
from pitmark.train.neck import CHANNELS, Pyramid
from pitmark.train.targets import Batch

STRIDE = 4
_PRIOR = 0.01
# So many mistaken cells of background, as a share of all, weigh as much as the defects.
_BACKGROUND_SHARE = 0.01
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

    def reset_prior(self) -> None:
        """Start from the belief that hardly any cell is a defect."""
        assert self.score.bias is not None
        classes = self.score.out_channels - 1
        nn.init.constant_(self.score.bias[:1], math.log(classes * (1 / _PRIOR - 1)))

    def loss(self, raw: dict[str, Tensor], batch: Batch, progress: float) -> Tensor:
        """Scores of cells, and overlap of all defects.

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
        shown = (defect.sum((1, 2)) > 0).float()
        guess = 1 - logits.softmax(1)[:, 0]
        both = (guess * defect).sum((1, 2))
        overlap = (2 * both + 1) / (guess.sum((1, 2)) + defect.sum((1, 2)) + 1)
        outline = ((1 - overlap) * shown).sum() / shown.sum().clamp(min=1.0)
        return cell_loss(logits, truth).mean() + 0.5 * outline


def cell_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of cells, focal on the background alone, image by image.

    A cell with a defect counts at full weight, its image's defects together as one, so
    that a large stain does not drown a small pore. Sound cells weigh as little as they
    are mistaken; their sum, not their mean, is what counts, since one false alarm among
    thousands of right cells spoils a verdict.

    Args:
        logits: (B, K + 1, h, w), background first.
        truth: The same shape, shares summing to 1.

    Returns:
        (B,), >= 0.
    """
    defect = 1 - truth[:, 0]
    entropy = -(truth * logits.log_softmax(1)).sum(1)
    found = (entropy * defect).sum((1, 2)) / defect.sum((1, 2)).clamp(min=1.0)
    mistaken = (1 - logits.detach().softmax(1)[:, 0]) ** 2
    made_up = (entropy * mistaken * (defect <= 0)).sum((1, 2))
    return found + made_up / (_BACKGROUND_SHARE * defect[0].numel())


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
