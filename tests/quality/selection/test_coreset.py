"""Coresets: exact shares, rare classes kept, likely label faults not sought."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.quality.selection.coreset import hardness_of, select_coreset, shares


@given(
    most=st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(lambda m: sum(m) > 0),
    part=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
@settings(max_examples=150, deadline=None)
def test_shares_sum_up_and_stay_within_their_limits(most, part, seed):
    limits = np.array(most)
    count = round(part * limits.sum())
    weight = np.random.default_rng(seed).random(len(most))
    out = shares(weight, limits, count)
    assert out.sum() == count
    assert ((out >= 0) & (out <= limits)).all()
    if count >= (limits > 0).sum():
        assert (out[limits > 0] >= 1).all()


@given(count=st.integers(1, 200), seed=st.integers(0, 20))
@settings(max_examples=25, deadline=None)
def test_a_coreset_has_the_size_asked_for_and_stands_for_all(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.choice(4, 200, p=[0.7, 0.2, 0.08, 0.02])
    vectors = rng.standard_normal((200, 6)).astype(np.float16)
    found = select_coreset(vectors, count, labels=labels, seed=seed)
    assert len(set(found.rows.tolist())) == count == found.by_class.sum()
    if count >= 4:
        assert found.stands_for.sum() == 200
        assert (found.by_class[np.bincount(labels, minlength=4) > 0] >= 1).all()


def test_a_rare_class_keeps_more_than_its_part():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [900, 100])
    found = select_coreset(rng.standard_normal((1000, 8)), 100, labels=labels)
    assert found.by_class.tolist() == [75, 25]


def test_every_cluster_is_kept_where_random_draws_would_lose_small_ones():
    rng = np.random.default_rng(1)
    own = np.repeat(np.arange(12), [400, *[4] * 11])
    vectors = rng.standard_normal((12, 16))[own] + 0.05 * rng.standard_normal((len(own), 16))
    found = select_coreset(vectors, 24)
    assert set(own[found.rows]) == set(range(12))


def test_hard_images_draw_picks_and_likely_label_faults_do_not():
    chances = np.array([[0.9, 0.1], [0.5, 0.5], [0.02, 0.98]])
    hard = hardness_of(chances, np.array([0, 0, 0]))
    assert hard[1] == 1
    assert hard[0] < 0.3
    assert hard[2] == 0


def test_large_classes_are_cut_into_cells_and_still_give_what_is_asked():
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((6000, 8)).astype(np.float16)
    found = select_coreset(vectors, 300, hardness=rng.random(6000))
    assert len(set(found.rows.tolist())) == 300
    assert found.stands_for.sum() == 6000


@pytest.mark.parametrize("count", [0, 11])
def test_a_count_beyond_what_there_is_is_refused(count):
    with pytest.raises(InvalidInputError, match=f"cannot keep {count}"):
        select_coreset(np.zeros((10, 2)), count)
