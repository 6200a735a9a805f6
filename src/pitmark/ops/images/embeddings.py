"""Vectors of images and of objects, all from one backbone that has seen no label.

Vectors of models trained on different folds lie in different spaces and cannot be
compared; these can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.labels import Box, shape_box
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage
from pitmark.ops.images.pixels import pixel_loader
from pitmark.store.db import ProjectStore

Vectors = Mapping[str, NDArray[np.float32]]

# An object is shown with this share of its longer side around it, at least in pixels.
_CONTEXT = 0.4
_CONTEXT_PX = 6.0
_OBJECT_SIDE = 96


def embed_all(
    project: ProjectStore, images: Sequence[LabeledImage], report: Reporter
) -> Vectors:
    """One vector per image.

    Args:
        project: The project.
        images: The images.
        report: Told of the progress.

    Returns:
        sha256 to (D,).
    """
    from pitmark.train.embed import embed_images

    shas = [i.image.sha256 for i in images]
    return embed_images(shas, pixel_loader(project), report=report)


def embed_objects(
    project: ProjectStore, images: Sequence[LabeledImage], report: Reporter
) -> dict[str, NDArray[np.float32]]:
    """One vector per labeled shape, seen with a little of its surroundings.

    Args:
        project: The project.
        images: Labeled images.
        report: Told of the progress.

    Returns:
        sha256 to (number of shapes, D), in the order of the shapes.
    """
    places = {
        f"{i.image.sha256}#{n}": (i.image.sha256, shape_box(s))
        for i in images
        for n, s in enumerate(i.shapes or ())
    }
    vectors = embed_places(project, places, report)
    return {
        i.image.sha256: np.stack(
            [vectors[f"{i.image.sha256}#{n}"] for n in range(len(i.shapes or ()))]
        )
        for i in images
        if i.shapes
    }


def embed_places(
    project: ProjectStore, places: Mapping[str, tuple[str, Box | None]], report: Reporter
) -> Vectors:
    """One vector per place, seen with a little of its surroundings.

    Args:
        project: The project.
        places: Key to an image and a box in its pixels; None means the whole image. Those
            of one image should follow each other.
        report: Told of the progress.

    Returns:
        Key to (D,).
    """
    from pitmark.train.embed import embed_images

    load = pixel_loader(project)
    held: dict[str, NDArray[Any]] = {}

    def crop(key: str) -> NDArray[Any]:
        sha, box = places[key]
        if sha not in held:
            held.clear()
            held[sha] = load(sha)
        return held[sha] if box is None else _around(held[sha], box)

    return embed_images(list(places), crop, side=_OBJECT_SIDE, report=report)


def _around(pixels: NDArray[Any], box: Box) -> NDArray[Any]:
    x1, y1, x2, y2 = box
    side = max(x2 - x1, y2 - y1)
    reach = side / 2 + max(_CONTEXT * side, _CONTEXT_PX)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    height, width = pixels.shape[:2]
    left, top = max(0, int(x - reach)), max(0, int(y - reach))
    right, bottom = min(width, int(np.ceil(x + reach))), min(height, int(np.ceil(y + reach)))
    return np.ascontiguousarray(pixels[top:bottom, left:right])
