import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.labels import ImageClass
from pitmark.core.preprocess import cut
from pitmark.train.planning import (
    are_cutouts,
    input_size,
    plan_inspector,
    suitable_side,
    value_range,
)
from pitmark.train.settings import TrainSettings
from tests.train.toys import Toys, good_only, mixed


def test_classification_takes_the_classes_that_occur_and_knows_the_good_one():
    toys = mixed("classification", per_kind=1)
    spec = plan_inspector(toys.images, toys.book, "classification", TrainSettings())
    assert spec.classes == ("good", "spot", "bar")
    assert spec.good == ("good",)


def test_detection_and_segmentation_leave_out_classes_without_a_shape():
    for task in ("detection", "segmentation"):
        toys = Toys(task).add("good").add("bar")
        spec = plan_inspector(toys.images, toys.book, task, TrainSettings())
        assert spec.classes == ("bar",)
        assert spec.good == ()


@pytest.mark.parametrize(
    ("toys", "message"),
    [
        (Toys("classification").add("spot"), "at least two classes, found spot"),
        (Toys("detection").add("good"), "at least one box"),
        (Toys("segmentation").add("good"), "at least one outlined defect"),
        (Toys("anomaly").add("spot"), "none is labeled as good"),
        (Toys("detection").add("spot", split="val"), "no labeled image"),
    ],
)
def test_what_is_missing_to_learn_a_task_is_said(toys, message):
    with pytest.raises(NotEnoughDataError, match=message):
        plan_inspector(toys.images, toys.book, toys.task, TrainSettings())


def test_a_good_class_of_the_users_own_name_counts_as_good():
    toys = Toys("anomaly").add("good")
    book = LabelBook().with_entry(ClassEntry("intact", good=True))
    images = [type(i)(i.image, (ImageClass("intact"),), "train") for i in toys.images]
    assert plan_inspector(images, book, "anomaly", TrainSettings()).classes == ("anomaly",)


def test_large_images_are_shrunk_to_the_preset_and_keep_their_aspect():
    toys = Toys("detection", size_wh=(1600, 800)).add("spot", sides=(100, 100))
    spec = plan_inspector(toys.images, toys.book, "detection", TrainSettings())
    width, height = spec.preprocess.input_wh
    assert spec.preprocess.mode == "letterbox"
    assert width == pytest.approx(2 * height, rel=0.1)
    assert width * height == pytest.approx(320**2, rel=0.15)


def test_small_defects_of_large_images_are_tiled_and_not_shrunk():
    toys = Toys("detection", size_wh=(1600, 1200)).add("spot", sides=(8, 9))
    spec = plan_inspector(toys.images, toys.book, "detection", TrainSettings())
    assert spec.preprocess.mode == "tile"
    assert spec.preprocess.scale == 1.0
    assert spec.preprocess.overlap_px >= 9
    forbidden = TrainSettings(tile=False)
    spec = plan_inspector(toys.images, toys.book, "detection", forbidden)
    assert spec.preprocess.mode == "letterbox"


@pytest.mark.parametrize("task", ["detection", "segmentation"])
def test_parts_cut_out_of_larger_images_are_all_seen_at_one_scale(task):
    toys = Toys(task)
    for size_wh in ((600, 300), (120, 280), (500, 380), (240, 290)) * 2:
        toys.size_wh = size_wh
        toys.add("spot", sides=(40, 40))
    preprocess = plan_inspector(toys.images, toys.book, task, TrainSettings()).preprocess
    seen = [cut(toys.load(i.image.sha256), preprocess) for i in toys.images]
    assert len({round(p.scale_xy[0], 1) for patches in seen for p in patches.placements}) == 1
    fitted = plan_inspector(toys.images, toys.book, task, TrainSettings(tile=False)).preprocess
    assert fitted.mode == "letterbox"


