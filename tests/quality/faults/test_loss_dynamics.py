import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults.loss_dynamics import label_margins, loss_dynamics


def heaps(count=400, depth=20, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    centers = rng.normal(size=(3, depth)) * 1.5
    return centers[labels] + rng.normal(size=(count, depth)), labels


def test_wrong_labels_are_forgotten_and_right_ones_are_kept():
    points, labels = heaps()
    given = labels.copy()
    given[:20] = (labels[:20] + 1) % 3
    kept = loss_dynamics(points, given, 3).kept
    assert (kept[:20] < 0).mean() > 0.9
    assert (kept[20:] > 0).mean() > 0.95


def test_a_rare_right_thing_is_not_forgotten_like_a_wrong_one():
    points, labels = heaps()
    # Far out in the direction of its own class: alone, but nothing speaks against it.
    rare = points[labels == 0].mean(axis=0) * 3
    points[0], labels[0] = rare, 0
    given = labels.copy()
    given[1] = (labels[1] + 1) % 3
    kept = loss_dynamics(points, given, 3).kept
    assert kept[0] > 0 > kept[1]


def test_images_of_one_part_are_learned_together():
    points, labels = heaps()
    points[:30] = points[0]
    given = labels.copy()
    given[:30] = (labels[0] + 1) % 3
    groups = ["part" if i < 30 else i for i in range(400)]
    apart = loss_dynamics(points, given, 3).kept[:30].mean()
    together = loss_dynamics(points, given, 3, groups=groups).kept[:30].mean()
    assert together < apart


def test_one_class_or_one_thing_or_broken_numbers_give_finite_margins():
    assert loss_dynamics(np.ones((4, 2)), np.zeros(4, dtype=int), 2).kept.tolist() == [0] * 4
    assert loss_dynamics(np.ones((1, 2)), np.zeros(1, dtype=int), 2).kept.tolist() == [0]
    broken = np.full((6, 2), np.nan)
    assert np.isfinite(loss_dynamics(broken, np.arange(6) % 2, 2).kept).all()


def test_the_margin_is_negative_where_another_class_is_louder():
    margins = label_margins(np.array([[0.2, 0.5, 0.1], [0.9, 0.5, 0.1]]), np.array([0, 0]))
    np.testing.assert_allclose(margins, [-0.3, 0.4])


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(3, D\), found \(2, 4\)"):
        loss_dynamics(np.zeros((2, 4)), np.zeros(3, dtype=int), 2)
    with pytest.raises(InvalidInputError, match="2 labels need 2 groups, found 1"):
        loss_dynamics(np.zeros((2, 4)), np.zeros(2, dtype=int), 2, groups=["a"])
