"""Consensus for each kind of label: classes, boxes, masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import NotEnoughDataError
from pitmark.core.geometry import clip_boxes
from pitmark.core.labels import BoxShape, ImageClass, Shape, mask_shape
from pitmark.core.progress import Progress, Reporter
from pitmark.core.records import ImageRecord
from pitmark.ops.labels.answer_tables import (
    NOTHING,
    class_table,
    classes_of,
    drawn_boxes,
    label_map,
)
from pitmark.ops.labels.answers import Answers
from pitmark.ops.labels.judged import Judged, latest_judged
from pitmark.quality.agreement.box_consensus import BoxConsensus, MergedBox, merge_boxes
from pitmark.quality.agreement.dawid_skene import DawidSkene, dawid_skene, with_model
from pitmark.quality.agreement.staple import PatternCounts, Staple, expected_dice, staple
from pitmark.quality.agreement.votes import Votes, majority
from pitmark.store.db import ProjectStore

_ENOUGH_LABELERS = 3


@dataclass(frozen=True, slots=True)
class Skill:
    """What the consensus takes one labeler to be worth; None where it cannot be told.

    `right` is the share of things called right; `sensitivity` and `specificity` are of
    marking: pixels, objects.
    """

    labeler: str
    right: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {
            "labeler": self.labeler,
            "right": self.right,
            "sensitivity": self.sensitivity,
            "specificity": self.specificity,
        }


@dataclass(frozen=True, slots=True)
class FoundImage:
    """What is held of one image, how certain that is, and why."""

    shapes: tuple[Shape, ...]
    confidence: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is held of all images."""

    method: str
    by_image: Mapping[str, FoundImage]
    skills: tuple[Skill, ...]
    notes: tuple[str, ...]


def class_consensus(project: ProjectStore, answers: Answers, method: str) -> Found:
    """The classes of whole images.

    Args:
        project: The project.
        answers: What people said.
        method: majority, dawid-skene, model, or auto: with a model where an audit has
            kept its out-of-fold predictions, by majority with two labelers only.

    Returns:
        The consensus.

    Raises:
        NotEnoughDataError: There are no out-of-fold predictions for `model`.
    """
    table = class_table(answers, project.book.current())
    names, who = table.ratings.classes, [answers.names.index(n) for n in answers.labelers]
    votes = Votes.of(table.ratings.codes, len(names), labelers=who)
    judged = latest_judged(project) if method in ("auto", "model") else None
    known = judged is not None and judged.spec.task == "classification"
    if method == "model" and not known:
        raise NotEnoughDataError(
            "there are no out-of-fold predictions to take as one more voter",
            hint="pitmark audit, or another --method.",
        )
    notes: list[str] = []
    skill: DawidSkene | None = None
    if judged is not None and known:
        skill = with_model(votes, _model_probs(judged, answers.images, names))
        notes.append(
            f"The model of {judged.run_id}, which never saw these labels, counts with weight"
            f" {skill.model_weight:.2f} of 1."
        )
    elif method == "dawid-skene" or (
        method == "auto" and len(answers.names) >= _ENOUGH_LABELERS
    ):
        skill = dawid_skene(votes)
    held = majority(votes) if skill is None else skill.consensus
    if skill is not None and len(answers.names) < _ENOUGH_LABELERS:
        notes.append("With two labelers the data can hardly tell who of them is right.")
    counts = votes.counts()
    by_image = {}
    for row, record in enumerate(answers.images):
        label = names[int(held.classes[row])]
        by_image[record.sha256] = FoundImage(
            () if label == NOTHING else (ImageClass(label),),
            float(held.confidence[row]),
            _vote_words(names, counts[row]),
        )
    return Found(held.method, by_image, _class_skills(answers, skill), tuple(notes))


def box_consensus(
    project: ProjectStore,
    answers: Answers,
    *,
    least_iou: float,
    quorum: float,
    report: Reporter,
) -> Found:
    """The boxes of images.

    Args:
        project: The project.
        answers: What people drew.
        least_iou: Overlap from which two boxes may be around the same object.
        quorum: Share of labelers that must be exceeded.
        report: Told of the progress.

    Returns:
        The consensus.
    """
    names = classes_of(answers, project.book.current())
    report(Progress("match boxes", 0, len(answers.images)))
    drawn = [drawn_boxes(answers, record, names) for record in answers.images]
    who = [answers.names.index(n) for n in answers.labelers]
    merged = merge_boxes(
        drawn, max(len(names), 1), labelers=who, least_iou=least_iou, quorum=quorum
    )
    sensitivity = _seeing(merged, len(answers.names))
    by_image = {}
    for record, boxes in zip(answers.images, merged.merged, strict=True):
        kept = [m for m in boxes if m.kept]
        looked = {who[c] for c in answers.said[record.sha256]}
        sure = [m.confidence if m.kept else 1 - m.confidence for m in boxes]
        if not sure and sensitivity:
            # Something is on it only if all who looked have missed it.
            sure = [1 - float(np.prod([1 - sensitivity[r] for r in looked]))]
        by_image[record.sha256] = FoundImage(
            tuple(_box_shape(m, names, record) for m in kept),
            float(min(sure)) if sure else None,
            _box_words(boxes, names),
        )
    skills = tuple(
        Skill(n, sensitivity=sensitivity[k] if sensitivity else None)
        for k, n in enumerate(answers.names)
    )
    notes = () if sensitivity else ("Nobody marked anything: confidence cannot be said.",)
    return Found("matched weighted boxes", by_image, skills, notes)


