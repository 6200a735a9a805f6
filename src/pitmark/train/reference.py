"""Comparing an image with a picture of the same part without defects.

Both go through the same backbone. At every level the head sees the features of the image
plus a mix of how they differ from those of the reference, so that a network that compares
begins as the one that does not. What a part may be shifted by is learned from references
that are shown shifted; looking for the best match among neighboring cells did not pay.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# At the start the difference adds little to what the head sees.
_FIRST_SHARE = 0.1


class ReferenceFusion(nn.Module):
    """Features of images and of their references to features for the head.

    Args:
        widths: Channels of the backbone's stages.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        self.mix = nn.ModuleList(nn.Conv2d(2 * w, w, 1, bias=False) for w in widths)

    def reset(self) -> None:
        """Start from the features of the image plus a small share of the difference."""
        for mix in self.mix:
            assert isinstance(mix, nn.Conv2d)
            same = torch.eye(mix.out_channels)
            first = torch.cat([same, -same], dim=1) * _FIRST_SHARE
            mix.weight.data.copy_(first[:, :, None, None])

    def forward(self, features: Sequence[Tensor], references: Sequence[Tensor]) -> list[Tensor]:
        """Two times (B, widths[i], H / s, W / s) to one of the same shapes."""
        out = []
        for mix, seen, wanted in zip(self.mix, features, references, strict=True):
            # What is more and what is less are told apart, and neither cancels the other.
            more, less = (seen - wanted).relu(), (wanted - seen).relu()
            out.append(seen + mix(torch.cat([more, less], dim=1)))
        return out
