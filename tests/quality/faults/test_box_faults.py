from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.core.labels import BoxShape, ImageClass, MaskShape, PolygonShape, mask_shape
from pitmark.core.predictions import Prediction
from pitmark.quality.faults.box_faults import detection_faults
from tests.quality.planted_boxes import (
    CLASSES,
    STRONG,
    TIMID,
    WEAK,
    build,
    drop,
    found_again,
    invent,
    loosen,
    precision_at,
    relabel,
)


def only(faults, kind):
    return [f for f in faults if f.kind == kind]


def boxes(*rows):
    """A prediction from rows (score, class, box), best first."""
    return Prediction(
        (200, 100),
        max((r[0] for r in rows), default=0.0),
        boxes_xyxy=np.array([r[2] for r in rows], dtype=np.float32).reshape(-1, 4),
        box_scores=np.array([r[0] for r in rows], dtype=np.float32),
        box_classes=np.array([r[1] for r in rows], dtype=np.int64),
    )


# 30 faults among about 580 boxes: chance is 0.05.
@pytest.mark.parametrize(("detector", "least"), [(STRONG, 0.85), (TIMID, 0.7), (WEAK, 0.35)])
def test_pit_marks_labeled_as_dents_come_first(detector, least):
    images, predictions = build(0, detector)
    changed, spots = relabel(images, "pit mark", "dent", 30)
    faults = detection_faults(changed, predictions, CLASSES)
    wrong = only(faults, "wrong_class")
    assert precision_at(wrong, spots, 30) >= least
    assert precision_at(faults, spots, 20) >= least


def test_box_embeddings_make_a_weak_detector_find_more_wrong_classes():
    images, predictions = build(1, WEAK)
    changed, spots = relabel(images, "pit mark", "dent", 30)
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(len(CLASSES), 16))
    vectors = {
        k: np.array(
            [centers[CLASSES.index(s.label)] + rng.normal(0, 0.8, 16) for s in v]
        ).reshape(-1, 16)
        for k, v in images.items()
    }
    without = only(detection_faults(changed, predictions, CLASSES), "wrong_class")
    with_them = detection_faults(changed, predictions, CLASSES, box_embeddings=vectors)
    better = only(with_them, "wrong_class")
    assert precision_at(better, spots, 30) >= 0.8
    assert precision_at(better, spots, 30) >= precision_at(without, spots, 30) + 0.2
    assert "similar ones are labeled pit mark" in better[0].why


def test_the_corrected_shapes_name_the_class_the_box_should_have():
    images, predictions = build(0, STRONG)
    changed, spots = relabel(images, "pit mark", "dent", 30)
    fault = only(detection_faults(changed, predictions, CLASSES), "wrong_class")[0]
    assert (fault.key, fault.shape_index) in spots
    assert fault.suggestion == images[fault.key]
    assert fault.verdict == "wrong"


# 20 boxes left out against 300 to 1,800 false alarms: chance is below 0.07.
@pytest.mark.parametrize(("detector", "least"), [(STRONG, 0.6), (TIMID, 0.3), (WEAK, 0.25)])
def test_boxes_left_out_are_found_again(detector, least):
    images, predictions = build(2, detector)
    changed, gone = drop(images, 20)
    missed = only(detection_faults(changed, predictions, CLASSES), "missed_object")
    assert found_again(missed, gone, 20) >= least
    assert all(f.shape_index is None for f in missed)


# 20 of about 600 boxes mark nothing: chance is 0.03; a strong detector misses 18 others.
def test_boxes_around_nothing_are_found_by_a_detector_that_misses_little():
    images, predictions = build(3, STRONG)
    changed, spots = invent(images, 20)
    spurious = only(detection_faults(changed, predictions, CLASSES), "spurious_object")
    assert precision_at(spurious, spots, 20) >= 0.35
    assert spurious[0].suggestion is not None
    assert len(spurious[0].suggestion) == len(changed[spurious[0].key]) - 1


def test_a_detector_that_misses_much_accuses_no_label_of_marking_nothing():
    images, predictions = build(3, WEAK)
    spurious = only(detection_faults(images, predictions, CLASSES), "spurious_object")
    assert all(f.score < 0.5 for f in spurious)


# 20 of about 580: chance is 0.03.
@pytest.mark.parametrize(("detector", "least"), [(STRONG, 0.85), (WEAK, 0.3)])
def test_boxes_drawn_far_too_large_are_found(detector, least):
    images, predictions = build(4, detector)
    changed, spots = loosen(images, 20)
    sloppy = only(detection_faults(changed, predictions, CLASSES), "sloppy_outline")
    assert precision_at(sloppy, spots, min(20, len(sloppy))) >= least


def test_right_labels_get_few_and_low_scores():
    images, predictions = build(5, STRONG)
    faults = detection_faults(images, predictions, CLASSES)
    count = sum(len(v) for v in images.values())
    assert sum(f.score >= 0.5 for f in faults) <= 0.02 * count


def test_an_unlabeled_image_with_a_confident_box_is_no_clean_image():
    images, predictions = build(6, STRONG, count=60)
    images["bare"] = ()
    predictions["bare"] = boxes((0.8, 2, (50, 30, 70, 50)))
    missed = only(detection_faults(images, predictions, CLASSES), "missed_object")
    assert missed[0].key == "bare"
    assert missed[0].suggestion == (BoxShape("pit mark", (50.0, 30.0, 70.0, 50.0)),)


