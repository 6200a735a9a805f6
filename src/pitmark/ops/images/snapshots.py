"""Freeze the data: which images, with which labels, in which split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, shapes_hash
from pitmark.core.provenance import is_in_use, learnable
from pitmark.core.records import SPLITS, ImageRecord, Snapshot, SnapshotItem, Split
from pitmark.core.splits import SplitItem, assign_parts
from pitmark.store.annotation_rows import AnnotationRow
from pitmark.store.db import ProjectStore
from pitmark.store.snapshots import SnapshotInfo

# Metadata of images from the line: how they were picked, and the word for "at random".
PICKED, AT_RANDOM = "picked", "random"
DEFAULT_SHARES: Mapping[str, float] = {"train": 0.7, "val": 0.15, "test": 0.15}


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How images are parted into train, val and test.

    Counts `train` and `val` draw that many labeled images and leave the rest for test;
    without them the shares 70 / 15 / 15 apply and groups placed by an earlier snapshot
    stay where they are. `given` takes the splits that came with the images. What was drawn
    at random from the line (see `ops.feedback`) is always in test, so that it stays fair.
    """

    train: int | None = None
    val: int | None = None
    seed: int = 0
    given: bool = False


def take_snapshot(
    project: ProjectStore, *, plan: SplitPlan | None = None, note: str = ""
) -> SnapshotInfo:
    """Freeze all labeled images of a project.

    In anomaly projects only good images are drawn for training; all images with a
    defect go to validation and test. Synthetic images that were kept join the training
    images, if all they were made from are training images; they are never held out.

    Args:
        project: The project.
        plan: How to split; groups never part.
        note: What this version is for.

    Returns:
        The snapshot; the same data gives the same one again.

    Raises:
        NotEnoughDataError: No image is labeled, or fewer than were asked for.
    """
    how = plan or SplitPlan()
    labels = project.annotations.consensus()
    known = [r for r in project.images.iterate() if r.sha256 in labels and is_in_use(r)]
    images = [r for r in known if not r.synthetic]
    if not images:
        raise NotEnoughDataError(
            f"project {project.info.name!r} has no labeled image",
            hint="Import images with labels, or label some.",
        )
    book = project.book.current()
    splits = _splits(project, images, labels, book, how)
    if project.task != "anomaly":
        made = learnable((r for r in known if r.synthetic), images, splits)
        images += made
        splits |= {r.sha256: "train" for r in made}
    snapshot = Snapshot.of(
        (
            SnapshotItem(
                r.sha256,
                shapes_hash(labels[r.sha256].shapes),
                splits[r.sha256],
                r.reference or "",
            )
            for r in images
        ),
        book.names,
    )
    return project.snapshots.save(
        snapshot,
        {r.sha256: labels[r.sha256].id for r in images},
        note=note,
        book_revision=book.revision,
    )


def _splits(
    project: ProjectStore,
    images: Sequence[ImageRecord],
    labels: Mapping[str, AnnotationRow],
    book: LabelBook,
    how: SplitPlan,
) -> dict[str, Split]:
    if how.given:
        return _given_splits(images)
    items = [_item(r, labels[r.sha256].shapes, book, project.task) for r in images]
    counted = how.train is not None or how.val is not None
    fixed = {} if counted else dict(project.snapshots.last_splits())
    fixed |= {r.group_key: "test" for r in images if r.metadata.get(PICKED) == AT_RANDOM}
    if project.task != "anomaly":
        shares = _shares(how, len(items), len(items))
        return _as_splits(assign_parts(items, shares, seed=how.seed, fixed=fixed))
    groups_with_defect = {i.group for i in items if i.classes != ("good",)}
    good = [i for i in items if i.group not in groups_with_defect]
    bad = [i for i in items if i.group in groups_with_defect]
    out = assign_parts(good, _shares(how, len(good), len(good)), seed=how.seed, fixed=fixed)
    if bad:
        held = {g: s for g, s in fixed.items() if s != "train"}
        share = 0.0 if counted and not how.val else 0.5
        halves = {"val": share, "test": 1 - share}
        out |= assign_parts(bad, halves, seed=how.seed, fixed=held)
    return _as_splits(out)


def _item(
    record: ImageRecord, shapes: tuple[Shape, ...], book: LabelBook, task: str
) -> SplitItem:
    if task == "anomaly":
        classes: tuple[str, ...] = ("defect",) if book.is_defect(shapes) else ("good",)
    else:
        classes = tuple(sorted({s.label for s in shapes}))
    return SplitItem(record.sha256, record.group_key, classes)


def _shares(how: SplitPlan, labeled: int, total: int) -> dict[str, float]:
    if how.train is None and how.val is None:
        return dict(DEFAULT_SHARES)
    train, val = how.train or 0, how.val or 0
    if train < 0 or val < 0 or train + val > labeled:
        raise NotEnoughDataError(
            f"{train} + {val} images were asked for, {labeled} can be drawn",
            hint="Ask for fewer, or label more images.",
        )
    return {"train": train / total, "val": val / total, "test": (total - train - val) / total}


def _given_splits(images: Sequence[ImageRecord]) -> dict[str, Split]:
    out: dict[str, Split] = {}
    for record in images:
        given = record.metadata.get("split")
        match = next((s for s in SPLITS if s == given), None)
        if match is None:
            raise InvalidInputError(
                f"{record.name} came with the split {given!r}",
                hint="Splits are train, val and test; leave out --given to split anew.",
            )
        out[record.sha256] = match
    return out


def _as_splits(parts: Mapping[str, str]) -> dict[str, Split]:
    names = {str(s): s for s in SPLITS}
    return {key: names[part] for key, part in parts.items()}
