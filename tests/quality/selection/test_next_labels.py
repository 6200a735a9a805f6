"""What to label next: typical first, needed then, and never one part twice."""

import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError, NotEnoughDataError
from pitmark.quality.selection.next_labels import Known, doubt, select_next
from pitmark.quality.selection.replay import Trial, replay


def clusters(sizes, seed=0, width=16, spread=0.15):
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).standard_normal((len(sizes), width))
    own = np.repeat(np.arange(len(sizes)), sizes)
    return centers[own] + spread * rng.standard_normal((len(own), width)), own


def nearest_mean(rows, labels, others):
    """A learner that needs nothing: chances fall with the distance to the class means."""
    classes = int(labels.max()) + 1 if len(labels) else 1
    out = np.zeros((len(others), max(classes, 4)))
    for kind in np.unique(labels):
        out[:, kind] = np.exp(-np.linalg.norm(others - rows[labels == kind].mean(0), axis=1))
    return out / out.sum(axis=1, keepdims=True)


def test_the_first_picks_come_from_different_clusters_the_largest_first():
    vectors, own = clusters([60, 30, 15, 8])
    found = select_next(vectors, 4)
    assert own[found.rows].tolist() == [0, 1, 2, 3]
    assert found.stands_for.tolist() == [60, 30, 15, 8]
    assert found.strategy == "typical"


def test_what_has_a_label_is_not_picked_for_again():
    vectors, own = clusters([60, 30, 15])
    known = Known(np.array([0, 1]), np.array([0, 0]), 1)
    found = select_next(vectors, 2, known=known)
    assert own[found.rows].tolist() == [1, 2]
    assert (found.newness > 0.5).all()


def test_doubt_and_rare_classes_pull_picks_to_them():
    vectors, own = clusters([60, 60, 60])
    known = Known(
        np.arange(0, 120, 10), own[:120:10], 2,
        np.where((own == 2)[:, None], [[0.5, 0.5]], [[0.999, 0.001]]),
    )  # fmt: skip
    found = select_next(vectors, 3, known=known, strategy="needed")
    assert found.strategy == "needed"
    assert set(own[found.rows]) == {2}
    np.testing.assert_allclose(found.doubt, 1)


def test_needed_is_typical_while_labels_teach_nothing():
    vectors, _ = clusters([20, 20])
    known = Known(np.arange(9), np.zeros(9, np.int64), 1)
    assert select_next(vectors, 2, known=known, strategy="needed").strategy == "typical"


@pytest.mark.parametrize("strategy", ["random", "typical"])
def test_images_of_one_part_count_once_while_there_are_other_parts(strategy):
    vectors, _ = clusters([40, 20])
    groups = [i // 6 for i in range(60)]
    known = Known(np.array([0]), np.array([0]), 1)
    found = select_next(vectors, 12, known=known, groups=groups, strategy=strategy)
    drawn = [groups[r] for r in found.rows]
    assert sorted(drawn[:9]) == list(range(1, 10))
    assert len(set(found.rows.tolist())) == 12
    assert 0 not in found.rows


def test_a_large_request_gives_every_open_image_once():
    vectors, _ = clusters([7, 5])
    found = select_next(vectors, 50, known=Known(np.array([3]), np.array([0]), 1))
    assert sorted(found.rows.tolist()) == [0, 1, 2, *range(4, 12)]


def test_vectors_with_holes_and_constant_columns_are_survived():
    vectors, _ = clusters([10, 10])
    vectors[3, 2], vectors[5] = np.nan, np.inf
    vectors[:, 7] = 4.0
    assert len(set(select_next(vectors, 20).rows.tolist())) == 20


def test_wrong_shapes_and_nothing_to_choose_from_are_said():
    with pytest.raises(InvalidInputError, match=r"vectors \(N, D\)"):
        select_next(np.zeros((3, 2)), 0)
    with pytest.raises(NotEnoughDataError, match="every image has a label"):
        select_next(np.zeros((2, 2)), 1, known=Known(np.arange(2), np.zeros(2, np.int64), 1))


def test_doubt_is_zero_for_a_sure_model_and_one_for_a_guess():
    np.testing.assert_allclose(doubt(np.array([[1.0, 0.0], [0.5, 0.5]])), [0, 1], atol=1e-9)


def test_a_replay_finds_that_typical_images_beat_random_ones():
    # By lot most picks fall into the one large class.
    vectors, own = clusters([600, *[4] * 9], spread=0.05)
    found = replay(vectors, own, nearest_mean, strategy="typical")
    assert found.outcome == "better"
    assert found.low > 0
    assert "choosing pays here" in found.sentence()


def test_a_replay_on_noise_says_that_random_is_as_good():
    rng = np.random.default_rng(3)
    vectors, labels = rng.standard_normal((120, 8)), rng.integers(0, 2, 120)
    found = replay(vectors, labels, nearest_mean, strategy="needed")
    assert found.outcome == "as good"
    assert found.low < 0 < found.high
    assert "random is as good" in found.sentence()


def test_a_replay_of_few_parts_claims_nothing():
    vectors, own = clusters([30, 30])
    groups = [i // 5 for i in range(60)]
    found = replay(vectors, own, nearest_mean, strategy="typical", groups=groups)
    assert (found.outcome, found.draws) == ("unknown", 0)
    assert found.to_json()["difference"] is None


def test_a_trial_reveals_labels_only_of_what_was_picked():
    vectors, own = clusters([40, 40])
    seen = []

    def spying(rows, labels, others):
        seen.append(len(labels))
        return nearest_mean(rows, labels, others)

    picks = Trial(vectors, own, list(range(80)), spying).picks("needed", (10, 20), 0)
    assert len(set(picks.tolist())) == 20
    assert seen == [10]
