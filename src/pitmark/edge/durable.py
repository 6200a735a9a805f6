"""Files that survive the plug being pulled: complete under their name, or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pitmark.core.errors import StorageError


def write_durably(path: Path, data: bytes, *, then: Callable[[], None] | None = None) -> None:
    """Write a file so that it is there whole, or as it was before, whenever power fails.

    Args:
        path: The file; its folder exists. A file of this name is replaced.
        data: Its content.
        then: Called when the new content is on the disk under another name, right before
            it takes the place of the old.

    Raises:
        StorageError: It cannot be written, for example because the disk is full.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if then is not None:
            then()
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as exc:
        raise StorageError(f"{path} cannot be written: {exc.strerror or exc}") from exc


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless it is there.

    Args:
        folder: Where.

    Raises:
        StorageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(f"the folder {folder} cannot be made: {exc.strerror}") from exc


def sync_folder(folder: Path) -> None:
    """Make names that appeared or went in a folder survive a power cut.

    Args:
        folder: The folder.
    """
    if os.name == "nt":
        return  # There a folder cannot be opened; the file system keeps its own journal.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json_durably(
    path: Path, data: Mapping[str, Any], *, then: Callable[[], None] | None = None
) -> None:
    """The same for an object of plain JSON types.

    Args:
        path: The file.
        data: The object.
        then: As for `write_durably`.

    Raises:
        StorageError: It cannot be written.
    """
    write_durably(path, json.dumps(data, sort_keys=True, indent=1).encode(), then=then)
