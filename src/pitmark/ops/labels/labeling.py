"""Say what is true of an image, keep the label book, and settle findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pitmark.core.errors import InvalidInputError, InvalidLabelError
from pitmark.core.label_book import LabelBook
from pitmark.core.labels import (
    ImageClass,
    MaskShape,
    Shape,
    shape_box,
    shape_from_json,
    shape_to_json,
)
from pitmark.core.records import ImageRecord
from pitmark.store.annotation_rows import AnnotationRow, Told
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore
from pitmark.store.findings import FindingRow

Decision = Literal["accept", "correct", "dismiss"]
_TAKES_BACK = "takes back what was said"
DECISION_STATES = {"accept": "accepted", "correct": "corrected", "dismiss": "dismissed"}


def annotate(
    project: ProjectStore,
    image: str,
    shapes: tuple[Shape, ...],
    *,
    labeler: str,
    reason: str = "",
) -> AnnotationRow:
    """Write what a labeler says about an image as a new revision.

    Args:
        project: The project.
        image: Name of the image, or the beginning of its sha256.
        shapes: All shapes; none means "nothing to mark".
        labeler: Who says so.
        reason: Why, where it corrects something.

    Returns:
        The annotation.

    Raises:
        NotFoundError: No such image.
        InvalidLabelError: A class is not in the label book, or a shape is off the image.
    """
    record = project.images.find(image)
    book = project.book.current()
    check_shapes(shapes, record, book)
    return project.annotations.add(
        record.sha256, shapes, labeler=labeler, book_revision=book.revision, reason=reason
    )


def take_back(project: ProjectStore, sha256: str, *, labeler: str) -> Told:
    """Make an image as if a labeler had never said anything about it.

    What was said stays in the history, withdrawn. Decisions on findings are not touched:
    `review_undo` takes those back.

    Args:
        project: The project.
        sha256: The image.
        labeler: Whose words.

    Returns:
        All that is said about the image now.

    Raises:
        NotFoundError: No such image.
    """
    with project.transaction():
        book = project.book.current()
        said = project.annotations.history(sha256)
        gone = {row.withdraws for row in said}
        project.annotations.add_many(
            [
                NewAnnotation(sha256, (), labeler, book.revision, _TAKES_BACK, withdraws=row.id)
                for row in said
                if row.labeler == labeler and not row.review
                if row.withdraws is None and row.id not in gone
            ]
        )
        return project.annotations.told([sha256])[sha256]


def check_shapes(shapes: tuple[Shape, ...], record: ImageRecord, book: LabelBook) -> None:
    """Make sure that shapes belong to an image and to a label book.

    Args:
        shapes: All shapes of the image.
        record: The image.
        book: The label book.

    Raises:
        InvalidLabelError: A class is unknown, or a shape lies off the image.
    """
    for shape in shapes:
        book.entry(shape.label)
        if isinstance(shape, MaskShape) and shape.size_wh != record.size_wh:
            # Before it is decoded: a size can be claimed that no memory holds.
            raise InvalidLabelError(
                f"mask of {shape.label!r} is {shape.size_wh[0]}x{shape.size_wh[1]}, the image"
                f" {record.name} is {record.width}x{record.height}"
            )
        box = shape_box(shape)
        if box is None:
            continue
        if box[0] < 0 or box[1] < 0 or box[2] > record.width or box[3] > record.height:
            raise InvalidLabelError(
                f"{shape.label} at {tuple(round(v, 1) for v in box)} lies off the image"
                f" {record.name} of {record.width}x{record.height}"
            )
    whole = [s for s in shapes if isinstance(s, ImageClass)]
    if len(whole) > 1:
        raise InvalidLabelError(f"{record.name} has {len(whole)} classes for the whole image")


def settle(
    project: ProjectStore,
    finding_id: str,
    decision: Decision,
    *,
    by: str,
    shapes: tuple[Shape, ...] | None = None,
    note: str = "",
) -> FindingRow:
    """Decide on a finding; a correction is written in the same stroke.

    `accept` agrees without changing a label, `correct` writes the suggested (or the
    given) shapes as a reviewed revision, `dismiss` keeps the label as it is.

    Args:
        project: The project.
        finding_id: The finding.
        decision: accept, correct or dismiss.
        by: Who decides.
        shapes: For `correct`: what is true instead of the suggestion.
        note: Why.

    Returns:
        The settled finding.

    Raises:
        NotFoundError: No such finding.
        ConflictError: It was settled otherwise already.
        InvalidInputError: Nothing to correct with, or an unknown decision.
    """
    if decision not in DECISION_STATES:
        raise InvalidInputError(
            f"unknown decision {decision!r}", hint="accept, correct or dismiss."
        )
    correction = None
    if decision == "correct":
        finding = project.findings.get(finding_id)
        correction = shapes if shapes is not None else finding.suggestion
        if correction is None:
            raise InvalidInputError(
                f"finding {finding_id} suggests no change",
                hint="Give the corrected shapes, or accept or dismiss it.",
            )
        record = project.images.get(finding.sha256)
        check_shapes(correction, record, project.book.current())
    return project.findings.settle(
        finding_id, DECISION_STATES[decision], by, note, correction=correction
    )


def read_shapes(path: Path) -> tuple[Shape, ...]:
    """Shapes from a JSON file: a list of objects as `pitmark findings --json` gives them.

    Args:
        path: The file.

    Returns:
        The shapes.

    Raises:
        InvalidInputError: No such file or no such JSON.
    """
    data = _read_json(path)
    if not isinstance(data, list):
        raise InvalidInputError(f"{path.name} must hold a list of shapes")
    return tuple(shape_from_json(d) for d in data)


def read_label_book(path: Path) -> LabelBook:
    """A label book from a JSON file.

    Args:
        path: The file.

    Returns:
        The book; its revision is set when it is saved.

    Raises:
        InvalidInputError: No such file or no such JSON.
        InvalidLabelError: The JSON is no label book.
    """
    data = _read_json(path)
    if not isinstance(data, dict):
        raise InvalidInputError(f"{path.name} must hold a label book, a JSON object")
    return LabelBook.from_json(data)


def save_label_book(
    project: ProjectStore, book: LabelBook, *, author: str, reason: str = ""
) -> LabelBook:
    """Save the next revision of the label book.

    Args:
        project: The project.
        book: The book as it shall stand.
        author: Who changes it.
        reason: Why.

    Returns:
        The book with its revision.

    Raises:
        InvalidInputError: A class that labels use has been left out.
    """
    used: dict[str, int] = {}
    for row in project.annotations.consensus().values():
        for label in {s.label for s in row.shapes}:
            used[label] = used.get(label, 0) + 1
    lost = [n for n in used if n not in book.names]
    if lost:
        raise InvalidInputError(
            f"class {lost[0]!r} is used by {used[lost[0]]} images and cannot be left out",
            hint="Relabel those images first, or keep the class.",
        )
    return project.book.save(book, author=author, reason=reason)


def shapes_json(shapes: tuple[Shape, ...] | None) -> list[dict[str, Any]] | None:
    """Shapes as plain JSON types.

    Args:
        shapes: Of one image, or None.

    Returns:
        A list of objects, or None.
    """
    return None if shapes is None else [shape_to_json(s) for s in shapes]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InvalidInputError(f"cannot read {path}: {exc.strerror}") from exc
    except ValueError as exc:
        raise InvalidInputError(f"{path.name} is no JSON: {exc}") from exc
