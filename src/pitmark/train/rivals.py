"""Few images of a class: is the trained network better than the first model?

The map in closed form has a handful of effective parameters and often wins where classes
are surfaces; a trained network sees small defects and withstands other light. Which one
suits the data is asked of images that neither has learned from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.train.folds import out_of_fold
from pitmark.train.loop import fit
from pitmark.train.model import TrainedModel
from pitmark.train.quick import quick_fit
from pitmark.train.settings import TrainSettings, image_label, image_steps

# With more images of a class training wins anyway.
_FEW_A_CLASS = 40
_FOLDS = 3
_LEAST_CHANCE = 0.01


def fit_best(  # noqa: PLR0913 - mirrors loop.fit
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
    *,
    report: Reporter,
    workdir: Path,
    flips: bool,
    turns: bool,
) -> tuple[TrainedModel, dict[str, Any]]:
    """A trained model, or the first one in closed form where that is the better one.

    Only classification from few images has a choice, unless it compares with references
    or the settings say how many steps to train.

    Args:
        images: Any images.
        load: Gives pixels.
        spec: What to learn.
        settings: How.
        report: Takes progress, and may stop the work.
        workdir: Folder for the state, so that a killed run goes on where it stood.
        flips: Whether a mirrored image is a possible one.
        turns: Whether a quarter-turned image is a possible one.

    Returns:
        The model, and what the choice rests on: mean log-likelihoods of held-out images,
        the one that was `kept` and a `sentence`; empty where there was no choice.

    Raises:
        NotEnoughDataError: There is no image to learn from.
        CancelledError: `report` asked to stop; the state has been saved.
    """
    facts = _compared(images, load, spec, settings, report, workdir, (flips, turns))
    if facts.get("kept") == "closed form":
        return quick_fit(images, load, spec, settings), facts
    model = fit(
        images,
        load,
        spec,
        settings,
        report=report,
        checkpoint=workdir / "checkpoint.safetensors",
        flips=flips,
        turns=turns,
    )
    return model, facts


def _compared(  # noqa: PLR0913 - mirrors loop.fit
    images: Sequence[LabeledImage],
    load: PixelLoader,
    spec: InspectorSpec,
    settings: TrainSettings,
    report: Reporter,
    workdir: Path,
    allowed: tuple[bool, bool],
) -> dict[str, Any]:
    # A synthetic image shows parts of images in other folds: both are compared without.
    seen = [i for i in images if i.split == "train" and i.shapes is not None]
    learned = [i for i in seen if not i.image.synthetic]
    if spec.task != "classification" or spec.reference or settings.image_steps is not None:
        return {}
    if len(learned) >= _FEW_A_CLASS * len(spec.classes):
        return {}
    steps = round(image_steps(settings, len(learned)) / _FOLDS)
    scores = {}
    for name, quick in (("closed form", True), ("trained", False)):
        try:
            found = out_of_fold(
                learned,
                load,
                spec,
                replace(settings, image_steps=steps),
                folds=_FOLDS,
                report=report,
                workdir=workdir / "rivals",
                splits=("train",),
                flips=allowed[0],
                turns=allowed[1],
                quick=quick,
            )
        except NotEnoughDataError:
            # One group, or a class with one image: nothing can be held out.
            return {}
        scores[name] = round(_log_likelihood(learned, found, spec), 4)
    kept = max(scores, key=lambda name: scores[name])
    told = _sentence(kept, scores)
    return {"kept": kept, "held-out log-likelihood": scores, "sentence": told}


def _sentence(kept: str, scores: dict[str, float]) -> str:
    names = {"closed form": "the first model, in closed form", "trained": "the trained network"}
    given = {name: f"{np.exp(score):.2f}" for name, score in scores.items()}
    other = next(name for name in scores if name != kept)
    return (
        f"Kept {names[kept]}: to held-out images it gives their true class {given[kept]}"
        f" (geometric mean, each class alike), {names[other]} {given[other]}."
    )


def _log_likelihood(
    images: Sequence[LabeledImage], found: dict[str, Prediction], spec: InspectorSpec
) -> float:
    """Mean logarithm of the chance that was given to the true class, each class alike."""
    logs: dict[str, list[float]] = {}
    for image in images:
        label, chances = image_label(image.shapes or ()), found[image.image.sha256].class_probs
        if label in spec.classes and chances is not None:
            chance = max(float(chances[spec.classes.index(label)]), _LEAST_CHANCE)
            logs.setdefault(label, []).append(float(np.log(chance)))
    return float(np.mean([np.mean(v) for v in logs.values()]))
