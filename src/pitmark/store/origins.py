"""Where the images of a project came from, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func

from pitmark.store.schema import images
from pitmark.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Origin:
    """Images that were imported from one place, and when the first and the last came."""

    source: str
    images: int
    first: datetime
    last: datetime


class Origins:
    """The origins of one project's images.

    Args:
        scope: The project.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def list(self) -> list[Origin]:
        """All origins, the one with most images first."""
        added = (
            func.min(images.c.added).label("first"),
            func.max(images.c.added).label("last"),
        )
        query = self._scope.select(images, images.c.source, func.count().label("n"), *added)
        query = query.group_by(images.c.source).order_by(func.count().desc(), images.c.source)
        return [Origin(r.source, r.n, r.first, r.last) for r in self._scope.rows(query)]

    def of_images(self) -> dict[str, str]:
        """Where each image came from first, by sha256."""
        query = self._scope.select(images, images.c.sha256, images.c.source)
        return {r.sha256: r.source for r in self._scope.rows(query)}
