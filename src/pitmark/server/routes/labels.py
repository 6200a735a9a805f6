"""Labels: what people said about an image, saving it, and what a model suggests."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from pitmark.ops.labels.labeling import take_back
from pitmark.ops.labels.saving import LabelsToSave
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.galleries import ProjectDesk
from pitmark.server.wire_shapes import from_wire, to_wire
from pitmark.store.annotation_rows import AnnotationRow, Told
from pitmark.wire.labels import Annotation, Labels, SaveLabels, Suggestion, Suggestions

router = APIRouter(prefix=PROJECT + "/images/{sha}", tags=["labels"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Labeler = Annotated[ProjectAccess, Depends(project_access("labeler"))]


@router.get("/labels")
def read_labels(access: Viewer, sha: str) -> Labels:
    """What is held to be true of an image, and who said what."""
    return labels_of(access, sha)


@router.put("/labels")
def save_labels(request: Request, access: Labeler, sha: str, saved: SaveLabels) -> Labels:
    """Say what is on an image; the whole of it becomes a new revision."""
    desk: ProjectDesk = request.app.state.galleries.of(access.store)
    new = LabelsToSave(sha, from_wire(saved.shapes), access.who, saved.reason, saved.key)
    return _labels(desk.saver.save(new), access.who)


@router.delete("/labels")
def take_back_labels(access: Labeler, sha: str) -> Labels:
    """Make an image as if the person who asks had never said anything about it."""
    return _labels(take_back(access.store, sha, labeler=access.who), access.who)


@router.get("/suggestions")
def suggest_labels(request: Request, access: Viewer, sha: str) -> Suggestions:
    """What the newest model proposes for an image."""
    desk: ProjectDesk = request.app.state.galleries.of(access.store)
    told = desk.suggester.suggest(sha)
    shapes = to_wire(told.shapes)
    items = [
        Suggestion(shape=shape, score=score)
        for shape, score in zip(shapes, told.scores, strict=True)
    ]
    return Suggestions(run=told.run, items=items)


def labels_of(access: ProjectAccess, sha: str) -> Labels:
    """The labels of an image as the person who asks sees them.

    Args:
        access: Who asks, in which project.
        sha: The image.

    Returns:
        The labels.

    Raises:
        NotFoundError: The project has no such image.
    """
    return _labels(access.store.annotations.told([sha])[sha], access.who)


def _labels(told: Told, who: str) -> Labels:
    gone = {row.withdraws for row in told.history}
    stand = [row for row in told.history if row.withdraws is None and row.id not in gone]
    mine = [row for row in stand if row.labeler == who]
    return Labels(
        consensus=None if told.held is None else to_wire(told.held.shapes),
        mine=_annotation(mine[-1]) if mine else None,
        history=[_annotation(row) for row in told.history],
    )


def _annotation(row: AnnotationRow) -> Annotation:
    return Annotation(
        labeler=row.labeler,
        revision=row.revision,
        shapes=to_wire(row.shapes),
        at=row.at,
        book_revision=row.book_revision,
        reason=row.reason,
        review=row.review,
    )
