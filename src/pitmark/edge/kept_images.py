"""Image files under the sha256 of their bytes, each kept once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pitmark.core.errors import StorageError
from pitmark.edge.durable import make_folder, write_durably


class KeptImages:
    """Images in a folder.

    Args:
        folder: Made where it does not exist.

    Raises:
        StorageError: It cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)

    def keep(self, image: bytes | None) -> tuple[str | None, int]:
        """Write an image, unless it is there already.

        Args:
            image: The file's bytes.

        Returns:
            Its sha256 and its size; None and 0 where there is no image, or no room for it.
        """
        if image is None:
            return None, 0
        digest = hashlib.sha256(image).hexdigest()
        path = self._path(digest)
        try:
            if not path.exists() or path.stat().st_size != len(image):
                path.parent.mkdir(exist_ok=True)
                write_durably(path, image)
        except (OSError, StorageError):
            path.with_name(f".{path.name}.new").unlink(missing_ok=True)
            return None, 0
        return digest, len(image)

    def read(self, digest: str) -> bytes | None:
        """An image, checked against its name.

        Args:
            digest: Its sha256.

        Returns:
            The file's bytes; None where the disk has lost it.
        """
        try:
            data = self._path(digest).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).hexdigest() == digest else None

    def remove(self, digest: str) -> None:
        """Remove an image.

        Args:
            digest: Its sha256.
        """
        self._path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """The sha256 of every image; what a kill left half written is removed."""
        for folder in self._folder.iterdir():
            for path in list(folder.iterdir()) if folder.is_dir() else ():
                if path.name.startswith("."):
                    path.unlink(missing_ok=True)
                else:
                    yield path.name

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
