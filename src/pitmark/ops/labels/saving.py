"""Saving labels from many people at once: each save is on the disk when it is answered.

Saves that come while another is being written are written together after it: making sure
that a transaction is on the disk takes about as long for fifty saves as for one.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from pitmark.core.errors import NotFoundError, PitmarkError, StorageError
from pitmark.core.labels import Shape
from pitmark.ops.labels.labeling import check_shapes
from pitmark.store.annotation_rows import Told
from pitmark.store.annotations import NewAnnotation
from pitmark.store.db import ProjectStore


@dataclass(frozen=True, slots=True)
class LabelsToSave:
    """What a labeler says about an image: all shapes; none means "nothing to mark".

    `reason` says why, where it corrects something; `key` makes saving again harmless, see
    `NewAnnotation`.
    """

    sha256: str
    shapes: tuple[Shape, ...]
    labeler: str
    reason: str = ""
    key: str = ""


@dataclass(slots=True)
class _Waiting:
    """A save, and what became of it; the one that `leads` writes for all who wait."""

    new: LabelsToSave
    told: Told | None = None
    error: PitmarkError | None = None
    leads: bool = False
    ready: threading.Event = field(default_factory=threading.Event)


class LabelSaver:
    """Saves labels of one project.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        self._guard = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._busy = False

    def save(self, new: LabelsToSave) -> Told:
        """Write what a labeler says about an image as a new revision.

        Saying again what one said last adds nothing, and so does a key that was used.

        Args:
            new: What is said.

        Returns:
            All that is said about the image now.

        Raises:
            NotFoundError: No such image.
            InvalidLabelError: A class is not in the label book, or a shape is off the image.
            ConflictError: The key was used for another image.
        """
        mine = _Waiting(new)
        with self._guard:
            self._waiting.append(mine)
            if not self._busy:
                self._call_next()
        mine.ready.wait()
        if mine.leads:
            self._lead()
        if mine.error is not None:
            raise mine.error
        if mine.told is None:
            raise StorageError("the labels were not saved", hint="Save them again.")
        return mine.told

    def _call_next(self) -> None:
        """Let the one who waits longest write, if anybody waits."""
        self._busy = bool(self._waiting)
        if self._busy:
            self._waiting[0].leads = True
            self._waiting[0].ready.set()

    def _lead(self) -> None:
        with self._guard:
            together, self._waiting = self._waiting, []
        try:
            self._write(together)
        finally:
            with self._guard:
                self._call_next()
            for one in together:
                one.ready.set()

    def _write(self, together: list[_Waiting]) -> None:
        try:
            self._try(together)
        except PitmarkError as exc:
            # All or none were saved: now each by itself, to know whose fault it was.
            for one in together:
                try:
                    if len(together) > 1:
                        self._try([one])
                    else:
                        one.error = exc
                except PitmarkError as own:
                    one.error = own

    def _try(self, together: list[_Waiting]) -> None:
        project, asked = self._project, [one.new for one in together]
        with project.transaction():
            # Under the lock: a class may be taken out of the book at any moment.
            book = project.book.current()
            records = {r.sha256: r for r in project.images.many([n.sha256 for n in asked])}
            for new in asked:
                if new.sha256 not in records:
                    raise NotFoundError(
                        f"the project has no image with the sha256 {new.sha256!r}"
                    )
                check_shapes(new.shapes, records[new.sha256], book)
            project.annotations.add_many(
                [
                    NewAnnotation(
                        n.sha256,
                        n.shapes,
                        n.labeler,
                        book.revision,
                        reason=n.reason,
                        key=n.key,
                    )
                    for n in asked
                ]
            )
            told = project.annotations.told(list(records))
        for one in together:
            one.told = told[one.new.sha256]
