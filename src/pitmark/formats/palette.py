"""A mask as a PNG that people can look at: numbers of classes with a color each."""

from __future__ import annotations

import colorsys
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Steps around the color wheel by the golden ratio keep neighboring numbers apart.
_HUE_STEP = 0.618034


def mask_png(values: NDArray[np.uint8]) -> bytes:
    """A palette PNG whose indices are the values.

    Args:
        values: (H, W) numbers of classes, 0 for background.

    Returns:
        The file.
    """
    colors = [0, 0, 0]
    for number in range(1, 256):
        rgb = colorsys.hsv_to_rgb(number * _HUE_STEP % 1, 0.75, 1.0)
        colors += [round(255 * c) for c in rgb]
    image = Image.fromarray(np.ascontiguousarray(values))
    image.putpalette(colors)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
