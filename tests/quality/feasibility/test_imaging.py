"""Light, focus and contrast of images with known faults."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pitmark.quality.feasibility.imaging import (
    contrast_to_noise,
    edge_width,
    gray_levels,
    image_figures,
    likeness_of_views,
    small_view,
)


@pytest.fixture
def tiles():
    """Sharp tiles of random brightness, 240 x 240."""
    return np.kron(np.random.default_rng(0).random((6, 6)), np.ones((40, 40))) * 0.7 + 0.1


def test_a_perfect_step_spreads_over_one_pixel_and_a_blur_over_its_width(tiles):
    assert edge_width(tiles) == pytest.approx(1.0, abs=0.1)
    assert edge_width(gaussian_filter(tiles, 2)) == pytest.approx(2.5 * 2, rel=0.1)


def test_noise_makes_no_edges(tiles):
    rng = np.random.default_rng(1)
    assert np.isnan(edge_width(np.clip(0.5 + rng.normal(0, 0.05, tiles.shape), 0, 1)))
    noisy = np.clip(tiles + rng.normal(0, 0.02, tiles.shape), 0, 1)
    assert edge_width(noisy) == pytest.approx(1.0, abs=0.2)


def test_depth_and_color_do_not_change_levels():
    eight = np.arange(0, 256, dtype=np.uint8).reshape(16, 16)
    sixteen = eight.astype(np.uint16) * 257
    np.testing.assert_allclose(gray_levels(eight), gray_levels(sixteen))
    color = np.repeat(eight[..., None], 3, axis=2)
    np.testing.assert_allclose(gray_levels(color), gray_levels(eight))


def test_figures_tell_clipping_and_two_levels():
    half = np.zeros((40, 40))
    half[:, 20:] = 1
    found = image_figures(half)
    assert (found.clipped_low, found.clipped_high, found.two_levels) == (0.5, 0.5, 1.0)
    assert (found.dark, found.mean, found.bright) == (0, 0.5, 1)


def test_views_of_one_pose_are_alike_and_survive_small_images(tiles):
    rng = np.random.default_rng(2)
    same = np.array([small_view(tiles + rng.normal(0, 0.02, tiles.shape)) for _ in range(4)])
    other = np.array([small_view(np.roll(tiles, 40 * k, (0, 1))) for k in range(4)])
    assert likeness_of_views(same) > 0.95
    assert likeness_of_views(other) < 0.4
    tiny = small_view(np.arange(15.0).reshape(3, 5))
    assert np.linalg.norm(tiny) == pytest.approx(1)
    assert not small_view(np.full((3, 5), 0.4)).any()


def test_a_defect_stands_out_by_its_contrast_over_that_of_other_places():
    rng = np.random.default_rng(3)
    gray = np.clip(0.5 + rng.normal(0, 0.02, (200, 200)), 0, 1)
    box = (50.0, 60.0, 62.0, 70.0)
    taken = np.zeros(gray.shape, dtype=bool)
    taken[60:70, 50:62] = True
    assert abs(contrast_to_noise(gray, box, taken, rng)) < 3.5
    gray[60:70, 50:62] += 0.2
    assert contrast_to_noise(gray, box, taken, rng) > 10
    whole = (0.0, 0.0, 200.0, 200.0)
    assert np.isnan(contrast_to_noise(gray, whole, taken, rng))
