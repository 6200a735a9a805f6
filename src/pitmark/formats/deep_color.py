"""Color images with 16 bits a channel, which Pillow can only give with 8.

Pillow's unpackers take one of the two bytes of each sample; which one depends on the byte
order that they are told. Decoding twice, once with each order, gives both bytes, with
every compression, filter and tiling that Pillow knows.
"""

from __future__ import annotations

import io
import struct
import sys
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The color type of gray with alpha, in byte 25 of every PNG.
_GRAY_ALPHA = 4


def decode_color16(image: ImageFile.ImageFile, data: bytes) -> NDArray[np.uint16] | None:
    """The pixels of a PNG or TIFF with several 16-bit channels.

    Args:
        image: The opened image, not loaded.
        data: The whole file.

    Returns:
        (H, W, 3), or (H, W) for gray with alpha; alpha is dropped. None where the layout
        of the channels is not one that can be read whole.
    """
    if isinstance(image, PngImagePlugin.PngImageFile) and data[25] == _GRAY_ALPHA:
        return _decode_gray_alpha_png(data)
    if image.mode not in ("RGB", "RGBA", "RGBX") or not image.tile:
        return None
    first, second = (_decode_bytes(type(image), data, order) for order in "BL")
    if _stores_high_byte_first(image):
        return _joined(first, second)
    return _joined(second, first)


def encode_color16_png(pixels: NDArray[np.uint16]) -> bytes:
    """A PNG with three 16-bit channels.

    Args:
        pixels: (H, W, 3) uint16.

    Returns:
        The file.
    """
    height, width = pixels.shape[:2]
    rows = np.ascontiguousarray(pixels, dtype=">u2").view(np.uint8).reshape(height, -1)
    # Filter "sub": each byte minus the same byte of the pixel before.
    filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
    filtered[:, 0] = 1
    filtered[:, 1:7] = rows[:, :6]
    filtered[:, 7:] = rows[:, 6:] - rows[:, :-6]
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), 6)
    return (
        _SIGNATURE
        + _png_chunk(b"IHDR", header)
        + _png_chunk(b"IDAT", body)
        + _png_chunk(b"IEND", b"")
    )


def _joined(high: NDArray[np.uint8], low: NDArray[np.uint8]) -> NDArray[np.uint16]:
    return np.asarray(high.astype(np.uint16) * np.uint16(256) + low, dtype=np.uint16)


def _decode_bytes(plugin: type[Any], data: bytes, order: str) -> NDArray[np.uint8]:
    image = plugin(io.BytesIO(data))
    image.tile = [tile._replace(args=_with_order(tile.args, order)) for tile in image.tile]
    return np.asarray(image)[..., :3].copy()


def _with_order(args: str | tuple[Any, ...], order: str) -> str | tuple[Any, ...]:
    raw = args if isinstance(args, str) else str(args[0])
    mode = f"{raw.split(';')[0]};16{order}"
    return mode if isinstance(args, str) else (mode, *args[1:])


def _stores_high_byte_first(image: ImageFile.ImageFile) -> bool:
    """PNG always does; a TIFF in its own order, save that libtiff hands out native order."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return True
    if image.tile[0].codec_name == "libtiff":
        return sys.byteorder == "big"
    return bool(image.tag_v2.prefix == b"MM")


def _decode_gray_alpha_png(data: bytes) -> NDArray[np.uint16]:
    """Gray and alpha of 16 bits lie in memory exactly like RGBA of 8 bits: read as that."""
    width, height = struct.unpack(">II", data[16:24])
    header = struct.pack(">IIBB", width, height, 8, 6) + data[26:29]
    renamed = _SIGNATURE + _png_chunk(b"IHDR", header) + data[33:]
    with Image.open(io.BytesIO(renamed), formats=["PNG"]) as image:
        quads = np.asarray(image)
    return _joined(quads[..., 0], quads[..., 1])


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
