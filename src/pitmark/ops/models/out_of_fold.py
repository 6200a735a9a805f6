"""Predictions on images by models that never saw them: what labels are judged with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pitmark.core.inspector import InspectorSpec
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.progress import Reporter
from pitmark.core.records import LabeledImage
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.models.closed_folds import (
    VECTORS,
    described,
    predict_in_closed_form,
    suits_closed_form,
    vectors_of,
    vectors_to_bytes,
)
from pitmark.ops.models.train_options import good_names, train_settings
from pitmark.ops.models.training import run_folder
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How to audit: on which snapshot, with how many folds, how long to train each."""

    snapshot: str = "latest"
    folds: int = 3
    preset: str = "fast"
    seed: int = 0
    image_steps: int | None = None
    threads: int | None = None
    side_px: int | None = None


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Predictions on images by models that never saw them, and what those models know.

    `vectors` are of whole images, where they were computed for it.
    """

    spec: InspectorSpec
    predictions: Mapping[str, Prediction]
    vectors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


def out_of_fold(
    project: ProjectStore,
    snapshot_id: str,
    images: Sequence[LabeledImage],
    how: AuditOptions,
    report: Reporter,
) -> OutOfFold:
    """Predictions on every image by a model that never saw it, kept for the next time.

    Networks are trained, or for large sets of classified images a map in closed form; see
    `pitmark.ops.models.closed_folds`.

    Args:
        project: The project.
        snapshot_id: The snapshot that `images` are.
        images: All of its images.
        how: Folds, preset and seed.
        report: Told of the progress.

    Returns:
        The predictions.
    """
    from pitmark.train import folds
    from pitmark.train.planning import plan_inspector

    settings = train_settings(
        images,
        preset=how.preset,
        seed=how.seed,
        image_steps=how.image_steps,
        threads=how.threads,
        side_px=how.side_px,
        good_names=good_names(project),
    )
    kept = {**settings.to_json(), "folds": how.folds}
    for row in project.runs.list():
        blob = project.runs.predictions(row.id, "oof") if row.kind == "folds" else None
        if blob is not None and (row.snapshot_id, row.settings) == (snapshot_id, kept):
            spec = InspectorSpec.from_json(row.inspector or {})
            held = predictions_from_bytes(project.blobs.read(blob))
            return OutOfFold(spec, held, vectors_of(project, row))
    everything = [replace(i, split="train") for i in images]
    load, book = pixel_loader(project), project.book.current()
    spec = plan_inspector(everything, book, project.task, settings, load=load)
    if suits_closed_form(spec, everything):
        found = _closed_form(project, everything, spec, how, report)
    else:
        work = run_folder(project, f"folds-{snapshot_id[:12]}-{how.preset}-{how.seed}")
        predictions = folds.out_of_fold(
            everything,
            load,
            spec,
            settings,
            folds=how.folds,
            report=report,
            workdir=work,
            flips=book.flips,
            turns=book.turns,
        )
        shutil.rmtree(work, ignore_errors=True)
        found = OutOfFold(spec, predictions)
    row = project.runs.create("folds", snapshot_id, kept, how.seed)
    blob = project.blobs.put(predictions_to_bytes(found.predictions))
    project.runs.save_predictions(row.id, snapshot_id, "oof", blob)
    vectors = found.vectors
    artifacts = {VECTORS: project.blobs.put(vectors_to_bytes(vectors))} if vectors else {}
    project.runs.finish(row.id, metrics={}, inspector=spec.to_json(), artifacts=artifacts)
    return found


def _closed_form(
    project: ProjectStore,
    images: Sequence[LabeledImage],
    spec: InspectorSpec,
    how: AuditOptions,
    report: Reporter,
) -> OutOfFold:
    vectors = described(project, images, spec, how.threads, report)
    predictions = predict_in_closed_form(images, vectors, spec, folds=how.folds, seed=how.seed)
    return OutOfFold(spec, predictions, vectors)
