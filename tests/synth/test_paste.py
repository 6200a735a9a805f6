import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.synth.defect_patch import Shape
from pitmark.synth.defects import KINDS
from pitmark.synth.noise import spectral_noise
from pitmark.synth.paste import paint_anomaly, paint_on_photo, paste_defect


def ground(shape: tuple[int, ...], level: float = 0.5, seed: int = 0) -> np.ndarray:
    """A float photograph of a rough surface."""
    rng = np.random.default_rng(seed)
    grain = spectral_noise((shape[0], shape[1]), rng, falloff=0.8)
    image = level + 0.04 * grain
    image = image if len(shape) == 2 else np.repeat(image[..., None], shape[2], axis=-1)
    return np.clip(image, 0, 1).astype(np.float32)


shapes = st.one_of(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.tuples(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 2, 3, 4])),
)


@settings(max_examples=60, deadline=None)
@given(shape=shapes, seed=st.integers(0, 2**32), level=st.floats(0.0, 1.0))
def test_an_anomaly_is_painted_on_any_float_image_within_its_range(shape, seed, level):
    image = ground(shape, level)
    before = image.copy()
    painted, mask = paint_anomaly(image, np.random.default_rng(seed))
    assert painted.shape == image.shape
    assert painted.dtype == np.float32
    assert mask.shape == shape[:2]
    assert mask.dtype == np.bool_
    assert 0.0 <= painted.min() <= painted.max() <= 1.0
    assert mask.any()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 200), (700, 900, 3)])
def test_an_anomaly_fits_the_smallest_and_large_images(shape):
    for seed in range(6):
        painted, mask = paint_anomaly(ground(shape), np.random.default_rng(seed))
        assert painted.shape == shape
        assert mask.any()


def test_an_anomaly_changes_its_mask_and_hardly_anything_else():
    image = ground((128, 128, 3))
    inside, outside = [], []
    for seed in range(40):
        painted, mask = paint_anomaly(image, np.random.default_rng(seed))
        change = np.abs(painted - image).max(axis=-1)
        inside.append(change[mask].mean())
        outside.append(change[~mask].mean())
        assert change[~mask].max() < 0.2
    assert min(inside) > 0.004
    assert np.mean(inside) > 50 * np.mean(outside)


def test_anomalies_repeat_with_their_seed_and_differ_between_seeds():
    image = ground((96, 96, 3))
    first, _ = paint_anomaly(image, np.random.default_rng(5))
    again, _ = paint_anomaly(image, np.random.default_rng(5))
    other, _ = paint_anomaly(image, np.random.default_rng(6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_grey_photograph_stored_as_color_stays_grey():
    image = ground((96, 96, 3))
    for seed in range(25):
        painted, _ = paint_anomaly(image, np.random.default_rng(seed))
        assert np.ptp(painted, axis=-1).max() == 0.0


def test_anomalies_vary_widely_in_size():
    image = ground((128, 128, 3))
    areas = [paint_anomaly(image, np.random.default_rng(s))[1].mean() for s in range(120)]
    assert np.percentile(areas, 90) > 10 * np.percentile(areas, 10)
    assert np.median(areas) < 0.1


def test_an_anomaly_wants_floating_pixels():
    with pytest.raises(InvalidInputError, match="type uint8"):
        paint_anomaly(np.zeros((8, 8, 3), np.uint8), np.random.default_rng(0))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(90, 120), (90, 120, 1), (90, 120, 3)])
def test_a_defect_is_painted_on_photographs_of_every_type(kind, dtype, shape):
    image = ground(shape)
    if np.issubdtype(dtype, np.integer):
        image = image * np.iinfo(dtype).max
    image = image.astype(dtype)
    painted, mask = paint_on_photo(image, kind, np.random.default_rng(1), at_xy=(60, 45))
    assert painted.dtype == dtype
    assert painted.shape == image.shape
    change = np.abs(painted.astype(float) - image.astype(float)).reshape(90, 120, -1).max(-1)
    assert change[mask].mean() > 10 * change[~mask].mean()


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(KINDS), shape=shapes, seed=st.integers(0, 2**32))
def test_a_defect_can_be_painted_on_an_image_of_any_size(kind, shape, seed):
    painted, mask = paint_on_photo(ground(shape), kind, np.random.default_rng(seed))
    assert painted.shape == shape
    assert mask.any()
    assert 0.0 <= painted.min() <= painted.max() <= 1.0


@pytest.mark.parametrize("level", [0.0, 0.03, 0.5, 0.97])
def test_a_plain_pit_mark_is_visible_on_black_grey_and_white(level):
    image = np.full((60, 60), level, np.float32)
    shape = Shape(9.0, 1.0)
    painted, mask = paint_on_photo(
        image, "pit mark", np.random.default_rng(0), shape=shape, at_xy=(30, 30)
    )
    assert np.abs(painted - image)[mask].max() > 0.03


