"""Files named by the sha256 of their bytes: never changed, stored once, checked on reading."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from pitmark.core.errors import InvalidInputError, StorageError

_SHA = re.compile(r"[0-9a-f]{64}")
_PIECE = 1 << 20
_WRITERS = 16
_STALE_S = 24 * 3600.0


def check_sha(sha256: str) -> str:
    """A sha256, made sure that it is one.

    Args:
        sha256: 64 lower-case hexadecimal digits.

    Returns:
        The same.

    Raises:
        InvalidInputError: It is something else.
    """
    if not _SHA.fullmatch(sha256):
        raise InvalidInputError(f"not a sha256 of 64 hexadecimal digits: {sha256[:80]!r}")
    return sha256


class BlobStore:
    """Content-addressed files below one folder.

    A blob appears under its name only when it is whole and on the disk, so a kill at
    any moment leaves either the blob or nothing but a stray file in `incoming`.

    Args:
        folder: Where to keep them; created on the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._incoming = folder / "incoming"

    def path(self, sha256: str) -> Path:
        """Where a blob lies, whether it is there or not.

        Args:
            sha256: The hash of its bytes.

        Returns:
            The file.
        """
        check_sha(sha256)
        return self.folder / sha256[:2] / sha256[2:]

    def has(self, sha256: str) -> bool:
        """Whether a blob is there.

        Args:
            sha256: The hash of its bytes.

        Returns:
            True when its file exists.
        """
        return self.path(sha256).is_file()

    def put(self, data: bytes) -> str:
        """Keep some bytes; a blob that exists already is kept as it is.

        Args:
            data: Any bytes.

        Returns:
            Their sha256.

        Raises:
            StorageError: The disk is full or read-only.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._whole(sha256, len(data)):
            with self._incoming_file() as temporary:
                _write(temporary, [data])
                self._publish(temporary, sha256)
        return sha256

    def put_many(self, items: Sequence[bytes]) -> list[str]:
        """Keep many blobs; several times as fast as one by one.

        A disk takes about as long to make sure of sixteen files as of one.

        Args:
            items: The bytes of each.

        Returns:
            Their sha256, in the order of `items`.

        Raises:
            StorageError: The disk is full or read-only.
        """
        with ThreadPoolExecutor(_WRITERS) as pool:
            return list(pool.map(self.put, items))

    def put_file(self, path: Path) -> str:
        """Keep the content of a file, read piece by piece.

        Args:
            path: Any file outside the store.

        Returns:
            The sha256 of its bytes.

        Raises:
            StorageError: The file cannot be read, or the disk is full or read-only.
        """
        with self._incoming_file() as temporary:
            sha256, size = _write(temporary, _pieces(path))
            if not self._whole(sha256, size):
                self._publish(temporary, sha256)
        return sha256

    def read(self, sha256: str) -> bytes:
        """The bytes of a blob, checked against its name.

        Args:
            sha256: The hash of its bytes.

        Returns:
            The bytes.

        Raises:
            StorageError: The blob is missing or was altered.
        """
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except OSError as exc:
            raise StorageError(
                f"blob {sha256} cannot be read: {exc.strerror}",
                hint=f"Its file is {path}. Restore it from a backup or import it again.",
            ) from exc
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise StorageError(
                f"blob {sha256} was altered: its bytes have the sha256 {found}",
                hint=f"Restore {path} from a backup, or remove it and import it again.",
            )
        return data

    def require(self, shas: Iterable[str]) -> None:
        """Make sure that blobs are there.

        Args:
            shas: Hashes of blobs.

        Raises:
            StorageError: One is missing.
        """
        for sha256 in shas:
            if not self.has(sha256):
                raise StorageError(
                    f"blob {sha256} is not in the workspace",
                    hint="Put the bytes before anything that refers to them.",
                )

    def remove(self, sha256: str) -> bool:
        """Remove a blob that nothing refers to; the caller has made sure of that.

        Args:
            sha256: The hash of its bytes.

        Returns:
            Whether it was there.
        """
        try:
            self.path(sha256).unlink()
        except FileNotFoundError:
            return False
        except OSError as exc:
            raise _cannot_write(self.folder, exc) from exc
        return True

    def clear_stale(self) -> None:
        """Remove what killed processes left in `incoming` more than a day ago."""
        with suppress(OSError):
            for path in self._incoming.iterdir():
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()

    def _whole(self, sha256: str, size: int) -> bool:
        """Whether a blob is there in full length; a shorter one is a damaged one."""
        try:
            return self.path(sha256).stat().st_size == size
        except OSError:
            return False

    @contextmanager
    def _incoming_file(self) -> Iterator[Path]:
        temporary = self._incoming / uuid4().hex
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            yield temporary
        except OSError as exc:
            raise _cannot_write(self.folder, exc) from exc
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _publish(self, temporary: Path, sha256: str) -> None:
        target = self.path(sha256)
        fresh = not target.parent.exists()
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
        _sync_folder(target.parent)
        if fresh:
            _sync_folder(self.folder)


def _write(path: Path, pieces: Iterable[bytes]) -> tuple[str, int]:
    """Write a new file down to the disk; its sha256 and size in bytes."""
    digest, size = hashlib.sha256(), 0
    with path.open("xb") as file:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
    except OSError as exc:
        raise StorageError(f"{path.name} cannot be read: {exc.strerror}") from exc


def _sync_folder(folder: Path) -> None:
    # A name is safe only when its folder is on the disk; Windows has no such call.
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot_write(folder: Path, exc: OSError) -> StorageError:
    return StorageError(
        f"the blob folder {folder} cannot be written: {exc.strerror}",
        hint="Check free space and write permission; nothing saved before is lost.",
    )
