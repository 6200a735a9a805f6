"""Saving labels from many people at once: each save is on the disk when it is answered.

Saves that come while another is being written are written together after it: making sure
that a transaction is on the disk takes about as long for fifty saves as for one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pitmark.core.errors import PitmarkError
from pitmark.core.labels import Shape
from pitmark.ops.labeling import check_shapes
from pitmark.store.annotations import AnnotationRow, NewAnnotation
from pitmark.store.db import ProjectStore


@dataclass(slots=True)
class _Waiting:
    """A save, and what became of it."""

    new: NewAnnotation
    row: AnnotationRow | None = None
    error: PitmarkError | None = None
    done: bool = field(default=False)


class LabelSaver:
    """Saves labels of one project.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        self._writing, self._guard = threading.Lock(), threading.Lock()
        self._waiting: list[_Waiting] = []

    def save(
        self,
        sha256: str,
        shapes: tuple[Shape, ...],
        *,
        labeler: str,
        reason: str = "",
        key: str = "",
    ) -> AnnotationRow:
        """Write what a labeler says about an image as a new revision.

        Saying again what one said last adds nothing, and so does a key that was used.

        Args:
            sha256: The image.
            shapes: All shapes; none means "nothing to mark".
            labeler: Who says so.
            reason: Why, where it corrects something.
            key: Makes saving again harmless; see `NewAnnotation`.

        Returns:
            The annotation.

        Raises:
            NotFoundError: No such image.
            InvalidLabelError: A class is not in the label book, or a shape is off the image.
            ConflictError: The key was used for another image.
        """
        record, book = self._project.images.get(sha256), self._project.book.current()
        check_shapes(shapes, record, book)
        new = NewAnnotation(sha256, shapes, labeler, book.revision, reason=reason, key=key)
        mine = _Waiting(new)
        with self._guard:
            self._waiting.append(mine)
        with self._writing:
            if not mine.done:
                with self._guard:
                    together, self._waiting = self._waiting, []
                self._write(together)
        if mine.error is not None:
            raise mine.error
        assert mine.row is not None, "a save that is done has a row or an error"
        return mine.row

    def _write(self, together: list[_Waiting]) -> None:
        try:
            self._try(together)
        except PitmarkError:
            # All or none were saved: now each by itself, to know whose fault it was.
            for one in together:
                try:
                    self._try([one])
                except PitmarkError as exc:
                    one.error = exc
        finally:
            for one in together:
                one.done = True

    def _try(self, together: list[_Waiting]) -> None:
        rows = self._project.annotations.add_many([one.new for one in together])
        for one, row in zip(together, rows, strict=True):
            one.row = row
