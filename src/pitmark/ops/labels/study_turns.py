"""One person's turn in a study: the next image, without anybody's labels, and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pitmark.core.errors import ConflictError, NotFoundError
from pitmark.core.labels import Shape
from pitmark.ops.labels.labeling import check_shapes
from pitmark.ops.labels.study_sheet import order_of
from pitmark.store.db import ProjectStore
from pitmark.store.studies import NewAnswer, StudyRow

_SOURCE = "web"


@dataclass(frozen=True, slots=True)
class Turn:
    """The next image of a labeler; `sha256` is None when the trial is answered.

    `place` counts from 1 in the order of this labeler and trial.
    """

    trial: int
    place: int
    total: int
    sha256: str | None


def next_turn(
    project: ProjectStore, study: str, *, labeler: str, trial: int | None = None
) -> Turn:
    """What a labeler sees next: the first image in their order that they have not answered.

    Args:
        project: The project.
        study: The study.
        labeler: Who.
        trial: Which trial, from 1; None for the first that is not answered.

    Returns:
        The turn; of the last trial where everything is answered.

    Raises:
        NotFoundError: No such study or trial, or the person takes no part in it.
    """
    row = project.studies.get(study)
    answered = _answered(project, row, labeler)
    repeats = int(row.design["repeats"])
    wanted = [trial] if trial is not None else list(range(1, repeats + 1))
    for number in wanted:
        order = order_of(row, labeler, number)
        for place, image in enumerate(order, start=1):
            sha = row.design["images"][image]
            if (sha, number) not in answered:
                return Turn(number, place, len(order), sha)
    return Turn(wanted[-1], len(order), len(order), None)


def answer(
    project: ProjectStore,
    study: str,
    sha256: str,
    shapes: Sequence[Shape],
    *,
    labeler: str,
    trial: int,
) -> None:
    """Keep what a labeler says of one image in a study; the labels of the project stay.

    Saying the same again does nothing.

    Args:
        project: The project.
        study: The study.
        sha256: An image of the study.
        shapes: All that there is to mark.
        labeler: Who.
        trial: Which trial, from 1.

    Raises:
        NotFoundError: No such study or trial, the person takes no part in it, or the image is
            not in it.
        ConflictError: They answered otherwise before.
        InvalidLabelError: A class is not in the label book, or a shape lies off the image.
    """
    row = project.studies.get(study)
    order_of(row, labeler, trial)
    if sha256 not in row.design["images"]:
        raise NotFoundError(f"study {row.id} has no image {sha256[:12]!r}")
    told = tuple(shapes)
    check_shapes(told, project.images.get(sha256), project.book.current())
    item = NewAnswer(sha256, labeler, trial, told, source=_SOURCE)
    project.studies.add_answers(row.id, [item])


def expect_done(project: ProjectStore, study: str, labeler: str) -> None:
    """Keep a study blind: who takes part sees what others said when they have said it all.

    Args:
        project: The project.
        study: The study.
        labeler: Who asks; somebody who takes no part may always see it.

    Raises:
        NotFoundError: No such study.
        ConflictError: They have images left to answer.
    """
    row = project.studies.get(study)
    if labeler not in row.design["labelers"]:
        return
    total = len(row.design["images"]) * int(row.design["repeats"])
    left = total - len(_answered(project, row, labeler))
    if left:
        raise ConflictError(
            f"{labeler} has {left} of {total} images left to answer in study {row.id}",
            hint="What the others said can be seen afterwards: the study is blind.",
        )


def _answered(project: ProjectStore, row: StudyRow, labeler: str) -> set[tuple[str, int]]:
    said = project.studies.answers(row.id)
    return {(a.sha256, a.trial) for a in said if a.labeler == labeler}
