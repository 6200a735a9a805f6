"""What a project knows about its own data, for its datasheet.

Everything is plain JSON types, counted from one snapshot and from the records around it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.records import SPLITS, ImageRecord, LabeledImage, MetadataValue
from pitmark.ops.labels.agreement import AgreementOptions, measure_agreement
from pitmark.ops.labels.ceilings import ceiling_of
from pitmark.store.db import ProjectStore

Facts = dict[str, Any]

# A column with more values than this is told by their number, or by its range.
_MOST_VALUES = 12
_UNLABELED = "(no label)"
_NOTHING = "(nothing marked)"


def gather_facts(project: ProjectStore, snapshot: str = "latest") -> Facts:
    """Everything that a datasheet can say by itself.

    Args:
        project: The project.
        snapshot: The snapshot it describes.

    Returns:
        An object with project, snapshot, composition, metadata, collection, labels,
        preprocessing, uses and maintenance.

    Raises:
        NotFoundError: No such snapshot.
    """
    info, images = project.snapshots.load(snapshot)
    book = next(
        (r.book for r in project.book.history() if r.book.revision == info.book_revision),
        project.book.current(),
    )
    return {
        "project": project.info.name,
        "task": project.task,
        "snapshot": {
            "id": info.id,
            "created": info.created.isoformat(timespec="seconds"),
            "note": info.note,
            "book_revision": info.book_revision,
        },
        "composition": _composition(images),
        "metadata": _columns(i.image for i in images),
        "collection": _collection(project),
        "labels": _labels(project, images, book, info.id),
        **_made_of_it(project, info.id),
    }


def _composition(images: Sequence[LabeledImage]) -> Facts:
    records = [i.image for i in images]
    groups = Counter(r.group for r in records if r.group is not None)
    sizes = np.array([r.size_wh for r in records]).reshape(-1, 2)
    return {
        "images": len(images),
        "labeled": sum(i.shapes is not None for i in images),
        "synthetic": sum(r.synthetic for r in records),
        "with_reference": sum(r.reference is not None for r in records),
        "modes": dict(Counter(r.mode for r in records).most_common()),
        "size_px": {
            "smallest": sizes.min(axis=0).tolist() if len(sizes) else None,
            "usual": np.median(sizes, axis=0).astype(int).tolist() if len(sizes) else None,
            "largest": sizes.max(axis=0).tolist() if len(sizes) else None,
        },
        "groups": {
            "count": len(groups),
            "largest": max(groups.values(), default=0),
            "images_without": sum(r.group is None for r in records),
        },
        "splits": {s: sum(i.split == s for i in images) for s in SPLITS},
        "classes": _by_class(images),
    }


def _by_class(images: Sequence[LabeledImage]) -> list[Facts]:
    """Images and marked objects of each class, and in which split the images are."""
    objects: Counter[str] = Counter()
    splits: dict[str, Counter[str]] = defaultdict(Counter)
    for image in images:
        if image.shapes is None:
            names = {_UNLABELED}
        else:
            objects.update(s.label for s in image.shapes)
            names = {s.label for s in image.shapes} or {_NOTHING}
        for name in names:
            splits[name][image.split] += 1
    return [
        {"class": name, "objects": objects[name], "images": dict(splits[name])}
        for name in sorted(splits)
    ]


def _columns(records: Iterable[ImageRecord]) -> list[Facts]:
    """Each column of the metadata: how many images have it, and which values."""
    values: dict[str, Counter[MetadataValue]] = defaultdict(Counter)
    for record in records:
        for name, value in record.metadata.items():
            values[name][value] += 1
    return [_column(name, values[name]) for name in sorted(values)]


def _column(name: str, seen: Counter[MetadataValue]) -> Facts:
    out: Facts = {"name": name, "images": seen.total(), "values": len(seen)}
    numbers = [v for v in seen if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(seen) <= _MOST_VALUES:
        out["counts"] = {str(v): n for v, n in seen.most_common()}
    elif len(numbers) == len(seen):
        out["range"] = [min(numbers), max(numbers)]
    return out


def _collection(project: ProjectStore) -> Facts:
    origins = project.origins.list()
    return {
        "sources": [{"name": o.source, "images": o.images} for o in origins],
        "first": min(o.first for o in origins).date().isoformat() if origins else None,
        "last": max(o.last for o in origins).date().isoformat() if origins else None,
    }


def _labels(
    project: ProjectStore, images: Sequence[LabeledImage], book: LabelBook, snapshot_id: str
) -> Facts:
    members = {i.image.sha256 for i in images}
    said = {s: who for s, who in project.annotations.all_latest().items() if s in members}
    labelers = Counter(name for who in said.values() for name in who)
    counts = Counter(len(who) for who in said.values())
    return {
        "book": book.to_json(),
        "labelers": dict(labelers.most_common()),
        "labelers_per_image": {str(n): counts[n] for n in sorted(counts)},
        "reviewed": sum(any(a.review for a in who.values()) for who in said.values()),
        "agreement": _agreement(project),
        "ceiling": ceiling_of(project, snapshot_id).get("sentence", ""),
        "findings": project.findings.counts(),
    }


def _agreement(project: ProjectStore) -> list[str]:
    """What the newest study that can be judged says, or the labels themselves."""
    for study in [*(s.id for s in reversed(project.studies.list())), None]:
        try:
            found = measure_agreement(project, options=AgreementOptions(study=study))
        except NotEnoughDataError:
            continue
        return list(found.sentences)
    return []


def _made_of_it(project: ProjectStore, snapshot_id: str) -> Facts:
    runs = [r for r in project.runs.list(kind="train") if r.state == "done"]
    mine = [r for r in runs if r.snapshot_id == snapshot_id]
    newest = (mine or runs)[:1]
    return {
        "preprocessing": [_preprocessing(r.inspector) for r in newest if r.inspector],
        "uses": {
            "runs": [{"id": r.id, "metrics": _numbers(r.metrics)} for r in mine[:5]],
            "releases": [
                {"version": r.version, "at": r.created.date().isoformat()}
                for r in project.releases.list()
                if r.snapshot_id == snapshot_id
            ],
        },
        "maintenance": {
            "snapshots": len(project.snapshots.list()),
            "releases": len(project.releases.list()),
            "book_revisions": [
                {
                    "revision": r.book.revision,
                    "by": r.author,
                    "at": r.at.date().isoformat(),
                    "reason": r.reason,
                }
                for r in project.book.history()
            ],
        },
    }


def _preprocessing(inspector: Mapping[str, Any]) -> Facts:
    return dict(inspector.get("preprocess", {}))


def _numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Figures that stand by themselves; a figure with an interval gives its value."""
    out = {}
    for name, value in metrics.items():
        figure = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(figure, int | float) and not isinstance(figure, bool):
            out[name] = round(float(figure), 4)
    return out
