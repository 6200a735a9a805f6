"""The private keys of a workspace: files that only their owner may read."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pitmark.core.errors import StorageError

_SUFFIX = ".pem"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key; of several, the one with the highest number signs."""

    number: int
    pem: bytes


class KeyFiles:
    """The keys in one folder, numbered from 1; none is ever changed or overwritten.

    Args:
        folder: Made with the first key.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list(self) -> list[KeyFile]:
        """All keys, the newest first.

        Raises:
            StorageError: One cannot be read.
        """
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if path.stem.isdigit():
                try:
                    found.append(KeyFile(int(path.stem), path.read_bytes()))
                except OSError as exc:
                    raise StorageError(f"{path} cannot be read: {exc.strerror}") from exc
        return sorted(found, key=lambda k: -k.number)

    def add(self, pem: bytes) -> KeyFile:
        """Keep a key; it is the newest then.

        Args:
            pem: The private key.

        Returns:
            The key as kept.

        Raises:
            StorageError: It cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Written aside and linked into place: a kill leaves no half key.
            handle, aside = tempfile.mkstemp(prefix=".", suffix=".new", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(pem)
                    file.flush()
                    os.fsync(file.fileno())
                return KeyFile(self._link(Path(aside)), pem)
            finally:
                Path(aside).unlink(missing_ok=True)
        except OSError as exc:
            raise StorageError(
                f"the key in {self._folder} cannot be written: {exc.strerror}"
            ) from exc

    def _link(self, aside: Path) -> int:
        """Give a file the next number that nobody takes meanwhile."""
        number = max((k.number for k in self.list()), default=0)
        while True:
            number += 1
            try:
                (self._folder / f"{number}{_SUFFIX}").hardlink_to(aside)
            except FileExistsError:
                continue
            return number
