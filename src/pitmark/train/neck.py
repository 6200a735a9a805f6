"""A feature pyramid: coarse knowledge carried down to fine maps, 64 channels each.

Source: Lin et al., "Feature pyramid networks for object detection", 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor, nn
from torch.nn import functional

from pitmark.train.backbone import ConvNorm

CHANNELS = 64


class Pyramid(nn.Module):
    """Features of the backbone to pyramid levels of equal width.

    Args:
        widths: Channels of the backbone's stages, fine to coarse.
        levels: Which to give, as stage numbers: 0 is stride 4 (P2), 3 is stride 32 (P5).
        channels: Of every level.
    """

    def __init__(
        self, widths: Sequence[int], levels: Sequence[int], *, channels: int = CHANNELS
    ) -> None:
        super().__init__()
        self.levels = tuple(sorted(levels))
        self.lowest = self.levels[0]
        self.lateral = nn.ModuleList(
            ConvNorm(w, channels, kernel=1, active=False) for w in widths[self.lowest :]
        )
        self.smooth = nn.ModuleList(ConvNorm(channels, channels) for _ in self.levels)

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Backbone features to (B, channels, H / s, W / s) for each level asked for."""
        merged: dict[int, Tensor] = {}
        above: Tensor | None = None
        for position in reversed(range(self.lowest, len(features))):
            level = self.lateral[position - self.lowest](features[position])
            if above is not None:
                level = level + functional.interpolate(above, scale_factor=2.0, mode="nearest")
            merged[position] = above = level
        return [
            smooth(merged[level])
            for level, smooth in zip(self.levels, self.smooth, strict=True)
        ]


def load_pyramid(pyramid: Pyramid, weights: Mapping[str, Tensor]) -> bool:
    """Put the weights of a pyramid of all levels into one of some levels.

    Args:
        pyramid: Changed in place.
        weights: Of a pyramid with levels 0 to 3, named as there.

    Returns:
        False, and nothing changed, where the weights are missing or of another width.
    """
    taken: dict[str, Tensor] = {}
    for name, tensor in pyramid.state_dict().items():
        part, position, rest = name.split(".", 2)
        if rest.endswith("num_batches_tracked"):
            taken[name] = tensor
            continue
        stage = int(position) + pyramid.lowest
        if part == "smooth":
            stage = pyramid.levels[int(position)]
        source = weights.get(f"{part}.{stage}.{rest}")
        if source is None or source.shape != tensor.shape:
            return False
        taken[name] = source
    pyramid.load_state_dict(taken)
    return True
