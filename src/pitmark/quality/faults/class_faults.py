"""Labels that are likely wrong, for the class of an image and for good or not good.

Judge only with out-of-fold predictions: of a model that never saw the label. Scores lie in
[0, 1] and are the probability of a fault; higher means more likely wrong.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.labels import ImageClass, Shape
from pitmark.quality.faults.class_evidence import ClassEvidence, weigh_classes
from pitmark.quality.faults.label_doubts import LabelDoubts, doubt_labels
from pitmark.quality.faults.label_neighbors import NeighborVotes
from pitmark.quality.faults.odds import log_odds, outlier_probability

FaultKind = Literal[
    "wrong_class", "missed_object", "spurious_object", "sloppy_outline", "image_fault"
]
FaultVerdict = Literal["wrong", "ambiguous", "rare"]

# Fewer than one fault in a hundred such places is not worth a person's minute.
MIN_SCORE = 0.01
# A class with two thirds of the evidence is clear.
CLEAR_SHARE = 2 / 3
# Where the witnesses are twice as close to a tie as is usual.
_UNDECIDED = 0.7
_RARE_BELOW = 5
_LONELY_Z = 3.0


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """What the verdict on the class of an image rests on, as figures.

    Attributes:
        given: What the model that never saw the label gives to the given class, in [0, 1].
        instead: What it gives to the suggested one.
        neighbors: How many nearest neighbors there are; `neighbors_given` of them carry
            the given class, `neighbors_instead` the suggested one.
        alike: How strongly the labels of all that looks alike support the label, about 1
            for fully and 0 for not at all; None without embeddings.
        kept: Margin of the label while a model learns from other images, below 0 when it
            is forgotten; None without embeddings.
    """

    given: float
    instead: float
    neighbors: int = 0
    neighbors_given: int = 0
    neighbors_instead: int = 0
    alike: float | None = None
    kept: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A label that is likely wrong.

    Attributes:
        key: The image.
        kind: What is wrong with the label.
        score: Probability of a fault in [0, 1].
        why: One sentence for a quality engineer, with figures.
        shape_index: Which of the image's shapes; None for a missing one or a whole image.
        suggestion: All shapes of the image as they should be; None where unknown.
        verdict: Wrong; ambiguous (people may part here too); or rare (perhaps correct,
            but too alone to be judged).
        ambiguity: In [0, 1]: 1 where what speaks for the label and against it weighs the
            same, 0 where it is decided either way.
        facts: On the class of an image; None for other faults.
    """

    key: str
    kind: FaultKind
    score: float
    why: str
    shape_index: int | None
    suggestion: tuple[Shape, ...] | None
    verdict: FaultVerdict
    ambiguity: float = 0.0
    facts: ClassFacts | None = None


def strongest_first(faults: Sequence[Fault]) -> list[Fault]:
    """Faults in the order of falling score; ties by image, then shape.

    Args:
        faults: In any order.

    Returns:
        A new list.
    """
    return sorted(faults, key=lambda f: (-f.score, f.key, f.shape_index or 0, f.kind))


def classification_faults(
    keys: Sequence[str],
    labels: Sequence[str],
    probs: ArrayLike,
    classes: Sequence[str],
    *,
    embeddings: NDArray[np.floating] | None = None,
    groups: Sequence[Hashable] | None = None,
) -> list[Fault]:
    """Images whose class is likely another one, or none.

    Args:
        keys: (N,) images.
        labels: (N,) given class names, each in `classes`.
        probs: (N, K) out-of-fold class probabilities in [0, 1]; an array mapped from a
            file is read in blocks.
        classes: (K,) class names.
        embeddings: (N, D) of one model for all images, or None. Of more than 50,000 images
            they are left aside: comparing all with all would take minutes.
        groups: (N,) those that are one physical part, or None.

    Returns:
        Faults of kind wrong_class, or image_fault where no class fits, most likely first; at
        most one per image, none where a fault is less likely than one in a hundred.

    Raises:
        InvalidInputError: The lengths do not fit.
        InvalidLabelError: A label is not among the classes.
    """
    table = probs if isinstance(probs, np.ndarray) else np.asarray(probs, dtype=np.float64)
    given = _checked(keys, labels, table, classes)
    if not keys:
        return []
    doubts = doubt_labels(given, table, len(classes), embeddings=embeddings, groups=groups)
    alone = alone_among(given, doubts.near)
    return strongest_first(
        [
            _class_fault(keys[row], int(given[row]), row, (doubts, table), classes, alone)
            for row in np.flatnonzero(doubts.wrong >= MIN_SCORE).tolist()
        ]
    )


