"""Small made-up sets of images with known defects, in memory."""

from __future__ import annotations

import hashlib

import numpy as np

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass, mask_shape
from pitmark.core.records import ImageRecord, LabeledImage


class Toys:
    """Images with bright squares ("spot") and dark bars ("bar") on a grainy ground.

    With `references`, each has a second picture of its ground without them.
    """

    def __init__(self, task, *, size_wh=(64, 64), mode="L", seed=0, references=False):
        self.task = task
        self.size_wh = size_wh
        self.mode = mode
        self.references = references
        self.rng = np.random.default_rng(seed)
        self.pixels = {}
        self.images = []
        self.book = LabelBook().with_classes(["good", "spot", "bar"])

    def load(self, sha256):
        return self.pixels[sha256]

    def add(self, kind, *, split="train", group=None, sides=None):
        width, height = self.size_wh
        gray = self.rng.normal(0.4, 0.03, size=(height, width))
        reference = None
        if self.references:
            # What is printed on both: without comparing, it looks like a defect.
            for _ in range(3):
                y, x = self.rng.integers(0, height - 10), self.rng.integers(0, width - 10)
                gray[y : y + 10, x : x + 10] = 0.8
            reference = self._keep(np.clip(gray, 0, 1))
        shapes = []
        if kind != "good":
            wide, high = sides or ((10, 10) if kind == "spot" else (20, 5))
            x = int(self.rng.integers(0, width - wide + 1))
            y = int(self.rng.integers(0, height - high + 1))
            gray[y : y + high, x : x + wide] += 0.4 if kind == "spot" else -0.3
            shapes = [self._shape(kind, (x, y, x + wide, y + high))]
        elif self.task == "classification":
            shapes = [ImageClass("good")]
        sha = self._keep(np.clip(gray, 0, 1))
        name = f"{sha[:6]}.png"
        record = ImageRecord(
            sha, width, height, self.mode, name, group=group, reference=reference
        )
        self.images.append(LabeledImage(record, tuple(shapes), split))
        return self

    def add_many(self, kinds, *, split="train"):
        for kind in kinds:
            self.add(kind, split=split)
        return self

    def _shape(self, kind, box):
        x1, y1, x2, y2 = box
        if self.task == "classification":
            return ImageClass(kind)
        if self.task == "detection":
            return BoxShape(kind, tuple(map(float, box)))
        mask = np.zeros(self.size_wh[::-1], dtype=bool)
        mask[y1:y2, x1:x2] = True
        return mask_shape(kind, mask)

    def _keep(self, gray):
        image = self._stored(gray)
        sha = hashlib.sha256(image.tobytes()).hexdigest()
        self.pixels[sha] = image
        return sha

    def _stored(self, gray):
        deep = self.mode.endswith("16")
        image = (gray * (4095 if deep else 255)).astype(np.uint16 if deep else np.uint8)
        if self.mode.startswith("RGB"):
            image = np.repeat(image[..., None], 3, axis=2)
        return image


def mixed(task, *, per_kind=3, **kwargs):
    """A set with as many good images as images with spots and with bars."""
    toys = Toys(task, **kwargs)
    return toys.add_many(["good", "spot", "bar"] * per_kind)


def good_only(count, **kwargs):
    """A set of good images for anomaly detection."""
    return Toys("anomaly", **kwargs).add_many(["good"] * count)
