"""Metadata that one source writes in another format than the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.records import ImageRecord
from pitmark.quality.column_formats import FormatDifference, column_formats
from pitmark.store.db import ProjectStore

_FOLDER = "the imported folder"


@dataclass(frozen=True, slots=True)
class ColumnReport:
    """Which metadata columns are filled in how many ways; `by` is what parts the images."""

    by: str
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    differences: tuple[FormatDifference, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return {
            "by": self.by,
            "sources": list(self.sources),
            "columns": list(self.columns),
            "differences": [
                {
                    "column": d.column,
                    "kind": d.kind,
                    "sources": list(d.sources),
                    "usual": list(d.usual),
                    "images": len(d.rows),
                    "written": list(d.written),
                    "written_usually": list(d.written_usually),
                    "slope": d.slope,
                    "offset": d.offset,
                    "units": None if d.units is None else list(d.units),
                }
                for d in self.differences
            ],
        }

    def sentences(self) -> list[str]:
        """The report for a person."""
        if not self.differences:
            return [
                f"{len(self.columns)} columns are written alike in all {len(self.sources)}"
                f" values of {self.by}."
            ]
        return [d.sentence() for d in self.differences]


def compare_columns(
    project: ProjectStore, *, by: str | None = None, least_images: int = 20
) -> ColumnReport:
    """Find metadata that is written otherwise by some sources: units, codes, dates.

    Args:
        project: The project.
        by: The metadata column that names the source; None takes the imported folder.
        least_images: A source with fewer known values in a column is not judged there.

    Returns:
        The columns that differ.

    Raises:
        InvalidInputError: No image has the column.
        NotEnoughDataError: There is only one source, or no other column.
    """
    records = [r for r in project.images.iterate() if not r.synthetic]
    names = sorted({key for r in records for key in r.metadata})
    sources = _sources(project, records, by, names)
    kept = [(r, s) for r, s in zip(records, sources, strict=True) if s is not None]
    distinct = tuple(sorted({s for _, s in kept}))
    columns = tuple(n for n in names if n != by)
    if len(distinct) < 2 or not columns:
        found = f"{len(distinct)} source and {len(columns)} columns"
        raise NotEnoughDataError(
            f"metadata of several sources is compared; by {by or _FOLDER} there is {found}",
            hint=f"Name the column of the source with --by. Columns: {', '.join(names)}."
            if names
            else "Import with --metadata or --pattern first.",
        )
    told = column_formats(
        {c: [r.metadata.get(c) for r, _ in kept] for c in columns},
        [s for _, s in kept],
        least_cases=least_images,
    )
    return ColumnReport(by or _FOLDER, distinct, columns, tuple(told))


def _sources(
    project: ProjectStore, records: Sequence[ImageRecord], by: str | None, names: Sequence[str]
) -> list[str | None]:
    if by is None:
        origins = project.origins.of_images()
        return [origins.get(r.sha256) for r in records]
    if by not in names:
        raise InvalidInputError(
            f"no image has metadata {by!r}",
            hint=f"Columns: {', '.join(names)}." if names else "There is no metadata yet.",
        )
    return [None if by not in r.metadata else str(r.metadata[by]) for r in records]
