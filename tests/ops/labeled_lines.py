"""Small parts with drawn lines of many lengths, labeled by people with their own limits."""

import numpy as np

from pitmark.core.label_book import LabelBook
from pitmark.core.labels import BoxShape
from pitmark.core.records import ImageRecord
from pitmark.formats.images import encode_png
from pitmark.store.annotations import NewAnnotation

SHORT, LONG = "pit mark", "scratch"
SIDE = 128


def line_images(count=40, seed=0):
    """PNG bytes and the box of the one line on it; lengths of 10 to 90 px."""
    rng = np.random.default_rng(seed)
    for length in np.exp(rng.uniform(np.log(10), np.log(90), count)):
        pixels = rng.integers(90, 130, (SIDE, SIDE), dtype=np.uint8)
        wide = float(rng.uniform(3, 8))
        x, y = (float(rng.uniform(1, SIDE - 1 - s)) for s in (length, wide))
        pixels[int(y) : int(y + wide), int(x) : int(x + length)] = 220
        yield encode_png(pixels), (x, y, x + length, y + wide)


def fill_lines(project, limits, *, count=40, seed=0, metadata=None, unmarked=False):
    """Every labeler answers about every image; gives the records.

    With `unmarked`, what is below their limit is left unmarked instead of called a pit mark.
    """
    rng = np.random.default_rng(seed)
    records, said = [], []
    for number, (data, box) in enumerate(line_images(count, seed)):
        sha = project.blobs.put(data)
        facts = metadata(number) if metadata else {"camera": f"cam{number % 2}"}
        records.append(ImageRecord(sha, SIDE, SIDE, "L", f"part{number:03d}.png", facts))
        for who, limit in limits.items():
            seen = (box[2] - box[0]) * float(np.exp(rng.normal(0, 0.05)))
            label = LONG if seen > limit else SHORT
            shapes = () if unmarked and label == SHORT else (BoxShape(label, box),)
            said.append(NewAnnotation(sha, shapes, who, project.book.last_revision()))
    with project.transaction():
        project.images.add_many([(r, "test") for r in records])
        project.annotations.add_many(said)
    return records


def line_book(**more):
    return LabelBook(**more).with_classes([SHORT, LONG])
