import pytest

from pitmark.train.anomaly import AnomalyHead
from pitmark.train.batches import patch_size
from pitmark.train.dataset import SceneCache
from pitmark.train.network import Network, NetworkPlan
from pitmark.train.segment import cell_loss
from tests.train.runs import planned, tiny
from tests.train.toys import Toys

torch = pytest.importorskip("torch")


def truth_with(defect_cells, *, side=20, classes=2):
    truth = torch.zeros(1, classes + 1, side, side)
    truth[:, 0] = 1
    for row, column in defect_cells:
        truth[0, :, row, column] = torch.tensor([0.0, 1.0] + [0.0] * (classes - 1))
    return truth


def sure(truth, margin=6.0):
    return (truth - 0.5) * 2 * margin


def test_right_cells_cost_next_to_nothing_and_wrong_ones_much():
    truth = truth_with([(3, 4), (3, 5)])
    right, wrong = sure(truth), sure(truth)
    wrong[0, :, 3, 4] = torch.tensor([6.0, -6.0, -6.0])
    assert float(cell_loss(right, truth)) < 0.01
    assert float(cell_loss(wrong, truth)) > 3


def test_one_false_alarm_in_a_sound_image_costs_as_much_as_a_missed_defect():
    sound = truth_with([])
    alarm = sure(sound)
    alarm[0, :, 9, 9] = torch.tensor([-6.0, 6.0, -6.0])
    defect = truth_with([(9, 9)])
    missed = sure(sound)
    ratio = float(cell_loss(alarm, sound)) / float(cell_loss(missed, defect))
    assert 0.1 < ratio < 10


def test_a_large_defect_counts_no_more_than_a_small_one():
    small = truth_with([(2, 2)])
    large = truth_with([(r, c) for r in range(10) for c in range(10)])
    undecided = torch.zeros(1, 3, 20, 20)
    undecided[:, 0] = 9.0
    found = [float(cell_loss(undecided, t)) for t in (small, large)]
    assert found[0] == pytest.approx(found[1], rel=0.05)


@pytest.mark.parametrize("task", ["segmentation", "anomaly"])
def test_a_fresh_network_believes_in_no_defect(task):
    network = Network(NetworkPlan(task, 1 if task == "anomaly" else 3)).eval()
    head = network.head.segment if isinstance(network.head, AnomalyHead) else network.head
    logits = head(network.backbone(torch.zeros(1, 3, 64, 64)))["logits"]
    defect = 1 - logits.detach().softmax(1)[:, 0]
    assert float(defect.mean()) == pytest.approx(0.01, abs=0.005)


def test_small_outlines_are_learned_from_parts_of_the_image():
    toys = Toys("segmentation", size_wh=(640, 384)).add("spot")
    settings = tiny(input_wh=(640, 384))
    spec = planned(toys, settings)
    cache = SceneCache(toys.images, toys.load, spec)
    assert patch_size(cache, spec) == (224, 224)
