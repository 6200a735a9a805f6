"""Weak slices of a project as Python sees them: a report with pictures in notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.core.progress import Reporter, silent
from pitmark.ops.page_style import STYLE
from pitmark.ops.pages import page
from pitmark.ops.slice_page import about_slices, slice_sections
from pitmark.ops.slicing import SliceQuestion, SliceReport, slices_of
from pitmark.ops.text_file import write_text
from pitmark.quality.slices import Slice
from pitmark.store.db import ProjectStore


@dataclass(frozen=True)
class WeakSlices:
    """Where a model does worse than elsewhere: confirmed slices, then hints."""

    store: ProjectStore
    report: SliceReport

    def __len__(self) -> int:
        return len(self.report.slices)

    def __iter__(self) -> Iterator[Slice]:
        return iter(self.report.slices)

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        return self.report.to_json()

    def write_page(self, path: str | Path) -> None:
        """Write the slices as a page that needs nothing beside itself.

        Args:
            path: The file; it is replaced if it exists.

        Raises:
            StorageError: It cannot be written.
        """
        title = f"Weak slices of {self.report.project}"
        sections = slice_sections(self.store, self.report)
        write_text(Path(path), page(title, sections, f"{about_slices(self.report)}."))

    def _repr_html_(self) -> str:
        parts = "".join(
            f"<section><h2>{heading}</h2>{html}</section>"
            for heading, html in slice_sections(self.store, self.report)
        )
        return f'<div class="pitmark pm-fragment"><style>{STYLE}</style>{parts}</div>'


def weak_slices(
    store: ProjectStore, *, question: SliceQuestion | None = None, report: Reporter = silent
) -> WeakSlices:
    """The weak slices of what a run, or the last audit, said.

    Args:
        store: The project.
        question: Which predictions, which loss, how to search.
        report: Told of the progress.

    Returns:
        The slices, shown with pictures in a notebook.
    """
    return WeakSlices(store, slices_of(store, question=question, report=report))
