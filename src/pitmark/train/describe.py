"""Images as the vectors that classification stands on: the shipped backbone and the light.

They depend on no label: after labels were corrected, the next audit needs only the linear
part, which takes seconds. They know more of a surface than those of `embed`, and are longer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import cut
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import PixelLoader
from pitmark.train.embed import default_backbone, square_spec, vectors_of
from pitmark.train.precision import limited_threads
from pitmark.train.whole_image import image_vector, vector_scale

_STAGE = "describe"
# A value that hardly varies is not stretched beyond this share of the usual spread.
_LEAST_SPREAD = 0.01


def describe_images(
    shas: Sequence[str],
    load: PixelLoader,
    spec: InspectorSpec,
    *,
    threads: int | None = None,
    report: Reporter = silent,
) -> NDArray[np.float32]:
    """What the shipped backbone and the light say about each image as a whole.

    Args:
        shas: sha256 of N images.
        load: Gives pixels.
        spec: Of classification; says how images are cut.
        threads: How many; None takes all cores.
        report: Takes progress, and may stop the work.

    Returns:
        (N, D) float32, as they come; `standardized` makes them comparable.
    """

    def patch(sha: str) -> NDArray[np.float32]:
        return cut(load(sha), spec.preprocess).data

    with limited_threads(threads):
        return vectors_of(shas, patch, _look(), stage=_STAGE, report=report)


def describe_places(
    keys: Sequence[str], load: PixelLoader, *, side: int = 192, report: Reporter = silent
) -> NDArray[np.float32]:
    """The same for images or parts of images of any size, each fitted into a square.

    Args:
        keys: N of them.
        load: Gives the pixels of a key.
        side: Of the square in pixels, a multiple of 32.
        report: Takes progress, and may stop the work.

    Returns:
        (N, D) float32.

    Raises:
        InvalidInputError: The side is no multiple of 32, or an image is none.
    """

    def patch(key: str) -> NDArray[np.float32]:
        image = load(key)
        return cut(image, square_spec(image, side)).data

    return vectors_of(keys, patch, _look(), stage=_STAGE, report=report)


def _look() -> Callable[[Tensor], Tensor]:
    backbone = default_backbone()
    return lambda images: image_vector(backbone(images), images)


def vector_weights() -> NDArray[np.float64]:
    """How much each standardized value of such a vector counts.

    Returns:
        (D,) above 0.
    """
    return np.asarray(vector_scale(default_backbone().widths).double().numpy())


def standardized(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors in which every part counts as it does for classification.

    Args:
        rows: (N, D) from `describe_images`.

    Returns:
        (N, D) float32 of mean 0 and about length 1.
    """
    spread = rows.std(axis=0)
    spread = np.maximum(spread, _LEAST_SPREAD * np.median(spread) + 1e-6)
    return np.asarray((rows - rows.mean(axis=0)) / spread * vector_weights(), dtype=np.float32)
