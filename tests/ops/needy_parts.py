"""A project of three textures, one of them with few examples and easily mistaken."""

import numpy as np

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape, ImageClass
from pitmark.core.records import ImageRecord
from pitmark.formats.images import encode_png
from pitmark.store.annotations import NewAnnotation

CLASSES = ("plain", "lines", "spots")
BOOK = LabelBook().with_classes(CLASSES)


def picture(kind, index):
    """64 x 64 of noise with lines or spots, some of them faint."""
    rng = np.random.default_rng([index, len(kind)])
    pixels = rng.normal(110, 14, (64, 64))
    strength = rng.uniform(6, 60)
    if kind == "lines":
        pixels[:: int(rng.integers(6, 12))] += strength
    if kind == "spots":
        for y, x in rng.integers(4, 58, (6, 2)):
            pixels[y : y + 4, x : x + 4] += strength
    return np.clip(pixels, 0, 255).astype(np.uint8)


def add_images(project, counts, *, start=0, wrong=()):
    """So many images of each class by one labeler; those numbered `wrong` named "plain"."""
    records, said = [], []
    for kind, count in counts.items():
        for index in range(start, start + count):
            sha = project.blobs.put(encode_png(picture(kind, index)))
            records.append(ImageRecord(sha, 64, 64, "L", f"{kind}{index:03d}.png"))
            label = "plain" if kind == "spots" and index in wrong else kind
            shapes = (
                (ImageClass(label),)
                if project.task == "classification"
                else (BoxShape(label, (8, 8, 56, 56)),)
            )
            said.append(NewAnnotation(sha, shapes, "anna", 1))
    with project.transaction():
        project.images.add_many([(r, "test") for r in records])
        project.annotations.add_many(said)
    return records