def test_photographs_of_several_resolutions_are_fitted_into_one_patch():
    toys = Toys("detection")
    for size_wh in ((640, 480), (1280, 960), (960, 720)) * 2:
        toys.size_wh = size_wh
        toys.add("spot", sides=(size_wh[0] // 10, size_wh[0] // 10))
    spec = plan_inspector(toys.images, toys.book, "detection", TrainSettings())
    assert spec.preprocess.mode == "letterbox"


@given(
    sizes=st.lists(st.tuples(st.integers(64, 900), st.integers(64, 900)), min_size=1),
    factor=st.integers(2, 5),
)
@settings(max_examples=50, deadline=None)
def test_whether_images_are_cut_out_does_not_depend_on_the_unit_of_length(sizes, factor):
    larger = [(w * factor, h * factor) for w, h in sizes]
    assert are_cutouts(sizes, (320, 256)) == are_cutouts(larger, (320, 256))
    assert not are_cutouts(sizes[:1] * 5, (320, 256))


def test_sixteen_bits_take_the_range_that_the_camera_uses():
    toys = good_only(3, mode="L16")
    assert value_range(toys.images) == (0.0, 65535.0)
    low, high = value_range(toys.images, toys.load)
    stored = np.concatenate([p.ravel() for p in toys.pixels.values()])
    assert low <= stored.min()
    assert stored.max() <= high < 8000


def test_images_of_different_depths_are_not_trained_together():
    images = good_only(1).images + good_only(1, mode="L16").images
    with pytest.raises(InvalidInputError, match="1 of 2 images have 16 bits"):
        value_range(images)


def test_the_size_of_a_patch_follows_area_and_aspect_but_not_beyond_small_images():
    assert input_size([(640, 640)], 320) == (320, 320)
    assert input_size([(1000, 500), (1000, 500), (90, 90)], 320) == (448, 224)
    assert input_size([(64, 64)], 320) == (96, 96)
    assert input_size([(10_000, 100)], 320) == (544, 192)


def test_tiling_that_was_asked_for_keeps_the_native_scale():
    toys = Toys("detection", size_wh=(640, 640)).add("spot", sides=(40, 40))
    spec = plan_inspector(toys.images, toys.book, "detection", TrainSettings(tile=True))
    assert (spec.preprocess.mode, spec.preprocess.scale) == ("tile", 1.0)


def test_patches_grow_for_small_defects_but_not_without_end():
    def side(defect, image=640):
        return suitable_side([(image, image)], np.array([[defect, defect]], float), 320)

    assert side(60) == 320
    assert side(40) == pytest.approx(320 * 24 / 20)
    assert side(6) == pytest.approx(512)
    assert suitable_side([(640, 640)], np.zeros((0, 2)), 320) == 320


@pytest.mark.parametrize(
    ("image", "defect", "expected"),
    [
        (640, 37, 640),  # 26 px at 448: as they were photographed, and no larger
        (640, 80, 448),  # 56 px already
        (2000, 150, 448 * 40 / 33.6),
        (2000, 60, 448 * 1.6),
        (320, 10, 448 * 1.6),  # under 24 px: larger than photographed, as without it
        (320, 24, 448),
    ],
)
def test_fine_patches_show_defects_larger_but_not_larger_than_photographed(
    image, defect, expected
):
    boxes = np.array([[defect, defect]], float)
    side = suitable_side([(image, image)], boxes, 448, fine=True)
    assert side == pytest.approx(expected)
    assert side >= suitable_side([(image, image)], boxes, 448)


@pytest.mark.parametrize(
    ("task", "preset", "side"),
    [
        ("detection", "thorough", 640),
        ("detection", "balanced", 416),
        ("segmentation", "thorough", 448),
    ],
)
def test_only_thorough_detection_looks_closer(task, preset, side):
    toys = Toys(task, size_wh=(640, 640)).add("spot", sides=(37, 37))
    spec = plan_inspector(toys.images, toys.book, task, TrainSettings(preset=preset))
    assert spec.preprocess.input_wh == (side, side)
