"""Reads npz files that came from elsewhere: nothing is unpickled, no header is believed.

The size of every array follows from its header and must equal what the archive holds, so
that a small file can neither claim nor unpack to more memory than the cap.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from pitmark.core.errors import BundleError

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
_MAX_ARRAYS = 4096
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    KeyError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    MemoryError,
    SyntaxError,
    TypeError,
    OverflowError,
)


def check_arrays(data: bytes, *, name: str) -> None:
    """Make sure that an npz file holds plain arrays of bearable size.

    Args:
        data: The file's bytes.
        name: The file's name, for the message.

    Raises:
        BundleError: Not an npz file, damaged, too large unpacked, or with objects that
            would have to be unpickled.
    """
    _walk(data, name, keep=False)


def read_arrays(data: bytes, *, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of an npz file.

    Args:
        data: The file's bytes.
        name: The file's name, for the message.

    Returns:
        Array name to array.

    Raises:
        BundleError: As for `check_arrays`.
    """
    return _walk(data, name, keep=True)


def _walk(data: bytes, name: str, *, keep: bool) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_size(entries, name)
            for entry in entries:
                with archive.open(entry) as stream:
                    array = _read_array(stream, entry, name, keep=keep)
                if array is not None:
                    arrays[entry.filename.removesuffix(".npy")] = array
    except _DAMAGE as exc:
        raise BundleError(f"{name} is damaged: {exc}") from exc
    return arrays


def _check_size(entries: list[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(e.file_size for e in entries)
    if unpacked > MAX_UNPACKED_BYTES or len(entries) > _MAX_ARRAYS:
        raise BundleError(
            f"{name} would unpack to {len(entries)} arrays of {unpacked:,} bytes,"
            f" allowed are {_MAX_ARRAYS} of {MAX_UNPACKED_BYTES:,}"
        )
    names = {e.filename for e in entries}
    if len(names) != len(entries):
        raise BundleError(f"{name} holds an array twice")


def _read_array(
    stream: IO[bytes], entry: zipfile.ZipInfo, name: str, *, keep: bool
) -> NDArray[Any] | None:
    version = npy.read_magic(stream)
    if version == (1, 0):
        shape, fortran, dtype = npy.read_array_header_1_0(stream)
    elif version == (2, 0):
        shape, fortran, dtype = npy.read_array_header_2_0(stream)
    else:
        raise BundleError(f"{name}: array {entry.filename} has npy version {version}")
    if dtype.hasobject:
        raise BundleError(
            f"{name}: array {entry.filename} would have to be unpickled, which is refused"
        )
    claimed = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or claimed != entry.file_size - stream.tell():
        raise BundleError(f"{name}: array {entry.filename} is not as large as it claims")
    if not keep:
        return None
    flat = np.frombuffer(stream.read(), dtype=dtype)
    return flat.reshape(shape, order="F" if fortran else "C")
