"""Fetches a bundle from the server, going on where it was cut off, and proves it whole."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pitmark.core.errors import BundleError, StorageError
from pitmark.edge.bundle_file import MAX_BUNDLE_BYTES
from pitmark.edge.server_link import NoAnswerError, ServerLink

_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Offer:
    """The release that the server wants to run here."""

    version: int
    sha256: str
    size_bytes: int


def fetch(link: ServerLink, offer: Offer, folder: Path, stop: threading.Event) -> Path:
    """Fetch a bundle; what came of it before a cut or a kill is not fetched again.

    Args:
        link: To the server; closed afterwards.
        offer: What to fetch.
        folder: Where parts are kept; made where it does not exist. Parts of other bundles
            are removed.
        stop: Set it to end within one piece.

    Returns:
        A file with exactly the bytes of the offer.

    Raises:
        NoAnswerError: The network was cut, or the end came; call it again.
        BundleError: The server gave other bytes; they are thrown away.
        StorageError: There is no room, or the disk cannot be written.
    """
    if not 0 < offer.size_bytes <= MAX_BUNDLE_BYTES:
        raise BundleError(f"release {offer.version} is said to have {offer.size_bytes} bytes")
    part = folder / f"{offer.sha256}.part"
    have = _prepared(part, offer)
    try:
        if have < offer.size_bytes:
            _receive(link, offer, part, have, stop)
    finally:
        link.close()
    found = _digest(part)
    if found != offer.sha256:
        part.unlink(missing_ok=True)
        raise BundleError(
            f"release {offer.version} came with the sha256 {found},"
            f" announced was {offer.sha256}"
        )
    return part


def _prepared(part: Path, offer: Offer) -> int:
    """Makes room; gives how many bytes are there already."""
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        for old in part.parent.glob("*.part"):
            if old != part:
                old.unlink(missing_ok=True)
        have = part.stat().st_size if part.exists() else 0
        free = shutil.disk_usage(part.parent).free
    except OSError as exc:
        raise StorageError(f"{part.parent} cannot be used: {exc.strerror}") from exc
    if have > offer.size_bytes:
        part.unlink(missing_ok=True)
        have = 0
    # The part, and then the slot that it is copied to.
    needed = 2 * offer.size_bytes - have
    if free < needed:
        raise StorageError(
            f"release {offer.version} needs {needed:,} bytes, {free:,} are free",
            hint="Make room on the disk of the device; verdicts go on meanwhile.",
        )
    return have


def _receive(
    link: ServerLink, offer: Offer, part: Path, have: int, stop: threading.Event
) -> None:
    headers = {}
    if have:
        headers = {"Range": f"bytes={have}-", "If-Range": f'"{offer.sha256}"'}
    answer = link.open(f"releases/{offer.version}/bundle", headers)
    if answer.status not in (200, 206):
        raise NoAnswerError(f"the server gave no bundle, but status {answer.status}")
    whole = answer.status == 200
    try:
        with part.open("wb" if whole else "ab") as file:
            size = _copied(answer, file, 0 if whole else have, offer, stop)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise StorageError(f"{part} cannot be written: {exc.strerror}") from exc
    if size < offer.size_bytes:
        raise NoAnswerError(f"cut off after {size} of {offer.size_bytes} bytes")


def _copied(
    answer: http.client.HTTPResponse,
    file: IO[bytes],
    size: int,
    offer: Offer,
    stop: threading.Event,
) -> int:
    """Writes what comes, at most as much as was announced; gives how much there is."""
    while size < offer.size_bytes and not stop.is_set():
        try:
            piece = answer.read(min(_PIECE, offer.size_bytes - size))
        except (OSError, http.client.HTTPException, ValueError):
            break
        if not piece:
            break
        file.write(piece)
        size += len(piece)
    return size


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise StorageError(f"{path} cannot be read: {exc.strerror}") from exc
