"""Files that can be made again at any time: kept while there is room, the oldest go first."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

# Of the limit that is left after making room.
_LEFT = 0.8
# A file counts as used again at most this often, or every reading would write.
_TOUCH_S = 3600.0


class DerivedFiles:
    """A folder of derived files; it may be emptied at any time.

    A file appears under its name only when it is whole. What cannot be written is given
    without being kept.

    Args:
        folder: Where to keep them; made with the first.
        limit_bytes: The oldest are removed when there is more.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder, self._limit = folder, limit_bytes
        self._lock = threading.Lock()
        self._bytes: int | None = None

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """A file, made if need be.

        Args:
            name: A path below the folder, such as "ab/cdef-96.jpg".
            make: Gives the bytes.

        Returns:
            The bytes.
        """
        return self.read(name) or self.put(name, make())

    def read(self, name: str) -> bytes | None:
        """A file as it is kept, None where it is not."""
        path = self._folder / name
        try:
            data = path.read_bytes()
        except OSError:
            return None
        self._touch(path)
        return data

    def path(self, name: str) -> Path | None:
        """Where a file is kept, None where it is not."""
        path = self._folder / name
        if not path.is_file():
            return None
        self._touch(path)
        return path

    def put(self, name: str, data: bytes) -> bytes:
        """Keep a file.

        Args:
            name: A path below the folder.
            data: Its bytes.

        Returns:
            The same bytes.
        """
        path = self._folder / name
        temporary = path.with_name(f".{uuid4().hex}")
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(data)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            self._make_room(len(data))
        return data

    def _touch(self, path: Path) -> None:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _TOUCH_S:
                os.utime(path)

    def _make_room(self, added: int) -> None:
        with self._lock:
            if self._bytes is None:
                self._bytes = sum(size for _, size, _ in self._listed())
            else:
                self._bytes += added
            if self._bytes <= self._limit:
                return
            # Counted again: other processes write and remove as well.
            held = sorted(self._listed())
            self._bytes = sum(size for _, size, _ in held)
            for _, size, path in held:
                if self._bytes <= self._limit * _LEFT:
                    break
                path.unlink(missing_ok=True)
                self._bytes -= size

    def _listed(self) -> list[tuple[float, int, Path]]:
        """When each file was last used, its size, and where it is."""
        out = []
        for path in self._folder.rglob("*"):
            with suppress(OSError):
                found = path.stat()
                if path.is_file():
                    out.append((found.st_mtime, found.st_size, path))
        return out
