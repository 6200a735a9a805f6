"""The figures of the images that a drift reference is fitted to, checked and comparable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.drift.conditions import Conditions, Tags, common, fit_conditions
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES, STATISTICS

Array = NDArray[np.float64]

ENOUGH_IMAGES = 50
_FEWEST_IMAGES = 5
_SCORE_RESOLUTION = 0.005
# Embedding directions are taken no more seriously than this share of all their spread.
_EMBEDDING_RESOLUTION = 0.01


def checked_figures(
    statistics: NDArray[Any], embeddings: NDArray[Any], scores: NDArray[Any], block: int
) -> tuple[Array, Array, Array]:
    """The same as numbers of agreeing shapes.

    Args:
        statistics: (N, 11) of `image_statistics`.
        embeddings: (N, D), D may be 0.
        scores: (N,).
        block: Images whose mean is judged as one.

    Returns:
        Statistics, embeddings and scores as float64.

    Raises:
        InvalidInputError: Shapes that do not agree, values that are no numbers, no block.
        NotEnoughDataError: Fewer than 5 images.
    """
    stats = np.asarray(statistics, dtype=np.float64)
    embeds = np.asarray(embeddings, dtype=np.float64)
    score = np.asarray(scores, dtype=np.float64)
    count = len(score)
    if stats.shape != (count, len(STATISTIC_NAMES)) or embeds.ndim != 2 or len(embeds) != count:
        raise InvalidInputError(
            f"statistics {stats.shape}, embeddings {embeds.shape} and scores {score.shape}"
            f" do not describe the same images by {len(STATISTIC_NAMES)} statistics"
        )
    if block < 1:
        raise InvalidInputError(f"a block needs at least 1 image, not {block}")
    if count < _FEWEST_IMAGES:
        raise NotEnoughDataError(
            f"a drift reference needs at least {_FEWEST_IMAGES} images, found {count}",
            hint=f"{ENOUGH_IMAGES} or more images that the model was not trained on are good.",
        )
    for name, array in (("statistics", stats), ("embeddings", embeds), ("scores", score)):
        if not np.isfinite(array).all():
            raise InvalidInputError(
                f"the {name} of the reference hold values that are no numbers"
            )
    return stats, embeds, score


def without_shifts(
    figures: Array, tags: Sequence[Tags], names: Sequence[str]
) -> tuple[Array, Conditions]:
    """The figures of images with common conditions, the shifts by these taken off.

    Args:
        figures: (N, F).
        tags: (N,) of the images.
        names: Of the tags that shift images.

    Returns:
        (M, F), M at most N, and the shifts.

    Raises:
        InvalidInputError: Not as many tags as images.
        NotEnoughDataError: Fewer than 5 images share their conditions with others.
    """
    if len(tags) != len(figures):
        raise InvalidInputError(f"{len(figures)} images but tags of {len(tags)}")
    keep = common(tags, names)
    if keep.sum() < _FEWEST_IMAGES:
        raise NotEnoughDataError(
            f"only {keep.sum()} images have a {' and a '.join(names)} that others share",
            hint="Leave conditions out, or hold out more images.",
        )
    shared = [t for t, k in zip(tags, keep, strict=True) if k]
    by = fit_conditions(figures[keep], shared, names)
    return figures[keep] - np.array([by.shift(t) for t in shared]), by


def resolutions(embeddings: Array, measured: int) -> Array:
    """The smallest spread of each component that is taken seriously.

    Args:
        embeddings: (N, D).
        measured: Components that come from embeddings.

    Returns:
        (C,) in the units of the components.
    """
    spread = float(np.sqrt(embeddings.var(axis=0).sum())) if embeddings.size else 0.0
    embedding = [max(_EMBEDDING_RESOLUTION * spread, 1e-9)] * measured
    return np.array([*(s.resolution for s in STATISTICS), _SCORE_RESOLUTION, *embedding])
