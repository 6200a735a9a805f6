"""Files that are handed out to be saved, never to be shown in a page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from fastapi.responses import FileResponse, Response

from pitmark.core.errors import StorageError

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}


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
    return FileResponse(path, media_type=media_type, filename=name, headers=_HEADERS)


def download_bytes(data: bytes, name: str, media_type: str) -> Response:
    """Bytes to be saved under a name.

    Args:
        data: All of them.
        name: What the file is to be called.
        media_type: What it holds.

    Returns:
        The answer, which no browser takes for a page.
    """
    disposition = f"attachment; filename*=utf-8''{quote(name, safe='')}"
    headers = {**_HEADERS, "Content-Disposition": disposition}
    return Response(data, media_type=media_type, headers=headers)
