"""Files on their way to the server: only what it has not got yet, several at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TypeVar

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.core.progress import Progress, Reporter
from pitmark.sdk.connection import Connection
from pitmark.wire.images import AskUploads, MissingUploads, Uploaded, UploadedFile

_AT_ONCE = 6
_ASKED_AT_ONCE = 10_000
_ATTEMPTS = 3
A = TypeVar("A")
B = TypeVar("B")


def files_below(folder: Path) -> list[Path]:
    """The files of a folder in a fixed order; what is hidden is left out.

    Args:
        folder: The folder.

    Returns:
        Files, those in folders below included.

    Raises:
        InvalidInputError: There is no such folder, or no file in it.
        StorageError: It cannot be read.
    """
    if not folder.is_dir():
        raise InvalidInputError(f"there is no folder {str(folder)!r}")

    def told(exc: OSError) -> None:
        raise StorageError(f"{exc.filename} cannot be read: {exc.strerror}") from exc

    found: list[Path] = []
    for at, names, files in os.walk(folder, onerror=told):
        names[:] = sorted(n for n in names if not n.startswith("."))
        found += [Path(at, f) for f in sorted(files) if not f.startswith(".")]
    if not found:
        raise InvalidInputError(f"{folder} holds no file")
    return found


def upload(
    connection: Connection,
    organisation: str,
    files: Sequence[tuple[str, Path]],
    report: Reporter,
) -> list[UploadedFile]:
    """Send files, each content once and only where the server has not got it.

    Args:
        connection: To the server.
        organisation: The path of the organisation.
        files: Path as the server shall know it, and the file.
        report: Told of the progress: stage "hash", then "upload".

    Returns:
        Path and sha256 of each, in the same order.

    Raises:
        StorageError: A file cannot be read, or the server cannot be reached.
        PitmarkError: As the server tells it.
    """
    hashed = _side_by_side(_sha256, [f for _, f in files], "hash", report)
    places: dict[str, Path] = {}
    for (_, file), sha in zip(files, hashed, strict=True):
        places.setdefault(sha, file)
    missing = list(_missing(connection, organisation, list(places)))

    def send(sha: str) -> None:
        path = f"{organisation}/uploads/{sha}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                connection.upload(path, places[sha], Uploaded)
            except StorageError:
                # Sending the same bytes again is harmless.
                if attempt == _ATTEMPTS:
                    raise
            else:
                return

    _side_by_side(send, missing, "upload", report)
    return [
        UploadedFile(path=name, sha256=sha)
        for (name, _), sha in zip(files, hashed, strict=True)
    ]


def _missing(connection: Connection, organisation: str, shas: list[str]) -> Iterator[str]:
    for start in range(0, len(shas), _ASKED_AT_ONCE):
        asked = AskUploads(sha256=shas[start : start + _ASKED_AT_ONCE])
        path = f"{organisation}/uploads/missing"
        yield from connection.send("POST", path, asked, MissingUploads).missing


def _side_by_side(
    work: Callable[[A], B], items: Iterable[A], stage: str, report: Reporter
) -> list[B]:
    """Do something for each item, a few at a time; the first error ends all of it."""
    todo = list(items)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix=stage) as pool:
        started = [pool.submit(work, item) for item in todo]
        try:
            for done, future in enumerate(as_completed(started), start=1):
                future.result()
                report(Progress(stage, done, len(todo)))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in started]


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as exc:
        raise StorageError(f"{file} cannot be read: {exc.strerror}") from exc
