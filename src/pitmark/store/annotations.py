"""What people said about images: only ever added to, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pitmark.core.errors import ConflictError, InvalidInputError
from pitmark.core.labels import Shape, Task, shapes_hash
from pitmark.store.annotation_rows import AnnotationReader, AnnotationRow
from pitmark.store.book import Books
from pitmark.store.consensus import Said, standing
from pitmark.store.images import Images
from pitmark.store.label_saves import LabelSaves, SaveKey
from pitmark.store.plain_shapes import as_kept, shapes_to_plain
from pitmark.store.schema import annotation_table, now
from pitmark.store.scope import Scope, chunks


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """All that one labeler says about one image, to be added.

    `withdraws` is the id of an annotation that it takes back: then neither of the two
    counts, and what held before holds again. `key` makes adding again harmless: what the
    same labeler adds under the same key is what was added first.
    """

    sha256: str
    shapes: Sequence[Shape]
    labeler: str
    book_revision: int
    reason: str = ""
    review: bool = False
    withdraws: int | None = None
    key: str = ""


class Annotations(AnnotationReader):
    """The annotations of one project.

    Args:
        scope: The project.
        task: Of the project.
        images: Its images.
        book: Its label book.
    """

    def __init__(self, scope: Scope, task: Task, *, images: Images, book: Books) -> None:
        super().__init__(scope, task, images=images)
        self._book = book
        self._saves = LabelSaves(scope)

    def add(
        self,
        sha256: str,
        shapes: Sequence[Shape],
        *,
        labeler: str,
        book_revision: int,
        reason: str = "",
        review: bool = False,
    ) -> AnnotationRow:
        """Add what a labeler says about an image.

        Saying again what one said last adds nothing. A review adds nothing when the
        latest review of the image is by the same person and says the same.

        Args:
            sha256: The image.
            shapes: All shapes on it; none means that there is nothing to mark.
            labeler: Who says so.
            book_revision: The revision of the label book that was followed.
            reason: Why, where that matters.
            review: Whether this settles what others said.

        Returns:
            The row added, or the one that says the same already.

        Raises:
            NotFoundError: The project has no such image.
            InvalidInputError: No labeler, or the label book has no such revision.
        """
        new = NewAnnotation(sha256, shapes, labeler, book_revision, reason, review)
        return self.add_many([new])[0]

    def add_many(self, items: Sequence[NewAnnotation]) -> list[AnnotationRow]:
        """Add many annotations, in their order: all or none.

        Args:
            items: As for `add`.

        Returns:
            One row each, as for `add`.

        Raises:
            NotFoundError: The project has no such image.
            InvalidInputError: No labeler, or the label book has no such revision.
            ConflictError: A key was used for another image before.
        """
        with self._scope.write() as connection:
            self._check(items)
            ids = self._add_once(connection, items)
            rows = self._rows(ids)
            for item, key in zip(items, ids, strict=True):
                _check_same_image(item, rows[key])
        return [rows[i] for i in ids]

    def _add_once(self, connection: Connection, items: Sequence[NewAnnotation]) -> list[int]:
        """Add what was not added under its key before; the key of each row."""
        saved = self._saves.known((i.labeler, i.key) for i in items if i.key)
        told: dict[SaveKey, int] = {}
        fresh: list[NewAnnotation] = []
        where: list[int | None] = []
        for item in items:
            name = (item.labeler, item.key)
            where.append(None if name in saved else told.get(name, len(fresh)))
            if where[-1] == len(fresh):
                fresh.append(item)
                told |= {name: len(fresh) - 1} if item.key else {}
        added = [i for part in chunks(fresh) for i in self._add_part(connection, part)]
        self._saves.note(connection, {name: added[n] for name, n in told.items()})
        return [
            saved[i.labeler, i.key] if n is None else added[n]
            for i, n in zip(items, where, strict=True)
        ]

    def _check(self, items: Sequence[NewAnnotation]) -> None:
        last = self._book.last_revision()
        for item in items:
            if not item.labeler.strip():
                raise InvalidInputError(f"the annotation of {item.sha256} names no labeler")
            if not 1 <= item.book_revision <= last:
                raise InvalidInputError(
                    f"the label book has no revision {item.book_revision}",
                    hint=f"Its revisions: 1 to {last}.",
                )

    def _add_part(self, connection: Connection, part: Sequence[NewAnnotation]) -> list[int]:
        """Add some annotations and give the key of each row, new or as it was."""
        image_ids = self._images.ids([item.sha256 for item in part])
        memory = _Memory(self._said(image_ids.values()))
        values: list[dict[str, Any]] = []
        where: list[int | None] = []
        for item in part:
            row = {"image_id": image_ids[item.sha256], **_values(item)}
            existing = memory.same(row)
            where.append(existing)
            if existing is None:
                values.append(memory.take(row, -1 - len(values)))
        new = self._scope.insert_returning(connection, annotation_table.c.id, values)
        fresh = iter(new)
        out = [next(fresh) if w is None else w for w in where]
        # What is said twice in one call refers to the row of the first time: -1 - index.
        return [new[-1 - key] if key < 0 else key for key in out]


class _Memory:
    """What has been said about some images, kept up to date while more is added."""

    def __init__(self, said: Iterable[tuple[int, Sequence[Said]]]) -> None:
        self._last: dict[tuple[int, str], Said] = {}
        self._review: dict[int, Said] = {}
        self._revision: dict[tuple[int, str], int] = {}
        for image_id, rows in said:
            for one in rows:
                self._revision[image_id, one.labeler] = one.revision
            for one in standing(rows):
                self._note(image_id, one)

    def _note(self, image_id: int, said: Said) -> None:
        if said.review:
            self._review[image_id] = said
        else:
            self._last[image_id, said.labeler] = said

    def same(self, row: Mapping[str, Any]) -> int | None:
        """The key of the annotation that says the same already, if any."""
        if row["withdraws"] is not None:
            return None
        if row["review"]:
            last = self._review.get(row["image_id"])
        else:
            last = self._last.get((row["image_id"], row["labeler"]))
        if last is None:
            return None
        known = (last.labeler, last.labels_hash) == (row["labeler"], row["labels_hash"])
        return last.id if known else None

    def take(self, row: dict[str, Any], key: int) -> dict[str, Any]:
        """Note a row to be added under a preliminary key, and number its revision."""
        image_id, labeler = row["image_id"], row["labeler"]
        revision = self._revision.get((image_id, labeler), 0) + 1
        self._revision[image_id, labeler] = revision
        if row["withdraws"] is None:
            new = Said(key, labeler, row["labels_hash"], row["review"], revision)
            self._note(image_id, new)
        else:
            self._review.pop(image_id, None)
        return {**row, "revision": revision}


def _check_same_image(item: NewAnnotation, row: AnnotationRow) -> None:
    if item.sha256 != row.sha256:
        raise ConflictError(
            f"{item.labeler} saved the labels of another image under the key {item.key!r}",
            hint="Choose a new key for every save.",
        )


def _values(item: NewAnnotation) -> dict[str, Any]:
    shapes = as_kept(item.shapes)
    return {
        "labeler": item.labeler,
        "shapes": shapes_to_plain(shapes),
        "labels_hash": shapes_hash(shapes),
        "at": now(),
        "book_revision": item.book_revision,
        "reason": item.reason,
        "review": item.review,
        "withdraws": item.withdraws,
    }
