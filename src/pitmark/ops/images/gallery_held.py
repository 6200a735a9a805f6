"""What is known of each image of a project, held in memory and kept up to date.

It is read once and then only what changed, see `store.image_facts`, by a thread of its own:
who asks meanwhile waits for a moment at most, and few do at once, so that the threads of a
server are left to those who ask for other things.
"""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pitmark.core.errors import NotReadyError, PitmarkError, StorageError
from pitmark.core.filter_words import Filter
from pitmark.ops.images.gallery_columns import GalleryColumns, Rows
from pitmark.ops.images.gallery_model import newest_model_says
from pitmark.store.db import ProjectStore
from pitmark.store.image_facts import Changed

MOST_VALUES = 50
PATIENCE_S = 2.0
# So many questions wait for the same reading; further ones are told at once.
_MOST_WAITING = 4
# With more changes than this share of the images, reading everything anew is quicker.
_ANEW = 0.2
_ANEW_LEAST = 2_000


class _Reading:
    """The images of a project being read: `over` at the end, with the error if there is one."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.error: PitmarkError | None = StorageError(
            "the images of the project could not be read", hint="See the log of the server."
        )


class HeldColumns:
    """The columns of a project, for one question at a time.

    Args:
        project: The project.
        patience_s: How long a question waits for the images to be read.
    """

    def __init__(self, project: ProjectStore, *, patience_s: float = PATIENCE_S) -> None:
        self._project, self._patience_s = project, patience_s
        # Held while a question is answered, never while images are read.
        self._lock = threading.Lock()
        self._columns: GalleryColumns | None = None
        self.stamp = -1
        self._reading: _Reading | None = None
        self._waiting = threading.BoundedSemaphore(_MOST_WAITING)

    @property
    def images(self) -> int:
        """How many images are held in memory; 0 where they were not read yet."""
        columns = self._columns
        return 0 if columns is None else len(columns)

    def read(self) -> None:
        """Read the images if they were not read yet, however long it takes.

        Raises:
            StorageError: They cannot be read.
        """
        with self._lock:
            if self._columns is not None:
                return
            reading = self._begin()
        reading.over.wait()
        if reading.error is not None:
            raise reading.error

    @contextmanager
    def turn(self) -> Iterator[GalleryColumns]:
        """One question at a time; who would wait for long is told so instead.

        Yields:
            The columns as of now, for nobody else until the end.

        Raises:
            NotReadyError: The images are being read; this takes a moment.
        """
        columns = self._ready(time.monotonic() + self._patience_s)
        try:
            yield columns
        finally:
            self._lock.release()

    def _ready(self, until: float) -> GalleryColumns:
        """The columns as of now, with the lock held."""
        while True:
            if not self._lock.acquire(timeout=max(0.0, until - time.monotonic())):
                raise _not_ready()
            columns = reading = None
            try:
                columns = self._current()
                if columns is not None:
                    return columns
                reading = self._begin()
            finally:
                if columns is None:
                    self._lock.release()
            self._await(reading, until)

    def _await(self, reading: _Reading, until: float) -> None:
        if not self._waiting.acquire(blocking=False):
            raise _not_ready()
        try:
            if not reading.over.wait(max(0.0, until - time.monotonic())):
                raise _not_ready()
        finally:
            self._waiting.release()
        if reading.error is not None:
            raise reading.error

    def _current(self) -> GalleryColumns | None:
        """The columns as of now; None where all must be read."""
        if self._columns is None:
            return None
        facts = self._project.facts
        stamp = facts.stamp()
        if stamp == self.stamp:
            return self._columns
        changed = facts.changed(self.stamp)
        if self._small(changed, self._columns) and _apply(
            self._project, self._columns, changed
        ):
            self.stamp = stamp
            return self._columns
        self._columns = None
        return None

    def _begin(self) -> _Reading:
        """Let the images be read, unless they are already; with the lock held."""
        if self._reading is None or self._reading.over.is_set():
            self._reading = _Reading()
            arguments = (self._reading,)
            threading.Thread(target=self._read, args=arguments, daemon=True).start()
        return self._reading

    def _read(self, reading: _Reading) -> None:
        try:
            # What changes while this reads is read again at the next question.
            stamp = self._project.facts.stamp()
            columns = _read_all(self._project)
            with self._lock:
                self._columns, self.stamp = columns, stamp
            reading.error = None
        except PitmarkError as error:
            reading.error = error
        finally:
            reading.over.set()

    def _small(self, changed: Changed, columns: GalleryColumns) -> bool:
        count = len(changed.images) + len(changed.labels) + len(changed.findings)
        return count <= max(_ANEW * len(columns), _ANEW_LEAST)


def _not_ready() -> NotReadyError:
    return NotReadyError(
        "the images of the project are being read into the gallery",
        hint="Ask again in a moment: with a million images it takes half a minute.",
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cyclic garbage, which would look again and again at millions of rows."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_uncollected()
def _read_all(project: ProjectStore) -> GalleryColumns:
    facts, columns = project.facts, GalleryColumns()
    for images in facts.images():
        columns.add(images)
    for said in facts.said():
        columns.say(said)
    for found in facts.open_findings():
        columns.find(found)
    for splits in facts.splits():
        columns.put_splits(splits)
    _ask_model(project, columns)
    columns.judge(_good(project))
    columns.settle()
    # What the first questions would have to wait for.
    columns.index.counts(Filter(), columns.facet_names, MOST_VALUES)
    columns.name.prepare()
    return columns


def _apply(project: ProjectStore, columns: GalleryColumns, changed: Changed) -> bool:
    """Take what changed; False where only reading everything anew can."""
    facts = project.facts
    for images in facts.images(sorted(changed.images)):
        known = columns.known([f.id for f in images])
        new = [f for f, k in zip(images, known, strict=True) if not k]
        # Keys are given before a commit: one may come after a higher one.
        if new and new[0].id < columns.last_key:
            return False
        columns.update([f for f, k in zip(images, known, strict=True) if k])
        columns.add(new)
    rows: list[Rows] = [columns.say(said) for said in facts.said(sorted(changed.labels))]
    for found in facts.open_findings(sorted(changed.findings)):
        columns.find(found, sorted(changed.findings))
    if "snapshot" in changed.others:
        columns.clear_splits()
        for splits in facts.splits():
            columns.put_splits(splits)
    if "run" in changed.others:
        _ask_model(project, columns)
    if changed.others & {"run", "book"}:
        columns.judge(_good(project))
    elif rows:
        columns.judge(_good(project), np.concatenate(rows))
    columns.settle()
    return True


def _ask_model(project: ProjectStore, columns: GalleryColumns) -> None:
    says = newest_model_says(project)
    if says is not None:
        columns.model_says(says)


def _good(project: ProjectStore) -> frozenset[str]:
    return frozenset(c.name for c in project.book.current().classes if c.good)
