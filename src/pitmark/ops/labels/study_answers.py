"""Take what people answer into a study; the labels of the project stay as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.errors import (
    InvalidInputError,
    InvalidLabelError,
    NotEnoughDataError,
    NotFoundError,
    PitmarkError,
)
from pitmark.core.labels import Shape
from pitmark.core.records import ImageRecord
from pitmark.formats.images import decode_image
from pitmark.formats.registry import ImportedImage, read_folder
from pitmark.formats.scan import stem_of
from pitmark.ops.labels.labeling import check_shapes
from pitmark.ops.labels.study_sheet import order_of
from pitmark.store.db import ProjectStore
from pitmark.store.studies import NewAnswer, StudyRow


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Whose answers a folder holds, and how to read it.

    `labeler` may be left out where the files name labelers; `trial` may be left out in a
    study without repeats. `replace` lets answers stand in for earlier ones.
    """

    labeler: str | None = None
    trial: int | None = None
    format: str | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class AddedAnswers:
    """What was taken into a study: answers by labeler, and what was left out and why."""

    study: str
    trial: int
    added: int
    by_labeler: Mapping[str, int]
    missing: Mapping[str, int]
    strangers: tuple[str, ...]
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The summary as plain JSON types."""
        return {
            "study": self.study,
            "trial": self.trial,
            "added": self.added,
            "by_labeler": dict(self.by_labeler),
            "missing": dict(self.missing),
            "strangers": list(self.strangers),
            "problems": list(self.problems),
        }


def add_folder(
    project: ProjectStore, study: str, folder: Path, source: AnswerSource
) -> AddedAnswers:
    """Take a labeler's folder into a study; the labels of the project stay as they are.

    Images are known by their content, else by the number of the sheet or their name in the
    project, if they are of the same size. All answers are taken or none.

    Args:
        project: The project.
        study: The study.
        folder: Images and labels in any format that can be imported.
        source: Whose answers.

    Returns:
        What was added.

    Raises:
        NotFoundError: No such study, labeler or trial.
        InvalidInputError: It is not said whose answers or which trial these are.
        InvalidLabelError: A class is not in the label book, or a shape lies off its image.
        NotEnoughDataError: The folder answers no image of the study.
        ConflictError: Another answer was given before.
    """
    row = project.studies.get(study)
    trial = _trial(row, source.trial)
    listing = read_folder(folder, format=source.format, task=project.task)
    places = _Places(project, row, source.labeler, trial)
    said: dict[tuple[str, str], tuple[Shape, ...]] = {}
    strangers = []
    for item in listing.images:
        sha = places.find(item)
        if sha is None:
            strangers.append(item.name)
            continue
        for labeler, shapes in _by_labeler(row, item, source):
            if said.setdefault((sha, labeler), shapes) != shapes:
                raise InvalidInputError(
                    f"{folder} holds two different answers of {labeler} on one image, the"
                    f" second in {item.name}"
                )
    if not said:
        raise NotEnoughDataError(
            f"{folder} answers no image of study {row.id}: {len(listing.images)} images found,"
            f" {len(strangers)} of them not in the study, the others without labels",
            hint="The folder must hold the images of the sheet with the labels.",
        )
    problems = tuple(f"{p.name}: {p.reason}" for p in listing.problems)
    added = _add(project, row, said, trial=trial, source=folder.name, replace=source.replace)
    return AddedAnswers(**added, strangers=tuple(strangers), problems=problems)


def add_labels(
    project: ProjectStore, study: str, labelers: Sequence[str], *, trial: int | None = None
) -> AddedAnswers:
    """Take the latest labels of some people in the project as their answers in a study.

    Args:
        project: The project.
        study: The study.
        labelers: Who.
        trial: Which trial these were; may be left out in a study without repeats.

    Returns:
        What was added.

    Raises:
        NotFoundError: No such study, labeler or trial.
        NotEnoughDataError: None of them labeled an image of the study.
        ConflictError: Another answer was given before.
    """
    row = project.studies.get(study)
    number = _trial(row, trial)
    for name in labelers:
        order_of(row, name, number)
    latest = project.annotations.all_latest()
    said = {
        (sha, name): latest[sha][name].shapes
        for sha in row.design["images"]
        for name in labelers
        if name in latest.get(sha, {})
    }
    if not said:
        raise NotEnoughDataError(
            f"{', '.join(labelers) or 'nobody'} labeled no image of study {row.id}"
        )
    added = _add(project, row, said, trial=number, source="labels", replace=False)
    return AddedAnswers(**added, strangers=(), problems=())


class _Places:
    """Which image of a study a file is."""

    def __init__(
        self, project: ProjectStore, row: StudyRow, labeler: str | None, trial: int
    ) -> None:
        self._project = project
        images: list[str] = row.design["images"]
        self._records = {sha: project.images.get(sha) for sha in images}
        self._by_number: dict[int, str] = {}
        if labeler is not None:
            order = order_of(row, labeler, trial)
            self._by_number = {n: images[p] for n, p in enumerate(order, start=1)}

    def find(self, item: ImportedImage) -> str | None:
        """The sha256 of the image in the project, None for one that is not in the study."""
        data = item.path.read_bytes()
        sha = hashlib.sha256(data).hexdigest()
        if sha in self._records:
            return sha
        stem = stem_of(item.name).rpartition("/")[2]
        meant = self._by_number.get(int(stem)) if stem.isdecimal() else None
        meant = meant or self._named(item.name)
        if meant is None:
            return None
        return meant if self._fits(data, item.name, self._records[meant]) else None

    def _named(self, name: str) -> str | None:
        for text in (name, name.rpartition("/")[2]):
            try:
                sha = self._project.images.find(text).sha256
            except (NotFoundError, InvalidInputError):
                continue
            if sha in self._records:
                return sha
        return None

    def _fits(self, data: bytes, name: str, record: ImageRecord) -> bool:
        try:
            decoded = decode_image(data, name=name)
        except PitmarkError:
            return False
        return (decoded.width, decoded.height) == record.size_wh


def _by_labeler(
    row: StudyRow, item: ImportedImage, source: AnswerSource
) -> Iterator[tuple[str, tuple[Shape, ...]]]:
    if source.labeler is not None:
        given = item.by_labeler.get(source.labeler, item.shapes)
        if given is not None:
            yield source.labeler, given
        return
    if item.shapes is not None and not item.by_labeler:
        raise InvalidInputError(
            f"{item.name} does not say who labeled it",
            hint=f"Name the labeler: {', '.join(row.design['labelers'])}.",
        )
    yield from item.by_labeler.items()


def _add(
    project: ProjectStore,
    row: StudyRow,
    said: Mapping[tuple[str, str], tuple[Shape, ...]],
    *,
    trial: int,
    source: str,
    replace: bool,
) -> dict[str, Any]:
    book = project.book.current()
    counts: dict[str, int] = {}
    for (sha, labeler), shapes in said.items():
        order_of(row, labeler, trial)
        record = project.images.get(sha)
        try:
            check_shapes(shapes, record, book)
        except InvalidLabelError as exc:
            raise InvalidLabelError(
                f"answer of {labeler} on {record.name}: {exc.message}", hint=exc.hint
            ) from exc
        counts[labeler] = counts.get(labeler, 0) + 1
    items = [NewAnswer(sha, who, trial, shapes, source) for (sha, who), shapes in said.items()]
    added = project.studies.add_answers(row.id, items, replace=replace)
    total = len(row.design["images"])
    return {
        "study": row.id,
        "trial": trial,
        "added": added,
        "by_labeler": counts,
        "missing": {who: total - n for who, n in counts.items() if n < total},
    }


def _trial(row: StudyRow, trial: int | None) -> int:
    repeats = int(row.design["repeats"])
    if trial is None and repeats > 1:
        raise InvalidInputError(
            f"study {row.id} has {repeats} trials, and it is not said which one this is",
            hint="Say which: --trial 1.",
        )
    return trial or 1
