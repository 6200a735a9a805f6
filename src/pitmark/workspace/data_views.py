"""What `project.data` finds, shown with pictures in notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from pitmark.core.records import ImageRecord
from pitmark.ops.data.slicing import SliceReport
from pitmark.ops.images.text_file import write_text
from pitmark.ops.pages.html import page
from pitmark.ops.pages.slices import about_slices, slice_sections
from pitmark.ops.pages.style import STYLE
from pitmark.ops.synthesis import closed_loop as synthesis
from pitmark.quality.slices.finding import Slice
from pitmark.store.db import ProjectStore
from pitmark.workspace.views import Images


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


@dataclass(frozen=True)
class Synthesis:
    """What one run of synthesis did, shown with its images in a notebook."""

    store: ProjectStore
    result: synthesis.SynthesisResult

    @property
    def kept(self) -> bool:
        """Whether the synthetic images are learned from now."""
        return self.result.kept

    @property
    def record(self) -> Mapping[str, Any]:
        """Everything that was measured, as plain JSON types."""
        return self.result.to_json()

    @property
    def images(self) -> Images:
        """The synthetic images that were judged on the test images."""
        rows: list[ImageRecord] = [
            self.store.images.get(made["sha256"]) for made in self.result.record["images"]
        ]
        return Images(self.store, rows)

    def __str__(self) -> str:
        return "\n".join(self.result.sentences())

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self.result.sentences())
