import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.assemble import assemble, peak_score, stitch_maps, suppress
from pitmark.core.geometry import iou_matrix
from pitmark.core.inspector import InspectorSpec
from pitmark.core.preprocess import PreprocessSpec, cut

LETTERBOX = PreprocessSpec((64, 64))
TILES = PreprocessSpec((64, 64), mode="tile", overlap_px=16)
EMBEDDING = np.ones((1, 4), np.float32)


def test_the_score_of_a_classified_image_is_the_chance_of_any_defect():
    spec = InspectorSpec("classification", ("good", "dent", "scratch"), LETTERBOX, ("good",))
    probs = np.array([[0.6, 0.3, 0.1]], np.float32)
    patches = cut(np.zeros((10, 10), np.uint8), LETTERBOX)
    found = assemble(
        {"probs": probs, "embedding": EMBEDDING}, patches, image_wh=(10, 10), spec=spec
    )
    assert found.score == pytest.approx(0.4)
    assert found.class_probs == pytest.approx([0.6, 0.3, 0.1])


def boxes_output(boxes, scores):
    return {
        "boxes": np.array([boxes], np.float32),
        "scores": np.array([scores], np.float32),
        "embedding": EMBEDDING,
    }


def test_boxes_come_back_in_pixels_of_the_stored_image():
    spec = InspectorSpec("detection", ("dent",), LETTERBOX)
    patches = cut(np.zeros((64, 128), np.uint8), LETTERBOX)
    outputs = boxes_output([(8, 4, 16, 12), (60, 20, 90, 40)], [[0.9], [0.5]])
    found = assemble(outputs, patches, image_wh=(128, 64), spec=spec)
    assert found.boxes_xyxy.tolist() == [[16, 8, 32, 24], [120, 40, 128, 64]]
    assert found.score == pytest.approx(0.9)


def test_the_same_object_seen_in_two_tiles_is_one_box():
    spec = InspectorSpec("detection", ("dent",), TILES)
    patches = cut(np.zeros((64, 112), np.uint8), TILES)
    assert [p.offset_xy[0] for p in patches.placements] == [0, 48]
    outputs = {
        "boxes": np.array([[(50, 10, 60, 20)], [(2, 10, 12, 20)]], np.float32),
        "scores": np.array([[[0.8]], [[0.7]]], np.float32),
        "embedding": np.ones((2, 4), np.float32),
    }
    found = assemble(outputs, patches, image_wh=(112, 64), spec=spec)
    assert found.boxes_xyxy.tolist() == [[50, 10, 60, 20]]


def test_no_box_at_all_scores_zero():
    spec = InspectorSpec("detection", ("dent",), LETTERBOX)
    patches = cut(np.zeros((64, 64), np.uint8), LETTERBOX)
    found = assemble(
        boxes_output([(0, 0, 5, 5)], [[0.001]]), patches, image_wh=(64, 64), spec=spec
    )
    assert found.score == 0
    assert found.boxes_xyxy.shape == (0, 4)


def test_stitched_tiles_give_back_the_map_they_were_cut_from():
    whole = np.random.default_rng(0).random((1, 40, 56)).astype(np.float32)
    patches = cut(np.zeros((160, 224), np.uint8), TILES)
    offsets = [(x // 4, y // 4) for x, y in (p.offset_xy for p in patches.placements)]
    if any(x % 4 or y % 4 for x, y in (p.offset_xy for p in patches.placements)):
        pytest.fail("choose an image size whose tiles begin on whole cells")
    maps = np.stack([whole[:, y : y + 16, x : x + 16] for x, y in offsets])
    assert np.allclose(stitch_maps(maps, patches, (64, 64)), whole)


def test_padding_is_left_out_of_the_map():
    patches = cut(np.zeros((32, 64), np.uint8), LETTERBOX)
    maps = np.zeros((1, 2, 16, 16), np.float32)
    maps[:, :, 8:] = 1
    assert stitch_maps(maps, patches, (64, 64)).shape == (2, 8, 16)
    assert stitch_maps(maps, patches, (64, 64)).max() == 0


def test_the_peak_score_answers_to_a_few_cells():
    quiet = np.zeros((100, 100), np.float32)
    assert peak_score(quiet) == 0
    quiet[50, 50:60] = 0.9
    assert peak_score(quiet) == pytest.approx(0.9)


box = st.tuples(
    st.integers(0, 50), st.integers(0, 50), st.integers(1, 30), st.integers(1, 30)
).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
found_boxes = st.lists(
    st.tuples(box, st.integers(1, 100), st.integers(0, 2)), min_size=1, max_size=25
)


@given(found_boxes)
def test_boxes_that_stay_do_not_overlap_and_those_that_go_had_a_reason(found):
    boxes = np.array([f[0] for f in found], np.float32)
    scores = np.array([f[1] / 100 for f in found], np.float32)
    classes = np.array([f[2] for f in found])
    keep = suppress(boxes, scores, classes, iou=0.5)
    overlap = (iou_matrix(boxes, boxes) > 0.5) & (classes[:, None] == classes[None, :])
    stays = np.isin(np.arange(len(found)), keep)
    assert not (overlap[np.ix_(keep, keep)] & ~np.eye(len(keep), dtype=bool)).any()
    for gone in np.flatnonzero(~stays):
        assert (overlap[gone] & stays & (scores >= scores[gone])).any()
    assert (np.diff(scores[keep]) <= 0).all()
