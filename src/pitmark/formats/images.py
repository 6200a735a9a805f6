"""From the bytes of a file to pixels, once and for all.

Every image is read through here, so that it looks the same to labelers, training and the
edge: turned as EXIF asks, gray or color, 8 or 16 bits, never silently less.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, TiffImagePlugin

from pitmark.core.errors import UnreadableImageError
from pitmark.core.preprocess import check_pixels
from pitmark.formats.containers import (
    DECODER_ERRORS,
    MAX_PIXELS,
    open_header,
    orientation_of,
    sample_bits,
    unreadable,
)
from pitmark.formats.deep_color import decode_color16, encode_color16_png

Pixels = NDArray[Any]

# More different values than this and a mask holds shades, not numbers of classes.
MAX_MASK_VALUES = 32
# Added to 0xRRGGBB where a mask names classes by color instead of by number.
COLOR_OFFSET = 1 << 24


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """The pixels of a file.

    `pixels` is (H, W) or (H, W, 3), uint8 or uint16; `mode` is L, RGB, L16 or RGB16;
    `width` and `height` are those after the rotation that EXIF asks for. `notes` says
    what the file held besides and was left out: further pages, alpha.
    """

    pixels: Pixels
    mode: str
    width: int
    height: int
    notes: tuple[str, ...] = ()


def decode_image(data: bytes, *, name: str, max_pixels: int = MAX_PIXELS) -> DecodedImage:
    """The pixels of an image file.

    Args:
        data: The whole file.
        name: What the file is called in messages; its suffix is not looked at.
        max_pixels: A larger image is refused before it is decoded.

    Returns:
        Pixels and mode. Palettes and CMYK become RGB (L where all colors are gray), one
        bit becomes 0 and 255, alpha is dropped without compositing, of several pages or
        frames the first is taken.

    Raises:
        UnreadableImageError: Not an image, damaged, cut off, too large, or with values
            that 8 or 16 bits cannot hold (floating point, 32 bits, signed).
    """
    image, kind = open_header(io.BytesIO(data), name, max_pixels=max_pixels)
    try:
        notes = _notes(image)
        pixels = _pixels(image, kind, data, name)
        pixels = turn(pixels, orientation_of(image))
    except DECODER_ERRORS as exc:
        raise unreadable(name, kind, exc) from exc
    height, width = pixels.shape[:2]
    mode = ("RGB" if pixels.ndim == 3 else "L") + ("16" if pixels.dtype == np.uint16 else "")
    return DecodedImage(pixels, mode, width, height, notes)


def decode_mask_image(data: bytes, name: str) -> NDArray[np.int64]:
    """The numbers stored in a mask file.

    Args:
        data: The whole file.
        name: What the file is called in messages.

    Returns:
        (H, W) integers: the indices of a palette image, otherwise the stored values (0
        and 1 for one bit, the smaller range for two and four bits). Where a palette holds
        more than 32 entries in use, entries of the same color count as one. Colors
        without a palette give 0x1000000 + 0xRRGGBB, transparent pixels 0.

    Raises:
        UnreadableImageError: Not an image, damaged, or of more than 32 colors.
    """
    image, kind = open_header(io.BytesIO(data), name)
    try:
        values = _mask_values(image, kind, data, name)
        return turn(values, orientation_of(image)).astype(np.int64)
    except DECODER_ERRORS as exc:
        raise unreadable(name, kind, exc) from exc


def holds_palette(data: bytes, name: str) -> bool:
    """Whether the numbers of a mask file are indices of a palette.

    Args:
        data: The whole file.
        name: What the file is called in messages.

    Returns:
        True for palette PNG, TIFF, BMP and GIF.

    Raises:
        UnreadableImageError: Not an image.
    """
    return open_header(io.BytesIO(data), name)[0].mode in ("P", "PA")


def encode_png(pixels: Pixels) -> bytes:
    """A PNG that holds the pixels exactly.

    Args:
        pixels: (H, W) or (H, W, 3), uint8 or uint16.

    Returns:
        The file.

    Raises:
        InvalidInputError: Not an image.
    """
    check_pixels(pixels)
    if pixels.ndim == 3 and pixels.dtype == np.uint16:
        return encode_color16_png(pixels)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()


def thumbnail(
    source: Pixels | bytes, max_side: int, *, name: str = "image", max_pixels: int = MAX_PIXELS
) -> bytes:
    """A small JPEG for showing; 16-bit values are mapped from their own range.

    Args:
        source: Pixels as `decode_image` gives them, or a whole file.
        max_side: The longer side in pixels; smaller images are not enlarged.
        name: What the file is called in messages.
        max_pixels: A larger file is refused.

    Returns:
        The JPEG file.

    Raises:
        UnreadableImageError: The file cannot be decoded.
    """
    pixels = _draft(source, max_side, name, max_pixels) if isinstance(source, bytes) else source
    check_pixels(pixels)
    small = Image.fromarray(np.ascontiguousarray(_as_8_bit(pixels)))
    small.thumbnail((max_side, max_side), Image.Resampling.BICUBIC, reducing_gap=2.0)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def turn(pixels: Pixels, orientation: int) -> Pixels:
    """Pixels as they are meant to be seen.

    Args:
        pixels: (H, W) or (H, W, 3) as stored.
        orientation: The EXIF orientation, 1 to 8.

    Returns:
        The same pixels, mirrored and rotated.
    """
    if orientation in (5, 6, 7, 8):
        pixels = np.swapaxes(pixels, 0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _pixels(image: ImageFile.ImageFile, kind: str, data: bytes, name: str) -> Pixels:
    bits = sample_bits(image, kind, data)
    mode = image.mode
    if mode.startswith("I;16") or (mode == "I" and kind in ("PNG", "PPM")):
        values = np.asarray(image).astype(np.uint16)
        return _flip_white_is_zero(image, values, bits)
    if mode in ("I", "F"):
        what = "floating-point" if mode == "F" else "32-bit or signed"
        raise UnreadableImageError(
            f"{name} holds {what} values, which Pitmark does not read",
            hint="Export it with 8 or 16 bits a channel, scaled the same for all images.",
        )
    if bits > 8:
        deep = decode_color16(image, data) if bits == 16 and kind in ("PNG", "TIFF") else None
        if deep is None:
            raise UnreadableImageError(
                f"{name} is a {kind} with {bits} bits a channel in mode {mode},"
                " which cannot be read without losing depth",
                hint="Export it as 16-bit PNG or as TIFF with interleaved RGB.",
            )
        image.load()  # finds EXIF behind the pixels; turns the size of a TIFF
        return deep
    return _as_gray_or_color(image)


def _as_gray_or_color(image: Image.Image) -> Pixels:
    if image.mode in ("1", "LA", "La"):
        return np.asarray(image.convert("L"))
    if image.mode == "L":
        return np.asarray(image)
    if image.mode in ("PA", "RGBa"):
        image = image.convert("RGBA")
    palette = image.mode in ("P", "PA")
    image.load()
    image.info.pop("transparency", None)  # or Pillow warns that it is dropped
    color = np.asarray(image if image.mode == "RGB" else image.convert("RGB"))
    if palette and (color == color[..., :1]).all():
        return np.ascontiguousarray(color[..., 0])
    return color


def _flip_white_is_zero(image: Image.Image, values: Pixels, bits: int) -> Pixels:
    """Pillow inverts such TIFFs with 8 bits but forgets to with 16."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        photometric = image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 1)
        if photometric == 0:
            return np.uint16((1 << bits) - 1) - values
    return values


