"""What of an image should not tell its class: frame, corners, light, size and file type.

Each family is a few figures per image. The `middle` is measured in the same way as the
frame, so that the two can be compared: where the middle tells the class as well as the
frame, the whole surface does, and that is what the class may be.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FAMILIES = ("frame", "corners", "light", "size")
MIDDLE = "middle"
FRAME_SHARE = 0.05
_CORNER_SHARE = 0.18
_RIM = 0.15
_LEVELS = (25, 50, 75)

Figures = NDArray[np.float64]


def surroundings(image: NDArray[Any]) -> dict[str, Figures]:
    """Figures of one image by family.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16.

    Returns:
        Family to (F,), of the same length for all images: brightness, spread, color and
        roughness of the outer 5 % ("frame"), of the four corners, of a ring of
        as many pixels further in ("middle"), the light of the whole (quartiles),
        width and height.
    """
    color = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    values = color.astype(np.float32) * np.float32(255.0 / np.iinfo(image.dtype).max)
    height, width = values.shape[:2]
    deep, wide = max(1, round(FRAME_SHARE * height)), max(1, round(FRAME_SHARE * width))
    sides = (values[:deep], values[-deep:], values[:, :wide], values[:, -wide:])
    # A ring of as many pixels further in, of which the frame's strips know nothing.
    top, left = round(_RIM * height), round(_RIM * width)
    inner = values[top : height - top, left : width - left]
    thick, fat = round(deep / (1 - 2 * _RIM)), round(wide / (1 - 2 * _RIM))
    bands = (inner[:thick], inner[-thick:], inner[:, :fat], inner[:, -fat:])
    tall, broad = max(1, round(_CORNER_SHARE * height)), max(1, round(_CORNER_SHARE * width))
    corners = (
        values[:tall, :broad], values[:tall, -broad:],
        values[-tall:, :broad], values[-tall:, -broad:],
    )  # fmt: skip
    return {
        "frame": _of_patches(sides),
        MIDDLE: _of_patches(bands),
        "corners": _of_patches(corners),
        # Quartiles: a small defect must not count as light.
        "light": np.r_[
            np.median(values, axis=(0, 1)), np.percentile(values.mean(axis=2), _LEVELS)
        ].astype(np.float64),
        "size": np.log([width, height, width * height, width / height]),
    }


def _of_patches(patches: tuple[NDArray[np.float32], ...]) -> Figures:
    return np.concatenate([_of_patch(p) for p in patches])


def _of_patch(patch: NDArray[np.float32]) -> Figures:
    if not patch.size:
        return np.zeros(8)
    grey = patch.mean(axis=2)
    rough = [np.abs(np.diff(grey, axis=a)).mean() if grey.shape[a] > 1 else 0 for a in (0, 1)]
    means = patch.mean(axis=(0, 1))
    return np.array([*means, grey.std(), grey.min(), grey.max(), *rough], dtype=np.float64)
