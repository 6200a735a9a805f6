"""Design an agreement study: which images, who labels them how often, in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape
from pitmark.core.predictions import Prediction
from pitmark.metrics.acceptance import MISS_RATE, misses_needed
from pitmark.ops.labels.judged import latest_judged
from pitmark.quality.agreement.study_design import StudyItem, blind_order, choose_images
from pitmark.store.db import ProjectStore
from pitmark.store.studies import StudyRow

UNLABELED, NOTHING = "(unlabeled)", "(nothing marked)"
# A model in doubt is weaker evidence for a hard image than people who part.
_MODEL_DOUBT = 0.5


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """How a study is laid out.

    `images` names the images; where it is empty, `count` are chosen evenly over the
    classes, `hard_share` of them among those on which people or models are in doubt.
    """

    labelers: tuple[str, ...]
    repeats: int = 2
    count: int = 50
    images: tuple[str, ...] = ()
    hard_share: float = 0.5
    name: str = ""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Study:
    """A study as it was designed, and how much of it has been answered.

    `strata` counts the chosen images by class, `hard` those that were chosen as hard.
    `answered` is by labeler: images answered in each trial.
    """

    id: str
    name: str
    author: str
    images: tuple[str, ...]
    labelers: tuple[str, ...]
    repeats: int
    seed: int
    strata: Mapping[str, int]
    hard: int
    answered: Mapping[str, tuple[int, ...]]

    @property
    def complete(self) -> bool:
        """Whether everybody answered every image in every trial."""
        return all(n == len(self.images) for row in self.answered.values() for n in row)

    def sentences(self) -> list[str]:
        """What a study of this size can show, and what it cannot."""
        count = len(self.images)
        looks = count * self.repeats * len(self.labelers)
        wide = kappa_half_width(count)
        out = [
            f"{count} images x {len(self.labelers)} labelers x {self.repeats} trials ="
            f" {looks} looks.",
            f"With {count} images a kappa of 0.80 between two labelers is known to about"
            f" +/- {wide:.2f}.",
        ]
        needed = misses_needed(MISS_RATE.acceptable)
        out.append(
            f"Each labeler makes {count * self.repeats} decisions; to show a miss rate of at"
            f" most 2 % takes {needed} on defective images without a miss."
        )
        return out

    def to_json(self) -> dict[str, Any]:
        """The study as plain JSON types."""
        return {
            "id": self.id,
            "name": self.name,
            "author": self.author,
            "images": list(self.images),
            "labelers": list(self.labelers),
            "repeats": self.repeats,
            "seed": self.seed,
            "strata": dict(self.strata),
            "hard": self.hard,
            "answered": {k: list(v) for k, v in self.answered.items()},
            "complete": self.complete,
            "sentences": self.sentences(),
        }


def kappa_half_width(images: int) -> float:
    """How closely a kappa of 0.80 on two equally frequent classes will be known.

    Args:
        images: Number of images, at least 1.

    Returns:
        Half the width of the 95 % interval.

    Source:
        The large-sample variance of kappa, Fleiss, Levin and Paik (2003), section 18.1.
    """
    alike, chance = 0.9, 0.5
    return 1.96 * float(np.sqrt(alike * (1 - alike) / images)) / (1 - chance)


def design_study(project: ProjectStore, options: StudyOptions, *, by: str) -> Study:
    """Choose images for a study and keep its design in the project.

    Images made by synthesis are left out: people are measured on real ones.

    Args:
        project: The project.
        options: See StudyOptions.
        by: Who designs it.

    Returns:
        The study.

    Raises:
        InvalidInputError: No labeler, one named twice, or an impossible size.
        NotFoundError: No such image.
        NotEnoughDataError: Fewer than two images.
    """
    labelers = tuple(n.strip() for n in options.labelers)
    if not labelers or not all(labelers) or len(set(labelers)) != len(labelers):
        raise InvalidInputError(
            "a study needs labelers with different names, found"
            f" {', '.join(labelers) or 'none'}"
        )
    if len(labelers) * options.repeats < 2 or options.repeats < 1:
        raise InvalidInputError(
            f"{len(labelers)} labeler and {options.repeats} trials leave nothing to compare",
            hint="Take two labelers, or let one label everything twice.",
        )
    items = {i.key: i for i in _items(project)}
    if options.images:
        named = [project.images.find(n).sha256 for n in options.images]
        chosen = tuple(dict.fromkeys(named))
    else:
        chosen = choose_images(
            list(items.values()),
            options.count,
            hard_share=options.hard_share,
            seed=options.seed,
        )
    strata: dict[str, int] = {}
    for sha in chosen:
        name = items[sha].stratum if sha in items else UNLABELED
        strata[name] = strata.get(name, 0) + 1
    design = {
        "images": list(chosen),
        "labelers": list(labelers),
        "repeats": options.repeats,
        "seed": options.seed,
        "strata": strata,
        "hard": sum(items[s].hardness > 0 for s in chosen if s in items),
        "orders": {
            name: [
                list(blind_order(len(chosen), name, trial, seed=options.seed))
                for trial in range(1, options.repeats + 1)
            ]
            for name in labelers
        },
    }
    return study_of(project, project.studies.create(options.name, design, author=by))


def study_of(project: ProjectStore, row: StudyRow) -> Study:
    """A study with how much of it has been answered.

    Args:
        project: The project.
        row: The study.

    Returns:
        The study.
    """
    design = row.design
    repeats = int(design["repeats"])
    answered = {name: [0] * repeats for name in design["labelers"]}
    for answer in project.studies.answers(row.id):
        answered[answer.labeler][answer.trial - 1] += 1
    return Study(
        id=row.id,
        name=row.name,
        author=row.author,
        images=tuple(design["images"]),
        labelers=tuple(design["labelers"]),
        repeats=repeats,
        seed=int(design["seed"]),
        strata=dict(design["strata"]),
        hard=int(design["hard"]),
        answered={k: tuple(v) for k, v in answered.items()},
    )


def _items(project: ProjectStore) -> list[StudyItem]:
    held = project.annotations.consensus()
    book = project.book.current()
    doubts = _doubts(project)
    return [
        StudyItem(
            record.sha256,
            _stratum(book, held[record.sha256].shapes) if record.sha256 in held else UNLABELED,
            record.group_key,
            doubts.get(record.sha256, 0.0),
        )
        for record in project.images.iterate()
        if not record.synthetic
    ]


def _stratum(book: LabelBook, shapes: tuple[Shape, ...]) -> str:
    """The rarest thing that can be said simply: its first class in the order of the book."""
    labels = {s.label for s in shapes}
    defects = [n for n in book.defect_names if n in labels]
    return (defects or sorted(labels) or [NOTHING])[0]


def _doubts(project: ProjectStore) -> dict[str, float]:
    """How much people and models are in doubt about images, in [0, 1]."""
    out: dict[str, float] = {}
    for finding in project.findings.briefs(state="open"):
        out[finding.sha256] = max(out.get(finding.sha256, 0.0), finding.score)
    for sha, by in project.annotations.all_latest().items():
        if len({row.shapes for row in by.values()}) > 1:
            out[sha] = 1.0
    judged = latest_judged(project)
    for sha, prediction in (judged.predictions if judged else {}).items():
        out[sha] = max(out.get(sha, 0.0), _MODEL_DOUBT * _uncertainty(prediction))
    return out


def _uncertainty(prediction: Prediction) -> float:
    probs = prediction.class_probs
    if probs is not None and len(probs) > 1:
        first, second = np.sort(probs)[::-1][:2]
        return float(1 - (first - second))
    return float(1 - abs(2 * prediction.score - 1))
