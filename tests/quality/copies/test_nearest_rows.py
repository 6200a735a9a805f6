import numpy as np
import pytest

from pitmark.core.errors import InvalidInputError
from pitmark.quality.copies import nearest_rows as module
from pitmark.quality.copies.nearest_rows import nearest_of, nearest_rows


def _plain(rows, neighbors):
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosine = unit @ unit.T
    np.fill_diagonal(cosine, -2)
    return np.sort(cosine, axis=1)[:, ::-1][:, :neighbors]


@pytest.mark.parametrize("count", [2, 7, 3000])
def test_the_search_in_blocks_finds_what_the_full_table_holds(count):
    rows = np.random.default_rng(0).normal(size=(count, 16))
    neighbors = min(9, count - 1)
    indices, cosines = nearest_rows(rows, neighbors)
    assert cosines == pytest.approx(_plain(rows, neighbors), abs=2e-3)
    assert not (indices == np.arange(count)[:, None]).any()


def test_cells_find_nearly_all_that_the_full_search_finds(monkeypatch):
    rng = np.random.default_rng(1)
    centers = rng.normal(size=(12, 24))
    rows = centers[rng.integers(12, size=2500)] + 0.3 * rng.normal(size=(2500, 24))
    exact, _ = nearest_rows(rows, 5)
    monkeypatch.setattr(module, "_EXACT_UP_TO", 100)
    found, cosines = nearest_rows(rows, 5)
    shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(exact, found, strict=True)])
    assert shared > 0.9
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_a_table_mapped_from_disk_gives_the_same(tmp_path):
    rows = np.random.default_rng(2).normal(size=(200, 8)).astype(np.float16)
    mapped = np.memmap(tmp_path / "rows.f16", np.float16, "w+", shape=rows.shape)
    mapped[:] = rows
    assert (nearest_rows(mapped, 3)[0] == nearest_rows(rows, 3)[0]).all()


def test_queries_find_their_rows_in_another_table():
    rows = np.eye(6)
    indices, cosines = nearest_of(rows[[4, 1]] + 0.01, rows, 2)
    assert indices[:, 0].tolist() == [4, 1]
    assert cosines[:, 0] == pytest.approx([1, 1], abs=0.01)


def test_rows_of_zeros_are_like_nothing():
    _, cosines = nearest_rows(np.zeros((4, 3)), 2)
    assert (cosines == 0).all()


@pytest.mark.parametrize("neighbors", [0, 4])
def test_more_neighbors_than_rows_are_refused(neighbors):
    with pytest.raises(InvalidInputError, match="need a table of more rows"):
        nearest_rows(np.eye(4), neighbors)


def test_more_neighbors_than_the_other_table_has_are_refused():
    with pytest.raises(InvalidInputError, match="5 neighbors of 4 rows"):
        nearest_of(np.eye(4), np.eye(4), 5)
