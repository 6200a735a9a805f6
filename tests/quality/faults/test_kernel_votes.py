import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults import kernel_votes as kernel_votes_module
from pitmark.quality.faults.kernel_votes import kernel_votes


def rings(count=300, seed=0):
    """Two classes, one around the other: no line parts them, but near ones are alike."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = np.where(labels == 0, 1.0, 3.0) + rng.normal(0, 0.2, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


def test_classes_that_no_line_parts_are_told_apart():
    points, labels = rings()
    values = kernel_votes(points, [labels], 2).values(np.arange(300))[0]
    assert (values.argmax(axis=1) == labels).mean() > 0.97


def test_a_wrong_label_does_not_confirm_itself():
    points, labels = rings()
    given = labels.copy()
    given[:6] = 1 - given[:6]
    values = kernel_votes(points, [given], 2).values(np.arange(6))[0]
    assert (values.argmax(axis=1) == labels[:6]).all()


def test_exposures_of_one_part_do_not_confirm_each_other():
    points, labels = rings()
    points[:8], given = points[0], labels.copy()
    given[:8] = 1 - labels[0]
    groups = ["part" if i < 8 else i for i in range(300)]
    rows = np.arange(8)
    apart = kernel_votes(points, [given], 2).values(rows)[0]
    together = kernel_votes(points, [given], 2, groups=groups).values(rows)[0]
    wrong = 1 - labels[0]
    assert (apart[:, wrong] > together[:, wrong] + 0.2).all()
    assert (together[:, wrong] < 0.3).all()


def test_a_second_set_of_labels_is_judged_as_if_it_came_alone():
    points, labels = rings()
    other = np.roll(labels, 1)
    rows = np.arange(0, 300, 7)
    both = kernel_votes(points, [labels, other], 2).values(rows)
    assert both.shape == (2, len(rows), 2)
    alone = kernel_votes(points, [labels], 2).values(rows)
    np.testing.assert_allclose(both[0], alone[0], atol=0.05)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_very_few_and_equal_things_give_finite_values(count):
    points = np.ones((count, 3))
    points[0] = np.nan
    labels = np.arange(count) % 2
    assert np.isfinite(kernel_votes(points, [labels], 2).values(np.arange(count))).all()


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(3, D\), found \(2, 4\)"):
        kernel_votes(np.zeros((2, 4)), [np.zeros(3, dtype=int)], 2)
    with pytest.raises(InvalidInputError, match="2 labels need 2 groups, found 1"):
        kernel_votes(np.zeros((2, 4)), [np.zeros(2, dtype=int)], 2, groups=["a"])


def test_leaving_a_group_out_is_the_same_as_a_fit_without_it(monkeypatch):
    monkeypatch.setattr(kernel_votes_module, "_STRENGTHS", (0.3,))
    rng = np.random.default_rng(3)
    told, wanted = rng.normal(size=(60, 8)), rng.normal(size=(60, 3))
    # Single things, pairs, and a group larger than there are figures of a thing.
    codes = np.repeat(np.arange(33), [1] * 20 + [2] * 12 + [16])
    _, out = kernel_votes_module._left_out(told, wanted, codes, rng)
    for code in np.unique(codes):
        mine = codes == code
        rest, square = told[~mine], told[~mine].T @ told[~mine]
        alone = np.linalg.solve(square + 0.3 * np.eye(8), rest.T @ wanted[~mine])
        assert np.allclose(out[mine], told[mine] @ alone, atol=1e-3)
