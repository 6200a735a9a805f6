"""Pictures of images for the screen: small ones of all, tiles of large ones.

They are always encoded anew, never the bytes that somebody uploaded. Levels of tiles: 0 is
the full size, each further one half of the one before, down to a single tile.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pitmark.core.errors import InvalidInputError, NotFoundError
from pitmark.formats.containers import container_of, open_header
from pitmark.formats.images import decode_image, thumbnail
from pitmark.ops.images.derived_files import DerivedFiles
from pitmark.ops.images.pictures import eight_bits
from pitmark.store.blobs import BlobStore

SIDES = (96, 192, 384, 768, 1536, 3072)
TILE_PX = 256
_QUALITY = 88
_LIMIT_BYTES = 4_000_000_000
# Decoders that may run at once; large images one at a time, for their memory.
_DECODERS = 3
_LARGE_PIXELS = 20_000_000
_HEAD = 8


class Thumbnails:
    """Pictures of the blobs of a workspace, kept in a disposable folder.

    Args:
        blobs: Where the images are.
        folder: Where to keep pictures.
        limit_bytes: How much to keep.
    """

    def __init__(
        self, blobs: BlobStore, folder: Path, *, limit_bytes: int = _LIMIT_BYTES
    ) -> None:
        self._blobs = blobs
        self._files = DerivedFiles(folder, limit_bytes)
        self._decoders = threading.BoundedSemaphore(_DECODERS)
        self._large = threading.Lock()

    def picture(self, sha256: str, side: int) -> bytes:
        """An image as a JPEG of at most a certain size; small ones are not enlarged.

        Args:
            sha256: The image.
            side: The longer side in pixels, one of `SIDES`.

        Returns:
            The JPEG file.

        Raises:
            InvalidInputError: Another side.
            UnreadableImageError: The image cannot be decoded or is too large.
            StorageError: There is no such blob.
        """
        if side not in SIDES:
            raise InvalidInputError(
                f"pictures have a side of {', '.join(map(str, SIDES))} pixels, found {side}"
            )
        return self._files.get(_name(sha256, f"-{side}.jpg"), lambda: self._made(sha256, side))

    def tile(self, sha256: str, level: int, column: int, row: int) -> bytes:
        """A part of an image of at most 256 x 256 pixels.

        Args:
            sha256: The image.
            level: 0 for the full size, each further one half as large.
            column: Of the tile, from 0.
            row: Of the tile, from 0.

        Returns:
            The JPEG file.

        Raises:
            NotFoundError: There is no such tile.
            UnreadableImageError: The image cannot be decoded or is too large.
            StorageError: There is no such blob.
        """
        name = _name(sha256, ".tiles")
        path = self._files.path(name)
        found = None if path is None else _cut_out(path, level, column, row)
        if found is None:
            with self._large:
                # Another request may have made them while this one waited.
                path = self._files.path(name)
                pack = (
                    path.read_bytes()
                    if path
                    else self._files.put(name, _tiles(self._shown(sha256)))
                )
            found = _take(io.BytesIO(pack), level, column, row)
        if found is None or not found:
            raise NotFoundError(f"the image has no tile {column}, {row} at level {level}")
        return found

    def _made(self, sha256: str, side: int) -> bytes:
        for larger in SIDES[SIDES.index(side) + 1 :]:
            known = self._files.read(_name(sha256, f"-{larger}.jpg"))
            if known is not None:
                return thumbnail(known, side, name=sha256[:12])
        data, name = self._blobs.read(sha256), sha256[:12]
        width, height = open_header(io.BytesIO(data), name)[0].size
        with self._decoders:
            if width * height < _LARGE_PIXELS:
                return _small(data, side, name)
            with self._large:
                return _small(data, side, name)

    def _shown(self, sha256: str) -> NDArray[np.uint8]:
        pixels = decode_image(self._blobs.read(sha256), name=sha256[:12]).pixels
        return eight_bits(pixels)


def _name(sha256: str, ending: str) -> str:
    return f"{sha256[:2]}/{sha256[2:]}{ending}"


def _small(data: bytes, side: int, name: str) -> bytes:
    if container_of(data[:16]) == "JPEG":
        return thumbnail(data, side, name=name)
    return thumbnail(eight_bits(decode_image(data, name=name).pixels), side, name=name)


def _tiles(pixels: NDArray[np.uint8]) -> bytes:
    """All tiles of all levels as one file: a JSON table of sizes, then the JPEG files."""
    levels, parts = [], []
    for shown in _levels(Image.fromarray(np.ascontiguousarray(pixels))):
        across, down = -(-shown.width // TILE_PX), -(-shown.height // TILE_PX)
        tiles = [_encoded(shown, x, y) for y in range(down) for x in range(across)]
        levels.append({"across": across, "bytes": [len(t) for t in tiles]})
        parts += tiles
    head = json.dumps(levels, separators=(",", ":")).encode()
    return b"".join([len(head).to_bytes(_HEAD, "big"), head, *parts])


def _levels(shown: Image.Image) -> Iterator[Image.Image]:
    yield shown
    while max(shown.size) > TILE_PX:
        shown = shown.reduce(2)
        yield shown


def _encoded(shown: Image.Image, column: int, row: int) -> bytes:
    left, top = column * TILE_PX, row * TILE_PX
    right, low = min(left + TILE_PX, shown.width), min(top + TILE_PX, shown.height)
    out = io.BytesIO()
    shown.crop((left, top, right, low)).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _cut_out(path: Path, level: int, column: int, row: int) -> bytes | None:
    """A tile of a kept file; None where the file is gone."""
    try:
        with path.open("rb") as file:
            return _take(file, level, column, row)
    except OSError:
        return None


def _take(file: io.BufferedIOBase, level: int, column: int, row: int) -> bytes:
    """A tile out of a file of tiles; empty where there is no such tile."""
    size = int.from_bytes(file.read(_HEAD), "big")
    levels = json.loads(file.read(size))
    if not 0 <= level < len(levels):
        return b""
    across, lengths = levels[level]["across"], levels[level]["bytes"]
    number = row * across + column
    if not (0 <= column < across and row >= 0 and number < len(lengths)):
        return b""
    before = sum(sum(one["bytes"]) for one in levels[:level]) + sum(lengths[:number])
    file.seek(_HEAD + size + before)
    return file.read(lengths[number])
