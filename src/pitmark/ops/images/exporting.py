"""Write images and labels out of a project in a format that other tools read."""

from __future__ import annotations

from pathlib import Path

from pitmark.core.errors import ConflictError
from pitmark.formats.registry import WriteSummary, write_folder
from pitmark.store.db import ProjectStore


def export_folder(
    project: ProjectStore, out: Path, *, format: str, snapshot: str = "latest"
) -> WriteSummary:
    """Write a snapshot as a folder.

    Args:
        project: The project.
        out: A folder that does not exist yet or is empty.
        format: Name of the format.
        snapshot: Which snapshot.

    Returns:
        How many files were written, and what the format could not hold.

    Raises:
        NotFoundError: No such snapshot.
        ConflictError: The folder holds something already.
        InvalidInputError: No such format, or it cannot hold this task.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConflictError(f"{out} exists and is not empty", hint="Name a new folder.")
    _, images = project.snapshots.load(snapshot)
    return write_folder(format, images, project.blobs.read, out)
