import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.train.assign import (
    assign_by_alignment,
    assign_by_geometry,
    join_levels,
    pair_iou,
)

torch = pytest.importorskip("torch")

CPU = torch.device("cpu")
POINTS = join_levels(((16, 16), (8, 8), (4, 4)), (8, 16, 32), CPU)


def boxes_strategy():
    side = st.floats(1, 60)
    corner = st.floats(0, 120)
    box = st.tuples(corner, corner, side, side).map(
        lambda b: (b[0], b[1], min(128.0, b[0] + b[2]), min(128.0, b[1] + b[3]))
    )
    return st.lists(box, min_size=1, max_size=5).map(lambda b: torch.tensor(b))


def test_points_are_the_middles_of_their_cells():
    assert POINTS.centers_xy[0].tolist() == [4, 4]
    assert POINTS.centers_xy[1].tolist() == [12, 4]
    assert POINTS.centers_xy[256].tolist() == [8, 8]
    assert POINTS.level_sizes == (256, 64, 16)


def test_overlap_of_a_box_with_itself_is_one_and_with_its_half_a_half():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0.0, 0, 5, 10], [20.0, 20, 30, 30]])
    assert torch.allclose(
        pair_iou(boxes[:1], boxes), torch.tensor([[1.0, 0.5, 0.0]]), atol=1e-6
    )


@settings(max_examples=40, deadline=None)
@given(boxes_strategy())
def test_geometry_gives_points_near_the_box_and_at_most_one_box_each(boxes):
    found = assign_by_geometry(POINTS, boxes)
    chosen = found.box_index >= 0
    assert chosen.any()
    own = boxes[found.box_index[chosen]]
    centers = POINTS.centers_xy[chosen]
    outside = torch.maximum(own[:, :2] - centers, centers - own[:, 2:]).amax(1)
    assert (outside <= 32).all()
    assert set(found.box_index.tolist()) <= {-1, *range(len(boxes))}


@settings(max_examples=40, deadline=None)
@given(boxes_strategy())
def test_alignment_weights_lie_in_zero_to_one(boxes):
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(len(POINTS.strides), 2, generator=generator)
    half = POINTS.strides[:, None] * 2
    predicted = torch.cat([POINTS.centers_xy - half, POINTS.centers_xy + half], dim=1)
    found = assign_by_alignment(
        POINTS,
        boxes,
        torch.zeros(len(boxes), dtype=torch.long),
        scores=scores,
        predicted_xyxy=predicted,
    )
    assert ((found.weight >= 0) & (found.weight <= 1)).all()
    assert (found.box_index >= 0).any()


def test_a_box_that_holds_no_point_gets_the_nearest_one():
    box = torch.tensor([[9.0, 9.0, 10.0, 10.0]])
    found = assign_by_geometry(POINTS, box)
    chosen = torch.nonzero(found.box_index >= 0).flatten().tolist()
    distance = (POINTS.centers_xy - 9.5).pow(2).sum(1)
    assert chosen == [int(distance.argmin())]


def test_alignment_prefers_the_point_that_predicts_the_box_exactly():
    box = torch.tensor([[40.0, 40.0, 72.0, 72.0]])
    predicted = torch.zeros(len(POINTS.strides), 4)
    inside = torch.nonzero(
        (POINTS.centers_xy > 44).all(1) & (POINTS.centers_xy < 68).all(1)
    ).flatten()
    predicted[inside[0]] = box[0]
    scores = torch.full((len(POINTS.strides), 1), 0.5)
    found = assign_by_alignment(
        POINTS, box, torch.tensor([0]), scores=scores, predicted_xyxy=predicted
    )
    assert int(found.weight.mul(found.box_index >= 0).argmax()) == int(inside[0])
    assert float(found.weight[inside[0]]) == 1.0