def mask_consensus(
    project: ProjectStore, answers: Answers, *, by_vote: bool, report: Reporter
) -> Found:
    """The pixels of every class; objects of one class become one region.

    Args:
        project: The project.
        answers: What people drew.
        by_vote: More than half of the answers decide, instead of STAPLE.
        report: Told of the progress.

    Returns:
        The consensus.
    """
    names = classes_of(answers, project.book.current())
    counts = [PatternCounts(len(answers.columns)) for _ in names]
    for number, record in enumerate(answers.images):
        report(Progress("count pixels", number, len(answers.images)))
        maps = _maps(answers, record, names)
        for index, one in enumerate(counts):
            one.add([None if m is None else m == index + 1 for m in maps])
    learned = [staple(c) for c in counts]
    by_image = {}
    for number, record in enumerate(answers.images):
        report(Progress("join masks", number, len(answers.images)))
        maps = _maps(answers, record, names)
        by_image[record.sha256] = _mask_image(maps, learned, names, by_vote=by_vote)
    notes = []
    if len(answers.names) < _ENOUGH_LABELERS and not by_vote:
        notes.append(
            "With two labelers STAPLE cannot tell who is right where only one marks: the"
            " answer rests on how much is marked in all."
        )
    skills = [] if by_vote else _mask_skills(answers, learned)
    method = "majority of pixels" if by_vote else "STAPLE"
    return Found(method, by_image, tuple(skills), tuple(notes))


def _model_probs(
    judged: Judged, images: Sequence[ImageRecord], names: Sequence[str]
) -> NDArray[np.float64]:
    """(N, K); even where the model did not judge an image, tiny for unknown classes."""
    out = np.full((len(images), len(names)), 1 / len(names))
    place = {n: k for k, n in enumerate(judged.spec.classes)}
    for row, record in enumerate(images):
        said = judged.predictions.get(record.sha256)
        if said is not None and said.class_probs is not None:
            probs = [float(said.class_probs[place[n]]) if n in place else 0.0 for n in names]
            out[row] = np.maximum(probs, 1e-6)
            out[row] /= out[row].sum()
    return out


def _class_skills(answers: Answers, skill: DawidSkene | None) -> tuple[Skill, ...]:
    if skill is None:
        return ()
    right = np.einsum("rkk,k->r", skill.confusions, skill.prior)
    return tuple(Skill(n, right=float(right[k])) for k, n in enumerate(answers.names))


def _vote_words(names: Sequence[str], counts: NDArray[np.float64]) -> str:
    order = np.argsort(-counts, kind="stable")
    parts = [f"{counts[k]:.0f} x {names[k]}" for k in order if counts[k] > 0]
    return "answers: " + ", ".join(parts)


def _seeing(merged: BoxConsensus, count: int) -> list[float]:
    """The share of objects that each labeler sees, by the model of their mistakes."""
    if merged.skill is None:
        return []
    prior = merged.skill.prior[:-1]
    if prior.sum() <= 0:
        return []
    missed = merged.skill.confusions[:count, :-1, -1] @ (prior / prior.sum())
    return [float(1 - m) for m in missed]


def _box_shape(merged: MergedBox, names: Sequence[str], record: ImageRecord) -> BoxShape:
    x1, y1, x2, y2 = clip_boxes([merged.box_xyxy], record.size_wh)[0].tolist()
    return BoxShape(names[merged.label], (x1, y1, x2, y2))


def _box_words(boxes: Sequence[MergedBox], names: Sequence[str]) -> str:
    if not boxes:
        return "nobody marked anything"
    kept = [f"{names[m.label]} seen by {m.seen_by} of {m.asked}" for m in boxes if m.kept]
    lost = sum(not m.kept for m in boxes)
    left = f"{lost} seen by too few" if lost else ""
    return "; ".join([*kept, left] if left else kept)


def _maps(
    answers: Answers, record: ImageRecord, names: Sequence[str]
) -> list[NDArray[np.intp] | None]:
    by = answers.said[record.sha256]
    return [
        label_map(by[n], record, names) if n in by else None
        for n in range(len(answers.columns))
    ]


def _mask_image(
    maps: Sequence[NDArray[np.intp] | None],
    learned: Sequence[Staple],
    names: Sequence[str],
    *,
    by_vote: bool,
) -> FoundImage:
    chances = []
    for index, skill in enumerate(learned):
        masks = [None if m is None else m == index + 1 for m in maps]
        given = [m for m in masks if m is not None]
        share = np.mean(given, axis=0) if by_vote else skill.probability(masks)
        chances.append(share)
    best = np.argmax(chances, axis=0) if chances else np.zeros((0, 0), dtype=np.intp)
    shapes: list[Shape] = []
    sure, told = [], []
    for index, chance in enumerate(chances):
        mask = (chance > 0.5) & (best == index)
        sure.append(expected_dice(chance, mask))
        if mask.any():
            shapes.append(mask_shape(names[index], mask))
            told.append(f"{names[index]}: {int(mask.sum()):,} px")
    confidence = float(min(sure)) if sure else None
    return FoundImage(tuple(shapes), confidence, "; ".join(told) or "nothing is marked")


def _mask_skills(answers: Answers, learned: Sequence[Staple]) -> list[Skill]:
    """Means over classes and trials, of what can be told."""
    out = []
    for name in answers.names:
        columns = [n for n, who in enumerate(answers.labelers) if who == name]
        rates = []
        for field in ("sensitivity", "specificity"):
            values = [getattr(s, field)[c] for s in learned for c in columns]
            known = [v for v in values if v is not None]
            rates.append(float(np.mean(known)) if known else None)
        out.append(Skill(name, sensitivity=rates[0], specificity=rates[1]))
    return out
