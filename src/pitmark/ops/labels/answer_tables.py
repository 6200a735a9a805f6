"""Answers as the tables from which agreement is measured and a consensus is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import Shape, image_class, shape_box
from pitmark.core.records import ImageRecord
from pitmark.metrics.ratings import NO_ANSWER, Ratings
from pitmark.ops.images.truth import true_map
from pitmark.ops.labels.answers import Answers
from pitmark.quality.agreement.object_units import Drawn, match_objects, unit_boxes, unit_codes

NOTHING = "(nothing marked)"
UNSEEN = "(not seen)"
OK, NG = "OK", "NG"
Codes = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Ratings with the true class of each row; `boxes_ucx` holds objects' boxes.

    `boxes_ucx` is (N, R + 1, 4), the reference last, NaN where there is no box; it is
    empty where no boxes were compared. `good` names the classes without a defect.
    """

    ratings: Ratings
    reference: Codes | None
    good: tuple[str, ...]
    boxes_ucx: NDArray[np.float64]


def class_table(answers: Answers, book: LabelBook) -> AnswerTable:
    """The class of every image by every labeler.

    Args:
        answers: The answers.
        book: The label book.

    Returns:
        One row per image.
    """
    used = {image_class(s) for by in answers.said.values() for s in by.values()}
    used |= {image_class(s) for s in answers.reference.values()}
    names = [n for n in book.names if n in used]
    names += sorted(n for n in used if n is not None and n not in book.names)
    names += [NOTHING] if None in used else []
    place = {n: k for k, n in enumerate(names)}
    good = {c.name for c in book.classes if c.good} | {NOTHING}
    return _image_table(
        answers,
        names,
        lambda shapes: place[image_class(shapes) or NOTHING],
        good=tuple(n for n in names if n in good),
    )


def verdict_table(answers: Answers, book: LabelBook) -> AnswerTable:
    """OK or NG for every image by every labeler.

    Args:
        answers: The answers.
        book: The label book, which knows the good classes.

    Returns:
        One row per image.
    """
    return _image_table(answers, (OK, NG), lambda s: int(book.is_defect(s)), good=(OK,))


def object_table(answers: Answers, book: LabelBook, *, least_iou: float) -> AnswerTable:
    """Every object that anybody marked: its class by every labeler, or "not seen".

    Args:
        answers: The answers; outlines and masks are taken for their boxes.
        book: The label book.
        least_iou: Overlap from which two boxes may be around the same object.

    Returns:
        One row per object.
    """
    names = classes_of(answers, book)
    unseen = len(names)
    codes, boxes, clusters = [], [], []
    for number, record in enumerate(answers.images):
        drawn = drawn_boxes(answers, record, names)
        true = answers.reference.get(record.sha256)
        drawn.append(None if true is None else drawn_of(true, names))
        units = match_objects(drawn, least_iou=least_iou)
        codes.append(unit_codes(units, drawn, unseen=unseen))
        boxes.append(unit_boxes(units, drawn))
        clusters.append(np.full(len(units), number, dtype=np.intp))
    width = len(answers.columns) + 1
    table = np.concatenate([*codes, np.zeros((0, width), dtype=np.intp)])
    ratings = Ratings.of(
        table[:, :-1],
        (*names, UNSEEN),
        answers.labelers,
        clusters=np.concatenate([*clusters, np.zeros(0, dtype=np.intp)]),
        unseen=unseen,
    )
    return AnswerTable(
        ratings,
        table[:, -1] if answers.reference else None,
        (),
        np.concatenate([*boxes, np.zeros((0, width, 4))]),
    )


def classes_of(answers: Answers, book: LabelBook) -> tuple[str, ...]:
    """The classes that anybody used, in the order of the label book.

    Args:
        answers: The answers.
        book: The label book.

    Returns:
        Names; those that the book lacks come last.
    """
    used = answers.labels_used
    return (*(n for n in book.names if n in used), *sorted(used - set(book.names)))


def drawn_boxes(
    answers: Answers, record: ImageRecord, classes: Sequence[str]
) -> list[Drawn | None]:
    """The boxes of one image, column by column.

    Args:
        answers: The answers.
        record: The image.
        classes: In the order of their indices.

    Returns:
        None for a column without an answer.
    """
    by = answers.said[record.sha256]
    return [drawn_of(by[n], classes) if n in by else None for n in range(len(answers.columns))]


def drawn_of(shapes: Sequence[Shape], classes: Sequence[str]) -> Drawn:
    """The boxes around shapes.

    Args:
        shapes: Of one image; classes of whole images are left out.
        classes: In the order of their indices.

    Returns:
        Boxes and class indices.
    """
    placed = [(box, list(classes).index(s.label)) for s in shapes if (box := shape_box(s))]
    return Drawn.of([box for box, _ in placed], [index for _, index in placed])


def label_map(
    shapes: Sequence[Shape], record: ImageRecord, classes: Sequence[str]
) -> NDArray[np.intp]:
    """The class of every pixel: 0 background, k + 1 class k.

    Args:
        shapes: Of one image; classes of whole images are left out, they have no place.
        record: The image.
        classes: In the order of their indices.

    Returns:
        (H, W) in the smallest type that holds the classes.
    """
    kept = [s for s in shapes if shape_box(s) is not None]
    kind = np.uint8 if len(classes) < 255 else np.uint16
    out: NDArray[np.intp] = true_map(kept, record.size_wh, classes).astype(kind)
    return out


def _image_table(
    answers: Answers,
    names: Sequence[str],
    code: Callable[[Sequence[Shape]], int],
    *,
    good: tuple[str, ...],
) -> AnswerTable:
    codes = np.full((len(answers.images), len(answers.columns)), NO_ANSWER, dtype=np.intp)
    true = np.full(len(answers.images), NO_ANSWER, dtype=np.intp)
    for row, record in enumerate(answers.images):
        for column, shapes in answers.said[record.sha256].items():
            codes[row, column] = code(shapes)
        if record.sha256 in answers.reference:
            true[row] = code(answers.reference[record.sha256])
    ratings = Ratings.of(codes, names, answers.labelers)
    return AnswerTable(ratings, true if answers.reference else None, good, np.zeros((0, 0, 4)))
