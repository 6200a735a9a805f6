import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pitmark.core.errors import InvalidInputError
from pitmark.quality.drift.input_statistics import STATISTIC_NAMES, STATISTICS, image_statistics


def _named(image):
    return dict(zip(STATISTIC_NAMES, image_statistics(image), strict=True))


def _textured(seed=0, size=256, color=False):
    rng = np.random.default_rng(seed)
    coarse = rng.normal(128, 30, (size // 8, size // 8))
    image = np.kron(coarse, np.ones((8, 8))) + rng.normal(0, 2, (size, size))
    grey = np.clip(image, 20, 230).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2) if color else grey


def test_every_statistic_has_one_name_and_one_value():
    assert len(set(STATISTIC_NAMES)) == len(STATISTICS) == len(image_statistics(_textured()))


def test_a_darker_image_has_proportionally_less_brightness():
    image = _textured()
    darker = (image * 0.5).astype(np.uint8)
    ratio = _named(darker)["brightness"] / _named(image)["brightness"]
    assert ratio == pytest.approx(0.5, abs=0.01)


def test_dark_and_overexposed_shares_are_shares_of_the_image():
    image = np.full((160, 160), 100, np.uint8)
    image[:40] = 255
    image[120:] = 0
    found = _named(image)
    assert found["saturated_share"] == pytest.approx(0.25, abs=0.04)
    assert found["dark_share"] == pytest.approx(0.25, abs=0.04)


def test_the_noise_estimate_is_the_standard_deviation_of_the_noise():
    rng = np.random.default_rng(1)
    ramp = np.linspace(60, 180, 512)[None, :]
    image = np.clip(ramp + rng.normal(0, 6, (512, 512)), 0, 255).round().astype(np.uint8)
    assert _named(image)["noise"] * 255 == pytest.approx(6, rel=0.05)


def test_blur_lowers_sharpness_and_noise_alone_does_not_raise_it():
    rng = np.random.default_rng(2)
    x = np.arange(512)
    sharp = 128 + 60 * np.sign(np.sin(x[None] / 9)) * np.sign(np.sin(x[:, None] / 9))
    kernel = np.ones(7) / 7
    blurred = np.apply_along_axis(np.convolve, 0, sharp, kernel, "same")
    blurred = np.apply_along_axis(np.convolve, 1, blurred, kernel, "same")
    noisy = blurred + rng.normal(0, 5, blurred.shape)
    values = [
        _named(i.clip(0, 255).astype(np.uint8))["sharpness"] for i in (sharp, blurred, noisy)
    ]
    assert values[1] < 0.7 * values[0]
    assert values[2] == pytest.approx(values[1], rel=0.1)


def test_a_grey_image_stored_as_color_gives_the_same_statistics():
    grey, color = image_statistics(_textured()), image_statistics(_textured(color=True))
    assert color == pytest.approx(grey, abs=1e-4)


def test_color_balance_is_the_log_ratio_to_green():
    image = np.full((64, 64, 3), 100, np.uint8)
    image[..., 0] = 200
    found = _named(image)
    assert found["red_balance"] == pytest.approx(np.log(2), abs=0.01)
    assert found["blue_balance"] == pytest.approx(0, abs=1e-6)


def test_sixteen_bits_give_the_same_statistics_as_eight():
    image = _textured()
    wide = image.astype(np.uint16) * 257
    assert image_statistics(wide) == pytest.approx(image_statistics(image), abs=1e-4)


def test_uneven_light_is_told_by_side():
    ramp = np.tile(np.linspace(50, 150, 300), (200, 1)).astype(np.uint8)
    found = _named(ramp)
    assert found["left_right"] == pytest.approx(0.5, abs=0.05)
    assert found["top_bottom"] == pytest.approx(0, abs=1e-3)
    flipped = _named(np.ascontiguousarray(ramp.T[::-1]))
    assert flipped["top_bottom"] == pytest.approx(-0.5, abs=0.05)


def test_dark_corners_are_vignetting():
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    image = (200 - 80 * np.maximum(abs(x), abs(y))).astype(np.uint8)
    assert _named(image)["vignetting"] > 0.2


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16]),
        st.one_of(
            st.tuples(st.integers(1, 40), st.integers(1, 40)),
            st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3)),
        ),
        elements=st.integers(0, 255),
    )
)
def test_any_image_has_finite_statistics(image):
    assert np.isfinite(image_statistics(image)).all()


@pytest.mark.parametrize("shape", [(4, 4, 4), (4,), (0, 4), (2, 2, 3, 1)])
def test_another_shape_is_refused_by_name(shape):
    with pytest.raises(InvalidInputError, match="image statistics need"):
        image_statistics(np.zeros(shape, np.uint8))


def test_another_type_is_refused_by_name():
    with pytest.raises(InvalidInputError, match="float32"):
        image_statistics(np.zeros((4, 4), np.float32))
