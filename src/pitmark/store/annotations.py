"""What people said about images: only ever added to, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection

from pitmark.core.errors import ConflictError, InvalidInputError
from pitmark.core.labels import Shape, Task, shapes_hash
from pitmark.store.book import Books
from pitmark.store.consensus import Said, consensus_of, latest_by_labeler, standing
from pitmark.store.images import Images
from pitmark.store.label_saves import LabelSaves, SaveKey
from pitmark.store.plain_shapes import as_kept, shapes_from_plain, shapes_to_plain
from pitmark.store.schema import annotation_table, images, now
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


@dataclass(frozen=True, slots=True)
class AnnotationRow:
    """All that one labeler said about one image at one time.

    `revision` counts the annotations of this labeler on this image from 1. A `review`
    is meant to settle what others said; `withdraws` names an annotation that is taken back.
    """

    id: int
    sha256: str
    labeler: str
    revision: int
    shapes: tuple[Shape, ...]
    at: datetime
    book_revision: int
    reason: str
    review: bool
    withdraws: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """All annotations of an image, the oldest first, and the one that holds, if any."""

    history: tuple[AnnotationRow, ...]
    held: AnnotationRow | None


class Annotations:
    """The annotations of one project.

    Args:
        scope: The project.
        task: Of the project.
        images: Its images.
        book: Its label book.
    """

    def __init__(self, scope: Scope, task: Task, *, images: Images, book: Books) -> None:
        self._scope, self._task = scope, task
        self._images, self._book = images, book
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

    def history(self, sha256: str) -> list[AnnotationRow]:
        """All annotations of an image, the oldest first.

        Args:
            sha256: The image.

        Returns:
            The rows.

        Raises:
            NotFoundError: The project has no such image.
        """
        said = self._said(self._images.ids([sha256]).values())
        rows = self._rows([s.id for _, one in said for s in one])
        return [rows[i] for i in sorted(rows)]

    def told(self, shas: Sequence[str]) -> dict[str, Told]:
        """All that was said about some images, and what is held to be true of them.

        Args:
            shas: The images.

        Returns:
            sha256 to what was said.

        Raises:
            NotFoundError: The project lacks one of the images.
        """
        ids = self._images.ids(shas)
        said = dict(self._said(ids.values()))
        rows = self._rows([s.id for one in said.values() for s in one])
        out = {}
        for sha in shas:
            one = said.get(ids[sha], [])
            held = standing(one)
            chosen = rows[consensus_of(held, self._task).id] if held else None
            out[sha] = Told(tuple(rows[s.id] for s in one), chosen)
        return out

    def labelers(self) -> list[str]:
        """Everybody who labeled or reviewed anything, in the order of names."""
        query = self._scope.select(annotation_table, annotation_table.c.labeler).distinct()
        return [r.labeler for r in self._scope.rows(query.order_by(annotation_table.c.labeler))]

    def latest_by_labeler(self, sha256: str) -> dict[str, AnnotationRow]:
        """What each labeler said last about an image, reviews left out.

        Args:
            sha256: The image.

        Returns:
            Labeler to annotation, in the order in which they labeled first.

        Raises:
            NotFoundError: The project has no such image.
        """
        said = self._said(self._images.ids([sha256]).values())
        latest = {k: v for _, one in said for k, v in latest_by_labeler(one).items()}
        rows = self._rows([s.id for s in latest.values()])
        return {labeler: rows[s.id] for labeler, s in latest.items()}

    def all_latest(self) -> dict[str, dict[str, AnnotationRow]]:
        """What each labeler said last about each image, reviews left out.

        Returns:
            sha256 to labeler to annotation: what agreement is measured on.
        """
        said = self._said(None)
        latest = [s.id for _, one in said for s in latest_by_labeler(one).values()]
        rows = self._rows(latest)
        out: dict[str, dict[str, AnnotationRow]] = {}
        for row in rows.values():
            out.setdefault(row.sha256, {})[row.labeler] = row
        return out

    def consensus(self, shas: Sequence[str] | None = None) -> dict[str, AnnotationRow]:
        """What is held to be true of each labeled image; see `consensus_of`.

        Args:
            shas: Only these images; all when None.

        Returns:
            sha256 to annotation; unlabeled images are left out.

        Raises:
            NotFoundError: The project lacks one of the images asked for.
        """
        wanted = None if shas is None else self._images.ids(shas).values()
        said = (standing(one) for _, one in self._said(wanted))
        chosen = [consensus_of(one, self._task).id for one in said if one]
        return {row.sha256: row for row in self._rows(chosen).values()}

    def _said(self, image_ids: Iterable[int] | None) -> Iterator[tuple[int, list[Said]]]:
        """Image keys, each with its annotations without shapes, the oldest first."""
        columns = (
            annotation_table.c.image_id,
            annotation_table.c.id,
            annotation_table.c.labeler,
            annotation_table.c.labels_hash,
            annotation_table.c.review,
            annotation_table.c.revision,
            annotation_table.c.withdraws,
        )
        query = self._scope.select(annotation_table, *columns)
        query = query.order_by(annotation_table.c.image_id, annotation_table.c.id)
        parts = [query]
        if image_ids is not None:
            wanted = sorted(set(image_ids))
            parts = [query.where(annotation_table.c.image_id.in_(p)) for p in chunks(wanted)]
        for part in parts:
            for key, rows in groupby(self._scope.stream(part), attrgetter("image_id")):
                yield key, [_said_row(row) for row in rows]

    def _rows(self, ids: Sequence[int]) -> dict[int, AnnotationRow]:
        """Whole rows by key."""
        query = self._scope.select(annotation_table, annotation_table, images.c.sha256)
        query = query.join(images, images.c.id == annotation_table.c.image_id)
        out: dict[int, AnnotationRow] = {}
        for part in chunks(sorted(set(ids))):
            for row in self._scope.rows(query.where(annotation_table.c.id.in_(part))):
                out[row.id] = _row(row)
        return out


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


def _said_row(row: Any) -> Said:
    return Said(row.id, row.labeler, row.labels_hash, row.review, row.revision, row.withdraws)


def _row(row: Any) -> AnnotationRow:
    return AnnotationRow(
        id=row.id,
        sha256=row.sha256,
        labeler=row.labeler,
        revision=row.revision,
        shapes=shapes_from_plain(row.shapes),
        at=row.at,
        book_revision=row.book_revision,
        reason=row.reason,
        review=row.review,
        withdraws=row.withdraws,
    )
