"""Agreement studies: what was put before whom, and what they answered, apart from labels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func

from pitmark.core.errors import ConflictError, InvalidInputError, NotFoundError
from pitmark.core.labels import Shape, shapes_hash
from pitmark.store.book import Books
from pitmark.store.images import Images
from pitmark.store.plain_json import plain
from pitmark.store.plain_shapes import as_kept, shapes_from_plain, shapes_to_plain
from pitmark.store.schema import images as images_table
from pitmark.store.schema import now, studies, study_answers
from pitmark.store.scope import Scope, chunks


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One study; `design` says which images were put before whom, in which order."""

    id: str
    name: str
    design: Mapping[str, Any]
    author: str
    created: datetime


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """All that one labeler said about one image in one trial, to be added."""

    sha256: str
    labeler: str
    trial: int
    shapes: Sequence[Shape]
    source: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one labeler said about one image in one trial; `revision` counts from 1."""

    sha256: str
    labeler: str
    trial: int
    revision: int
    shapes: tuple[Shape, ...]
    at: datetime
    book_revision: int
    source: str


class Studies:
    """The agreement studies of one project; nothing in them touches its labels.

    Args:
        scope: The project.
        images: Its images.
        book: Its label book.
    """

    def __init__(self, scope: Scope, *, images: Images, book: Books) -> None:
        self._scope, self._images, self._book = scope, images, book

    def create(self, name: str, design: Mapping[str, Any], *, author: str) -> StudyRow:
        """Keep the design of a new study.

        Args:
            name: How people call it; may be empty.
            design: Plain JSON values.
            author: Who designed it.

        Returns:
            The study with its id.
        """
        with self._scope.write() as connection:
            newest = self._scope.select(studies, func.max(studies.c.number))
            number = int(self._scope.value(newest) or 0) + 1
            values = {
                "number": number,
                "name": name,
                "design": plain(design),
                "author": author,
                "created": now(),
            }
            self._scope.insert(connection, studies, [values])
        return self.get(f"s{number}")

    def list(self) -> Sequence[StudyRow]:
        """All studies, the oldest first."""
        query = self._scope.select(studies).order_by(studies.c.number)
        return [_study(row) for row in self._scope.rows(query)]

    def get(self, study: str = "latest") -> StudyRow:
        """One study.

        Args:
            study: Its id, such as "s2", its name, or latest.

        Returns:
            The study.

        Raises:
            NotFoundError: No such study.
        """
        return _study(self._row(study))

    def add_answers(
        self, study: str, items: Sequence[NewAnswer], *, replace: bool = False
    ) -> int:
        """Add what was answered: all or none.

        An answer that is there already and says the same is not added again.

        Args:
            study: The study.
            items: The answers.
            replace: Whether an answer may stand in for an earlier one; both are kept.

        Returns:
            How many were added.

        Raises:
            NotFoundError: No such study, or the project has no such image.
            ConflictError: There is another answer already, and `replace` is off.
            InvalidInputError: The same image twice for one labeler and trial.
        """
        with self._scope.write() as connection:
            key = self._row(study).key
            said = {(a.sha256, a.labeler, a.trial): a for a in self.answers(study)}
            ids = self._images.ids([i.sha256 for i in items])
            values: dict[tuple[str, str, int], dict[str, Any]] = {}
            for item in items:
                place = (item.sha256, item.labeler, item.trial)
                if place in values:
                    raise InvalidInputError(
                        f"{item.labeler} answers image {item.sha256[:12]} twice in trial"
                        f" {item.trial}"
                    )
                row = self._values(item, said.get(place), replace=replace)
                if row is not None:
                    values[place] = {"study_key": key, "image_id": ids[item.sha256], **row}
            for part in chunks(list(values.values())):
                self._scope.insert(connection, study_answers, part)
        return len(values)

    def answers(self, study: str) -> Sequence[AnswerRow]:
        """What holds of the answers of a study: the newest of each image and trial.

        Args:
            study: The study.

        Returns:
            The answers in the order in which they were given first.

        Raises:
            NotFoundError: No such study.
        """
        query = self._scope.select(study_answers, study_answers, images_table.c.sha256)
        query = query.join(images_table, images_table.c.id == study_answers.c.image_id)
        query = query.where(study_answers.c.study_key == self._row(study).key)
        newest: dict[tuple[str, str, int], AnswerRow] = {}
        for row in self._scope.rows(query.order_by(study_answers.c.id)):
            newest[row.sha256, row.labeler, row.trial] = _answer(row)
        return list(newest.values())

    def _values(
        self, item: NewAnswer, known: AnswerRow | None, *, replace: bool
    ) -> dict[str, Any] | None:
        shapes = as_kept(item.shapes)
        digest = shapes_hash(shapes)
        if known is not None and shapes_hash(known.shapes) == digest:
            return None
        if known is not None and not replace:
            name = self._images.get(item.sha256).name
            raise ConflictError(
                f"{item.labeler} answered {name} differently in trial {item.trial} already",
                hint="A study is not corrected in passing: ask for it to be replaced if the"
                " first answers came by mistake.",
            )
        return {
            "labeler": item.labeler,
            "trial": item.trial,
            "revision": 1 if known is None else known.revision + 1,
            "shapes": shapes_to_plain(shapes),
            "labels_hash": digest,
            "at": now(),
            "book_revision": self._book.last_revision(),
            "source": item.source,
        }

    def _row(self, study: str) -> Any:
        query = self._scope.select(studies).order_by(studies.c.number.desc())
        if re.fullmatch(r"s[1-9]\d{0,8}", study):
            found = self._scope.first(query.where(studies.c.number == int(study[1:])))
        elif study == "latest":
            found = self._scope.first(query)
        else:
            found = self._scope.first(query.where(studies.c.name == study))
        if found is None:
            known = [f"{s.id} ({s.name})" if s.name else s.id for s in self.list()]
            raise NotFoundError(
                f"there is no study {study!r}" if known else "there is no study yet",
                hint=f"Studies: {', '.join(known)}." if known else "pitmark agreement design",
            )
        return found


def _study(row: Any) -> StudyRow:
    return StudyRow(f"s{row.number}", row.name, row.design, row.author, row.created)


def _answer(row: Any) -> AnswerRow:
    return AnswerRow(
        sha256=row.sha256,
        labeler=row.labeler,
        trial=row.trial,
        revision=row.revision,
        shapes=shapes_from_plain(row.shapes),
        at=row.at,
        book_revision=row.book_revision,
        source=row.source,
    )
