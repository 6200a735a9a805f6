"""Which labeled images to learn from where there are too many, and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from pitmark.core.errors import ConflictError, InvalidInputError, NotEnoughDataError
from pitmark.core.labels import shapes_hash
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import LabeledImage, Snapshot
from pitmark.core.splits import SplitItem, assign_folds
from pitmark.ops.data.selecting import Chosen, class_numbers
from pitmark.ops.data.vector_learner import closed_form_learner
from pitmark.ops.images.embeddings import embed_all
from pitmark.quality.selection.coreset import hardness_of, select_coreset
from pitmark.quality.selection.replay import Learner, mean_recall
from pitmark.store.db import ProjectStore
from pitmark.store.snapshots import SnapshotInfo

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FOLDS = 5
_CONFIDENCE = 0.9
# With more images than these a model in closed form learns from a sample.
_MOST_LEARNED = 4000
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Loss:
    """Mean class recall of a quick model that learned from less, on images held out.

    `change` is kept minus all, in [-1, 1]; it lies between `low` and `high` in nine of ten
    cases. `random_change` is that of as many images drawn at random.
    """

    all_images: float
    kept: float
    change: float
    low: float
    high: float
    random_change: float

    def sentence(self) -> str:
        """The loss for a person."""
        return (
            f"Expected change of the mean class recall: {100 * self.change:+.1f} points"
            f" (between {100 * self.low:+.1f} and {100 * self.high:+.1f}; as many drawn at"
            f" random: {100 * self.random_change:+.1f}). Measured with a quick model of"
            " whole images on held-out parts."
        )


@dataclass(frozen=True, slots=True)
class CoresetChoice:
    """The training images to keep."""

    chosen: Sequence[Chosen]
    total: int
    by_class: dict[str, tuple[int, int]]
    loss: Loss | None
    snapshot: SnapshotInfo | None

    def sentences(self) -> list[str]:
        """What was kept and what it costs, for a person."""
        told = ", ".join(f"{k} {kept} of {n}" for k, (kept, n) in self.by_class.items())
        out = [f"{len(self.chosen)} of {self.total} training images kept: {told}."]
        out.append(
            self.loss.sentence()
            if self.loss is not None
            else "What this costs cannot be said: there are too few images to hold some out."
        )
        if self.snapshot is not None:
            out.append(f"Snapshot {self.snapshot.id[:12]} trains on these images only.")
        return out

    def to_json(self) -> dict[str, Any]:
        """The choice as plain JSON types."""
        loss = self.loss
        return {
            "kept": len(self.chosen),
            "total": self.total,
            "by_class": {
                k: {"kept": kept, "total": n} for k, (kept, n) in self.by_class.items()
            },
            "expected_change": None
            if loss is None
            else {
                "metric": "mean_recall",
                "all_images": loss.all_images,
                "kept": loss.kept,
                "change": loss.change,
                "low": loss.low,
                "high": loss.high,
                "random_change": loss.random_change,
            },
            "snapshot": None if self.snapshot is None else self.snapshot.id,
            "images": [
                {"image": c.image.name, "sha256": c.image.sha256, "reason": c.reason}
                for c in self.chosen
            ],
        }


def choose_coreset(
    project: ProjectStore,
    count: int,
    *,
    snapshot: str = "latest",
    save: bool = False,
    seed: int = 0,
    report: Reporter = silent,
) -> CoresetChoice:
    """The training images of a snapshot to learn from, and the accuracy that this keeps.

    Args:
        project: The project.
        count: How many to keep.
        snapshot: Whose training images.
        save: Also freeze a snapshot whose training images are those kept; its images for
            validation and test stay what they are.
        seed: Of cells and folds.
        report: Told of the progress.

    Returns:
        The choice.

    Raises:
        InvalidInputError: The count is below 1, or not below the number there is.
        NotEnoughDataError: The snapshot has no labeled training image.
    """
    info, images = project.snapshots.load(snapshot)
    train = [i for i in images if i.split == "train" and i.shapes is not None]
    if not train:
        raise NotEnoughDataError(f"snapshot {info.id[:12]} has no labeled training image")
    if not 1 <= count < len(train):
        raise InvalidInputError(
            f"cannot keep {count} of {len(train)} training images",
            hint=f"Ask for 1 to {len(train) - 1}.",
        )
    found = embed_all(project, train, report)
    vectors = np.stack([found[i.image.sha256] for i in train]).astype(np.float64)
    classes, labels = class_numbers([i.shapes or () for i in train])
    groups = [i.image.group_key for i in train]
    folds = _folds(train, labels, seed)
    learn = closed_form_learner(len(classes))
    chances = _out_of_fold(vectors, labels, folds, learn, seed)
    kept = select_coreset(
        vectors, count, labels=labels, hardness=hardness_of(chances, labels),
        groups=groups, seed=seed,
    )  # fmt: skip
    chosen = [
        Chosen(train[row].image, f"stands for {n} images" if n > 1 else "stands for itself")
        for row, n in zip(kept.rows.tolist(), kept.stands_for.tolist(), strict=True)
    ]
    by_class = {
        name: (int(kept.by_class[k]), int((labels == k).sum()))
        for k, name in enumerate(classes)
    }
    loss = _loss(_Case(vectors, labels, groups, chances), folds, count / len(train), learn)
    saved = _save(project, info.id, {c.image.sha256 for c in chosen}) if save else None
    return CoresetChoice(chosen, len(train), by_class, loss, saved)


def _folds(train: Sequence[LabeledImage], labels: Ints, seed: int) -> Ints:
    items = [
        SplitItem(i.image.sha256, i.image.group_key, (str(k),))
        for i, k in zip(train, labels.tolist(), strict=True)
    ]
    count = max(2, min(_FOLDS, len({i.group for i in items})))
    return np.array(assign_folds(items, count, seed=seed), dtype=np.int64)


def _out_of_fold(
    vectors: Floats, labels: Ints, folds: Ints, learn: Learner, seed: int
) -> Floats:
    """(N, K) chances by models that saw no image of the same part."""
    out = np.zeros((len(labels), int(labels.max()) + 1))
    rng = np.random.default_rng(seed)
    for fold in np.unique(folds):
        away = folds == fold
        rows = rng.permutation(np.flatnonzero(~away))[:_MOST_LEARNED]
        if len(rows):
            out[away] = learn(vectors[rows], labels[rows], vectors[away])
    return out


@dataclass(frozen=True, eq=False)
class _Case:
    vectors: Floats
    labels: Ints
    groups: Sequence[str]
    chances: Floats


def _loss(case: _Case, folds: Ints, share: float, learn: Learner) -> Loss | None:
    """The same share is kept of four fifths, and all three models judge the last fifth."""
    if len(case.labels) < _FEWEST or len(np.unique(folds)) < 3:
        return None
    rows = []
    for fold in np.unique(folds):
        rng = np.random.default_rng([int(fold), 5])
        test = np.flatnonzero(folds == fold)
        pool = np.flatnonzero(folds != fold)
        pool = rng.permutation(pool)[: _MOST_LEARNED * 2]
        kept = max(1, round(share * len(pool)))
        own = select_coreset(
            case.vectors[pool], kept, labels=case.labels[pool],
            hardness=hardness_of(case.chances[pool], case.labels[pool]),
            groups=[case.groups[r] for r in pool.tolist()],
        )  # fmt: skip
        scores = [
            mean_recall(
                case.labels[test],
                learn(case.vectors[part], case.labels[part], case.vectors[test]),
            )
            for part in (pool, pool[own.rows], rng.permutation(pool)[:kept])
        ]
        rows.append(scores)
    table = np.array(rows)
    gaps = table[:, 1] - table[:, 0]
    count = len(gaps)
    # Folds share what they learn from: their spread alone would promise too much.
    spread = float(gaps.std(ddof=1)) * float(np.sqrt(1 / count + 1 / (count - 1)))
    reach = spread * float(scipy.stats.t.ppf((1 + _CONFIDENCE) / 2, count - 1))
    middle = float(gaps.mean())
    return Loss(
        float(table[:, 0].mean()), float(table[:, 1].mean()), middle,
        max(-1.0, middle - reach), min(1.0, middle + reach),
        float((table[:, 2] - table[:, 0]).mean()),
    )  # fmt: skip


def _save(project: ProjectStore, snapshot: str, keep: set[str]) -> SnapshotInfo:
    before = project.snapshots.get(snapshot)
    items = [i for i in before.items if i.split != "train" or i.sha256 in keep]
    said = project.annotations.consensus()
    changed = [
        i.sha256
        for i in items
        if i.labels_hash
        and (i.sha256 not in said or shapes_hash(said[i.sha256].shapes) != i.labels_hash)
    ]
    if changed:
        raise ConflictError(
            f"{len(changed)} images were relabeled after snapshot {snapshot[:12]}",
            hint="Take a new snapshot first (pitmark snapshot).",
        )
    rows = {i.sha256: said[i.sha256].id if i.labels_hash else None for i in items}
    return project.snapshots.save(
        Snapshot.of(items, before.classes),
        rows,
        note=f"coreset of {len(keep)} training images from {snapshot[:12]}",
        book_revision=project.snapshots.info(snapshot).book_revision,
    )
