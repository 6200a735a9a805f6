"""Look for places in the data that are worth a person's minute, and queue them."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, Task, image_class, shapes_hash
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage
from pitmark.ops.data.doubles import SOURCE as DOUBLES
from pitmark.ops.data.doubles import double_findings
from pitmark.ops.data.slicing import find_weak_slices
from pitmark.ops.images.embeddings import embed_all, embed_objects
from pitmark.ops.images.pixels import pixel_loader
from pitmark.ops.labels.asked import WHOLE_IMAGE_TASKS
from pitmark.ops.labels.audit_record import ARTIFACT, KIND, audit_json
from pitmark.ops.labels.ceilings import ceiling_of
from pitmark.ops.labels.inconsistency import MEMBER, Seen, find_groups, without_members
from pitmark.ops.labels.rule_check import BROKEN, check_rules
from pitmark.ops.models.out_of_fold import AuditOptions, OutOfFold, out_of_fold
from pitmark.quality.faults.box_faults import detection_faults
from pitmark.quality.faults.class_faults import Fault, anomaly_faults, classification_faults
from pitmark.quality.faults.mask_faults import segmentation_faults
from pitmark.quality.slices.finding import Slice
from pitmark.store.db import ProjectStore
from pitmark.store.findings import NewFinding

SOURCE = "audit"


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
    doubles = double_findings(project, images, report)
    # An audit is kept as a run: what it saw is what pages and ceilings refer to later.
    row = project.runs.create(KIND, info.id, {"folds": how.folds}, how.seed)
    grouped = [replace(f, run_id=row.id) for f in groups.findings]
    project.findings.save([*grouped, *single], source=SOURCE)
    project.findings.save(doubles, source=DOUBLES)
    # It weighs all findings that are open then.
    broken = check_rules(project)
    counts = Counter(f.kind for f in (*grouped, *single, *doubles))
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
