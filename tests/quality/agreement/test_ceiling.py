import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.metrics.ranking import ranking_report
from pitmark.quality.agreement.ceiling import (
    Stake,
    as_json,
    ceiling_of_faults,
    ceiling_of_flips,
    ceiling_of_repeats,
)


def test_without_a_possible_fault_everything_can_be_reached():
    for task, names in (
        ("classification", {"accuracy", "mean_recall"}),
        ("detection", {"mAP50", "recall", "precision"}),
        ("segmentation", {"IoU", "Dice"}),
        ("anomaly", set()),
    ):
        found = ceiling_of_faults(task, [10.0, 5.0], [])
        assert set(found) == names
        assert all((c.value, c.low, c.high) == (1.0, 1.0, 1.0) for c in found.values())


def test_a_certain_wrong_class_costs_its_class():
    found = ceiling_of_faults("classification", [9.0, 1.0], [Stake(1.0, 1, 0)])
    assert found["accuracy"].value == pytest.approx(0.9)
    assert found["mean_recall"].value == pytest.approx(0.5)


def test_a_rare_class_holds_the_mean_recall_down_more_than_accuracy():
    stakes = [Stake(0.3, 1, 0)] * 10
    found = ceiling_of_faults("classification", [90.0, 10.0], stakes)
    assert found["accuracy"].value == pytest.approx(0.97)
    assert found["mean_recall"].value == pytest.approx(0.85)
    low, high = found["mean_recall"].low, found["mean_recall"].high
    assert 0.6 < low < 0.8 < 0.9 < high <= 1


def test_objects_without_a_label_cost_precision_and_spurious_labels_recall():
    missed = ceiling_of_faults("detection", [10.0], [Stake(1.0, -1, 0)] * 2)
    assert missed["recall"].value == 1.0
    assert missed["precision"].value == pytest.approx(10 / 12)
    spurious = ceiling_of_faults("detection", [10.0], [Stake(1.0, 0, -1)] * 2)
    assert spurious["recall"].value == pytest.approx(0.8)
    assert spurious["precision"].value == 1.0
    assert missed["mAP50"].value == pytest.approx(10 / 12)


def test_areas_lost_and_gained_lower_the_overlap():
    found = ceiling_of_faults("segmentation", [100.0], [Stake(1.0, 0, 0, lost=10, gained=20)])
    assert found["IoU"].value == pytest.approx(90 / 120)
    assert found["Dice"].value == pytest.approx(180 / 210)


def test_the_ceiling_of_flipped_images_is_the_auroc_of_one_who_knows_the_truth():
    rng = np.random.default_rng(0)
    truth = rng.random(4000) < 0.4
    flipped = rng.random(4000) < np.where(truth, 0.1, 0.2)
    labeled = truth ^ flipped
    measured = ranking_report(labeled, np.where(truth, 0.9, 0.1)).auroc.value
    told = ceiling_of_flips(labeled, flipped.astype(float))
    assert told.value == pytest.approx(measured, abs=1e-9)
    assert ceiling_of_flips(np.ones(3, bool), np.zeros(3)) is None


@pytest.mark.parametrize("labelers", [1, 3])
def test_agreement_of_simulated_labelers_gives_back_how_good_their_labels_are(labelers):
    rng = np.random.default_rng(labelers)
    truth = rng.integers(0, 4, 60_000)
    wrong = rng.random((3, 60_000)) < 0.12
    said = np.where(wrong, (truth + rng.integers(1, 4, (3, 60_000))) % 4, truth)
    agreement = np.mean([(said[a] == said[b]).mean() for a, b in ((0, 1), (0, 2), (1, 2))])
    found = ceiling_of_repeats(np.array([agreement]), 60_000, labelers=labelers, kinds=4)
    if labelers == 1:
        assert found.value == pytest.approx(0.88, abs=0.005)
    else:
        # Of three different answers the first counts, so a little more than the majority.
        majority = [np.bincount(v, minlength=4).argmax() for v in said[:, :5000].T]
        assert found.value == pytest.approx((majority == truth[:5000]).mean(), abs=0.02)


def test_perfect_agreement_of_few_images_promises_no_perfect_labels():
    found = ceiling_of_repeats(np.ones(100), 30)
    assert found.value == found.high == 1.0
    assert found.low == pytest.approx(0.95)


def test_agreement_worse_than_chance_is_still_a_number():
    found = ceiling_of_repeats(np.array([0.1, 0.0, 0.2]), 40)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_ceilings_never_leave_their_range_and_have_no_nan():
    rng = np.random.default_rng(0)
    places = rng.integers(0, 2, 40).tolist()
    stakes = [
        Stake(float(chance), place, 1 - place, 5, 5)
        for chance, place in zip(rng.random(40), places, strict=True)
    ]
    for task in ("classification", "detection", "segmentation"):
        for ceiling in as_json(ceiling_of_faults(task, [3.0, 0.0], stakes)).values():
            assert all(0 <= v <= 1 for v in ceiling.values())
            assert ceiling["low"] <= ceiling["value"] <= ceiling["high"]


def test_nothing_labeled_has_no_ceiling():
    assert ceiling_of_faults("detection", [], []) == {}
    assert ceiling_of_faults("detection", [0.0, 0.0], []) == {}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: ceiling_of_faults("detection", [1.0], [Stake(1.5, 0, -1)]), "no such fault"),
        (lambda: ceiling_of_faults("detection", [1.0], [Stake(0.5, 3, -1)]), "no such fault"),
        (lambda: ceiling_of_flips(np.ones(2, bool), np.zeros(3)), "as many chances"),
        (lambda: ceiling_of_repeats(np.zeros(0), 3), "must be shares"),
        (lambda: ceiling_of_repeats(np.array([1.2]), 3), "must be shares"),
    ],
)
def test_what_cannot_be_is_refused(call, match):
    with pytest.raises(InvalidInputError, match=match):
        call()
