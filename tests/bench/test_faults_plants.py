import numpy as np
import pytest

from bench.faults_calibration import calibration
from bench.faults_judging import strongest
from bench.faults_plants import KINDS, plant
from pitmark.core.geometry import iou_matrix
from pitmark.core.labels import BoxShape, mask_shape, shape_mask
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.quality.faults.class_faults import Fault

SIZE_WH = (200, 160)


def boxed(count=40, classes=("a", "b")):
    rng = np.random.default_rng(0)
    out = []
    for number in range(count):
        corners = [(20 + 70 * n, rng.uniform(10, 90)) for n in range(2)]
        shapes = tuple(
            BoxShape(classes[n % len(classes)], (x, y, x + 40, y + 30))
            for n, (x, y) in enumerate(corners)
        )
        record = ImageRecord(f"{number:064d}", *SIZE_WH, "L", f"{number}.png")
        out.append(LabeledImage(record, shapes, "test"))
    return out


def masked(side):
    pixels = np.zeros(SIZE_WH[::-1], dtype=bool)
    pixels[40 : 40 + side, 50 : 50 + 2 * side] = True
    record = ImageRecord("f" * 64, *SIZE_WH, "L", "x.png")
    return pixels, LabeledImage(record, (mask_shape("a", pixels),), "test")


@pytest.mark.parametrize("kind", [*KINDS, "all"])
def test_a_tenth_of_the_images_gets_one_fault_each(kind):
    images = boxed()
    made = plant(images, kind, 0.1, np.random.default_rng(1))
    assert len(made.changed) == 4
    by_sha = {i.image.sha256: i.shapes for i in images}
    for sha, shapes in made.changed.items():
        at, before = made.places[sha], by_sha[sha]
        what = made.kinds[sha]
        assert len(shapes) == len(before) + {"missed": -1, "spurious": 1}.get(what, 0)
        if what == "class":
            assert shapes[at].label != before[at].label
            assert shapes[at].box_xyxy == before[at].box_xyxy
        if what == "sloppy":
            overlap = iou_matrix([shapes[at].box_xyxy], [before[at].box_xyxy])[0, 0]
            assert 0.25 <= overlap <= 0.6
        if what == "spurious":
            others = [s.box_xyxy for s in before]
            assert iou_matrix([shapes[at].box_xyxy], others).max() == 0
    if kind == "all":
        assert set(made.kinds.values()) == set(KINDS)


def test_images_of_one_class_get_no_wrong_class():
    assert not plant(boxed(classes=("a",)), "class", 0.1, np.random.default_rng(1)).changed


@pytest.mark.parametrize("side", [1, 2, 30])
def test_masks_are_dilated_or_eroded_but_never_to_nothing(side):
    pixels, image = masked(side)
    for seed in range(6):
        made = plant([image], "sloppy", 0.9, np.random.default_rng(seed))
        after = shape_mask(made.changed["f" * 64][0], SIZE_WH)
        assert after.any()
        assert (after & pixels).sum() / (after | pixels).sum() <= 0.6


def test_a_stray_mask_is_a_whole_copy_where_nothing_is_labeled():
    pixels, image = masked(20)
    made = plant([image], "spurious", 0.9, np.random.default_rng(0))
    stray = shape_mask(made.changed["f" * 64][1], SIZE_WH)
    assert stray.sum() == pixels.sum()
    assert not (stray & pixels).any()


def test_calibration_of_honest_and_of_boastful_probabilities():
    rng = np.random.default_rng(0)
    said = rng.random(5000)
    honest = calibration([(float(p), bool(rng.random() < p)) for p in said])
    boastful = calibration([(float(p), bool(rng.random() < p / 3)) for p in said])
    assert honest["ECE"] < 0.03 < 0.25 < boastful["ECE"]
    assert honest["Brier"] < honest["Brier_constant"]
    assert calibration([]) == {}


def test_an_image_is_met_at_its_strongest_finding():
    def fault(key, score):
        return Fault(key, "wrong_class", score, "", 0, None, "wrong")

    assert strongest([fault("a", 0.2), fault("a", 0.6), fault("b", 0.3)]) == {
        "a": 0.6,
        "b": 0.3,
    }
