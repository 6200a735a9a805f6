"""Archives of strangers, unpacked without trusting anything they say.

A name that leads outside, a link, a device, the same name twice (whatever the case of its
letters): the whole archive is refused and the entry is named. Entries, bytes and the ratio
of unpacked to packed bytes are counted while reading, for what a header says may be a lie.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from pitmark.core.errors import InvalidInputError, StorageError
from pitmark.formats.safe_names import Names

ARCHIVE_SUFFIXES = (
    *(".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"),
)
_PIECE = 1 << 20
# No header of an archive is longer; a longer one would be read into memory at once.
_LONGEST_READ = 8 << 20
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    OSError,
)


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What an archive may come to.

    Attributes:
        entries: Files and folders in it.
        total_bytes: Unpacked, all together.
        ratio: Unpacked bytes per byte of the archive; images hardly shrink.
        free_bytes: Up to so many unpacked bytes the ratio does not matter.
    """

    entries: int = 500_000
    total_bytes: int = 100 << 30
    ratio: float = 100.0
    free_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file in an archive, or a folder where there is no content."""

    name: str
    content: _Readable | None


def is_archive(name: str) -> bool:
    """Whether a file name is that of an archive.

    Args:
        name: Of the file.

    Returns:
        True for .zip, .tar and compressed .tar.
    """
    return name.lower().endswith(ARCHIVE_SUFFIXES)


def archive_stem(name: str) -> str:
    """The name of an archive without its suffix.

    Args:
        name: Of the archive; `is_archive` holds.

    Returns:
        Such as "photos" for "photos.tar.gz".
    """
    suffix = max((s for s in ARCHIVE_SUFFIXES if name.lower().endswith(s)), key=len)
    return name[: -len(suffix)]


def unpack(archive: Path, folder: Path, *, limits: ArchiveLimits | None = None) -> int:
    """Unpack an archive into a new folder; refused as a whole if anything in it is amiss.

    What was written before that stays in the folder, for the caller to remove.

    Args:
        archive: A zip or tar file.
        folder: Made here; must not exist.
        limits: What it may come to.

    Returns:
        How many files were written.

    Raises:
        InvalidInputError: It is damaged, an entry is refused, or a limit is passed.
        StorageError: The folder cannot be written.
    """
    meter = _Meter(archive, limits or ArchiveLimits())
    names, count = Names(), 0
    try:
        folder.mkdir(parents=True)
    except OSError as exc:
        raise StorageError(f"{folder.name} cannot be made: {exc.strerror}") from exc
    for entry in _entries(archive, meter):
        meter.entry()
        if entry.content is None and not entry.name.strip("./"):
            continue  # the folder itself, as in archives of "."
        target = folder / names.take(entry.name, folder=entry.content is None)
        if entry.content is None:
            target.mkdir(parents=True, exist_ok=True)
            continue
        count += 1
        _write(target, _pieces(entry.content, archive, meter))
    return count


class _Meter:
    """Counts what comes out of an archive."""

    def __init__(self, archive: Path, limits: ArchiveLimits) -> None:
        self._name, self._limits = archive.name, limits
        self._most = min(
            limits.total_bytes,
            max(limits.free_bytes, int(limits.ratio * archive.stat().st_size)),
        )
        self._entries = self._bytes = 0

    def entry(self) -> None:
        """Count an entry."""
        self._entries += 1
        if self._entries > self._limits.entries:
            raise InvalidInputError(
                f"{self._name} holds more than {self._limits.entries} entries",
                hint="Split it into several archives.",
            )

    def add(self, count: int) -> None:
        """Count bytes."""
        self._bytes += count
        if self._bytes > self._most:
            raise InvalidInputError(
                f"{self._name} unpacks to more than {self._most / 1e6:.0f} MB, far more than"
                " archives of images do",
                hint="Unpack it yourself and upload the folder.",
            )


def _entries(archive: Path, meter: _Meter) -> Iterator[_Entry]:
    """The files and folders of an archive, one after the other."""
    try:
        with archive.open("rb") as file:
            magic = file.read(6)
            file.seek(0)
            if magic[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
                yield from _zip_entries(file)
            else:
                yield from _tar_entries(_unpacked(file, magic), meter)
    except _DAMAGE as exc:
        raise _damaged(archive, exc) from exc


def _zip_entries(file: IO[bytes]) -> Iterator[_Entry]:
    with zipfile.ZipFile(file) as zipped:
        for info in zipped.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.flag_bits & 1:
                raise _refused(info.filename, "is encrypted")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _refused(info.filename, "is a link or a device")
            # The library has cut the name at a zero byte and turned its slashes.
            if info.orig_filename != info.filename:
                raise _refused(info.orig_filename, "has a backslash or a zero byte")
            if info.is_dir():
                yield _Entry(info.filename, None)
                continue
            with zipped.open(info) as content:
                yield _Entry(info.filename, content)


def _tar_entries(stream: _Readable, meter: _Meter) -> Iterator[_Entry]:
    with tarfile.open(fileobj=_Forward(stream, meter), mode="r:") as tar:  # type: ignore[call-overload]
        for member in tar:
            # Nothing is looked up again; without this the list grows with the archive.
            tar.members = []
            if member.isdir():
                yield _Entry(member.name, None)
                continue
            if not member.isreg() or member.issparse():
                raise _refused(member.name, "is a link, a device or has holes")
            content = tar.extractfile(member)
            assert content is not None
            yield _Entry(member.name, _Uncounted(content))


def _unpacked(file: IO[bytes], magic: bytes) -> _Readable:
    if magic[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=file)
    if magic[:3] == b"BZh":
        return bz2.BZ2File(file)
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(file)
    return file


class _Uncounted:
    """Content whose bytes the stream below has counted already."""

    def __init__(self, content: _Readable) -> None:
        self._content = content

    def read(self, size: int, /) -> bytes:
        return self._content.read(size)


class _Forward:
    """A stream that only goes on, counts its bytes, and reads no more than asked for."""

    def __init__(self, stream: _Readable, meter: _Meter) -> None:
        self._stream, self._meter, self._at = stream, meter, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if not 0 <= size <= _LONGEST_READ:
            raise ValueError("a header is too long")
        data = self._stream.read(size)
        self._at += len(data)
        self._meter.add(len(data))
        return data

    def tell(self) -> int:
        """How far it is."""
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go on to a place; going back is an error."""
        if whence != 0 or offset < self._at:
            raise ValueError("entries overlap")
        while self._at < offset and self.read(min(_PIECE, offset - self._at)):
            pass
        return self._at


def _pieces(content: _Readable, archive: Path, meter: _Meter) -> Iterator[bytes]:
    try:
        while piece := content.read(_PIECE):
            if not isinstance(content, _Uncounted):
                meter.add(len(piece))
            yield piece
    except _DAMAGE as exc:
        raise _damaged(archive, exc) from exc


def _write(target: Path, pieces: Iterator[bytes]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as exc:
        raise StorageError(
            f"{target.name} cannot be unpacked: {exc.strerror}",
            hint="Check free space and write permission.",
        ) from exc


def _refused(name: str, reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"the entry {name[:200]!r} {reason}",
        hint="Pack the files anew, as plain files without a password.",
    )


def _damaged(archive: Path, exc: BaseException) -> InvalidInputError:
    return InvalidInputError(
        f"{archive.name} is damaged or no archive that can be read: {str(exc)[:200]}",
        hint="Pack it anew as .zip or .tar.gz, or upload the folder.",
    )
