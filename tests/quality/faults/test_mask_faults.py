from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape, ImageClass, PolygonShape, mask_shape, shape_mask
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.mask_faults import segmentation_faults
from pitmark.quality.faults.region_grid import labeled_regions, spread

CLASSES = ("crack", "blowhole")
SIZE_WH = (256, 192)
CELL = 8
GRID_HW = (SIZE_WH[1] // CELL, SIZE_WH[0] // CELL)
ROWS, COLUMNS = np.mgrid[0 : SIZE_WH[1], 0 : SIZE_WH[0]] + 0.5


def disk(x, y, radius, stretch=1.0):
    return ((COLUMNS - x) / (radius * stretch)) ** 2 + ((ROWS - y) / radius) ** 2 < 1


def maps_of(objects, rng, *, peak, confusion):
    maps = np.abs(rng.normal(0, 0.05, (len(CLASSES), *GRID_HW)))
    for pixels, kind in objects:
        logits = rng.normal(0, confusion, len(CLASSES))
        logits[kind] += 2
        shares = np.exp(logits) / np.exp(logits).sum()
        cover = pixels.reshape(GRID_HW[0], CELL, GRID_HW[1], CELL).mean(axis=(1, 3))
        seen = ndimage.gaussian_filter(cover, 0.4) * peak
        maps = np.maximum(maps, seen * shares[:, None, None])
    return Prediction(SIZE_WH, 0.0, maps_khw=np.clip(maps, 0, 1).astype(np.float16))


def world(seed, *, count=100, peak=0.8, confusion=0.6):
    """Images with one planted fault in every fourth: kind and shape (or place) by key."""
    rng = np.random.default_rng(seed)
    images, predictions, faults = {}, {}, {}
    for number in range(count):
        key = f"image{number:03d}"
        objects = []
        for x in rng.permutation([50, 130, 210])[: rng.integers(1, 4)]:
            y, radius, kind = rng.uniform(50, 140), rng.uniform(10, 18), int(rng.integers(2))
            objects.append((disk(x, y, radius, 1.6 - kind * 0.6), kind, (x, y, radius)))
        predictions[key] = maps_of(
            [o[:2] for o in objects], rng, peak=peak, confusion=confusion
        )
        shapes = [mask_shape(CLASSES[k], m) for m, k, _ in objects]
        if number % 4 == 0:
            fault = ("wrong_class", "missed_object", "spurious_object", "sloppy_outline")[
                number // 4 % 4
            ]
            shapes, faults[key] = _spoil(shapes, objects[0], fault)
        images[key] = (tuple(shapes), SIZE_WH)
    return images, predictions, faults


def _spoil(shapes, first, fault):
    _, kind, (x, y, radius) = first
    if fault == "wrong_class":
        return [mask_shape(CLASSES[1 - kind], first[0]), *shapes[1:]], (fault, 0)
    if fault == "missed_object":
        return shapes[1:], (fault, (int(x), int(y)))
    if fault == "sloppy_outline":
        return [mask_shape(CLASSES[kind], disk(x, y, 2 * radius, 1.6)), *shapes[1:]], (fault, 0)
    return [*shapes, mask_shape("blowhole", disk(20, 20, 12))], (fault, len(shapes))


def right(fault, planted):
    kind, where = planted.get(fault.key, (None, None))
    if fault.kind != kind:
        return False
    if kind != "missed_object":
        return fault.shape_index == where
    x, y = where
    return bool(shape_mask(fault.suggestion[-1], SIZE_WH)[y, x])


# 25 planted faults among about 200 regions: chance is below 0.15.
@pytest.mark.parametrize(
    ("peak", "confusion", "least"), [(0.8, 0.6, 0.8), (0.35, 0.6, 0.5), (0.5, 1.1, 0.45)]
)
def test_planted_faults_of_four_kinds_come_first(peak, confusion, least):
    images, predictions, planted = world(0, peak=peak, confusion=confusion)
    faults = segmentation_faults(images, predictions, CLASSES)
    assert np.mean([right(f, planted) for f in faults[:25]]) >= least


@pytest.mark.parametrize(
    "kind", ["wrong_class", "missed_object", "spurious_object", "sloppy_outline"]
)
def test_each_kind_is_found(kind):
    images, predictions, planted = world(1)
    faults = [f for f in segmentation_faults(images, predictions, CLASSES) if f.kind == kind]
    count = sum(k == kind for k, _ in planted.values())
    assert sum(right(f, planted) for f in faults[: count + 2]) >= 0.6 * count


def test_right_labels_get_few_high_scores():
    rng = np.random.default_rng(0)
    images, predictions = {}, {}
    for number in range(60):
        pixels = disk(rng.uniform(40, 200), rng.uniform(40, 150), rng.uniform(10, 20))
        images[f"i{number}"] = ((mask_shape("crack", pixels),), SIZE_WH)
        predictions[f"i{number}"] = maps_of([(pixels, 0)], rng, peak=0.7, confusion=0.3)
    faults = segmentation_faults(images, predictions, CLASSES)
    assert sum(f.score >= 0.5 for f in faults) <= 2


def test_the_corrected_outline_follows_the_model():
    images, predictions, planted = world(2)
    faults = [
        f
        for f in segmentation_faults(images, predictions, CLASSES)
        if f.kind == "sloppy_outline" and right(f, planted)
    ]
    shapes, _ = images[faults[0].key]
    before = shape_mask(shapes[0], SIZE_WH).sum()
    after = shape_mask(faults[0].suggestion[0], SIZE_WH).sum()
    assert 0.1 * before < after < 0.5 * before


def test_one_wrong_part_of_a_mask_leaves_its_other_parts_alone():
    images, predictions, _ = world(3, count=60)
    rng = np.random.default_rng(3)
    real, made_up = disk(60, 100, 15), disk(200, 100, 15)
    images["two"] = ((mask_shape("blowhole", real | made_up),), SIZE_WH)
    predictions["two"] = maps_of([(real, 1)], rng, peak=0.8, confusion=0.1)
    fault = next(
        f
        for f in segmentation_faults(images, predictions, CLASSES)
        if f.key == "two" and f.kind == "spurious_object"
    )
    kept = shape_mask(fault.suggestion[0], SIZE_WH)
    assert (kept == real).mean() > 0.999


def test_polygons_and_boxes_are_judged_like_masks():
    images, predictions, _ = world(4, count=60)
    rng = np.random.default_rng(4)
    pixels = disk(100, 100, 16)
    ring = ((84.0, 84.0), (116.0, 84.0), (116.0, 116.0), (84.0, 116.0))
    for key, shape in (
        ("polygon", PolygonShape("crack", (ring,))),
        ("box", BoxShape("crack", (84, 84, 116, 116))),
    ):
        images[key] = ((shape, ImageClass("crack")), SIZE_WH)
        predictions[key] = maps_of([(pixels, 1)], rng, peak=0.8, confusion=0.1)
    found = {f.key: f for f in segmentation_faults(images, predictions, CLASSES)}
    assert found["polygon"].kind == found["box"].kind == "wrong_class"
    assert found["polygon"].suggestion[0] == PolygonShape("blowhole", (ring,))
    assert found["box"].score == pytest.approx(found["polygon"].score, rel=0.5)


class OneAtATime(Mapping):
    """A mapping that counts how many predictions are held at the same time."""

    def __init__(self, source):
        self.source = source
        self.loads = 0

    def __getitem__(self, key):
        self.loads += 1
        found = self.source[key]
        return Prediction(found.size_wh, found.score, maps_khw=found.maps_khw.copy())

    def __iter__(self):
        return iter(self.source)

    def __len__(self):
        return len(self.source)


def test_predictions_are_loaded_one_by_one_and_at_most_three_times():
    images, predictions, _ = world(5, count=20)
    lazy = OneAtATime(predictions)
    assert segmentation_faults(images, lazy, CLASSES) == segmentation_faults(
        images, predictions, CLASSES
    )
    assert lazy.loads <= 3 * len(images)


def test_a_missing_prediction_or_map_is_named():
    images = {"a": ((), SIZE_WH)}
    with pytest.raises(InvalidInputError, match="image a has labels but no out-of-fold"):
        segmentation_faults(images, {}, CLASSES)
    flat = Prediction(SIZE_WH, 0.0, maps_khw=np.zeros((1, 4, 4), dtype=np.float16))
    with pytest.raises(InvalidInputError, match="image a has 1 maps for 2 classes"):
        segmentation_faults(images, {"a": flat}, CLASSES)


def test_a_speck_smaller_than_a_cell_is_still_a_region():
    pixel = np.zeros((192, 256), dtype=bool)
    pixel[100, 100] = True
    shapes = (mask_shape("crack", pixel), BoxShape("crack", (10, 10, 11, 11)))
    regions = labeled_regions(shapes, SIZE_WH, GRID_HW)
    assert [int(r.cells.sum()) for r in regions] == [1, 1]
    assert regions[0].cells[12, 12]
    assert spread(regions[0].cells, SIZE_WH)[100, 100]


@given(
    st.lists(
        st.tuples(
            st.lists(
                st.tuples(
                    st.sampled_from(("crack", "blowhole", "unknown")),
                    st.integers(0, 14),
                    st.integers(0, 10),
                    st.integers(1, 8),
                ),
                max_size=3,
            ),
            st.integers(0, 10_000),
        ),
        max_size=4,
    )
)
@settings(max_examples=30, deadline=None)
def test_whatever_the_regions_scores_are_probabilities_and_suggestions_fit(content):
    images, predictions = {}, {}
    for number, (rows, seed) in enumerate(content):
        rng = np.random.default_rng(seed)
        shapes = []
        for label, x, y, side in rows:
            pixels = np.zeros((12, 16), dtype=bool)
            pixels[y : y + side, x : x + side] = True
            shapes.append(mask_shape(label, pixels))
        maps = np.round(rng.random((2, 3, 5)), seed % 3).astype(np.float16)
        maps[0, 0, 0] = np.nan if seed % 2 else 0
        images[f"i{number}"] = (tuple(shapes), (16, 12))
        predictions[f"i{number}"] = Prediction((16, 12), 0.0, maps_khw=maps)
    for fault in segmentation_faults(images, predictions, CLASSES):
        assert 0 <= fault.score <= 1
        assert "nan" not in fault.why
        assert all(shape_mask(s, (16, 12)).shape == (12, 16) for s in fault.suggestion)
