"""What speaks for a finding: look-alikes, a model that had not seen the label, the book."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotFoundError
from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, shape_to_json
from pitmark.core.predictions import Prediction, predictions_from_bytes
from pitmark.core.records import ImageRecord
from pitmark.ops.labels.audit_record import group_of
from pitmark.ops.labels.inconsistency import GROUP
from pitmark.ops.models.closed_folds import vectors_of
from pitmark.ops.models.predicted_shapes import predicted_shapes
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.blobs import BlobStore
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow
from pitmark.store.runs import RunRow

_MOST_NEIGHBORS = 6
_HELD_OUT, _OUT_OF_FOLD = "held-out", "oof"


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An image that looks like that of a finding; `likeness` at most 1, None if unmeasured."""

    sha256: str
    name: str
    label: str
    likeness: float | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says of an image: shapes with scores in [0, 1], and of which run it is."""

    run: str
    shapes: tuple[Shape, ...]
    scores: tuple[float, ...]


def said_by_model(project: ProjectStore, sha256: str) -> Said | None:
    """What a model that was not trained on an image says of it.

    The newest training says it where the image was held out, else the folds of the newest
    audit.

    Args:
        project: The project.
        sha256: The image.

    Returns:
        Shapes and scores; None where no model has seen it so.
    """
    for kind, part in (("train", _HELD_OUT), ("folds", _OUT_OF_FOLD)):
        run = next((r for r in project.runs.list(kind=kind) if r.state == "done"), None)
        found = None if run is None else _predictions(project, run, part).get(sha256)
        if run is not None and run.inspector and found is not None:
            shapes = predicted_shapes(found, InspectorSpec.from_json(run.inspector))
            return Said(run.id, tuple(s for s, _ in shapes), tuple(v for _, v in shapes))
    return None


def look_alikes(project: ProjectStore, finding: FindingRow) -> list[LookAlike]:
    """Images that look like that of a finding: those that it names, then the nearest.

    Nearest are those by the vectors that the newest audit kept, else by those of the newest
    training, which exist of its held-out images alone.

    Args:
        project: The project.
        finding: The finding.

    Returns:
        At most six with what they are called now.
    """
    shas, rows = _vectors(project)
    near = _nearest(shas, rows, finding.sha256)
    named = [] if finding.kind == GROUP else list(finding.related)
    records = [_record(project, sha) for sha in dict.fromkeys([*named, *near])]
    known = [r for r in records if r is not None][:_MOST_NEIGHBORS]
    held = project.annotations.consensus([r.sha256 for r in known])
    return [
        LookAlike(
            r.sha256,
            r.name,
            _called(held.get(r.sha256)),
            near.get(r.sha256, _likeness(shas, rows, finding.sha256, r.sha256)),
        )
        for r in known
    ]


def rules_about(
    book: LabelBook, labeled: Sequence[Shape], suggested: Sequence[Shape], index: int | None
) -> list[str]:
    """What the label book says of the classes in question, and which rule a shape breaks.

    Args:
        book: The label book.
        labeled: The shapes of the image as they are.
        suggested: The shapes as they should be.
        index: Of the shape in question among those labeled; None for all.

    Returns:
        Sentences.
    """
    asked = labeled if index is None else labeled[index : index + 1]
    changed = [s for s in suggested if s not in labeled]
    named = {s.label for s in (*asked, *changed)}
    out = []
    for entry in book.classes:
        if entry.name not in named:
            continue
        parts = [entry.definition] if entry.definition else []
        parts += [rule.text() for rule in entry.rules]
        if parts:
            out.append(f"{entry.name}: {'; '.join(parts)}")
    for shape in asked:
        if shape.label in book.names:
            out += [f"{shape.label} here breaks: {told}" for told in book.broken_rules(shape)]
    return out


def who_said_what(project: ProjectStore, sha256: str) -> list[dict[str, Any]]:
    """All that people said of an image, the oldest first.

    Args:
        project: The project.
        sha256: The image.

    Returns:
        Plain JSON types.
    """
    return [
        {
            "labeler": row.labeler,
            "revision": row.revision,
            "at": row.at.isoformat(),
            "book_revision": row.book_revision,
            "review": row.review,
            "withdraws": row.withdraws is not None,
            "reason": row.reason,
            "label": _called(row),
            "shapes": [shape_to_json(s) for s in row.shapes],
        }
        for row in project.annotations.history(sha256)
    ]


def group_evidence(project: ProjectStore, finding: FindingRow) -> dict[str, Any] | None:
    """Both sides of a group that is labeled by two rules, each with its images.

    Args:
        project: The project.
        finding: Any finding.

    Returns:
        The group as its audit kept it, each side with `images` in the order of the pairs;
        None for other findings, or where that audit is gone.
    """
    if finding.kind != GROUP:
        return None
    group = group_of(project, finding.run_id, finding.why)
    if group is None:
        return None
    sides = [
        {**side, "images": _side_images(group["pairs"], place)}
        for place, side in enumerate(group["sides"])
    ]
    return {**group, "sides": sides}


def _side_images(pairs: Sequence[Sequence[Mapping[str, Any]]], place: int) -> list[Any]:
    things = [pair[place] for pair in pairs if len(pair) > place]
    return list({(t["sha256"], str(t["box_xyxy"])): dict(t) for t in things}.values())


def _called(row: AnnotationRow | None) -> str:
    if row is None:
        return "not labeled"
    return ", ".join(sorted({s.label for s in row.shapes})) or "nothing marked"


def _record(project: ProjectStore, sha256: str) -> ImageRecord | None:
    try:
        return project.images.get(sha256)
    except NotFoundError:
        return None


def _vectors(project: ProjectStore) -> tuple[list[str], NDArray[np.float32]]:
    for run in project.runs.list(kind="folds"):
        if run.state == "done" and (found := vectors_of(project, run)):
            return list(found), _unit_rows(np.stack(list(found.values())))
    for run in project.runs.list(kind="train"):
        if run.state != "done":
            continue
        held = _predictions(project, run, _HELD_OUT)
        shas = [sha for sha, p in held.items() if p.embedding.size]
        if shas:
            return shas, _unit_rows(np.stack([held[sha].embedding for sha in shas]))
    return [], np.zeros((0, 0), dtype=np.float32)


def _unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) with every column alike in spread, and rows of length 1."""
    centered = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6)
    lengths = np.linalg.norm(centered, axis=1, keepdims=True)
    return np.asarray(centered / np.maximum(lengths, 1e-9), dtype=np.float32)


def _nearest(shas: Sequence[str], rows: NDArray[np.float32], sha256: str) -> dict[str, float]:
    if sha256 not in shas:
        return {}
    place = shas.index(sha256)
    likeness = rows @ rows[place]
    order = [int(n) for n in np.argsort(-likeness, kind="stable") if n != place]
    return {shas[n]: float(likeness[n]) for n in order[:_MOST_NEIGHBORS]}


def _likeness(
    shas: Sequence[str], rows: NDArray[np.float32], one: str, other: str
) -> float | None:
    if one not in shas or other not in shas:
        return None
    return float(rows[shas.index(one)] @ rows[shas.index(other)])


def _predictions(project: ProjectStore, run: RunRow, part: str) -> Mapping[str, Prediction]:
    blob = project.runs.predictions(run.id, part)
    return {} if blob is None else _read(project.blobs, blob)


@lru_cache(maxsize=4)
def _read(blobs: BlobStore, sha256: str) -> Mapping[str, Prediction]:
    """The predictions of a file, which never changes: its name is the hash of its bytes."""
    return predictions_from_bytes(blobs.read(sha256))
