"""Images as the vectors that classification in closed form stands on: shipped backbone, light.

They know more of a surface than those of `embed`, and are longer: for trying learners out,
not for keeping millions of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from pitmark.core.preprocess import PreprocessSpec, cut
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import PixelLoader
from pitmark.train.embed import default_backbone
from pitmark.train.pace import Pace
from pitmark.train.whole_image import image_vector, vector_scale

_AT_ONCE = 8


def describe_images(
    keys: Sequence[str], load: PixelLoader, *, side: int = 192, report: Reporter = silent
) -> dict[str, NDArray[np.float32]]:
    """One vector per image, or per part of an image.

    Args:
        keys: What to show, such as the sha256 of images.
        load: Gives the pixels of a key.
        side: Pixels are fitted into a square of this many pixels, a multiple of 32.
        report: Takes progress, and may stop the work.

    Returns:
        Key to (D,) float32.

    Raises:
        InvalidInputError: The side is no multiple of 32, or an image is none.
    """
    backbone = default_backbone()
    out: dict[str, NDArray[np.float32]] = {}
    pace = Pace(len(keys))
    for start in range(0, len(keys), _AT_ONCE):
        part = list(keys[start : start + _AT_ONCE])
        patches = []
        for pixels in map(load, part):
            high = 65535.0 if pixels.dtype == np.uint16 else 255.0
            spec = PreprocessSpec((side, side), high=high, overlap_px=0)
            patches.append(cut(pixels, spec).data)
        with torch.inference_mode():
            images = torch.from_numpy(np.concatenate(patches))
            vectors = image_vector(backbone(images), images).numpy()
        out |= dict(zip(part, vectors, strict=True))
        if pace.due(len(out)):
            report(Progress("describe", len(out), len(keys), eta_s=pace.eta_s(len(out))))
    return out


def vector_weights() -> NDArray[np.float64]:
    """How much each standardized value of such a vector counts.

    Returns:
        (D,) above 0.
    """
    return np.asarray(vector_scale(default_backbone().widths).double().numpy())
