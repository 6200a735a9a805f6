"""A snapshot of a project on a server on its way into a folder of this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from pitmark.core.errors import ConflictError
from pitmark.core.progress import silent
from pitmark.formats.archives import unpack
from pitmark.sdk.connection import Connection
from pitmark.sdk.jobs import Jobs, result_of
from pitmark.sdk.summaries import ExportSummary


def export_folder(
    connection: Connection, jobs: Jobs, folder: Path, *, format: str, snapshot: str
) -> ExportSummary:
    """Write a snapshot as a folder in another tool's format.

    Args:
        connection: To the server.
        jobs: Of the project.
        folder: A new one, or an empty one.
        format: Name of the format.
        snapshot: Which one.

    Returns:
        How many files, and what the format could not hold.

    Raises:
        ConflictError: The folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConflictError(f"{folder} exists and is not empty", hint="Name a new folder.")
    job = jobs.do("export", {"format": format, "snapshot": snapshot}, silent)
    with tempfile.TemporaryDirectory(prefix="pitmark-") as aside:
        packed = Path(aside) / "export.zip"
        connection.download(jobs.file(job), packed)
        unpack(packed, Path(aside) / "out")
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted((Path(aside) / "out").iterdir()):
            shutil.move(path, folder / path.name)
    return ExportSummary(result_of(job))
