"""The gallery of a project: pages of images by filter, facets with counts, in milliseconds.

What is known of each image is held in memory, read once and then kept up to date with what
changed; see `store.image_facts`. One gallery serves all requests, one at a time.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.core.filter_words import META, Filter, parse_filter
from pitmark.ops.gallery_columns import GalleryColumns, Rows
from pitmark.ops.gallery_model import newest_model_says
from pitmark.quality.facet_columns import Counted, NumberColumn, WordColumn
from pitmark.quality.facet_index import YES
from pitmark.store.db import ProjectStore
from pitmark.store.image_facts import Changed

MOST_PER_PAGE = 500
MOST_VALUES = 50
ADDED = "added"
_TITLES = {
    "class": "Class",
    "labeled": "Labeled",
    "split": "Part of the data",
    "finding": "Open findings",
    "right": "Newest model is right",
    "labeler": "Labeled by",
    "group": "Group",
    "synthetic": "Synthetic",
    "width": "Width in pixels",
    "height": "Height in pixels",
}
# With more changes than this share of the images, reading everything anew is quicker.
_ANEW = 0.2
_ANEW_LEAST = 2_000
_PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class GalleryCard:
    """An image as a gallery shows it; `score` is the value that the page is sorted by."""

    sha256: str
    name: str
    width: int
    height: int
    classes: list[str]
    labeled: bool
    split: str | None
    findings: int
    right: bool | None
    synthetic: bool
    score: float | str | None = None


@dataclass(frozen=True, slots=True)
class GalleryPage:
    """A part of the images that a filter leaves; `revision` changes with the answers."""

    total: int
    offset: int
    cards: list[GalleryCard]
    revision: str


@dataclass(frozen=True, slots=True)
class FacetCounts:
    """A facet: the column, its title, its values with counts, how many more there are."""

    name: str
    title: str
    values: list[tuple[str, int]]
    more: int


@dataclass(frozen=True, slots=True)
class FacetPage:
    """All facets under a filter, and what images can be sorted by."""

    total: int
    facets: list[FacetCounts]
    sortable: list[str]


class Gallery:
    """The images of a project, ready to be filtered.

    Args:
        project: The project.
    """

    def __init__(self, project: ProjectStore) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._columns: GalleryColumns | None = None
        self._stamp = -1

    def page(
        self,
        filter: str = "",
        *,
        sort: str = "",
        descending: bool = False,
        offset: int = 0,
        limit: int = 100,
    ) -> GalleryPage:
        """One page of images.

        Args:
            filter: In the words of `core.filter_words`.
            sort: One of `FacetPage.sortable`; empty is by name.
            descending: Whether the largest come first.
            offset: How many images come before the page.
            limit: How many it has at most, up to 500.

        Returns:
            The page.

        Raises:
            InvalidInputError: The filter cannot be read, or there is no such column.
            StorageError: The images are being read for the first time; this takes a moment.
        """
        chosen = parse_filter(filter)
        if offset < 0 or not 0 <= limit <= MOST_PER_PAGE:
            raise InvalidInputError(
                f"a page begins at 0 or later and has up to {MOST_PER_PAGE} images,"
                f" found {offset} and {limit}"
            )
        with self._turn():
            columns = self._current()
            by = _sort_column(columns, sort)
            total, rows = columns.index.page(
                chosen, sort=by, turned=descending, offset=offset, limit=limit
            )
            cards = [_card(columns, int(row), by) for row in rows]
            return GalleryPage(total, offset, cards, str(self._stamp))

    def card(self, sha256: str) -> GalleryCard:
        """One image as the gallery shows it.

        Args:
            sha256: The image.

        Returns:
            Its card.

        Raises:
            NotFoundError: The project has no such image.
        """
        return self.cards([sha256])[0]

    def cards(self, shas: Sequence[str]) -> list[GalleryCard]:
        """Some images as the gallery shows them.

        Args:
            shas: Images.

        Returns:
            One card each, in the order given.

        Raises:
            NotFoundError: The project has no such image.
        """
        keys = self._project.images.ids(shas)
        with self._turn():
            columns = self._current()
            rows = columns.rows_of([keys[s] for s in shas])
            return [_card(columns, int(row), None) for row in rows]

    def facets(self, filter: str = "") -> FacetPage:
        """The facets of the images that a filter leaves, with counts.

        Each facet is counted as if the filter said nothing of its own column.

        Args:
            filter: In the words of `core.filter_words`.

        Returns:
            The facets.

        Raises:
            InvalidInputError: The filter cannot be read, or there is no such column.
        """
        chosen = parse_filter(filter)
        with self._turn():
            columns = self._current()
            names = _facet_names(columns)
            counted = columns.index.counts(chosen, names, MOST_VALUES)
            rows = columns.index.rows(chosen)
            return FacetPage(
                total=len(columns) if rows is None else len(rows),
                facets=[_facet(name, counted[name]) for name in names],
                sortable=_sortable(columns),
            )

    def shas(self, filter: str = "") -> list[str]:
        """All images that a filter leaves.

        Args:
            filter: In the words of `core.filter_words`.

        Returns:
            Their sha256 in the order of import.

        Raises:
            InvalidInputError: The filter cannot be read, or there is no such column.
        """
        chosen = parse_filter(filter)
        with self._turn():
            columns = self._current()
            return columns.shas(columns.index.rows(chosen))

    def words(self, shas: Sequence[str], column: str) -> list[str]:
        """What a column says of some images, such as to color a map by it.

        Args:
            shas: Images; of those that are not in the project nothing is said.
            column: Of `FacetPage.sortable`; numbers come as their range.

        Returns:
            One word each; several words of an image are joined by a comma.

        Raises:
            InvalidInputError: There is no such column.
        """
        with self._turn():
            columns = self._current()
            by = _sort_column(columns, column)
            if by is None:
                raise InvalidInputError(f"{column} has no values to color by")
            places = columns.places_of(shas)
            rows = np.array([places[s] for s in shas if s in places], dtype=np.intp)
            told = iter(columns.index.columns[by].words_of(rows))
            return [next(told) if s in places else "" for s in shas]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One question at a time; who would wait for long is told so instead."""
        if not self._lock.acquire(timeout=_PATIENCE_S):
            raise StorageError(
                "the images of the project are being read into the gallery",
                hint="Ask again in a moment: with a million images it takes half a minute.",
            )
        try:
            yield
        finally:
            self._lock.release()

    def _current(self) -> GalleryColumns:
        """The columns as of now."""
        facts = self._project.facts
        stamp = facts.stamp()
        if self._columns is not None and stamp == self._stamp:
            return self._columns
        if self._columns is not None:
            changed = facts.changed(self._stamp)
            if self._small(changed, self._columns) and _apply(
                self._project, self._columns, changed
            ):
                self._stamp = stamp
                return self._columns
        # What changes while this reads is read again at the next question.
        self._columns = _read_all(self._project)
        self._stamp = stamp
        return self._columns

    def _small(self, changed: Changed, columns: GalleryColumns) -> bool:
        count = len(changed.images) + len(changed.labels) + len(changed.findings)
        return count <= max(_ANEW * len(columns), _ANEW_LEAST)


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
    columns.index.counts(Filter(), _facet_names(columns), MOST_VALUES)
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


