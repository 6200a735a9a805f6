"""Files that people upload, by the hash of their bytes, until an import has taken them.

They lie apart from the blobs, one folder per organisation: nobody can find out by asking
what another organisation has, and clearing old ones can never remove what is in use.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from pitmark.core.errors import (
    InvalidInputError,
    NotFoundError,
    StorageError,
    TooLargeError,
)
from pitmark.store.blobs import check_sha
from pitmark.store.db import Store

MAX_UPLOAD_BYTES = 2 << 30
KEPT_S = 24 * 3600.0
_CLEARED_EVERY_S = 600.0
_INCOMING = "incoming"


class Upload:
    """One file that is being uploaded, to be used as a context; left early, nothing stays.

    Args:
        store: The workspace as the organisation sees it.
        sha256: What the bytes are said to be.
        limit_bytes: A larger file is refused.
    """

    def __init__(
        self, store: Store, sha256: str, *, limit_bytes: int = MAX_UPLOAD_BYTES
    ) -> None:
        self._target = _place(store, check_sha(sha256))
        self._sha256, self._limit = sha256, limit_bytes
        self._digest, self.size_bytes = hashlib.sha256(), 0
        self._temporary = _folder(store) / _INCOMING / uuid4().hex
        clear_stale_uploads(store)

    def __enter__(self) -> Self:
        try:
            self._temporary.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("xb")
        except OSError as exc:
            raise _cannot_write(exc) from exc
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    def write(self, piece: bytes) -> None:
        """Take the next bytes.

        Args:
            piece: Of the file.

        Raises:
            TooLargeError: The file is larger than allowed.
            StorageError: The disk is full or read-only.
        """
        self.size_bytes += len(piece)
        check_size(self.size_bytes, self._limit)
        self._digest.update(piece)
        try:
            self._file.write(piece)
        except OSError as exc:
            raise _cannot_write(exc) from exc

    def finish(self) -> int:
        """Keep the file, for a day.

        Returns:
            Its size in bytes.

        Raises:
            InvalidInputError: The bytes are not those that were announced.
            StorageError: The disk is full or read-only.
        """
        found = self._digest.hexdigest()
        if found != self._sha256:
            raise InvalidInputError(
                f"the upload has the sha256 {found} after {self.size_bytes} bytes,"
                f" announced was {self._sha256}",
                hint="It was cut off or changed on the way: upload it again.",
            )
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._temporary.replace(self._target)
        except OSError as exc:
            raise _cannot_write(exc) from exc
        return self.size_bytes


def check_size(size_bytes: int, limit_bytes: int = MAX_UPLOAD_BYTES) -> None:
    """Make sure that a file is not too large.

    Args:
        size_bytes: Of the file, or so far.
        limit_bytes: What is allowed.

    Raises:
        TooLargeError: It is.
    """
    if size_bytes > limit_bytes:
        raise TooLargeError(
            f"the file has more than the {limit_bytes} bytes that are taken at once",
            hint="Split the archive, or upload the images one by one.",
        )


def missing_uploads(store: Store, shas: Sequence[str]) -> list[str]:
    """Which files an organisation has to upload.

    Args:
        store: The workspace as the organisation sees it.
        shas: Hashes of their bytes.

    Returns:
        Those that it has neither uploaded nor as an image, in the order given.

    Raises:
        InvalidInputError: A hash is none.
    """
    wanted = list(dict.fromkeys(check_sha(s) for s in shas))
    not_uploaded = [s for s in wanted if not _place(store, s).is_file()]
    known = store.images_among(not_uploaded)
    return [s for s in not_uploaded if s not in known]


def uploaded_file(store: Store, sha256: str) -> Path:
    """Where a file lies that an organisation uploaded, or has as an image.

    Args:
        store: The workspace as the organisation sees it.
        sha256: The hash of its bytes.

    Returns:
        A file to be read and never changed; link or copy it.

    Raises:
        NotFoundError: It was not uploaded, or longer than a day ago.
        InvalidInputError: The hash is none.
    """
    path = _place(store, check_sha(sha256))
    if path.is_file():
        return path
    if sha256 in store.images_among([sha256]):
        return store.blobs.path(sha256)
    raise NotFoundError(
        f"no file with the sha256 {sha256} was uploaded",
        hint=f"Upload it; uploads are kept for {KEPT_S / 3600:.0f} hours.",
    )


def refresh_upload(store: Store, sha256: str) -> int | None:
    """Keep a file that was uploaded before for another day.

    Args:
        store: The workspace as the organisation sees it.
        sha256: The hash of its bytes.

    Returns:
        Its size in bytes, None where it was not uploaded.

    Raises:
        InvalidInputError: The hash is none.
    """
    path = _place(store, check_sha(sha256))
    try:
        os.utime(path)
        return path.stat().st_size
    except OSError:
        return None


def clear_stale_uploads(store: Store, *, now: float | None = None) -> int:
    """Remove what was uploaded, or begun, more than a day ago.

    Args:
        store: The workspace as the organisation sees it.
        now: The present, as `time.time` gives it.

    Returns:
        How many files were removed; 0 where this was done minutes ago.
    """
    folder, present = _folder(store), time.time() if now is None else now
    mark, removed = folder / ".cleared", 0
    with suppress(OSError):
        if mark.exists() and present - mark.stat().st_mtime < _CLEARED_EVERY_S:
            return 0
        for path in folder.glob("*/*"):
            if present - path.stat().st_mtime > KEPT_S:
                path.unlink(missing_ok=True)
                removed += 1
        mark.touch()
    return removed


def _folder(store: Store) -> Path:
    return store.home / "uploads" / store.organisation


def _place(store: Store, sha256: str) -> Path:
    return _folder(store) / sha256[:2] / sha256[2:]


def _cannot_write(exc: OSError) -> StorageError:
    return StorageError(
        f"the upload cannot be written: {exc.strerror}",
        hint="Check free space and write permission of the workspace folder.",
    )
