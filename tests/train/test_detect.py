import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.train.detect import DetectHead, generalized_iou, score_loss
from pitmark.train.targets import Batch

torch = pytest.importorskip("torch")


@given(st.floats(-6, 6), st.floats(0, 1))
def test_a_score_is_learned_towards_what_is_wanted(logit, wanted):
    given_logit = torch.tensor([[logit, 0.0]], requires_grad=True)
    score_loss(given_logit, torch.tensor([[wanted, 0.5]])).sum().backward()
    gap = float(torch.tensor(logit).sigmoid()) - wanted
    assert float(given_logit.grad[0, 0]) == pytest.approx(gap, abs=1e-5)


def test_a_point_with_a_box_unlearns_the_other_classes_at_full_weight():
    logits = torch.zeros(2, 2)
    lost = score_loss(logits, torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
    assert lost[0, 1] == pytest.approx(4 * float(lost[1, 1]))


def test_easy_background_weighs_next_to_nothing():
    lost = score_loss(torch.tensor([[-4.6], [2.0]]), torch.zeros(2, 1))
    assert float(lost[0]) < 1e-5 * float(lost[1])


def test_generalized_overlap_tells_how_far_apart_boxes_are():
    box = torch.tensor([[0.0, 0, 10, 10]])
    iou, same = generalized_iou(box, box)
    near = generalized_iou(box, torch.tensor([[20.0, 0, 30, 10]]))[1]
    far = generalized_iou(box, torch.tensor([[80.0, 0, 90, 10]]))[1]
    assert (float(iou), float(same)) == (1.0, 1.0)
    assert 0 > float(near) > float(far) > -1


@pytest.mark.parametrize("fine", [False, True])
def test_the_head_gives_boxes_at_every_level_and_a_finite_loss_without_truth(fine):
    head = DetectHead((8, 8, 8, 8), 3, fine=fine)
    head.reset_prior()
    raw = head([torch.zeros(1, 8, 64 // s, 64 // s) for s in (4, 8, 16, 32)])
    points = sum((64 // s) ** 2 for s in ((4, 8, 16, 32) if fine else (8, 16, 32)))
    assert raw["logits"].shape == (1, points, 3)
    assert raw["boxes"].shape == (1, points, 4)
    empty = Batch(
        images=torch.zeros(1, 3, 64, 64),
        labels=torch.tensor([-1]),
        boxes_xyxy=[torch.zeros(0, 4)],
        box_classes=[torch.zeros(0, dtype=torch.long)],
        masks=torch.zeros(1, 64, 64, dtype=torch.uint8),
    )
    for progress in (0.0, 0.9):
        assert torch.isfinite(head.loss(raw, empty, progress))
