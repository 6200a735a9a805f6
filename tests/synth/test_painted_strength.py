"""A painted defect is brought to the strength of a real one of its class."""

import numpy as np
import pytest

from pitmark.synth.blending import as_strong_as
from pitmark.synth.cutout import cut_defect


def surface(level, seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(level + 2 * rng.standard_normal((60, 80)), 0, 255).astype(np.uint8)


def spot(image, factor, at=(20, 30), side=10):
    """The image with a square of other brightness, and where it is."""
    mask = np.zeros(image.shape, bool)
    mask[at[0] : at[0] + side, at[1] : at[1] + side] = True
    return np.where(mask, np.clip(image * factor, 0, 255), image).astype(np.uint8), mask


@pytest.mark.parametrize("painted_factor", [0.05, 0.4, 0.9, 1.8])
@pytest.mark.parametrize("real_factor", [0.6, 1.4])
def test_a_painted_spot_gets_the_contrast_and_the_side_of_a_real_one(
    painted_factor, real_factor
):
    real, real_mask = spot(surface(110), real_factor)
    ground = surface(90, seed=1)
    painted, mask = spot(ground, painted_factor)
    out = as_strong_as(painted, ground, mask, cut_defect(real, real_mask))
    ratio = out[mask].mean() / ground[mask].mean()
    assert ratio == pytest.approx(real_factor, abs=0.08)
    np.testing.assert_array_equal(out[~mask], ground[~mask])
    assert out.dtype == ground.dtype


def test_a_relief_keeps_its_bright_and_its_dark_side():
    real, real_mask = spot(surface(110), 0.6)
    ground = surface(90, seed=1)
    left, at_left = spot(ground, 0.9, at=(20, 30))
    painted, at_right = spot(left, 1.1, at=(20, 40))
    out = as_strong_as(painted, ground, at_left | at_right, cut_defect(real, real_mask))
    assert out[at_left].mean() < ground[at_left].mean() - 20
    assert out[at_right].mean() > ground[at_right].mean() + 20


def test_what_paints_nothing_stays_as_it_is():
    real, real_mask = spot(surface(110), 0.6)
    ground = surface(90, seed=1)
    mask = np.zeros(ground.shape, bool)
    mask[5:9, 5:9] = True
    np.testing.assert_array_equal(
        as_strong_as(ground, ground, mask, cut_defect(real, real_mask)), ground
    )
