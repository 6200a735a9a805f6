"""How the review of a project's findings stands, with its page in notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pitmark.ops.labels.review_status import ReviewStatus
from pitmark.ops.pages.review import review_html, write_review_page
from pitmark.store.db import ProjectStore


@dataclass(frozen=True)
class Review:
    """How a review stands; `status` has the figures."""

    store: ProjectStore
    status: ReviewStatus

    @property
    def stop(self) -> bool:
        """Whether the figures say that it is time to stop."""
        return self.status.stop

    def sentence(self) -> str:
        """Whether to go on, with the figures that say so."""
        return self.status.sentence()

    def to_json(self) -> dict[str, Any]:
        """The status as plain JSON types."""
        return self.status.to_json()

    def write_page(self, path: str | Path) -> None:
        """Write status and queue as a page that needs nothing beside itself.

        Args:
            path: The file.
        """
        write_review_page(self.store, self.status, Path(path))

    def _repr_html_(self) -> str:
        return review_html(self.store, self.status)