def test_a_painted_defect_stays_where_it_is_allowed():
    image = ground((80, 80, 3))
    allowed = np.zeros((80, 80), bool)
    allowed[20:40, 20:40] = True
    for seed in range(12):
        painted, mask = paint_on_photo(
            image, "blemish", np.random.default_rng(seed), allowed_hw=allowed
        )
        assert mask.any()
        assert not mask[~allowed].any()
        np.testing.assert_allclose(painted[~allowed], image[~allowed])


def test_nothing_is_painted_where_nothing_is_allowed():
    image = ground((30, 30, 3))
    painted, mask = paint_on_photo(
        image, "dent", np.random.default_rng(0), allowed_hw=np.zeros((30, 30), bool)
    )
    assert not mask.any()
    np.testing.assert_array_equal(painted, image)


def test_an_allowed_mask_of_another_size_is_refused():
    with pytest.raises(InvalidInputError, match=r"\(5, 5\), the image \(30, 30\)"):
        paint_on_photo(
            ground((30, 30)), "dent", np.random.default_rng(0), allowed_hw=np.ones((5, 5), bool)
        )


def test_an_image_of_whole_numbers_of_another_type_is_refused():
    with pytest.raises(InvalidInputError, match="type int64"):
        paint_on_photo(np.zeros((9, 9), np.int64), "dent", np.random.default_rng(0))


def cut_out(level: float) -> tuple[np.ndarray, np.ndarray]:
    """A dark disc on sound surface, as cut from another photograph."""
    y, x = np.mgrid[-12:13, -12:13]
    mask = np.hypot(x, y) < 6
    patch = ground((25, 25, 3), level, seed=9)
    patch[mask] *= 0.5
    return patch, mask


def test_a_pasted_defect_takes_on_the_brightness_of_its_new_ground():
    patch, mask = cut_out(0.3)
    image = ground((100, 100, 3), 0.7)
    rng = np.random.default_rng(0)
    pasted, where = paste_defect(image, patch, mask, at_xy=(40, 30), rng=rng)
    assert where.sum() == mask.sum()
    assert where[42, 52]
    # It was half as bright as its surroundings, and still is.
    assert pasted[where].mean() == pytest.approx(0.35, abs=0.05)
    ring = np.zeros_like(where)
    ring[31:54, 41:64] = True
    assert pasted[ring & ~where].mean() == pytest.approx(0.67, abs=0.05)
    np.testing.assert_allclose(pasted[:28], image[:28])


@pytest.mark.parametrize("at_xy", [(-12, -12), (90, 90), (-20, 50), (95, -15)])
def test_a_paste_may_hang_over_the_border(at_xy):
    patch, mask = cut_out(0.4)
    image = ground((100, 100, 3), 0.5)
    rng = np.random.default_rng(0)
    pasted, where = paste_defect(image, patch, mask, at_xy=at_xy, rng=rng)
    assert pasted.shape == image.shape
    assert where.sum() < mask.sum()
    assert 0.0 <= pasted.min() <= pasted.max() <= 1.0


def test_a_paste_out_of_sight_changes_nothing():
    patch, mask = cut_out(0.4)
    image = ground((50, 50, 3))
    rng = np.random.default_rng(0)
    pasted, where = paste_defect(image, patch, mask, at_xy=(500, 500), rng=rng)
    assert not where.any()
    np.testing.assert_array_equal(pasted, image)


def test_a_clean_patch_gets_the_noise_of_a_noisy_photograph():
    rng = np.random.default_rng(0)
    image = np.clip(0.5 + 0.05 * rng.standard_normal((80, 80)), 0, 1).astype(np.float32)
    patch = np.full((31, 31), 0.5, np.float32)
    mask = np.zeros((31, 31), bool)
    mask[8:23, 8:23] = True
    pasted, where = paste_defect(image, patch, mask, at_xy=(20, 20), rng=rng)
    assert pasted[where].std() == pytest.approx(0.05, rel=0.3)


def test_bytes_and_grey_photographs_can_be_pasted_on():
    patch, mask = cut_out(0.4)
    grey = (ground((60, 60)) * 255).astype(np.uint8)
    rng = np.random.default_rng(0)
    patch_bytes = (patch[..., 0] * 255).astype(np.uint8)
    pasted, where = paste_defect(grey, patch_bytes, mask, at_xy=(10, 10), rng=rng)
    assert pasted.dtype == np.uint8
    assert pasted.shape == (60, 60)
    assert pasted[where].mean() < 0.7 * grey[where].mean()


def test_a_patch_that_does_not_fit_the_image_is_refused():
    patch, mask = cut_out(0.4)
    with pytest.raises(InvalidInputError, match="does not fit"):
        paste_defect(ground((60, 60)), patch, mask, at_xy=(0, 0), rng=np.random.default_rng(0))
