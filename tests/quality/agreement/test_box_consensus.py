import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.core.geometry import iou_matrix
from pitmark.quality.agreement.box_consensus import edge_errors, merge_boxes, paired_boxes
from pitmark.quality.agreement.object_units import Drawn


def drawn(*boxes, classes=None):
    return Drawn.of(boxes, [0] * len(boxes) if classes is None else classes)


def scene(bias=((0, 0, 0, 0),) * 3, scatter=(1.0, 1.0, 1.0), images=40, seed=0):
    rng = np.random.default_rng(seed)
    truths, out = [], []
    for _ in range(images):
        low = rng.uniform(0, 100, (1, 2)) + np.array([[0, 0], [200, 0]])
        true = np.concatenate([low, low + rng.uniform(30, 60, (2, 2))], axis=1)
        truths.append(true)
        out.append(
            [
                drawn(*(true + b + rng.normal(0, s, (2, 4))))
                for b, s in zip(bias, scatter, strict=True)
            ]
        )
    return truths, out


def test_a_box_needs_more_than_half_of_those_who_looked():
    here = (10.0, 10.0, 30.0, 30.0)
    images = [
        [drawn(here), drawn(here), drawn()],
        [drawn(here), drawn(), drawn()],
        [drawn(here), None, None],
        [drawn(here), drawn(), None],
    ]
    found = merge_boxes(images, 1, labelers=[0, 1, 2])
    assert [[m.kept for m in row] for row in found.merged] == [[True], [False], [True], [False]]
    assert [row[0].asked for row in found.merged] == [3, 3, 1, 2]
    all_ = merge_boxes(images, 1, labelers=[0, 1, 2], quorum=0)
    assert all(m.kept for row in all_.merged for m in row)


def test_repeats_of_one_labeler_are_one_voice_in_the_quorum():
    here = (10.0, 10.0, 30.0, 30.0)
    images = [[drawn(here), drawn(here), drawn(), drawn()]] * 3
    found = merge_boxes(images, 1, labelers=[0, 0, 1, 2])
    assert (found.merged[0][0].seen_by, found.merged[0][0].asked) == (1, 3)
    assert not found.merged[0][0].kept


def test_the_merged_box_is_nearer_to_the_truth_than_anybodys():
    truths, images = scene(scatter=(2.0, 2.0, 6.0))
    found = merge_boxes(images, 1, labelers=[0, 1, 2])
    assert found.spread_px[2] > 1.5 * found.spread_px[0]

    def overlap(boxes):
        pairs = zip(boxes, truths, strict=True)
        return np.mean([iou_matrix(b, t).max(axis=1).mean() for b, t in pairs])

    merged = overlap([[m.box_xyxy for m in row] for row in found.merged])
    assert merged > max(overlap([row[k].boxes_xyxy for row in images]) for k in range(3))


def test_known_offsets_are_found_against_the_mean_of_all():
    bias = ((-4.0, 0, 0, 0), (2.0, 1, 0, 0), (2.0, -1, 0, 0))
    _, images = scene(bias=bias, images=100)
    found = merge_boxes(images, 1, labelers=[0, 1, 2])
    np.testing.assert_allclose(found.bias_px, bias, atol=0.5)


def test_two_labelers_meet_in_the_middle():
    _, images = scene(bias=((-4.0, 0, 0, 0), (0, 0, 0, 0)), scatter=(0.1, 0.1), images=200)
    found = merge_boxes(images, 1, labelers=[0, 1])
    np.testing.assert_allclose(found.bias_px[:, 0], (-2, 2), atol=0.2)


def test_an_offset_seen_on_few_boxes_is_only_half_believed():
    boxes = np.tile(np.array([[[0, 0, 9, 9], [2, 0, 9, 9]]], float), (10, 1, 1))
    bias, _ = edge_errors(boxes, np.array([0, 1]))
    assert bias[0, 0] == pytest.approx(-0.5)


def test_of_different_classes_the_one_of_the_more_reliable_wins_and_is_less_certain():
    here = (10.0, 10.0, 30.0, 30.0)
    same = [[drawn(here, classes=[k])] * 3 for k in (0, 1)] * 10
    apart = [[drawn(here, classes=[0]), drawn(here, classes=[0]), drawn(here, classes=[1])]]
    found = merge_boxes(same + apart, 2, labelers=[0, 1, 2])
    last = found.merged[-1][0]
    assert last.label == 0
    assert last.confidence < found.merged[0][0].confidence


def test_images_without_any_box_are_fine():
    found = merge_boxes([[drawn(), drawn()]], 1, labelers=[0, 1])
    assert found.merged == ((),)
    assert found.skill is None
    assert np.isfinite(found.spread_px).all()
    alone = merge_boxes([[drawn((0.0, 0, 5, 5)), drawn()]], 1, labelers=[0, 1])
    assert np.isfinite(alone.merged[0][0].box_xyxy).all()


def test_pairs_leave_out_what_only_one_marked():
    boxes = np.full((2, 2, 4), np.nan)
    boxes[0] = [[0, 0, 9, 9], [1, 0, 9, 9]]
    boxes[1, 0] = [50, 50, 60, 60]
    pairs = paired_boxes(boxes, np.array([0, 1]), 0)
    assert (len(pairs.mine), pairs.units.tolist()) == (1, [0])


def test_a_quorum_of_all_is_refused():
    with pytest.raises(InvalidInputError, match="quorum"):
        merge_boxes([], 1, labelers=[0], quorum=1.0)
