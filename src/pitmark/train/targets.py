"""One batch of training patches with what is true of each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Batch:
    """Patches as the network sees them, and their truth.

    `images` is (B, 3, H, W) float32, normalized. `labels` (B,) int64 are class numbers
    of whole patches. `boxes_xyxy[i]` (N, 4) float32 in patch pixels with
    `box_classes[i]` (N,) int64. `masks` (B, H, W) uint8 holds 0 for background and
    k + 1 for class k. Fields that a task does not need are there and empty. `references`
    are like `images`, None where nothing is compared.
    """

    images: Tensor
    labels: Tensor
    boxes_xyxy: list[Tensor]
    box_classes: list[Tensor]
    masks: Tensor
    references: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        """The batch on another device.

        Args:
            device: Where the network is.

        Returns:
            A new batch.
        """
        return Batch(
            self.images.to(device),
            self.labels.to(device),
            [b.to(device) for b in self.boxes_xyxy],
            [c.to(device) for c in self.box_classes],
            self.masks.to(device),
            None if self.references is None else self.references.to(device),
        )
