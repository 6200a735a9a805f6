"""What normal input looks like at a release: the references that a device watches against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pitmark.core.bundle import DRIFT_BY_CONDITION_NAME, DRIFT_NAME
from pitmark.core.errors import InvalidInputError
from pitmark.core.inspector import load_pair
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.quality.drift.conditions import usable
from pitmark.quality.drift.input_statistics import image_statistics
from pitmark.quality.drift.reference import DriftReference

if TYPE_CHECKING:
    from pitmark.train.model import TrainedModel

DEFAULT_CONDITIONS = ("camera",)
_MOST_IMAGES = 1500
_ENOUGH_HELD_OUT = 40


def reference_images(images: Sequence[LabeledImage]) -> list[LabeledImage]:
    """Held-out images where there are enough, in the order they were taken; real ones only.

    A model is surer of the images it was trained on; taken as reference they would make
    every new image look strange. The order shows how a line wanders without drift: that of
    the metadata "time", else that of the files' own names.

    Args:
        images: Of a snapshot.

    Returns:
        At most 1,500.
    """
    held_out = [i for i in images if i.split != "train"]
    everything = [i for i in images if not i.image.synthetic]
    chosen = held_out if len(held_out) >= _ENOUGH_HELD_OUT else everything
    chosen.sort(key=_moment)
    return chosen[:_MOST_IMAGES]


def _moment(item: LabeledImage) -> tuple[str, str, str]:
    """Files are numbered as they were taken; folders often are classes, which take turns."""
    name = item.image.name
    return str(item.image.metadata.get("time", "")), name.rpartition("/")[2], name


def drift_conditions(
    images: Sequence[LabeledImage], wanted: Sequence[str] | None
) -> tuple[str, ...]:
    """The metadata by which images are told apart before they are compared.

    Args:
        images: Of the reference.
        wanted: Names of metadata; None takes the camera where there are several, and
            no names compare all images alike.

    Returns:
        The names.

    Raises:
        InvalidInputError: A wanted name that does not tell the images apart.
    """
    tags = [i.image.metadata for i in images]
    names = usable(tags, DEFAULT_CONDITIONS if wanted is None else wanted)
    missing = set(wanted or ()) - set(names)
    if missing:
        known = sorted({k for t in tags for k in t})
        raise InvalidInputError(
            f"{', '.join(sorted(missing))} cannot be a condition of drift: the {len(tags)}"
            " held-out images do not have two or more values of it, most of them often",
            hint=f"Metadata of these images: {', '.join(known) or 'none'}.",
        )
    return names


def drift_references(
    model: TrainedModel,
    images: Sequence[LabeledImage],
    load: PixelLoader,
    conditions: Sequence[str],
) -> dict[str, DriftReference]:
    """The references of a bundle, by the name of their file.

    Args:
        model: The model that is released.
        images: From `reference_images`.
        load: Gives pixels.
        conditions: From `drift_conditions`.

    Returns:
        One over all images, and one with the shifts by condition taken off where there
        are conditions.
    """
    statistics, embeddings, scores = [], [], []
    for item in images:
        pixels, beside = load_pair(item.image, load, model.spec)
        prediction = model.predict(pixels, beside)
        statistics.append(image_statistics(pixels))
        embeddings.append(prediction.embedding)
        scores.append(prediction.score)
    seen = (np.stack(statistics), np.stack(embeddings), np.asarray(scores))
    found = {DRIFT_NAME: DriftReference.fit(*seen)}
    if conditions:
        tags = [i.image.metadata for i in images]
        finer = DriftReference.fit(*seen, tags=tags, conditions=conditions)
        found[DRIFT_BY_CONDITION_NAME] = finer
    return found
