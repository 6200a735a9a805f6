"""Bundles of a project on a server, fetched to this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import InvalidInputError
from pitmark.sdk.connection import Connection, unexpected
from pitmark.wire.line import Release


@dataclass(frozen=True, slots=True)
class Bundle:
    """A release with its file: `row` is what the server tells of it."""

    row: Release
    path: Path
    size_bytes: int


class Bundles:
    """The bundles of one project.

    Args:
        connection: To the server.
        path: Of the project.
        project: Its name.
    """

    def __init__(self, connection: Connection, path: str, project: str) -> None:
        self._connection, self._path, self._project = connection, path, project

    def fetch(self, version: int, out: str | Path | None) -> Bundle:
        """Write the bundle of a release.

        Args:
            version: Of the release, which was made just now.
            out: File or folder to write to; None writes into the current folder.

        Returns:
            The release with the path of the bundle.

        Raises:
            InvalidInputError: There is no such folder.
            StorageError: The server does not know the release.
        """
        target = bundle_target(out, self._project, version)
        releases = self._connection.get(f"{self._path}/releases", list[Release])
        row = next((r for r in releases if r.version == version), None)
        if row is None:
            raise unexpected(f"the new release {version} is not among the releases")
        size = self._connection.download(f"{self._path}/releases/{version}/bundle", target)
        return Bundle(row, target, size)


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
