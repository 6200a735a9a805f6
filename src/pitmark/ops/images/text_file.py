"""Text files that are whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pitmark.core.errors import StorageError


def write_text(path: Path, text: str) -> None:
    """Write a file of text; it is whole or as it was before.

    Args:
        path: The file to write; it is replaced if it exists.
        text: What it holds, written as UTF-8 with the line ends it has.

    Raises:
        StorageError: It cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".pitmark-", suffix=".part", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as exc:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be written: {exc.strerror}",
            hint="Name a file in a folder in which your user may write.",
        ) from exc
