import numpy as np
import pytest

from pitmark.quality.copies.vector_pairs import vector_pairs


def _crowd(count, seed=0):
    """Things of five kinds that differ in ten ways."""
    rng = np.random.default_rng(seed)
    centers, ways = rng.normal(size=(5, 64)), rng.normal(size=(10, 64)) / 3
    return centers[rng.integers(5, size=count)] + rng.normal(size=(count, 10)) @ ways


def test_planted_copies_are_found_and_nothing_else():
    rows = _crowd(800)
    rows[700:720] = rows[:20] + 0.02 * np.random.default_rng(1).normal(size=(20, 64))
    pairs, cosines = vector_pairs(rows)
    assert {tuple(p) for p in pairs.tolist()} == {(n, 700 + n) for n in range(20)}
    assert (np.diff(cosines) <= 0).all()


def test_kinds_that_look_alike_are_no_copies():
    pairs, _ = vector_pairs(_crowd(600, seed=3))
    assert len(pairs) == 0


@pytest.mark.parametrize("count", [0, 1])
def test_one_row_has_no_pair(count):
    pairs, cosines = vector_pairs(np.ones((count, 4)))
    assert pairs.shape == (0, 2)
    assert len(cosines) == 0
