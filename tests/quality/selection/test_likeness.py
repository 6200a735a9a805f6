"""How far images stand for each other."""

import numpy as np

from pitmark.quality.selection.likeness import likeness, scale_of


def test_scales_of_blocks_are_those_of_all(monkeypatch):
    rows = np.random.default_rng(0).normal(5, 3, (1000, 4)).astype(np.float16)
    whole = scale_of(rows)
    monkeypatch.setattr("pitmark.quality.selection.likeness._BLOCK", 64)
    part = scale_of(rows)
    np.testing.assert_allclose(part.center, whole.center, rtol=1e-5)
    np.testing.assert_allclose(part.spread, whole.spread, rtol=1e-4)
    np.testing.assert_allclose(whole.center, rows.astype(float).mean(0), rtol=1e-4)


def test_an_image_stands_for_itself_and_not_for_its_opposite():
    rows = np.random.default_rng(1).standard_normal((50, 6))
    unit = scale_of(rows).unit(rows)
    table = likeness(unit, np.vstack([unit, -unit]).astype(np.float32))
    np.testing.assert_allclose(np.diag(table[:, :50]), 1, atol=1e-5)
    np.testing.assert_array_equal(np.diag(table[:, 50:]), 0)
    assert table.min() >= 0
    assert table.max() <= 1
