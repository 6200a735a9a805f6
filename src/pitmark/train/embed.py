"""Images as vectors: for near duplicates, maps of the data, and drift.

Vectors of two images are comparable when they come from the same backbone and side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pitmark.core.preprocess import Pixels, PreprocessSpec, cut
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import PixelLoader
from pitmark.train.backbone import Backbone, init_weights, initial_weights, load_weights
from pitmark.train.model import TrainedModel
from pitmark.train.network import pooled
from pitmark.train.pace import Pace

_AT_ONCE = 16


def embed_images(
    shas: Sequence[str],
    load: PixelLoader,
    *,
    model: TrainedModel | None = None,
    side: int = 224,
    seed: int = 0,
    report: Reporter = silent,
) -> dict[str, NDArray[np.float32]]:
    """One vector per image.

    Args:
        shas: sha256 of the images.
        load: Gives pixels.
        model: Whose backbone and value range to use; None takes the shipped backbone, or
            a random one, which still tells surfaces apart by their texture.
        side: Images are fitted into a square of this many pixels, a multiple of 32.
        seed: Of a random backbone.
        report: Takes progress, and may stop the work.

    Returns:
        sha256 to (D,) float32; D is 384 for the shipped backbone.

    Raises:
        InvalidInputError: The side is no multiple of 32, or an image is none.
    """
    backbone = model.network.backbone if model else default_backbone(seed)
    backbone.eval()

    def patch(sha: str) -> NDArray[np.float32]:
        image = load(sha)
        return cut(image, _spec(image, model, side)).data

    rows = vectors_of(shas, patch, lambda x: pooled(backbone(x)), stage="embed", report=report)
    return dict(zip(shas, rows, strict=True))


def vectors_of(
    keys: Sequence[str],
    patch: Callable[[str], NDArray[np.float32]],
    look: Callable[[Tensor], Tensor],
    *,
    stage: str,
    report: Reporter = silent,
) -> NDArray[np.float32]:
    """One vector per key, computed a few at a time.

    Args:
        keys: N of them.
        patch: Gives (1, 3, H, W) of a key, of one size for all.
        look: Turns (B, 3, H, W) into (B, D).
        stage: What is reported.
        report: Takes progress, and may stop the work.

    Returns:
        (N, D) float32; (0, 0) without keys.
    """
    out: list[NDArray[np.float32]] = []
    pace = Pace(len(keys))
    for start in range(0, len(keys), _AT_ONCE):
        patches = np.concatenate([patch(key) for key in keys[start : start + _AT_ONCE]])
        with torch.inference_mode():
            out.append(look(torch.from_numpy(patches)).numpy())
        done = min(start + _AT_ONCE, len(keys))
        if pace.due(done):
            report(Progress(stage, done, len(keys), eta_s=pace.eta_s(done)))
    return np.concatenate(out) if out else np.zeros((0, 0), np.float32)


def _spec(image: Pixels, model: TrainedModel | None, side: int) -> PreprocessSpec:
    if model is not None:
        known = model.spec.preprocess
        return PreprocessSpec((side, side), low=known.low, high=known.high, overlap_px=0)
    return square_spec(image, side)


def square_spec(image: Pixels, side: int) -> PreprocessSpec:
    """How an image is fitted into a square, whatever camera it is from.

    Args:
        image: Its pixels, uint8 or uint16.
        side: Of the square in pixels, a multiple of 32.

    Returns:
        The preprocessing.
    """
    high = 65535.0 if image.dtype == np.uint16 else 255.0
    return PreprocessSpec((side, side), high=high, overlap_px=0)


def default_backbone(seed: int = 0) -> Backbone:
    """The shipped backbone, or a random one where none is shipped.

    Args:
        seed: Of the random one.

    Returns:
        Ready to use.
    """
    backbone = Backbone()
    init_weights(backbone, seed=seed)
    weights = initial_weights()
    if weights is not None:
        load_weights(backbone, weights)
    return backbone.eval()
