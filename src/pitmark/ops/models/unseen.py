"""Training images as judged by models that have not seen them: more to choose thresholds on.

A few dozen validation images leave a threshold to chance, above all those few under a new
light. A model in closed form is made again without a part of its images in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage, PixelLoader

if TYPE_CHECKING:
    from pitmark.train.settings import TrainSettings

# Of as many folds as audits and rivals use: five did no better.
_FOLDS = 3


def can_be_left_out(spec: InspectorSpec, learned: Mapping[str, Any], *, quick: bool) -> bool:
    """Whether a model is one whose training images can be judged without it.

    Args:
        spec: Of the model.
        learned: What `fit_best` told of its choice.
        quick: Whether the first model in closed form was asked for.

    Returns:
        True for classification in closed form.
    """
    closed = quick or learned.get("kept") == "closed form"
    return closed and spec.task == "classification" and not spec.reference


def judged_unseen(
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
    *,
    work: Path,
    report: Reporter,
) -> dict[str, Prediction]:
    """Training images, each judged by a model in closed form that has not seen its group.

    Args:
        images: Of a snapshot, with their splits.
        load: Gives pixels.
        spec: Of the model.
        settings: It was made with.
        work: Folder for what is done already, so that a killed run goes on.
        report: Told of the progress.

    Returns:
        sha256 to prediction; nothing where the images cannot be parted, or a part lacks a
        class. Synthetic images show parts of others and are left out.
    """
    from pitmark.train.folds import out_of_fold

    real = [i for i in images if i.split == "train" and not i.image.synthetic]
    try:
        return out_of_fold(
            real,
            load,
            spec,
            settings,
            folds=_FOLDS,
            report=report,
            workdir=work / "unseen",
            splits=("train",),
            quick=True,
        )
    except NotEnoughDataError:
        return {}
