"""An image as one vector: what the backbone saw, and how the light in it changes.

The second part is fixed and knows surfaces without having learned: frozen, it alone names
steel faults about as well as networks trained on photographs (docs/decisions/0005). From
few labels the two together beat either.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pitmark.train.cell_light import IMAGE_ENERGIES, TONES, cell_tones, image_energies

_CELL_PX = 32
LIGHT = IMAGE_ENERGIES + 4 * TONES
# Each number of the light counts as much as so many numbers of the backbone.
_LIGHT_WEIGHT = 4.0


def vector_length(widths: Sequence[int]) -> int:
    """Length of the vector.

    Args:
        widths: Channels of the backbone's stages.

    Returns:
        The number of values.
    """
    return 2 * sum(widths[1:]) + LIGHT


def vector_scale(widths: Sequence[int]) -> Tensor:
    """What to multiply standardized values with, so that both parts count as they should.

    Args:
        widths: Channels of the backbone's stages.

    Returns:
        (D,); a vector of standardized values has about length 1 afterwards.
    """
    scale = torch.ones(vector_length(widths))
    scale[-LIGHT:] = _LIGHT_WEIGHT**0.5
    return scale / scale.square().sum().sqrt()


def image_vector(features: Sequence[Tensor], images: Tensor) -> Tensor:
    """The vectors of images.

    Args:
        features: Of the backbone, strides 4 .. 32.
        images: (B, 3, H, W) normalized.

    Returns:
        (B, D): means of the stages of strides 8 and more, their maxima, then the light.
    """
    stages = [f.float() for f in features[1:]]
    means, most = [f.mean((2, 3)) for f in stages], [f.amax((2, 3)) for f in stages]
    with torch.autocast(images.device.type, enabled=False):
        light = _light(images.float())
    return torch.cat([*means, *most, light], dim=1)


def _light(images: Tensor) -> Tensor:
    """How the light changes, and the colors: middle, extremes of cells, and spread."""
    tones = cell_tones(images, _CELL_PX)
    middle = tones.mean((2, 3))
    spread = (tones.square().mean((2, 3)) - middle.square()).clamp(min=1e-6).sqrt()
    colors = (middle, tones.amax((2, 3)), tones.amin((2, 3)), spread)
    return torch.cat([image_energies(images), *colors], dim=1)
