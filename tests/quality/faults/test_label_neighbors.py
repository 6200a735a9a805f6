import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.faults.label_neighbors import nearest_votes


def two_heaps(count=40):
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    points = rng.normal(0, 0.1, (count, 3)) + np.where(labels == 0, -1.0, 1.0)[:, None]
    return points, labels


def test_neighbors_vote_for_the_class_of_their_heap():
    points, labels = two_heaps()
    labels[0] = 1
    votes = nearest_votes(points, labels, 2).votes
    assert votes[0].tolist() == [10, 0]
    assert votes.sum(axis=1).tolist() == [10] * 40


def test_things_of_the_same_group_never_vote():
    points, labels = two_heaps()
    groups = ["one part" if label == 0 else i for i, label in enumerate(labels)]
    votes = nearest_votes(points, labels, 2, groups=groups).votes
    assert votes[0].tolist() == [0, 10]


def test_where_there_are_few_others_all_of_them_vote():
    points, labels = two_heaps(4)
    found = nearest_votes(points, labels, 2, groups=["a", "a", "b", "c"])
    assert found.votes.sum(axis=1).tolist() == [2, 2, 3, 3]
    assert np.isfinite(found.logits()).all()


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare_gives_no_vote(count):
    found = nearest_votes(np.ones((count, 3)), np.zeros(count, dtype=int), 2)
    assert found.votes.sum() == 0
    assert np.isfinite(found.logits()).all()


def test_equal_and_broken_embeddings_give_finite_votes():
    points = np.ones((6, 3))
    points[2] = np.nan
    found = nearest_votes(points, np.array([0, 1, 0, 1, 0, 1]), 2)
    assert np.isfinite(found.likeness).all()
    assert np.isfinite(found.logits()).all()


def test_embeddings_of_another_length_are_refused():
    with pytest.raises(InvalidInputError, match=r"shape \(3, D\), found \(2, 4\)"):
        nearest_votes(np.zeros((2, 4)), np.zeros(3, dtype=int), 2)
    with pytest.raises(InvalidInputError, match="2 labels need 2 groups, found 1"):
        nearest_votes(np.zeros((2, 4)), np.zeros(2, dtype=int), 2, groups=["a"])