def _class_fault(
    key: str,
    given: int,
    row: int,
    evidence: tuple[LabelDoubts, NDArray[np.floating]],
    classes: Sequence[str],
    alone: NDArray[np.bool_],
) -> Fault:
    doubts, table = evidence
    other, near = int(doubts.instead[row]), doubts.near
    said = np.clip(np.nan_to_num(table[row]), 0, 1)
    stray = doubts.clearest[row] < CLEAR_SHARE and 2 * doubts.stray[row] > doubts.wrong[row]
    names = (classes[given], classes[other])
    why = class_sentence(names, near, row, other, float(said[other]))
    forgotten = doubts.kept is not None and bool(doubts.kept[row] < 0)
    if forgotten:
        why = f"{why}; learning from other images makes a model forget this label"
    return Fault(
        key=key,
        kind="image_fault" if stray else "wrong_class",
        score=float(doubts.wrong[row]),
        why=f"{why}; it may show none of the classes" if stray else why,
        shape_index=None,
        suggestion=None if stray else (ImageClass(classes[other]),),
        verdict=_verdict_of(doubts, row, alone=bool(alone[row])),
        ambiguity=float(doubts.ambiguity[row]),
        facts=ClassFacts(
            given=float(said[given]),
            instead=float(said[other]),
            neighbors=near.total(row) if near else 0,
            neighbors_given=near.count(row, given) if near else 0,
            neighbors_instead=near.count(row, other) if near else 0,
            alike=None if doubts.alike is None else float(doubts.alike[row]),
            kept=None if doubts.kept is None else float(doubts.kept[row]),
        ),
    )


def _verdict_of(doubts: LabelDoubts, row: int, *, alone: bool) -> FaultVerdict:
    """A label that is not forgotten and has nothing like it is rare; see `class_verdict`."""
    if alone and (doubts.kept is None or doubts.near is None or doubts.kept[row] >= 0):
        return "rare"
    sure = doubts.clearest[row] >= CLEAR_SHARE and doubts.ambiguity[row] < _UNDECIDED
    return "wrong" if sure and doubts.wrong[row] >= 0.5 else "ambiguous"


def anomaly_faults(keys: Sequence[str], is_good: ArrayLike, scores: ArrayLike) -> list[Fault]:
    """Images that are likely good where they are labeled not good, or the other way round.

    With labels of both sorts the scores are calibrated against them. With good images
    only, those whose score stands out from all others are named.

    Args:
        keys: (N,) images.
        is_good: (N,) bool, as labeled.
        scores: (N,) out-of-fold anomaly scores in [0, 1], higher is less like a good part.

    Returns:
        Faults of kind image_fault, most likely first.

    Raises:
        InvalidInputError: The lengths do not fit.
    """
    good = np.asarray(is_good, dtype=bool)
    values = np.nan_to_num(np.asarray(scores, dtype=np.float64), nan=0.5)
    if good.shape != (len(keys),) or values.shape != good.shape:
        raise InvalidInputError(
            f"{len(keys)} images need as many labels and scores,"
            f" found {good.shape} and {values.shape}"
        )
    if not keys:
        return []
    wrong = _side_faults(values, good)
    faults = []
    for row in np.flatnonzero(wrong >= MIN_SCORE).tolist():
        side, score = good[row], float(wrong[row])
        like = np.delete(values, row)[np.delete(good, row) == side]
        beyond = (like < values[row]) if side else (like > values[row])
        faults.append(
            Fault(
                key=keys[row],
                kind="image_fault",
                score=score,
                why=f"labeled {'good' if side else 'not good'}; its anomaly score"
                f" {values[row]:.2f} is {'higher' if side else 'lower'} than that of"
                f" {int(beyond.sum())} of the {len(like)} others labeled so",
                shape_index=None,
                suggestion=None,
                verdict="wrong" if score >= 0.5 else "ambiguous",
            )
        )
    return strongest_first(faults)


