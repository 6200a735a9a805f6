import numpy as np
import pytest

from pitmark.quality.drift.embedding_basis import fit_basis


def test_directions_are_orthonormal_and_one_per_ten_independent_images():
    basis, measured = fit_basis(np.random.default_rng(0).normal(size=(100, 40)))
    directions = basis.directions
    assert 5 <= len(directions) <= 10
    assert directions @ directions.T == pytest.approx(np.eye(len(directions)), abs=1e-6)
    assert measured.shape == (100, len(directions) + 1)


def test_the_reference_measures_like_new_images_do():
    rng = np.random.default_rng(1)
    known, new = rng.normal(size=(100, 200)), rng.normal(size=(400, 200))
    basis, held_out = fit_basis(known)
    fresh = basis.measure(new)
    # Measured by the basis itself, the same images would seem 10 % nearer.
    assert held_out[:, -1].mean() == pytest.approx(fresh[:, -1].mean(), rel=0.02)
    assert held_out[:, :-1].std(axis=0).mean() == pytest.approx(
        fresh[:, :-1].std(axis=0).mean(), rel=0.1
    )


def test_held_out_coordinates_agree_with_the_whole_basis_where_the_data_has_structure():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(200, 20)) * np.array([10.0, 5.0] + [0.1] * 18)
    basis, held_out = fit_basis(values)
    whole = basis.measure(values)
    for column in range(2):
        assert np.corrcoef(held_out[:, column], whole[:, column])[0, 1] > 0.999


@pytest.mark.parametrize("shape", [(30, 0), (5, 8), (30, 1)])
def test_too_little_to_fit_gives_no_directions(shape):
    basis, measured = fit_basis(np.random.default_rng(3).normal(size=shape))
    assert measured.shape == (shape[0], 0)
    assert basis.measure(np.zeros((2, shape[1]))).shape == (2, 0)


def test_identical_embeddings_give_finite_measurements():
    basis, measured = fit_basis(np.ones((50, 8)))
    assert np.isfinite(measured).all()
    assert np.isfinite(basis.measure(np.zeros((1, 8)))).all()
