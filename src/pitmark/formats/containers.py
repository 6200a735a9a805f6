"""Which kinds of image files are read, and their headers.

A file is known by its first bytes, never by its name. Only the decoders listed here ever
see a stranger's file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import BinaryIO

from PIL import (
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pitmark.core.errors import UnreadableImageError

MAX_PIXELS = 100_000_000
READABLE = "PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000 and PPM/PGM"

# Everything that the decoders raise on damaged or hostile files.
DECODER_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

_OPENERS: dict[str, Callable[[BinaryIO], ImageFile.ImageFile]] = {
    "PNG": PngImagePlugin.PngImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
    "BMP": BmpImagePlugin.BmpImageFile,
    "GIF": GifImagePlugin.GifImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "JPEG2000": Jpeg2KImagePlugin.Jpeg2KImageFile,
    "PPM": PpmImagePlugin.PpmImageFile,
}
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"P4", "PPM"),
    (b"P5", "PPM"),
    (b"P6", "PPM"),
)
SUFFIXES: dict[str, str] = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "WEBP": ".webp",
    "JPEG2000": ".jp2",
    "PPM": ".ppm",
}


def container_of(head: bytes) -> str | None:
    """The kind of image file that begins with some bytes.

    Args:
        head: At least the first 12 bytes of the file.

    Returns:
        A key of `SUFFIXES`, or None when it is no image that Pitmark reads.
    """
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for magic, kind in _MAGIC if head.startswith(magic)), None)


def open_header(
    stream: BinaryIO, name: str, *, max_pixels: int = MAX_PIXELS
) -> tuple[ImageFile.ImageFile, str]:
    """An image of which only the header has been read.

    Args:
        stream: The file, at its beginning.
        name: What the file is called in messages.
        max_pixels: A larger image is refused.

    Returns:
        The opened image and its kind (a key of `SUFFIXES`).

    Raises:
        UnreadableImageError: Not an image, damaged, or too large.
    """
    head = stream.read(16)
    kind = container_of(head)
    if kind is None:
        found = "it is empty" if not head else f"it begins with {head[:8]!r}"
        raise UnreadableImageError(
            f"{name} is not an image that can be read: {found}", hint=f"Readable: {READABLE}."
        )
    stream.seek(0)
    try:
        image = _OPENERS[kind](stream)
        width, height = image.size
    except DECODER_ERRORS as exc:
        raise unreadable(name, kind, exc) from exc
    if width < 1 or height < 1:
        raise UnreadableImageError(f"{name} has no pixels: its header says {width}x{height}")
    if width * height > max_pixels:
        raise UnreadableImageError(
            f"{name} has {width}x{height} = {width * height} pixels,"
            f" more than the {max_pixels} allowed",
            hint="Cut it into tiles, or allow larger images.",
        )
    return image, kind


def read_size(stream: BinaryIO, name: str) -> tuple[int, int]:
    """Width and height of an image as it is shown, from its header alone.

    Args:
        stream: The file, at its beginning.
        name: What the file is called in messages.

    Returns:
        (width, height) in pixels, after the rotation that EXIF asks for.

    Raises:
        UnreadableImageError: Not an image, or a damaged header.
    """
    image, kind = open_header(stream, name, max_pixels=10 * MAX_PIXELS)
    width, height = image.size
    if kind == "PNG" and not _png_may_hold_exif(stream):
        return width, height
    try:
        # Pillow reports the size of a rotated TIFF already turned.
        turned = kind != "TIFF" and orientation_of(image) >= 5
    except DECODER_ERRORS as exc:
        raise unreadable(name, kind, exc) from exc
    return (height, width) if turned else (width, height)


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation, 1 (as stored) to 8.

    Args:
        image: An opened image.

    Returns:
        1 where there is none or it makes no sense.
    """
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def sample_bits(image: ImageFile.ImageFile, kind: str, data: bytes) -> int:
    """Bits per sample as the file stores them, which Pillow may cut to 8 without a word.

    Args:
        image: The opened image.
        kind: A key of `SUFFIXES`.
        data: The whole file.

    Returns:
        1 to 64.
    """
    if kind == "PNG":
        return data[24]
    if kind == "TIFF" and isinstance(image, TiffImagePlugin.TiffImageFile):
        return int(max(image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, (1,))))
    if kind == "JPEG2000":
        start = data.find(b"\xff\x4f\xff\x51")
        return (data[start + 42] & 0x7F) + 1 if 0 <= start < len(data) - 42 else 8
    if kind == "PPM" and image.tile:
        args = image.tile[0].args
        return 16 if isinstance(args, tuple) and int(args[-1]) > 255 else 8
    return 8


def unreadable(name: str, kind: str, exc: BaseException) -> UnreadableImageError:
    """The error for a file that a decoder stumbled over.

    Args:
        name: What the file is called.
        kind: A key of `SUFFIXES`.
        exc: What the decoder raised.

    Returns:
        The error, with the decoder's reason.
    """
    reason = str(exc) or type(exc).__name__
    return UnreadableImageError(
        f"{name} cannot be decoded as {kind}: {reason}",
        hint="The file is damaged or cut off; export or copy it again.",
    )


def _png_may_hold_exif(stream: BinaryIO) -> bool:
    """Whether a PNG has EXIF anywhere; Pillow would decode all pixels to find out."""
    position = 8
    while True:
        stream.seek(position)
        head = stream.read(8)
        if len(head) < 8:
            return False
        length, chunk = struct.unpack(">I4s", head)
        if chunk == b"eXIf":
            return True
        if chunk in (b"tEXt", b"zTXt", b"iTXt") and stream.read(11) == b"Raw profile":
            return True
        position += length + 12
