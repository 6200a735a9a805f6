"""Look for places in the data that are worth a person's minute, and queue them."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, Task, image_class, shapes_hash
from pitmark.core.predictions import Prediction, predictions_from_bytes, predictions_to_bytes
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.asked import WHOLE_IMAGE_TASKS
from pitmark.ops.audit_record import ARTIFACT, KIND, audit_json
from pitmark.ops.ceilings import ceiling_of
from pitmark.ops.closed_folds import (
    VECTORS,
    described,
    predict_in_closed_form,
    suits_closed_form,
    vectors_of,
    vectors_to_bytes,
)
from pitmark.ops.doubles import double_findings
from pitmark.ops.embeddings import embed_all, embed_objects
from pitmark.ops.inconsistency import MEMBER, Seen, find_groups, without_members
from pitmark.ops.pixels import pixel_loader
from pitmark.ops.rule_check import BROKEN, check_rules
from pitmark.ops.slicing import find_weak_slices
from pitmark.ops.training import good_names, run_folder, train_settings
from pitmark.quality.label_faults import Fault, anomaly_faults, classification_faults
from pitmark.quality.label_faults_boxes import detection_faults
from pitmark.quality.label_faults_masks import segmentation_faults
from pitmark.quality.slices import Slice
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
    side_px: int | None = None


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """How many findings of each kind an audit queued, and where the model is weak.

    `groups` are the look-alikes that are labeled by two rules; `ceiling` is the best score
    that the labels allow.
    """

    snapshot_id: str
    images: int
    counts: Mapping[str, int]
    slices: tuple[Slice, ...]
    seconds: float
    groups: tuple[dict[str, Any], ...] = ()
    ceiling: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "snapshot": self.snapshot_id,
            "images": self.images,
            "findings": sum(self.counts.values()),
            "by_kind": dict(self.counts),
            "weak_slices": [s.to_json() for s in self.slices],
            "groups": [{k: v for k, v in g.items() if k != "pairs"} for g in self.groups],
            "ceiling": dict(self.ceiling),
            "seconds": round(self.seconds, 2),
        }


def audit(
    project: ProjectStore, *, options: AuditOptions | None = None, report: Reporter = silent
) -> AuditSummary:
    """Find likely label faults, groups labeled by two rules, broken rules, duplicates, leaks.

    Labels are judged only by models that never saw them (out-of-fold, whole groups
    together). Synthetic images are neither judged nor learned from here. Findings still
    open from an earlier audit are replaced; settled ones stay.

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
    info, everything = project.snapshots.load(how.snapshot)
    # They show parts of images in other folds, and their labels were drawn with them.
    images = [i for i in everything if not i.image.synthetic]
    book = project.book.current()
    judged = out_of_fold(project, info.id, images, how, report)
    hashes = {i.image.sha256: shapes_hash(i.shapes or ()) for i in images}
    seen = _look(project, judged, images, report)
    faults = _label_faults(project.task, seen, book)
    groups = find_groups(project, seen, report)
    single = without_members([_from_fault(f, hashes[f.key]) for f in faults], groups.findings)
    found = [*single, *double_findings(project, images, report)]
    # An audit is kept as a run: what it saw is what pages and ceilings refer to later.
    row = project.runs.create(KIND, info.id, {"folds": how.folds}, how.seed)
    grouped = [replace(f, run_id=row.id) for f in groups.findings]
    project.findings.save([*grouped, *found], source=SOURCE)
    # It weighs all findings that are open then.
    broken = check_rules(project)
    counts = Counter(f.kind for f in (*grouped, *found))
    counts += Counter({BROKEN: broken.contradictions})
    slices = find_weak_slices(
        judged.spec,
        images,
        judged.predictions,
        book=book,
        vectors=seen.vectors or seen.objects,
        load=pixel_loader(project),
    )
    members = [f for f in groups.findings if f.kind == MEMBER]
    kept = audit_json([*members, *single], hashes, groups.groups, [s.to_json() for s in slices])
    project.runs.finish(
        row.id,
        metrics=dict(counts),
        inspector=judged.spec.to_json(),
        artifacts={ARTIFACT: project.blobs.put(json.dumps(kept).encode())},
    )
    return AuditSummary(
        info.id,
        len(images),
        counts,
        tuple(slices),
        time.monotonic() - started,
        groups=groups.groups,
        ceiling=ceiling_of(project, info.id),
    )


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
    `pitmark.ops.closed_folds`.

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


def _look(
    project: ProjectStore,
    judged: OutOfFold,
    images: Sequence[LabeledImage],
    report: Reporter,
) -> Seen:
    """The labeled images with predictions, and vectors of what is judged on them."""
    spec, predictions = judged.spec, judged.predictions
    seen = [i for i in images if i.image.sha256 in predictions and i.shapes is not None]
    if not seen:
        raise NotEnoughDataError("no image has both a label and a prediction")
    whole = spec.task in WHOLE_IMAGE_TASKS
    vectors = _vectors_of(project, judged, seen, report) if whole else {}
    objects = {} if whole else embed_objects(project, seen, report)
    return Seen(spec.classes, predictions, seen, vectors, objects)


def _vectors_of(
    project: ProjectStore,
    judged: OutOfFold,
    images: Sequence[LabeledImage],
    report: Reporter,
) -> Mapping[str, NDArray[np.float32]]:
    """Vectors of whole images; those of the closed form serve where there are any."""
    if not all(i.image.sha256 in judged.vectors for i in images):
        return embed_all(project, images, report)
    from pitmark.train.describe import standardized

    shas = [i.image.sha256 for i in images]
    rows = standardized(np.stack([judged.vectors[sha] for sha in shas]))
    return dict(zip(shas, rows, strict=True))


def _label_faults(task: Task, seen: Seen, book: LabelBook) -> list[Fault]:
    predictions, images = seen.predictions, seen.images
    shapes: dict[str, tuple[Shape, ...]] = {i.image.sha256: i.shapes or () for i in images}
    if task == "classification":
        return _class_faults(seen)
    if task == "anomaly":
        scores = np.array([predictions[k].score for k in shapes])
        good = np.array([not book.is_defect(s) for s in shapes.values()])
        return anomaly_faults(list(shapes), good, scores)
    mine = {k: predictions[k] for k in shapes}
    if task == "detection":
        return detection_faults(shapes, mine, seen.classes, box_embeddings=seen.objects)
    sized = {i.image.sha256: (i.shapes or (), i.image.size_wh) for i in images}
    return segmentation_faults(sized, mine, seen.classes)


def _class_faults(seen: Seen) -> list[Fault]:
    named = [(i, image_class(i.shapes or ())) for i in seen.images]
    known = [(i, label) for i, label in named if label in seen.classes]
    shas = [i.image.sha256 for i, _ in known]
    chances = [seen.predictions[sha].class_probs for sha in shas]
    return classification_faults(
        shas,
        [str(label) for _, label in known],
        np.stack([c for c in chances if c is not None]),
        seen.classes,
        embeddings=np.stack([seen.vectors[sha] for sha in shas]),
        groups=[i.image.group_key for i, _ in known],
    )


def _from_fault(fault: Fault, labels_hash: str) -> NewFinding:
    return NewFinding(
        kind=fault.kind,
        sha256=fault.key,
        shape_index=fault.shape_index,
        score=fault.score,
        why=fault.why,
        suggestion=fault.suggestion,
        labels_hash=labels_hash,
    )
