"""Bundles of a project on a server, fetched to this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import InvalidInputError
from pitmark.wire.line import Release


@dataclass(frozen=True, slots=True)
class Bundle:
    """A release with its file: `row` is what the server tells of it."""

    row: Release
    path: Path
    size_bytes: int


def bundle_target(out: str | Path | None, project: str, version: int) -> Path:
    """Where a bundle goes; known to be possible before minutes are spent on it.

    Args:
        out: File or folder; None means the current folder.
        project: Name of the project.
        version: Of the release.

    Returns:
        The file to write.

    Raises:
        InvalidInputError: There is no such folder.
    """
    name = f"{project}-v{version}.pitmark"
    given = None if out is None else Path(out)
    path = Path(name) if given is None else given / name if given.is_dir() else given
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"there is no folder {str(path.parent)!r} to write the bundle to",
            hint="Make it first, or name another file.",
        )
    return path
