"""Files that are handed out to be saved, never to be shown in a page."""

from __future__ import annotations

from pathlib import Path

from fastapi.responses import FileResponse

from pitmark.core.errors import StorageError


def download(path: Path, name: str, media_type: str) -> FileResponse:
    """A file to be saved under a name, read piece by piece.

    Args:
        path: The file.
        name: What it is to be called.
        media_type: What it holds.

    Returns:
        The answer, which no browser takes for a page.

    Raises:
        StorageError: The file is not there any more.
    """
    if not path.is_file():
        raise StorageError(
            f"the file {name} is missing from the workspace", hint="Restore a backup."
        )
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, no-store",
    }
    return FileResponse(path, media_type=media_type, filename=name, headers=headers)
