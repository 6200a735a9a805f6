"""Two detection models judged where they make as many mistakes."""

import numpy as np
import pytest

from pitmark.core.inspector import InspectorSpec
from pitmark.core.label_book import ClassEntry, LabelBook
from pitmark.core.labels import BoxShape
from pitmark.core.predictions import Prediction
from pitmark.core.preprocess import PreprocessSpec
from pitmark.core.records import ImageRecord, LabeledImage
from pitmark.ops.models.class_recall import class_cases
from pitmark.ops.models.equal_limits import Judged, at_equal_limits

CLASSES = ("pit", "dent")
BOOK = LabelBook(classes=tuple(ClassEntry(name) for name in CLASSES))
TRUE, FALSE = (4.0, 4.0, 14.0, 14.0), (40.0, 40.0, 50.0, 50.0)


def images():
    """Four with a pit, four without anything."""
    records = [ImageRecord(f"{n:064d}", 64, 64, "L", str(n)) for n in range(8)]
    return [
        LabeledImage(r, (BoxShape("pit", TRUE),) if n < 4 else (), "test")
        for n, r in enumerate(records)
    ]


def judged(right, wrong, *, limit, image_limit=0.5):
    """A model that scores each pit and, on every image, one place without any so high."""
    spec = InspectorSpec(
        "detection", CLASSES, PreprocessSpec((64, 64), overlap_px=0), threshold=image_limit,
        box_thresholds=(limit, limit),
    )  # fmt: skip
    said = {}
    for n, item in enumerate(images()):
        boxes, scores = [FALSE], [wrong[n]]
        if n < 4:
            boxes, scores = [TRUE, FALSE], [right[n], wrong[n]]
        said[item.image.sha256] = Prediction(
            (64, 64),
            max(scores),
            boxes_xyxy=np.array(boxes, np.float32),
            box_scores=np.array(scores, np.float32),
            box_classes=np.zeros(len(boxes), np.int64),
        )
    return Judged(spec, said)


def limits_of(first, second):
    return at_equal_limits(first, second, images(), BOOK)


def false_boxes(spec, one):
    """How many of the places without any are called a pit."""
    scores = [p.box_scores[-1] for p in one.predictions.values()]
    return int((np.array(scores) >= spec.box_thresholds[0]).sum())


def found(first, second):
    specs = limits_of(first, second)
    made = [
        class_cases(spec, images(), one.predictions, book=BOOK)
        for spec, one in zip(specs, (first, second), strict=True)
    ]
    return [(int(c.found.sum()), int(c.alarm.sum())) for c in made]


RIGHT = (0.9, 0.8, 0.5, 0.35)
WRONG = (0.6, 0.4, 0.3, 0.2, 0.55, 0.3, 0.2, 0.1)


def test_a_model_that_only_scores_everything_lower_is_as_good():
    first = judged(RIGHT, WRONG, limit=0.45)
    second = judged([r / 3 for r in RIGHT], [w / 3 for w in WRONG], limit=0.45)
    assert found(first, second) == [(2, 1), (2, 1)]


def test_a_model_that_only_has_lower_limits_finds_no_more():
    first = judged(RIGHT, WRONG, limit=0.45)
    second = judged(RIGHT, WRONG, limit=0.05, image_limit=0.05)
    assert found(first, second) == [(4, 3), (4, 3)]


def test_as_many_mistakes_are_allowed_as_both_make_on_average():
    strict = judged(RIGHT, WRONG, limit=0.58, image_limit=0.52)
    loose = judged(RIGHT, [w / 2 for w in WRONG], limit=0.125, image_limit=0.125)
    assert (false_boxes(strict.spec, strict), false_boxes(loose.spec, loose)) == (1, 5)
    for spec, one in zip(limits_of(strict, loose), (strict, loose), strict=True):
        assert false_boxes(spec, one) == 3
        assert spec.box_thresholds[0] == pytest.approx(0.3 if one is strict else 0.15)


@pytest.mark.parametrize("seed", range(20))
def test_it_makes_no_difference_which_model_is_the_first(seed):
    rng = np.random.default_rng(seed)
    one, other = (
        judged(rng.random(4), rng.random(8), limit=rng.random(), image_limit=rng.random())
        for _ in range(2)
    )
    assert limits_of(one, other) == limits_of(other, one)[::-1]
    assert found(one, other) == found(other, one)[::-1]


def test_a_model_that_tells_pits_from_sound_places_better_finds_more():
    first = judged(RIGHT, WRONG, limit=0.65)
    second = judged(RIGHT, [w / 3 for w in WRONG], limit=0.65)
    before, after = found(first, second)
    assert before[0] == 2
    assert after[0] == 4


def test_with_fewer_mistakes_than_are_allowed_every_box_counts():
    first = judged(RIGHT, WRONG, limit=0.01, image_limit=0.01)
    second = judged((0.02,) * 4, (0.01,) * 8, limit=0.001, image_limit=0.001)
    assert found(first, second) == [(4, 4), (4, 4)]


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_other_tasks_keep_their_limits(task):
    spec = InspectorSpec(task, CLASSES, PreprocessSpec((64, 64), overlap_px=0))
    one = Judged(spec, {})
    assert at_equal_limits(one, one, [], BOOK) == (spec, spec)