def _sortable(columns: GalleryColumns) -> list[str]:
    known = [c for c in columns.index.columns if not c.startswith(META)]
    return ["name", ADDED, *(c for c in known if c != "name"), *columns.metadata_columns]


def _sort_column(columns: GalleryColumns, sort: str) -> str | None:
    if sort in ("", "name"):
        return "name"
    if sort == ADDED:
        return None
    if sort not in columns.index.columns:
        raise InvalidInputError(
            f"images cannot be sorted by {sort!r}", hint=f"By: {', '.join(_sortable(columns))}."
        )
    return sort


def _card(columns: GalleryColumns, row: int, by: str | None) -> GalleryCard:
    right = columns.right.word(row)
    return GalleryCard(
        sha256=columns.sha256(row),
        name=columns.name.word(row),
        width=int(columns.width.numbers[row]),
        height=int(columns.height.numbers[row]),
        classes=list(columns.classes.words(row)),
        labeled=columns.labeled.word(row) == YES,
        split=columns.split.word(row) or None,
        findings=int(columns.findings.numbers[row]),
        right=right == YES if right else None,
        synthetic=columns.synthetic.word(row) == YES,
        score=_score(columns, row, by),
    )


def _score(columns: GalleryColumns, row: int, by: str | None) -> float | str | None:
    column = columns.index.columns.get(by or "")
    if isinstance(column, NumberColumn):
        number = float(column.numbers[row])
        return None if number != number else number
    return column.word(row) or None if isinstance(column, WordColumn) else None


def _facet_names(columns: GalleryColumns) -> list[str]:
    return [*_TITLES, *columns.metadata_columns]


def _facet(name: str, counted: Counted) -> FacetCounts:
    values, more = counted
    return FacetCounts(name, _TITLES.get(name, name.removeprefix(META)), values, more)