def test_a_wrong_class_at_moderate_confidence_is_found():
    images, predictions = build(6, TIMID, count=60)
    images["odd"] = (BoxShape("dent", (50, 30, 70, 50)),)
    predictions["odd"] = boxes((0.4, 2, (50, 30, 70, 50)))
    wrong = only(detection_faults(images, predictions, CLASSES), "wrong_class")
    assert "odd" in [f.key for f in wrong[:3]]


def test_a_set_of_one_class_has_no_wrong_class_but_all_other_faults():
    images, predictions = build(7, STRONG, count=120)
    single = {k: tuple(BoxShape("defect", s.box_xyxy) for s in v) for k, v in images.items()}
    flat = {
        k: Prediction(
            p.size_wh,
            p.score,
            boxes_xyxy=p.boxes_xyxy,
            box_scores=p.box_scores,
            box_classes=np.zeros_like(p.box_classes),
        )
        for k, p in predictions.items()
    }
    changed, _ = drop(single, 10)
    kinds = Counter(f.kind for f in detection_faults(changed, flat, ("defect",)))
    assert "wrong_class" not in kinds
    assert kinds["missed_object"] >= 5


def test_a_class_that_the_model_does_not_know_is_not_judged_as_wrong():
    images, predictions = build(8, STRONG, count=40)
    images["new"] = (BoxShape("crack", (50, 30, 70, 50)),)
    predictions["new"] = boxes((0.8, 2, (50, 30, 70, 50)))
    faults = detection_faults(images, predictions, CLASSES)
    assert not [f for f in faults if f.key == "new" and f.kind == "wrong_class"]
    assert not [f for f in faults if f.key == "new" and f.kind == "missed_object"]


def test_polygons_and_masks_are_judged_by_their_box_and_keep_their_outline():
    images, predictions = build(0, STRONG, count=150)
    changed, spots = relabel(images, "pit mark", "dent", 15)

    def outlined(shape):
        x1, y1, x2, y2 = shape.box_xyxy
        return PolygonShape(shape.label, (((x1, y1), (x2, y1), (x2, y2), (x1, y2)),))

    polygons = {k: tuple(map(outlined, v)) for k, v in changed.items()}
    wrong = only(detection_faults(polygons, predictions, CLASSES), "wrong_class")
    assert precision_at(wrong, spots, 10) >= 0.8
    assert isinstance(wrong[0].suggestion[wrong[0].shape_index], PolygonShape)


def test_a_whole_image_class_and_an_empty_mask_are_passed_over():
    images, predictions = build(0, STRONG, count=10)
    empty = mask_shape("dent", np.zeros((480, 640), dtype=bool))
    mixed = {k: (ImageClass("dent"), empty, *v) for k, v in images.items()}
    plain = detection_faults(images, predictions, CLASSES)
    shifted = detection_faults(mixed, predictions, CLASSES)
    assert [round(f.score, 9) for f in plain] == [round(f.score, 9) for f in shifted]
    assert all(isinstance(f.suggestion[1], MaskShape) for f in shifted)


def test_an_image_without_prediction_is_named():
    with pytest.raises(InvalidInputError, match="image a1 has labels but no out-of-fold"):
        detection_faults({"a1": ()}, {}, CLASSES)


def test_embeddings_that_do_not_fit_the_shapes_are_named():
    images = {"a1": (BoxShape("dent", (0, 0, 9, 9)),)}
    with pytest.raises(InvalidInputError, match="image a1 has 1 shapes but 2 embeddings"):
        detection_faults(
            images, {"a1": boxes()}, CLASSES, box_embeddings={"a1": np.zeros((2, 4))}
        )


def test_the_same_input_gives_the_same_faults():
    images, predictions = build(0, WEAK, count=40)
    first = detection_faults(images, predictions, CLASSES)
    assert first == detection_faults(images, predictions, CLASSES)


box = st.tuples(
    st.floats(0, 150), st.floats(0, 60), st.floats(0.5, 50), st.floats(0.5, 40)
).map(lambda t: (t[0], t[1], t[0] + t[2], t[1] + t[3]))
label = st.builds(BoxShape, st.sampled_from(("a", "b", "unknown")), box)
found = st.tuples(st.sampled_from((0.0, 0.02, 0.5, 1.0, float("nan"))), st.integers(0, 1), box)
image = st.tuples(st.lists(label, max_size=4), st.lists(found, max_size=5))


@given(st.lists(image, max_size=6))
@settings(max_examples=40, deadline=None)
def test_whatever_the_boxes_every_score_is_a_probability_and_every_suggestion_a_label(content):
    images = {f"i{n}": tuple(labels) for n, (labels, _) in enumerate(content)}
    predictions = {f"i{n}": boxes(*rows) for n, (_, rows) in enumerate(content)}
    for fault in detection_faults(images, predictions, ("a", "b")):
        assert 0 <= fault.score <= 1
        assert "nan" not in fault.why
        assert fault.suggestion is not None
        if fault.shape_index is not None:
            assert fault.shape_index < len(images[fault.key])


def test_five_images_and_a_detector_that_finds_nothing_give_no_error():
    images, _ = build(0, STRONG, count=5)
    blind = {k: boxes() for k in images}
    assert all(f.score < 0.2 for f in detection_faults(images, blind, CLASSES))
