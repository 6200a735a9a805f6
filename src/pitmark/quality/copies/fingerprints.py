"""What of an image survives re-encoding, another exposure and another crop.

The thumb is a 32 x 32 picture of the logarithm of brightness without its coarsest and
finest parts: gain, offset, vignetting and noise drop out, the marks of the part stay.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn
from scipy.ndimage import gaussian_filter

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies.registered import Picture, picture

THUMB_PX = 32
HASH_BYTES = 32
# Above this side, every second (third, ...) pixel is enough for 32 x 32 means.
_ENOUGH_PX = 1024
# Added before the logarithm: dark noise of a few grey levels must not turn into marks.
_DARK_LEVEL = 5.0
_FINE_PX, _COARSE_PX = 0.5, 4.0
# Less spread than this (in logarithms of brightness) is an empty picture.
_EMPTY = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """An image in about twenty kilobytes.

    `pixels` is a hash of the decoded pixels. `bits` (32,) uint8 is a perceptual hash:
    the signs of 256 frequencies against their median. `thumb` (32, 32) float16 has mean
    square 1, or is all 0 for a picture without any structure. `picture` (128, 128) int8
    holds its marks at fine scale. `light` is the mean brightness, 0 to 255, and `size_wh`
    the size in pixels.
    """

    pixels: str
    bits: NDArray[np.uint8]
    thumb: NDArray[np.float16]
    picture: Picture
    light: float
    size_wh: tuple[int, int]


def fingerprint(image: NDArray[Any], *, px_per_cell: float | None = None) -> Fingerprint:
    """The fingerprint of one image.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16. A color image whose channels agree
            counts as grey.
        px_per_cell: Scale of the picture; see `registered.common_scale`. None fits it.

    Returns:
        The fingerprint; the same pixels always give the same one.

    Raises:
        InvalidInputError: Another shape or type.
    """
    shape_ok = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if not shape_ok or image.dtype not in (np.uint8, np.uint16) or image.size == 0:
        raise InvalidInputError(
            f"a fingerprint needs (H, W) or (H, W, 3) of uint8 or uint16, not"
            f" {image.shape} of {image.dtype}"
        )
    if image.ndim == 3 and (image == image[..., :1]).all():
        image = image[..., 0]
    step = max(1, min(image.shape[:2]) // _ENOUGH_PX)
    grey = _grey(image[::step, ::step])
    thumb = _thumb(grey)
    cell = None if px_per_cell is None else px_per_cell / step
    return Fingerprint(
        pixels=_pixel_hash(image),
        bits=hash_bits(thumb),
        thumb=thumb.astype(np.float16),
        picture=picture(grey, px_per_cell=cell),
        light=float(grey.mean()),
        size_wh=(image.shape[1], image.shape[0]),
    )


def hash_bits(thumb: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The perceptual hash of a thumb.

    Args:
        thumb: (32, 32).

    Returns:
        (32,) uint8: 256 bits.
    """
    # One row of zero frequencies less, one more in reserve: 256 of 16 x 17.
    frequencies = dctn(np.asarray(thumb, np.float32))[:16, :17].ravel()[1:257]
    return np.packbits(frequencies > np.median(frequencies))


def _pixel_hash(image: NDArray[Any]) -> str:
    digest = hashlib.blake2b(f"{image.shape} {image.dtype}".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.hexdigest()


def _grey(image: NDArray[Any]) -> NDArray[np.float32]:
    grey = image.astype(np.float32) * np.float32(255.0 / np.iinfo(image.dtype).max)
    return grey @ np.full(3, 1 / 3, np.float32) if grey.ndim == 3 else grey


def _thumb(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    small = _area_means(grey.shape[0]) @ grey @ _area_means(grey.shape[1]).T
    light = np.log(small + np.float32(_DARK_LEVEL))
    marks = gaussian_filter(light, _FINE_PX) - gaussian_filter(light, _COARSE_PX)
    # The rim is where another crop differs first.
    rim = np.sqrt(np.hanning(THUMB_PX + 2)[1:-1])
    marks = marks * np.outer(rim, rim)
    marks -= marks.mean()
    size = float(np.sqrt(np.square(marks).mean()))
    return np.asarray(marks / size if size > _EMPTY else np.zeros_like(marks), np.float32)


def _area_means(size: int) -> NDArray[np.float32]:
    """(32, size) weights that average pixels by the area that they share with a cell."""
    edges = np.linspace(0, size, THUMB_PX + 1)
    pixels = np.arange(size)
    low = np.maximum(edges[:-1, None], pixels)
    high = np.minimum(edges[1:, None], pixels + 1)
    return np.asarray(np.maximum(high - low, 0) * (THUMB_PX / size), np.float32)