def _notes(image: ImageFile.ImageFile) -> tuple[str, ...]:
    notes = []
    frames = int(getattr(image, "n_frames", 1))
    if frames > 1:
        notes.append(f"the first of {frames} pages was taken")
    if "A" in image.getbands() or "transparency" in image.info:
        notes.append("alpha was dropped")
    if image.mode == "CMYK":
        notes.append("CMYK was converted to RGB without a color profile")
    return tuple(notes)


def _mask_values(image: ImageFile.ImageFile, kind: str, data: bytes, name: str) -> Pixels:
    if image.mode in ("P", "PA"):
        indices = np.asarray(image.getchannel(0))
        palette = image.getpalette("RGB") or []
        return _merge_same_colors(indices, np.asarray(palette, dtype=np.int64).reshape(-1, 3))
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    bits = sample_bits(image, kind, data)
    values = _pixels(image, kind, data, name)
    if values.ndim == 3:
        values = _color_numbers(values, name)
        if "A" in image.getbands():
            values = np.where(np.asarray(image.getchannel("A")) > 0, values, 0)
        if np.unique(values).size > MAX_MASK_VALUES:
            raise UnreadableImageError(
                f"{name} is a mask of many colors, so its classes are unknown",
                hint="Export masks with one number per class (palette or gray PNG).",
            )
    # Pillow spreads two- and four-bit gray over 0..255; a mask means the numbers.
    return values // (255 // ((1 << bits) - 1)) if bits in (2, 4) else values


def _color_numbers(color: Pixels, name: str) -> Pixels:
    """One number per color: gray as its value, others above every gray."""
    if color.dtype != np.uint8:
        raise UnreadableImageError(f"{name} is a colored mask with 16 bits a channel")
    red, green, blue = (color[..., i].astype(np.int64) for i in range(3))
    gray = (red == green) & (green == blue)
    return np.where(gray, red, COLOR_OFFSET | red << 16 | green << 8 | blue)


def _merge_same_colors(indices: Pixels, palette_rgb: NDArray[np.int64]) -> Pixels:
    used = np.unique(indices)
    if used.size <= MAX_MASK_VALUES or used[-1] >= len(palette_rgb):
        return indices
    first: dict[tuple[int, ...], int] = {}
    table = np.arange(256)
    for index in used:
        table[index] = first.setdefault(tuple(palette_rgb[index].tolist()), int(index))
    return table[indices]


def _draft(data: bytes, max_side: int, name: str, max_pixels: int) -> Pixels:
    """Pixels of a file, of a JPEG only as many as a thumbnail needs."""
    image, kind = open_header(io.BytesIO(data), name, max_pixels=max_pixels)
    if kind != "JPEG":
        return decode_image(data, name=name, max_pixels=max_pixels).pixels
    try:
        image.draft(image.mode, (max_side * 2, max_side * 2))
        return turn(_as_gray_or_color(image), orientation_of(image))
    except DECODER_ERRORS as exc:
        raise unreadable(name, kind, exc) from exc


def _as_8_bit(pixels: Pixels) -> NDArray[np.uint8]:
    if pixels.dtype == np.uint8:
        return pixels
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        return (pixels >> 8).astype(np.uint8)
    return ((pixels.astype(np.float32) - low) * (255.0 / (high - low))).astype(np.uint8)
