"""Out-of-fold predictions for large sets of classified images, without training networks.

Training shows a fold at most 8,000 images, however many there are: beyond 3,000 images each
would be seen less than four times, and three folds would still take a third of an hour. A
linear map in closed form uses every image, and its vectors are kept: after labels were
corrected the next audit takes seconds for this step.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.labels import image_class
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.ops.images.pixels import pixel_loader
from pitmark.store.db import ProjectStore
from pitmark.store.runs import RunRow

MANY_IMAGES = 3000
VECTORS = "vectors"
KIND = "folds"


def suits_closed_form(spec: InspectorSpec, images: Sequence[LabeledImage]) -> bool:
    """Whether a set is large enough that training folds does not pay.

    Args:
        spec: What to learn.
        images: All images.

    Returns:
        True for classification of more than 3,000 labeled images without references.
    """
    labeled = sum(i.shapes is not None for i in images)
    return spec.task == "classification" and not spec.reference and labeled > MANY_IMAGES


def predict_in_closed_form(
    images: Sequence[LabeledImage],
    vectors: Mapping[str, NDArray[np.float32]],
    spec: InspectorSpec,
    *,
    folds: int,
    seed: int,
) -> dict[str, Prediction]:
    """A prediction for every image of a known class, by a map that never saw its group.

    Args:
        images: Any images.
        vectors: Of all of them.
        spec: Whose classes count.
        folds: How many, at least 2.
        seed: Of the folds.

    Returns:
        sha256 to prediction.

    Raises:
        NotEnoughDataError: All images belong to one group.
    """
    from pitmark.train.feature_folds import probabilities_out_of_fold

    named = [(i, image_class(i.shapes or ())) for i in images]
    known = [(i, str(name)) for i, name in named if name in spec.classes]
    if len({i.image.group_key for i, _ in known}) < 2:
        raise NotEnoughDataError(
            f"out-of-fold predictions need images of at least two groups, found {len(known)}"
            " images of one",
            hint="See whether the group key is too coarse.",
        )
    items = [SplitItem(i.image.sha256, i.image.group_key, (name,)) for i, name in known]
    labels = np.array([spec.classes.index(name) for _, name in known])
    probs = probabilities_out_of_fold(
        np.stack([vectors[i.image.sha256] for i, _ in known]),
        labels,
        len(spec.classes),
        assign_folds(items, folds, seed=seed),
    ).astype(np.float32)
    bad = [k for k, name in enumerate(spec.classes) if name not in spec.good]
    return {
        i.image.sha256: Prediction(
            i.image.size_wh, min(1.0, float(row[bad].sum())), class_probs=row
        )
        for (i, _), row in zip(known, probs, strict=True)
    }


def described(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    spec: InspectorSpec,
    threads: int | None,
    report: Reporter,
) -> dict[str, NDArray[np.float32]]:
    """The vectors of images; those that an earlier audit computed are taken from it.

    Args:
        project: The project.
        images: The images.
        spec: How they are cut.
        threads: None takes all cores.
        report: Told of the progress.

    Returns:
        sha256 to (D,).
    """
    from pitmark.train.describe import describe_images

    known = _kept_vectors(project, spec.preprocess)
    shas = [i.image.sha256 for i in images]
    missing = [sha for sha in shas if sha not in known]
    if missing:
        load = pixel_loader(project)
        made = describe_images(missing, load, spec, threads=threads, report=report)
        # As they are read back later, so that a second audit says the same.
        rounded = made.astype(np.float16).astype(np.float32)
        known |= dict(zip(missing, rounded, strict=True))
    return {sha: known[sha] for sha in shas}


def vectors_to_bytes(vectors: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Vectors as a file that `described` finds again.

    Args:
        vectors: sha256 to (D,).

    Returns:
        The bytes.
    """
    buffer = io.BytesIO()
    table = np.stack(list(vectors.values())).astype(np.float16)
    np.savez(buffer, shas=np.array(list(vectors)), vectors=table)
    return buffer.getvalue()


def vectors_of(project: ProjectStore, row: RunRow) -> dict[str, NDArray[np.float32]]:
    """The vectors that a run kept.

    Args:
        project: The project.
        row: The run.

    Returns:
        sha256 to (D,); empty where it kept none.
    """
    if VECTORS not in row.artifacts:
        return {}
    with np.load(io.BytesIO(project.blobs.read(row.artifacts[VECTORS]))) as kept:
        table = kept["vectors"].astype(np.float32)
        return dict(zip(kept["shas"].tolist(), table, strict=True))


def _kept_vectors(project: ProjectStore, preprocess: PreprocessSpec) -> dict[str, NDArray[Any]]:
    for row in project.runs.list(kind=KIND):
        if row.inspector and InspectorSpec.from_json(row.inspector).preprocess == preprocess:
            found = vectors_of(project, row)
            if found:
                return found
    return {}
