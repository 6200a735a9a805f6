from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pitmark.core.errors import InvalidInputError
from pitmark.core.preprocess import PreprocessSpec, cut, resize, scaled_size

SPEC = PreprocessSpec((64, 32))
TILES = PreprocessSpec((64, 64), mode="tile", overlap_px=16)
rng = np.random.default_rng(0)


def test_a_spec_survives_json():
    assert PreprocessSpec.from_json(TILES.to_json()) == TILES


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ({"input_wh": [64, 33]}, "multiples of 32"),
        ({"input_wh": [64, 64], "low": 5, "high": 5}, "high > low"),
        ({"input_wh": [64, 64], "mode": "tile", "overlap_px": 64}, "overlap 64"),
        ({"input_wh": [64, 64], "colour": 1}, "not a preprocessing spec"),
        ({}, "not a preprocessing spec"),
    ],
)
def test_an_impossible_spec_is_refused(data, match):
    with pytest.raises(InvalidInputError, match=match):
        PreprocessSpec.from_json(data)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(InvalidInputError, match="an image must be"):
        cut(image, SPEC)


def test_a_letterboxed_image_keeps_its_shape_and_pads_right_and_below():
    patches = cut(np.full((100, 100), 255, np.uint8), SPEC)
    assert patches.data.shape == (1, 3, 32, 64)
    assert patches.placements[0].valid_wh == (32, 32)
    assert np.allclose(patches.data[0, :, :, :32], 2.0)
    assert (patches.data[0, :, :, 32:] == 0).all()


def test_grey_and_equal_colors_give_the_same_patches():
    grey = rng.integers(0, 255, (40, 50), dtype=np.uint8)
    color = np.repeat(grey[..., None], 3, axis=2)
    assert np.array_equal(cut(grey, SPEC).data, cut(color, SPEC).data)


def test_sixteen_bits_are_not_cut_to_eight():
    ramp = np.arange(64 * 32, dtype=np.uint16).reshape(32, 64)
    spec = PreprocessSpec((64, 32), low=0, high=float(64 * 32 - 1))
    assert len(np.unique(cut(ramp, spec).data)) == 64 * 32


@given(
    image=arrays(np.uint8, st.sampled_from([(32, 64), (32, 64, 3), (20, 30, 3)])),
    low=st.integers(0, 100),
    width=st.integers(1, 300),
)
def test_eight_bits_become_what_the_same_values_in_sixteen_do(image, low, width):
    spec = PreprocessSpec(
        (64, 32), "tile", low=float(low), high=float(low + width), overlap_px=0
    )
    wide = cut(image.astype(np.uint16), spec).data
    assert np.array_equal(cut(image, spec).data, wide)


def test_values_outside_the_range_are_held_at_its_ends():
    spec = PreprocessSpec((64, 32), low=100, high=200)
    image = np.full((32, 64), 50, np.uint8)
    image[:, 32:] = 250
    data = cut(image, spec).data
    assert data.min() == -2
    assert data.max() == 2


def test_shrinking_averages_instead_of_skipping_pixels():
    image = np.zeros((64, 64), np.uint8)
    image[:, ::2] = 200
    assert np.abs(resize(image, (16, 16)).astype(int) - 100).max() < 10


@settings(max_examples=40)
@given(st.integers(1, 300), st.integers(1, 300))
def test_tiles_cover_every_pixel_and_stay_inside(width, height):
    patches = cut(np.zeros((height, width), np.uint8), TILES)
    seen = np.zeros((height, width), bool)
    for place in patches.placements:
        (left, top), (wide, high) = place.offset_xy, place.valid_wh
        assert left + wide <= width
        assert top + high <= height
        seen[top : top + high, left : left + wide] = True
    assert seen.all()


@given(st.integers(65, 2000))
def test_neighboring_tiles_share_the_overlap(width):
    patches = cut(np.zeros((64, width), np.uint8), TILES)
    starts = sorted({p.offset_xy[0] for p in patches.placements})
    assert all(b - a <= 64 - 16 for a, b in pairwise(starts))


def test_tiles_show_the_stored_pixels():
    image = rng.integers(0, 255, (100, 150), dtype=np.uint8)
    patches = cut(image, TILES)
    for patch, place in zip(patches.data, patches.placements, strict=True):
        (left, top), (wide, high) = place.offset_xy, place.valid_wh
        wanted = (image[top : top + high, left : left + wide] / 255 - 0.5) / 0.25
        assert np.allclose(patch[0, :high, :wide], wanted, atol=1e-5)


def test_a_one_pixel_image_is_an_image():
    assert cut(np.zeros((1, 1), np.uint8), SPEC).data.shape == (1, 3, 32, 64)


def test_the_scaled_size_never_reaches_zero():
    assert scaled_size((5000, 2), SPEC) == (64, 1)


@given(
    image=arrays(np.uint8, st.sampled_from([(32, 64), (32, 64, 3), (20, 30, 3), (90, 40)])),
    spec=st.sampled_from([SPEC, TILES, PreprocessSpec((64, 32), mean=0.0, std=1.0)]),
)
def test_bytes_stand_for_what_patches_are(image, spec):
    patches, scale = cut(image, spec), spec.byte_scale
    seen = patches.as_bytes(slice(None))
    assert seen.dtype == np.uint8
    stands_for = (seen.astype(np.float32) - scale.zero) * scale.step + scale.rest
    off = np.abs(stands_for.transpose(0, 3, 1, 2) - patches.data)
    for one, place in zip(off, patches.placements, strict=True):
        wide, high = place.valid_wh
        assert one[:, :high, :wide].max() < 1e-5
    assert off.max() <= 0.5 * scale.step + 1e-5


def test_sixteen_bits_seen_by_a_model_of_eight_are_cut_to_its_range():
    image = np.full((32, 64), 300, np.uint16)
    image[:, :32] = 7
    seen = cut(image, SPEC).as_bytes(slice(0, 1))
    assert set(np.unique(seen)) == {7, 255}


def test_patches_of_another_range_are_no_bytes():
    spec = PreprocessSpec((64, 32), high=1000.0)
    assert spec.byte_scale is None
    with pytest.raises(InvalidInputError, match=r"from 0\.0 to 1000\.0 are no bytes"):
        cut(np.zeros((32, 64), np.uint16), spec).as_bytes(slice(0, 1))


def test_one_patch_alone_is_what_it_was_among_the_others():
    patches = cut(rng.integers(0, 255, (90, 70), dtype=np.uint8), TILES)
    alone = patches.only(2)
    assert len(patches) > 3
    assert len(alone) == 1
    assert np.array_equal(alone.data, patches[2:3])
