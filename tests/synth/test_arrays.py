import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.synth.arrays import blur, bounds_xyxy, gradient, smoothstep
from pitmark.synth.noise import cloud_noise, spectral_noise


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    sigma_px=st.floats(0.0, 6.0),
    level=st.floats(0.0, 1.0),
)
def test_a_blur_leaves_a_flat_image_as_it_is(height, width, sigma_px, level):
    flat = np.full((height, width), level, np.float32)
    assert blur(flat, sigma_px).shape == flat.shape
    np.testing.assert_allclose(blur(flat, sigma_px), flat, atol=2e-5)


@pytest.mark.parametrize("sigma_px", [0.5, 1.0, 2.0, 4.0])
def test_a_blurred_point_has_the_wanted_deviation_and_keeps_its_sum(sigma_px):
    point = np.zeros((65, 65), np.float32)
    point[32, 32] = 1.0
    spot = blur(point, sigma_px)
    x = np.arange(65) - 32.0
    deviation = np.sqrt((spot.sum(axis=0) * x * x).sum() / spot.sum())
    assert spot.sum() == pytest.approx(1.0, abs=0.03)
    assert deviation == pytest.approx(sigma_px, rel=0.25)


@given(x0=st.integers(0, 20), y0=st.integers(0, 20), w=st.integers(1, 10), h=st.integers(1, 10))
def test_the_box_of_a_filled_rectangle_is_that_rectangle(x0, y0, w, h):
    mask = np.zeros((32, 32), bool)
    mask[y0 : y0 + h, x0 : x0 + w] = True
    assert bounds_xyxy(mask) == (x0, y0, x0 + w, y0 + h)


def test_an_empty_mask_has_an_empty_box():
    assert bounds_xyxy(np.zeros((4, 5), bool)) == (0, 0, 0, 0)


def test_the_gradient_of_a_ramp_is_its_slope_and_one_pixel_has_none():
    y, x = np.mgrid[0:6, 0:7].astype(np.float32)
    along_x, along_y = gradient(3 * x - 2 * y)
    np.testing.assert_allclose(along_x, 3.0)
    np.testing.assert_allclose(along_y, -2.0)
    assert [g.tolist() for g in gradient(np.ones((1, 1), np.float32))] == [[[0.0]], [[0.0]]]


def test_a_smooth_step_runs_uphill_and_downhill():
    x = np.array([0.0, 1.0, 2.0, 3.0, 4.0], np.float32)
    np.testing.assert_allclose(smoothstep(x, 1.0, 3.0), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(smoothstep(x, 3.0, 1.0), [1, 1, 0.5, 0, 0])


def test_spectral_noise_is_standardized_and_keeps_to_its_band():
    field = spectral_noise((96, 128), np.random.default_rng(0), band_cpp=(0.0, 0.1))
    assert abs(float(field.mean())) < 1e-4
    assert float(field.std()) == pytest.approx(1.0, abs=1e-3)
    power = np.abs(np.fft.fft2(field)) ** 2
    fy, fx = np.fft.fftfreq(96)[:, None], np.fft.fftfreq(128)[None, :]
    outside = np.hypot(fx, fy) > 0.2
    assert power[outside].sum() < 1e-3 * power.sum()


def test_stretched_noise_changes_more_slowly_along_its_streaks():
    field = spectral_noise((64, 64), np.random.default_rng(1), stretch_xy=(20.0, 1.0))
    along_x, along_y = gradient(field)
    assert along_x.std() < 0.3 * along_y.std()


@given(height=st.integers(1, 60), width=st.integers(1, 60), cell_px=st.floats(1.0, 80.0))
def test_cloud_noise_fills_any_shape_with_finite_values(height, width, cell_px):
    field = cloud_noise((height, width), np.random.default_rng(0), cell_px=cell_px)
    assert field.shape == (height, width)
    assert np.isfinite(field).all()
