"""Greedy facility location: the same as plain greedy, fair to groups."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.quality.selection.covering import cover


def plain_greedy(table, count, demand):
    covered, picks = np.zeros(table.shape[1], np.float32), []
    for _ in range(count):
        gains = np.maximum(table - covered, 0) @ demand
        gains[picks] = -1
        picks.append(int(gains.argmax()))
        covered = np.maximum(covered, table[picks[-1]])
    return picks


@given(seed=st.integers(0, 10_000), count=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_lazy_search_picks_what_plain_greedy_search_picks(seed, count):
    rng = np.random.default_rng(seed)
    table = rng.random((12, 30), dtype=np.float32)
    demand = rng.random(30)
    found = cover(table, count, demand=demand)
    assert found.picks.tolist() == plain_greedy(table, count, demand)
    assert np.all(np.diff(found.gains) <= 1e-9)
    np.testing.assert_allclose(found.covered, table[found.picks].max(axis=0))


def test_a_group_gives_a_second_pick_only_when_every_group_has_given_one():
    table = np.random.default_rng(0).random((9, 20), dtype=np.float32)
    groups = np.array([0, 0, 0, 0, 0, 0, 1, 1, 2])
    found = cover(table, 5, groups=groups)
    assert sorted(groups[found.picks[:3]]) == [0, 1, 2]
    assert len(set(found.picks.tolist())) == 5


def test_what_is_covered_already_is_not_picked_for():
    table = np.array([[1, 1, 0], [0, 0, 0.5]], dtype=np.float32)
    assert cover(table, 1).picks.tolist() == [0]
    assert cover(table, 1, covered=np.array([1, 1, 0], np.float32)).picks.tolist() == [1]


def test_more_than_there_are_gives_all():
    assert sorted(cover(np.ones((3, 4), np.float32), 10).picks.tolist()) == [0, 1, 2]
