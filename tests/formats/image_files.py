"""Image files made for tests, of kinds that Pillow alone cannot write."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image


def gradient(height=24, width=32, channels=3, dtype=np.uint8):
    """Pixels without any symmetry, over the whole range of the type."""
    rng = np.random.default_rng(height * 1000 + width)
    top = np.iinfo(dtype).max
    ramp = np.linspace(0, top * 0.9, height * width).reshape(height, width, 1)
    noise = rng.random((height, width, channels)) * top * 0.1
    pixels = (ramp + noise).astype(dtype)
    return pixels[..., 0] if channels == 1 else pixels


def saved(pixels, kind, **options):
    """A file as Pillow writes it."""
    buffer = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(pixels, **options):
    """A file as tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def png(rows, *, size_wh, bits, color_type):
    """A PNG from raw rows without filters: any depth and color type."""
    header = struct.pack(">IIBBBBB", *size_wh, bits, color_type, 0, 0, 0)
    raw = b"".join(b"\0" + row for row in rows)

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body))
            + kind
            + body
            + struct.pack(">I", zlib.crc32(kind + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def png16(pixels):
    """A 16-bit PNG with 1 to 4 channels."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    rows = [row.astype(">u2").tobytes() for row in pixels]
    size_wh = (pixels.shape[1], pixels.shape[0])
    return png(rows, size_wh=size_wh, bits=16, color_type={1: 0, 2: 4, 3: 2, 4: 6}[channels])
