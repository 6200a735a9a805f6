"""Small folders of images and labels for the tests of formats."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from pitmark.core.records import ImageRecord, LabeledImage
from tests.formats.image_files import saved

SIZE_WH = (40, 30)


def picture(number=0, size_wh=SIZE_WH):
    """The bytes of a small image that differs from the others."""
    pixels = np.full((size_wh[1], size_wh[0]), 40, np.uint8)
    pixels.flat[: 1 + number % 200] = 200
    pixels.flat[-1] = number // 200
    return saved(pixels, "PNG")


def put_pictures(root, *names, size_wh=SIZE_WH):
    """Writes an image under each name (PNG bytes, whatever the suffix)."""
    for number, name in enumerate(names):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number, size_wh))


def put_text(root, name, text):
    """Writes a label file; anything but text is written as JSON."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text if isinstance(text, str) else json.dumps(text))


def labeled(number, shapes, *, split="train", name=None, **more):
    """A labeled image and its bytes."""
    data = picture(number)
    sha256 = hashlib.sha256(data).hexdigest()
    record = ImageRecord(sha256, *SIZE_WH, "L", name or f"part {number:03}.png", **more)
    return LabeledImage(record, shapes, split), data


def by_name(listing):
    """Name to image."""
    return {image.name: image for image in listing.images}


def reasons(listing):
    """All problems as one text."""
    return "\n".join(f"{p.name}: {p.reason}" for p in listing.problems)
