"""Reading what people said about images: who said what, and which of it holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from pitmark.core.labels import Shape, Task
from pitmark.store.consensus import Said, consensus_of, latest_by_labeler, standing
from pitmark.store.image_reader import ImageReader
from pitmark.store.plain_shapes import shapes_from_plain
from pitmark.store.schema import annotation_table, images
from pitmark.store.scope import Scope, chunks


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


class AnnotationReader:
    """The annotations of one project, to be read.

    Args:
        scope: The project.
        task: Of the project.
        images: Its images.
    """

    def __init__(self, scope: Scope, task: Task, *, images: ImageReader) -> None:
        self._scope, self._task, self._images = scope, task, images

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
