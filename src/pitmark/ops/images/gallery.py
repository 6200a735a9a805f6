"""The gallery of a project: pages of images by filter, facets with counts, in milliseconds.

What is known of each image is held in memory, see `ops.gallery_held`. One gallery serves all
requests, one at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.core.filter_words import META, parse_filter
from pitmark.ops.images.gallery_columns import GalleryColumns
from pitmark.ops.images.gallery_held import MOST_VALUES, PATIENCE_S, HeldColumns
from pitmark.quality.facets.columns import Counted
from pitmark.quality.facets.index import YES
from pitmark.quality.facets.number_column import NumberColumn
from pitmark.quality.facets.word_columns import WordColumn
from pitmark.store.db import ProjectStore

MOST_PER_PAGE = 500
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

    Every question raises NotReadyError while the images are being read and that takes
    longer than `patience_s`.

    Args:
        project: The project.
        patience_s: How long a question waits for the images to be read.
    """

    def __init__(self, project: ProjectStore, *, patience_s: float = PATIENCE_S) -> None:
        self._project = project
        self._held = HeldColumns(project, patience_s=patience_s)

    @property
    def images(self) -> int:
        """How many images are held in memory; 0 where they were not read yet."""
        return self._held.images

    def read(self) -> None:
        """Read the images if they were not read yet, however long it takes.

        Raises:
            StorageError: They cannot be read.
        """
        self._held.read()

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
            NotReadyError: The images are being read; this takes a moment.
        """
        chosen = parse_filter(filter)
        if offset < 0 or not 0 <= limit <= MOST_PER_PAGE:
            raise InvalidInputError(
                f"a page begins at 0 or later and has up to {MOST_PER_PAGE} images,"
                f" found {offset} and {limit}"
            )
        with self._held.turn() as columns:
            by = _sort_column(columns, sort)
            total, rows = columns.index.page(
                chosen, sort=by, turned=descending, offset=offset, limit=limit
            )
            cards = [_card(columns, int(row), by) for row in rows]
            return GalleryPage(total, offset, cards, str(self._held.stamp))

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
        with self._held.turn() as columns:
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
        with self._held.turn() as columns:
            names = columns.facet_names
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
        with self._held.turn() as columns:
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
        with self._held.turn() as columns:
            by = _sort_column(columns, column)
            if by is None:
                raise InvalidInputError(f"{column} has no values to color by")
            places = columns.places_of(shas)
            rows = np.array([places[s] for s in shas if s in places], dtype=np.intp)
            told = iter(columns.index.columns[by].words_of(rows))
            return [next(told) if s in places else "" for s in shas]


def _sortable(columns: GalleryColumns) -> list[str]:
    known = [c for c in columns.index.columns if not c.startswith(META) and c != "sha"]
    return ["name", ADDED, *(c for c in known if c != "name"), *columns.metadata_columns]


def _sort_column(columns: GalleryColumns, sort: str) -> str | None:
    if sort in ("", "name"):
        return "name"
    if sort == ADDED:
        return None
    if sort not in _sortable(columns):
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


def _facet(name: str, counted: Counted) -> FacetCounts:
    values, more = counted
    return FacetCounts(name, _TITLES.get(name, name.removeprefix(META)), values, more)
