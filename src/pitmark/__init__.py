"""Pitmark: data-centric visual inspection, from fifty labeled images to the edge."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pitmark.workspace.home import Workspace

__version__ = "0.1.0"


def open(home: str | Path, *, create: bool = True) -> Workspace:
    """Open a workspace: a folder with all projects, images and models.

    Args:
        home: The folder.
        create: Make it if it does not exist.

    Returns:
        The workspace.

    Raises:
        NotFoundError: There is no workspace and `create` is off.
        StorageError: The folder cannot be used.
    """
    from pitmark.workspace.home import Workspace  # noqa: PLC0415 - a device loads no SQL

    return Workspace.open(Path(home), create=create)
