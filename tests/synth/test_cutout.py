"""Cutting, varying, blending and placing defects on surfaces of which all is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.blending import blend_defect
from pitmark.synth.cutout import blur_of, cut_box, cut_defect
from pitmark.synth.membrane import smooth_fill
from pitmark.synth.paste import noise_level
from pitmark.synth.photo import as_float_hwc
from pitmark.synth.surroundings import find_place, look, surroundings_of
from pitmark.synth.variation import Limits, vary

# A place about as bright as most of the image, of the usual roughness.
USUAL = np.array([[-0.05, 0.0, 0.0]])
SAME = Limits(turns=False, flips=False, tilt_deg=0.0, scale=(1, 1), contrast=(1, 1), bend=0.0)


def surface(level=120.0, *, noise=3.0, shape=(80, 100), seed=0):
    rng = np.random.default_rng(seed)
    return np.clip(level + noise * rng.standard_normal(shape), 0, 255).astype(np.uint8)


def with_hole(image, box=(40, 30, 52, 38), factor=0.3):
    x0, y0, x1, y1 = box
    out = image.copy()
    out[y0:y1, x0:x1] = (out[y0:y1, x0:x1] * factor).astype(np.uint8)
    mask = np.zeros(image.shape[:2], bool)
    mask[y0:y1, x0:x1] = True
    return out, mask


def test_a_plane_is_continued_under_a_hole():
    y, x = np.mgrid[:40, :50].astype(np.float32)
    plane = (0.2 + 0.01 * x + 0.005 * y)[..., None]
    known = np.ones((40, 50), bool)
    known[15:25, 20:32] = False
    filled = smooth_fill(np.where(known[..., None], plane, 0.0).astype(np.float32), known)
    assert np.abs(filled - plane).max() < 0.02
    np.testing.assert_array_equal(filled[known], plane[known])


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 30), columns=st.integers(1, 30), seed=st.integers(0, 99))
def test_what_is_filled_lies_within_what_is_known(rows, columns, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((rows, columns, 2), dtype=np.float32)
    known = rng.random((rows, columns)) < 0.3
    known[0, 0] = True
    filled = smooth_fill(image, known)
    assert filled.min() >= image[known].min() - 1e-4
    assert filled.max() <= image[known].max() + 1e-4


def test_a_cutout_holds_by_how_much_a_defect_darkens():
    image, mask = with_hole(surface())
    cutout = cut_defect(image, mask)
    assert np.median(cutout.factor_hwc[cutout.mask_hw]) == pytest.approx(0.34, abs=0.05)
    assert (cutout.factor_hwc[~cutout.skin_hw] == 1.0).all()
    assert cutout.mask_hw.sum() == mask.sum()
    assert cutout.grain == pytest.approx(3 / 255, rel=0.25)


def test_a_box_is_cut_along_the_defect_inside_it():
    image, mask = with_hole(surface())
    cutout = cut_box(image, (34, 25, 58, 43))
    assert cutout.mask_hw.sum() == pytest.approx(mask.sum(), rel=0.25)
    assert cutout.margin_share > 0.5


def test_a_box_without_anything_in_it_gives_an_ellipse():
    cutout = cut_box(surface(noise=0.0), (30, 30, 50, 40))
    assert cutout.mask_hw.sum() == pytest.approx(np.pi * 10 * 5, rel=0.1)


@pytest.mark.parametrize("mask", [np.zeros((80, 100), bool), np.ones((80, 90), bool)])
def test_a_mask_that_marks_nothing_here_is_refused(mask):
    with pytest.raises(InvalidInputError, match="marks no defect"):
        cut_defect(surface(), mask)


def test_a_defect_as_large_as_its_image_cannot_be_cut_out():
    with pytest.raises(InvalidInputError, match="covers all of its surroundings"):
        cut_defect(surface(), np.ones((80, 100), bool))


def test_a_defect_keeps_its_contrast_on_darker_ground():
    image, mask = with_hole(surface(200))
    dark = surface(60, seed=5)
    laid, where = blend_defect(
        dark, cut_defect(image, mask), at_xy=(10, 10), rng=np.random.default_rng(0)
    )
    assert laid[where].mean() / dark[where].mean() == pytest.approx(0.3, abs=0.08)
    far = ~where
    far[5:45, 5:60] = False
    np.testing.assert_array_equal(laid[far], dark[far])


def test_no_seam_is_left_around_a_blended_defect():
    image, mask = with_hole(surface(200))
    ground = surface(90, seed=6)
    cutout = cut_defect(image, mask)
    laid, where = blend_defect(ground, cutout, at_xy=(20, 20), rng=np.random.default_rng(0))
    x0, y0, x1, y1 = bounds_xyxy(where)
    ring = np.zeros_like(where)
    ring[y0 - 6 : y1 + 6, x0 - 6 : x1 + 6] = True
    ring[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2] = False
    assert abs(float(laid[ring].mean()) - float(ground[ring].mean())) < 1.0


def test_the_noise_of_a_clean_defect_is_brought_to_that_of_its_place():
    image, mask = with_hole(surface(200, noise=0.0), box=(30, 20, 60, 50), factor=0.8)
    noisy = surface(120, noise=8.0, seed=7)
    laid, where = blend_defect(
        noisy, cut_defect(image, mask), at_xy=(20, 10), rng=np.random.default_rng(0)
    )
    inner = where & np.roll(where, 3, 0) & np.roll(where, -3, 0)
    assert noise_level(as_float_hwc(laid), inner) == pytest.approx(8 / 255, rel=0.35)


def test_a_sharp_defect_is_blurred_on_a_blurred_image():
    image, mask = with_hole(surface(200, noise=0.0), factor=0.2)
    ramp = 60 + 80 / (1 + np.exp(-(np.arange(100) - 80) / 2.5))
    soft = np.broadcast_to(ramp, (80, 100)).astype(np.uint8)
    assert blur_of(as_float_hwc(soft)) > blur_of(as_float_hwc(image)) + 0.5
    laid, where = blend_defect(
        soft, cut_defect(image, mask), at_xy=(10, 10), rng=np.random.default_rng(0)
    )
    x0, y0, x1, _ = bounds_xyxy(where)
    edge = laid[y0 - 4 : y0 + 4, (x0 + x1) // 2].astype(int)
    assert np.abs(np.diff(edge)).max() < 0.6 * (edge.max() - edge.min())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_defects_are_blended_onto_images_of_every_type(dtype, channels):
    image, mask = with_hole(surface())
    full = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    ground = np.full((60, 70, *channels), 0.5 * full, dtype)
    laid, where = blend_defect(
        ground, cut_defect(image, mask), at_xy=(5, 5), rng=np.random.default_rng(0)
    )
    assert (laid.dtype, laid.shape) == (ground.dtype, ground.shape)
    assert laid[where].mean() < 0.3 * full


def test_a_defect_is_not_laid_over_the_rim_of_an_image():
    image, mask = with_hole(surface())
    with pytest.raises(InvalidInputError, match="reaches over"):
        blend_defect(
            surface(), cut_defect(image, mask), at_xy=(90, 0), rng=np.random.default_rng(0)
        )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), turns=st.booleans(), flips=st.booleans())
def test_a_varied_defect_stays_a_defect_of_about_its_size(seed, turns, flips):
    image, mask = with_hole(surface(), box=(30, 30, 58, 36))
    cutout = cut_defect(image, mask)
    limits = Limits(turns=turns, flips=flips)
    varied = vary(cutout, limits, np.random.default_rng(seed))
    ratio = varied.mask_hw.sum() / mask.sum()
    assert 0.3 < ratio < 3.0
    assert varied.factor_hwc.shape[:2] == varied.mask_hw.shape == varied.skin_hw.shape
    assert (varied.skin_hw | ~varied.mask_hw).all()
    x0, y0, x1, y1 = bounds_xyxy(varied.mask_hw)
    if not turns:
        assert x1 - x0 > y1 - y0


def test_without_limits_to_go_to_a_defect_stays_as_it_is():
    image, mask = with_hole(surface())
    cutout = cut_defect(image, mask)
    same = vary(cutout, SAME, np.random.default_rng(0))
    assert same.mask_hw.sum() == cutout.mask_hw.sum()


def test_a_defect_at_the_rim_of_its_image_goes_to_a_rim_again():
    image, mask = with_hole(surface(), box=(40, 0, 50, 14))
    cutout = cut_defect(image, mask)
    assert cutout.sides == (False, True, False, False)
    ground = look(as_float_hwc(surface(seed=3)), (20, 20))
    seen = set()
    for seed in range(40):
        rng = np.random.default_rng(seed)
        varied = vary(cutout, Limits(), rng)
        rows, columns = varied.mask_hw.shape
        at = find_place(
            ground, USUAL, np.zeros((80, 100), bool), (columns, rows),
            sides=varied.sides, rng=rng,
        )  # fmt: skip
        assert at is not None
        x0, y0, x1, y1 = bounds_xyxy(varied.mask_hw)
        touching = (at[0] + x0, at[1] + y0, 100 - at[0] - x1, 80 - at[1] - y1)
        assert [t == 0 for t in touching] == list(varied.sides)
        seen.add(varied.sides)
    assert len(seen) == 4


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_bent_defect_is_not_pushed_out_of_its_patch(seed):
    image, mask = with_hole(surface(), box=(40, 20, 44, 60))
    cutout = cut_defect(image, mask)
    only_bent = Limits(turns=False, flips=False, tilt_deg=0.0, scale=(1, 1), contrast=(1, 1))
    varied = vary(cutout, only_bent, np.random.default_rng(seed))
    x0, y0, x1, y1 = bounds_xyxy(varied.mask_hw)
    rows, columns = varied.mask_hw.shape
    assert min(x0, y0, columns - x1, rows - y1) > 0
    assert y1 - y0 > 32


def part_on_table():
    """A bright, finely grained part in the middle of a dark, smooth table."""
    image = surface(30, noise=1.0, shape=(120, 160))
    image[30:90, 40:120] = surface(150, noise=6.0, shape=(60, 80), seed=2)
    part = np.zeros((120, 160), bool)
    part[30:90, 40:120] = True
    return image, part


def test_defects_of_a_part_are_placed_on_the_part_and_not_on_the_table():
    image, part = part_on_table()
    with_defect, mask = with_hole(image, box=(70, 50, 80, 58))
    floats = as_float_hwc(with_defect)
    known = surroundings_of(smooth_fill(floats, ~mask), (65, 45, 85, 63))[None]
    planes = look(as_float_hwc(image), (20, 18))
    centers = []
    for seed in range(60):
        at = find_place(
            planes, known, np.zeros_like(part), (20, 18),
            sides=(False,) * 4, rng=np.random.default_rng(seed),
        )  # fmt: skip
        assert at is not None
        centers.append(part[at[1] + 9, at[0] + 10])
    assert np.mean(centers) > 0.95
    # Chance alone would hit the part in a quarter of the cases.
    assert part.mean() < 0.3


def test_no_place_is_found_where_labels_cover_everything_or_the_image_is_too_small():
    image, part = part_on_table()
    planes = look(as_float_hwc(image), (20, 20))
    rng = np.random.default_rng(0)
    free = np.zeros_like(part)
    arguments = {"sides": (False,) * 4, "rng": rng}
    assert find_place(planes, USUAL, ~free, (20, 20), **arguments) is None
    assert find_place(planes, USUAL, free, (200, 20), **arguments) is None


def test_a_place_never_overlaps_a_label():
    image = surface(shape=(80, 100))
    taken = np.zeros((80, 100), bool)
    taken[:, :60] = True
    planes = look(as_float_hwc(image), (20, 20))
    for seed in range(30):
        at = find_place(
            planes, USUAL, taken, (20, 20),
            sides=(False,) * 4, rng=np.random.default_rng(seed),
        )  # fmt: skip
        assert at is not None
        assert not taken[at[1] : at[1] + 20, at[0] : at[0] + 20].any()
