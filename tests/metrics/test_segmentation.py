import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as reference

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.intervals import Interval, Resampling
from pitmark.metrics.segmentation import SegmentationTally, label_map

CLASSES = 3
FEW = Resampling(draws=20)
maps = st.lists(
    st.tuples(*[arrays(np.uint8, (4, 5), elements=st.integers(0, CLASSES - 1))] * 2),
    min_size=1,
    max_size=4,
)


def tallied(images, groups=None, **options):
    tally = SegmentationTally(CLASSES, **options)
    for index, (truth, called) in enumerate(images):
        tally.add(truth, called, group=None if groups is None else groups[index])
    return tally.report()


@settings(deadline=None)
@given(maps)
def test_iou_dice_and_accuracy_agree_with_scikit_learn(images):
    report = tallied(images, resampling=FEW)
    truth = np.concatenate([each.ravel() for each, _ in images])
    called = np.concatenate([each.ravel() for _, each in images])
    assert report.pixel_accuracy == pytest.approx((truth == called).mean())
    for index, score in enumerate(report.per_class):
        true, found = truth == index, called == index
        assert (score.true_px, score.predicted_px) == (true.sum(), found.sum())
        if (true | found).any():
            assert score.iou.value == pytest.approx(reference.jaccard_score(true, found))
            assert score.dice.value == pytest.approx(reference.f1_score(true, found))
        else:
            assert score.iou == score.dice == Interval(None, None, None)


@settings(deadline=None)
@given(maps)
def test_dice_is_never_below_iou_and_the_mean_leaves_background_out(images):
    report = tallied(images, resampling=FEW)
    defects = [score.iou.value for score in report.per_class[1:]]
    known = [value for value in defects if value is not None]
    wanted = pytest.approx(np.mean(known)) if known else None
    assert report.mean_iou.value == wanted
    for score in report.per_class:
        assert score.iou.value is None or score.iou.value <= score.dice.value


def test_without_a_background_class_every_class_is_in_the_mean():
    truth, called = np.array([[0, 0, 1, 1]]), np.array([[0, 0, 0, 1]])
    report = tallied([(truth, called)], background=None, resampling=FEW)
    assert report.mean_iou.value == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_ignored_pixels_count_for_nothing():
    truth, called = np.array([[0, 1, 255]]), np.array([[0, 1, 2]])
    report = tallied([(truth, called)], ignored=255, resampling=FEW)
    assert report.pixel_accuracy == 1.0
    assert report.per_class[2].predicted_px == 0


def shaky_images(count):
    rng = np.random.default_rng(0)
    for _ in range(count):
        truth = np.zeros((8, 8), dtype=int)
        truth[:, : rng.integers(1, 8)] = 1
        yield truth, np.where(rng.random((8, 8)) < rng.uniform(0, 0.5), 2, truth)


def test_the_running_bootstrap_agrees_with_resampling_the_images():
    images = list(shaky_images(60))
    found = tallied(images, resampling=Resampling(draws=2000)).per_class[1].iou
    hits = np.array([((t == 1) & (c == 1)).sum() for t, c in images])
    union = np.array([((t == 1) | (c == 1)).sum() for t, c in images])
    drawn = np.random.default_rng(1).integers(0, 60, (4000, 60))
    low, high = np.quantile(hits[drawn].sum(1) / union[drawn].sum(1), [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.1 * (high - low))
    assert found.high == pytest.approx(high, abs=0.1 * (high - low))
    assert found.low < found.value < found.high


def test_images_of_one_part_are_counted_together():
    images = [image for image in shaky_images(12) for _ in range(10)]
    parts = [f"part {index // 10}" for index in range(120)]

    def width(groups):
        iou = tallied(images, groups, resampling=Resampling(draws=300)).mean_iou
        return iou.high - iou.low

    assert width(parts) > 2 * width(None)
    assert tallied(images, ["one part"] * 120, resampling=FEW).mean_iou.low is None


def test_the_same_seed_gives_the_same_report():
    images = list(shaky_images(5))
    assert tallied(images, resampling=FEW) == tallied(images, resampling=FEW)
    other = Resampling(draws=20, seed=1)
    assert tallied(images, resampling=FEW) != tallied(images, resampling=other)


def test_an_empty_tally_knows_nothing():
    report = SegmentationTally(2).report()
    assert report.images == 0
    assert report.pixel_accuracy is None
    assert report.to_json()["mean_dice"] == {"value": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("truth", "called", "message"),
    [
        (np.zeros((2, 2), int), np.zeros((2, 3), int), r"found \(2, 2\) and \(2, 3\)"),
        (np.zeros(4, int), np.zeros(4, int), r"must both be \(H, W\)"),
        (np.full((2, 2), 3), np.zeros((2, 2), int), r"the truth has class 3 to 3"),
        (np.zeros((2, 2), int), np.full((2, 2), -1), r"the prediction has class -1"),
    ],
)
def test_maps_that_do_not_fit_are_refused(truth, called, message):
    with pytest.raises(InvalidInputError, match=message):
        SegmentationTally(CLASSES).add(truth, called)


def test_the_label_map_takes_the_strongest_class_that_counts():
    maps_khw = np.array([[[0.9, 0.6, 0.1]], [[0.7, 0.7, 0.2]]])
    assert label_map(maps_khw).tolist() == [[1, 2, 0]]
    assert label_map(maps_khw, [0.95, 0.5]).tolist() == [[2, 2, 0]]
    assert label_map(np.zeros((0, 2, 2))).tolist() == [[0, 0], [0, 0]]


def test_maps_without_a_class_axis_are_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(K, H, W\), found \(2, 2\)"):
        label_map(np.zeros((2, 2)))
