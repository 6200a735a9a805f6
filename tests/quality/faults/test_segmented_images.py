import tracemalloc

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import mask_shape
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.mask_faults import (
    segmentation_faults,
    streamed_segmentation_faults,
)
from pitmark.quality.faults.segmented_images import SegmentedImage

CLASSES = ("crack", "dent", "stain")
SIZE_WH = (256, 256)
GRID = 64


class Made:
    """Images made when asked, a new time at every pass; every tenth lacks its label."""

    def __init__(self, count):
        self.count = count

    def __iter__(self):
        return (self.image(n) for n in range(self.count))

    def image(self, number):
        rng = np.random.default_rng(number)
        kind = int(rng.integers(3))
        x, y = (4 * int(v) for v in rng.integers(4, 40, 2))
        pixels = np.zeros(SIZE_WH[::-1], dtype=bool)
        pixels[y : y + 48, x : x + 48] = True
        maps = rng.uniform(0, 0.1, (3, GRID, GRID))
        maps[kind][pixels[::4, ::4]] += 0.6
        shapes = () if number % 10 == 0 else (mask_shape(CLASSES[kind], pixels),)
        prediction = Prediction(SIZE_WH, 0.7, maps_khw=maps.astype(np.float16))
        return SegmentedImage(f"image{number:04d}", shapes, SIZE_WH, prediction)


def peak_bytes(count):
    tracemalloc.start()
    try:
        streamed_segmentation_faults(Made(count), CLASSES)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_images_times_classes_times_pixels():
    peak_bytes(5)
    maps_bytes = 3 * GRID * GRID * 2
    growth = (peak_bytes(120) - peak_bytes(30)) / 90
    # Numbers about regions stay; even the half-precision maps of an image would be more.
    assert growth < maps_bytes / 3


def test_streamed_images_give_the_faults_of_those_at_hand():
    made = list(Made(40))
    images = {i.key: (i.shapes, i.size_wh) for i in made}
    predictions = {i.key: i.prediction for i in made}
    streamed = streamed_segmentation_faults(Made(40), CLASSES)
    assert streamed == segmentation_faults(images, predictions, CLASSES)
    first = {f.key for f in streamed[:4] if f.kind == "missed_object"}
    assert first == {f"image{n:04d}" for n in (0, 10, 20, 30)}


def test_a_generator_is_refused_because_it_gives_the_images_once():
    with pytest.raises(InvalidInputError, match="given several times"):
        streamed_segmentation_faults((i for i in Made(3)), CLASSES)
