"""Look for places in the data that are worth a person's minute, and queue them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, image_class
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.progress import Progress, Reporter, silent
from pitmark.core.records import LabeledImage, PixelLoader
from pitmark.ops.training import pixel_loader, run_folder
from pitmark.quality.duplicates import DuplicatePair, find_duplicates, fingerprint
from pitmark.quality.label_faults import (
    Fault,
    anomaly_faults,
    classification_faults,
)
from pitmark.quality.leaks import find_leaks
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding

SOURCE = "audit"


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """How to audit: on which snapshot, with how many folds, how long to train each."""

    snapshot: str = "latest"
    folds: int = 3
    preset: str = "fast"
    seed: int = 0
    image_steps: int | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """How many findings of each kind an audit queued."""

    snapshot_id: str
    images: int
    counts: Mapping[str, int]
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "snapshot": self.snapshot_id,
            "images": self.images,
            "findings": sum(self.counts.values()),
            "by_kind": dict(self.counts),
            "seconds": round(self.seconds, 2),
        }


def audit(
    project: ProjectStore, *, options: AuditOptions | None = None, report: Reporter = silent
) -> AuditSummary:
    """Find likely label faults, broken rules, duplicates and split leaks.

    Labels are judged only by models that never saw them (out-of-fold, whole groups
    together). Findings still open from an earlier audit are replaced; settled ones stay.

    Args:
        project: The project.
        options: See AuditOptions.
        report: Told of the progress.

    Returns:
        What was queued.

    Raises:
        NotFoundError: No such snapshot.
        NotEnoughDataError: Too little to train on.
    """
    how = options or AuditOptions()
    started = time.monotonic()
    info, images = project.snapshots.load(how.snapshot)
    book = project.book.current()
    load = pixel_loader(project)
    predictions = out_of_fold_predictions(project, info.id, images, how, report)
    found = [_from_fault(f) for f in _label_faults(project.task, images, predictions, book)]
    found += _broken_rules(images, book)
    found += _doubles(project, images, predictions, load, report)
    project.findings.save(found, source=SOURCE)
    counts = Counter(f.kind for f in found)
    return AuditSummary(info.id, len(images), counts, time.monotonic() - started)


def out_of_fold_predictions(
    project: ProjectStore,
    snapshot_id: str,
    images: Sequence[LabeledImage],
    how: AuditOptions,
    report: Reporter,
) -> dict[str, Prediction]:
    """Predictions on every image by a model that never saw it, kept for the next time.

    Args:
        project: The project.
        snapshot_id: The snapshot that `images` are.
        images: All of its images.
        how: Folds, preset and seed.
        report: Told of the progress.

    Returns:
        sha256 to prediction.
    """
    from pitmark.train.folds import out_of_fold
    from pitmark.train.settings import TrainSettings, plan_inspector

    settings = TrainSettings(
        preset=how.preset, seed=how.seed, image_steps=how.image_steps, threads=how.threads
    )
    kept = {**settings.to_json(), "folds": how.folds}
    for row in project.runs.list():
        if row.kind == "folds" and (row.snapshot_id, row.settings) == (snapshot_id, kept):
            blob = project.runs.predictions(row.id, "oof")
            if blob is not None:
                return predictions_from_bytes(project.blobs.read(blob))
    everything = [replace(i, split="train") for i in images]
    book = project.book.current()
    spec = plan_inspector(everything, book, project.task, settings)
    row = project.runs.create("folds", snapshot_id, kept, how.seed)
    predictions = out_of_fold(
        everything,
        pixel_loader(project),
        spec,
        settings,
        folds=how.folds,
        report=report,
        workdir=run_folder(project, f"folds-{snapshot_id[:12]}-{how.seed}"),
    )
    blob = project.blobs.put(predictions_to_bytes(predictions))
    project.runs.save_predictions(row.id, snapshot_id, "oof", blob)
    project.runs.finish(row.id, metrics={}, inspector=spec.to_json(), artifacts={})
    return predictions


def _label_faults(
    task: str,
    images: Sequence[LabeledImage],
    predictions: Mapping[str, Prediction],
    book: LabelBook,
) -> list[Fault]:
    judged = [i for i in images if i.image.sha256 in predictions and i.shapes is not None]
    if not judged:
        raise NotEnoughDataError("no image has both a label and a prediction")
    shapes: dict[str, tuple[Shape, ...]] = {i.image.sha256: i.shapes or () for i in judged}
    if task == "classification":
        return _class_faults(judged, predictions, book)
    if task == "anomaly":
        good = np.array([not book.is_defect(s) for s in shapes.values()])
        scores = np.array([predictions[k].score for k in shapes])
        return anomaly_faults(list(shapes), good, scores)
    classes = _trained_classes(task, judged, book)
    mine = {k: predictions[k] for k in shapes}
    if task == "detection":
        from pitmark.quality.label_faults_boxes import detection_faults

        return detection_faults(shapes, mine, classes)
    from pitmark.quality.label_faults_masks import segmentation_faults

    sized = {i.image.sha256: (i.shapes or (), i.image.size_wh) for i in judged}
    return segmentation_faults(sized, mine, classes)