def class_sentence(
    labels: tuple[str, str],
    near: NeighborVotes | None,
    row: int,
    other: int,
    prob: float,
) -> str:
    """Why a class is doubted, in one sentence.

    Args:
        labels: Given and suggested class name.
        near: Votes of the neighbors, where there are embeddings.
        row: Which of the things judged.
        other: Index of the suggested class.
        prob: What the model gives to the suggested class, in [0, 1].

    Returns:
        The sentence.
    """
    given, suggested = labels
    told = f"the model that never saw this label gives {suggested} {prob:.2f}"
    total = near.total(row) if near is not None else 0
    if near is None or total == 0:
        return f"labeled {given}; {told}"
    votes = near.count(row, other)
    return f"labeled {given}; {votes} of {total} similar ones are labeled {suggested}; {told}"


def class_verdict(evidence: ClassEvidence, row: int, *, alone: bool) -> FaultVerdict:
    """Whether a doubted class is wrong, ambiguous or rare.

    Args:
        evidence: Of all things judged.
        row: Which of them.
        alone: Whether nothing like it is there to compare it with.

    Returns:
        Rare where it is alone; ambiguous where no class has two thirds of the evidence or
        the label is more likely right; else wrong.
    """
    if alone:
        return "rare"
    sure = evidence.looks_like[row].max() >= CLEAR_SHARE
    return "wrong" if sure and evidence.wrong[row] >= 0.5 else "ambiguous"


def alone_among(labels: NDArray[np.integer], near: NeighborVotes | None) -> NDArray[np.bool_]:
    """Which things have nothing to be compared with.

    Args:
        labels: (N,) class.
        near: Their neighbors, where there are embeddings.

    Returns:
        (N,) true for a class of fewer than five, or neighbors unusually far away.
    """
    few = np.bincount(labels, minlength=1)[labels] < _RARE_BELOW
    if near is None:
        return np.asarray(few)
    far = np.median(near.likeness) - near.likeness
    spread = 1.4826 * float(np.median(np.abs(far))) + 1e-9
    return np.asarray(few | (far > _LONELY_Z * spread))


def _checked(
    keys: Sequence[str],
    labels: Sequence[str],
    probs: NDArray[np.floating],
    classes: Sequence[str],
) -> NDArray[np.int64]:
    if len(labels) != len(keys) or (keys and probs.shape != (len(keys), len(classes))):
        raise InvalidInputError(
            f"{len(keys)} images of {len(classes)} classes need as many labels and"
            f" probabilities, found {len(labels)} and {probs.shape}"
        )
    position = {name: i for i, name in enumerate(classes)}
    for key, label in zip(keys, labels, strict=True):
        if label not in position:
            raise InvalidLabelError(
                f"image {key} is labeled {label!r}, which is none of {', '.join(classes)}",
                hint="Judge only images whose class the model was trained for.",
            )
    return np.array([position[name] for name in labels], dtype=np.int64)


def _side_faults(values: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(N,) probability that the side is wrong."""
    odds = log_odds(values, 1e-4)
    if good.all() or not good.any():
        spread = np.subtract(*np.percentile(odds, [75, 25])) / 1.349
        z = (odds - np.median(odds)) / max(float(spread), 0.05)
        return outlier_probability(z if good.all() else -z)
    expert = np.stack([-odds, odds], axis=1) / 2
    return weigh_classes([expert], np.where(good, 0, 1)).wrong
