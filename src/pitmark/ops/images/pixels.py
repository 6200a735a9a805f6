"""The pixels of a project's images."""

from __future__ import annotations

from typing import Any

from pitmark.core.records import PixelLoader
from pitmark.formats.images import decode_image
from pitmark.store.db import ProjectStore


def pixel_loader(project: ProjectStore) -> PixelLoader:
    """A function that gives the pixels of an image of the project by its sha256.

    Args:
        project: The project.

    Returns:
        The loader.
    """

    def load(sha256: str) -> Any:
        return decode_image(project.blobs.read(sha256), name=sha256[:12]).pixels

    return load
