"""Which images of a project to label next, with a reason for each."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError, NotEnoughDataError, StorageError
from pitmark.core.labels import Shape, image_class
from pitmark.core.progress import Reporter, silent
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.data.vector_learner import closed_form_learner
from pitmark.ops.images.embeddings import embed_all
from pitmark.quality.selection.next_labels import (
    FEWEST_LABELS,
    STRATEGIES,
    Known,
    Selection,
    Strategy,
    select_next,
)
from pitmark.quality.selection.replay import Replay, replay
from pitmark.store.db import ProjectStore

Asked = Literal["auto", "random", "typical", "needed"]
ASKED: tuple[Asked, ...] = ("auto", *STRATEGIES)
GOOD = "good"


@dataclass(frozen=True, slots=True)
class SelectOptions:
    """How to select: `auto` takes what the labels there are speak for.

    `most_images` bounds the images that are looked at; a larger pool is sampled, which is
    said. `replayed` says whether to replay the choice on the labels there are.
    """

    strategy: Asked = "auto"
    most_images: int = 5000
    seed: int = 0
    replayed: bool = True

    def __post_init__(self) -> None:
        if self.strategy not in ASKED:
            raise InvalidInputError(
                f"unknown strategy {self.strategy!r}", hint=f"Strategies: {', '.join(ASKED)}."
            )
        if self.most_images < 1:
            raise InvalidInputError(f"cannot look at {self.most_images} images")


@dataclass(frozen=True, slots=True)
class Chosen:
    """An image to label, and why."""

    image: ImageRecord
    reason: str


@dataclass(frozen=True, slots=True)
class NextLabels:
    """What to label next, the most useful first."""

    chosen: Sequence[Chosen]
    strategy: Strategy
    pool: int
    looked_at: int
    labeled: int
    replay: Replay | None

    def sentences(self) -> list[str]:
        """How it was chosen, for a person."""
        sampled = "" if self.looked_at == self.pool else f", {self.looked_at} of them looked at"
        out = [
            f"{len(self.chosen)} of {self.pool} images without a label{sampled}, chosen by:"
            f" {_NAMES[self.strategy]}."
        ]
        if self.replay is not None:
            out.append(self.replay.sentence())
        return out

    def to_json(self) -> dict[str, Any]:
        """The list as plain JSON types."""
        return {
            "strategy": self.strategy,
            "pool": self.pool,
            "looked_at": self.looked_at,
            "labeled": self.labeled,
            "replay": None if self.replay is None else self.replay.to_json(),
            "images": listed(self.chosen),
        }


_NAMES: Mapping[Strategy, str] = {
    "random": "drawing at random",
    "typical": "what stands for most images that are unlike the labeled ones",
    "needed": "what stands for most images that a first model is unsure of, rare classes first",
}


def next_labels(
    project: ProjectStore,
    count: int,
    *,
    options: SelectOptions | None = None,
    report: Reporter = silent,
) -> NextLabels:
    """The images whose labels would teach most.

    Args:
        project: The project.
        count: How many, at least 1.
        options: How.
        report: Told of the progress.

    Returns:
        The images with reasons, and how choosing did against drawing at random on the
        labels there are.

    Raises:
        InvalidInputError: The count is below 1.
        NotEnoughDataError: Every image has a label.
    """
    how = options or SelectOptions()
    if count < 1:
        raise InvalidInputError(f"cannot choose {count} images", hint="Ask for 1 or more.")
    said = {s: row.shapes for s, row in project.annotations.consensus().items()}
    every = [r for r in project.images.iterate() if not r.synthetic]
    pool = [r for r in every if r.sha256 not in said]
    if not pool:
        raise NotEnoughDataError(
            f"project {project.info.name!r} has no image without a label to choose from"
            if every
            else f"project {project.info.name!r} has no image",
            hint="Import a folder of further images; they need no labels.",
        )
    rng = np.random.default_rng([how.seed, 11])
    looked = _some(pool, how.most_images, rng)
    have = _some([r for r in every if r.sha256 in said], how.most_images, rng)
    shown = [*have, *looked]
    classes, labels = class_numbers([said[r.sha256] for r in have])
    if how.strategy == "random":
        vectors = np.zeros((len(shown), 1), np.float32)
    else:
        found = embed_all(project, [LabeledImage(r, None, "train") for r in shown], report)
        vectors = np.stack([found[r.sha256] for r in shown])
    groups = [r.group_key for r in shown]
    tried = None
    if how.replayed and how.strategy != "random":
        tried = _tried(how.strategy, vectors[: len(have)], labels, groups[: len(have)])
    known = _known(vectors, labels, len(classes))
    selection = select_next(
        vectors, count, known=known, groups=groups, seed=how.seed,
        strategy=_strategy(how.strategy, known, tried),
    )  # fmt: skip
    reasons = _Reasons(classes, known)
    chosen = [
        Chosen(shown[row], reasons.of(selection, place))
        for place, row in enumerate(selection.rows.tolist())
    ]
    return NextLabels(chosen, selection.strategy, len(pool), len(looked), len(said), tried)


def class_numbers(
    said: Sequence[Sequence[Shape]],
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """One class per image: of the whole image, else the rarest one that is marked.

    Args:
        said: Of each image, all that is marked in it.

    Returns:
        Class names, sorted, and (N,) numbers of them.
    """
    marked = [{s.label for s in shapes} or {GOOD} for shapes in said]
    counts: dict[str, int] = {}
    for names in marked:
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    own = [
        image_class(shapes) or GOOD
        if len(names) == 1
        else min(names, key=lambda n: (counts[n], n))
        for shapes, names in zip(said, marked, strict=True)
    ]
    classes = tuple(sorted(set(own)))
    place = {name: i for i, name in enumerate(classes)}
    return classes, np.array([place[n] for n in own], dtype=np.int64)


def _some(
    records: Sequence[ImageRecord], most: int, rng: np.random.Generator
) -> list[ImageRecord]:
    if len(records) <= most:
        return list(records)
    return [records[i] for i in np.sort(rng.permutation(len(records))[:most])]


def _known(vectors: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> Known:
    known = Known(np.arange(len(labels)), labels, count)
    if not known.teaches:
        return known
    learn = closed_form_learner(count)
    chances = learn(vectors[known.rows].astype(np.float64), labels, vectors.astype(np.float64))
    return Known(known.rows, labels, count, chances)


def _tried(
    asked: Asked,
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: Sequence[str],
) -> Replay:
    strategy: Strategy = "typical" if asked == "typical" else "needed"
    learn = closed_form_learner(int(labels.max(initial=0)) + 1)
    return replay(vectors.astype(np.float64), labels, learn, strategy=strategy, groups=groups)


def _strategy(asked: Asked, known: Known, tried: Replay | None) -> Strategy:
    """What was asked for; by itself random only where it did better on these very data."""
    if asked == "random" or asked == "typical":
        return asked
    if asked == "auto" and tried is not None and tried.outcome == "worse":
        return "random"
    return "needed" if known.teaches else "typical"


class _Reasons:
    """Words for why an image was chosen."""

    def __init__(self, classes: Sequence[str], known: Known) -> None:
        self._classes, self._known = classes, known
        self._counts = np.bincount(known.labels, minlength=len(classes))

    def of(self, selection: Selection, place: int) -> str:
        """Why the image at one place of a selection was chosen.

        Args:
            selection: The selection.
            place: Position in it.

        Returns:
            A sentence without a period.
        """
        if selection.strategy == "random":
            return "drawn at random"
        stands = int(selection.stands_for[place])
        alike = (
            f"most like it are about {stands} images without a label"
            if stands > 1
            else "hardly any other image is like it"
        )
        new = "nothing labeled is like it" if selection.newness[place] > 0.9 else ""
        said = [w for w in (self._wavering(selection, place), alike, new) if w]
        return "; ".join(said if len(self._known.rows) else said[:-1] or said)

    def _wavering(self, selection: Selection, place: int) -> str:
        if self._known.chances is None or selection.strategy != "needed":
            return ""
        row = self._known.chances[selection.rows[place]]
        first, second = np.argsort(-row)[:2]
        if row[first] < 2 * row[second]:
            told = f"a first model wavers between {self._classes[first]}"
            told += f" and {self._classes[second]}"
        else:
            told = f"probably {self._classes[first]}"
        few = min((first, second) if row[first] < 2 * row[second] else (first,),
                  key=lambda k: self._counts[k])  # fmt: skip
        if self._counts[few] < FEWEST_LABELS:
            told += f" ({self._classes[few]} has only {self._counts[few]} labels)"
        return told


def listed(chosen: Sequence[Chosen]) -> list[dict[str, Any]]:
    """Chosen images as plain JSON types.

    Args:
        chosen: In their order.

    Returns:
        Objects with rank, name, sha256, group and reason.
    """
    return [
        {
            "rank": rank,
            "image": c.image.name,
            "sha256": c.image.sha256,
            "group": c.image.group,
            "reason": c.reason,
        }
        for rank, c in enumerate(chosen, start=1)
    ]


def write_list(chosen: Sequence[Chosen], path: Path) -> None:
    """Write chosen images to a file: JSON where its name ends so, else CSV.

    Args:
        chosen: In their order.
        path: The file; it is replaced.

    Raises:
        StorageError: It cannot be written.
    """
    rows = listed(chosen)
    try:
        if path.suffix.lower() == ".json":
            path.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
            return
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["rank", "image", "sha256", "group", "reason"])
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from error
