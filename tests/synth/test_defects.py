import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.camera import CAMERAS
from pitmark.synth.defect_patch import Shape
from pitmark.synth.defects import KINDS, draw_defect
from pitmark.synth.lighting import shade
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.stamping import overlap, stamp

METAL = Material((0.08, 0.08, 0.08), (0.6, 0.6, 0.6), (0.18, 0.18))
EVERYWHERE = np.ones((120, 160), bool)


@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 2**32),
    size_px=st.floats(1.0, 120.0),
    contrast=st.floats(0.1, 2.0),
    angle_rad=st.floats(0.0, 6.3),
)
def test_every_drawn_defect_has_a_mask_and_maps_within_their_limits(
    kind, seed, size_px, contrast, angle_rad
):
    patch = draw_defect(kind, np.random.default_rng(seed), Shape(size_px, contrast, angle_rad))
    shape_hw = patch.mask_hw.shape
    assert patch.kind == kind
    assert patch.mask_hw.any()
    assert shape_hw[0] % 2 == 1
    assert shape_hw[1] % 2 == 1
    assert patch.gain_hwc.shape == (*shape_hw, 3)
    for plane in (patch.height_hw, patch.residue_hw, patch.gloss_hw, patch.open_hw):
        assert plane.shape == shape_hw
        assert np.isfinite(plane).all()
    assert patch.open_hw.min() >= 0.0
    assert patch.open_hw.max() <= 1.0
    assert 0.0 <= patch.residue_hw.min() <= patch.residue_hw.max() <= 1.0
    assert patch.gain_hwc.min() >= 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_a_patch_ends_in_untouched_surface(kind):
    patch = draw_defect(kind, np.random.default_rng(4), Shape(30.0, 1.0, 0.4))
    for plane, neutral in (
        (patch.height_hw, 0.0),
        (patch.open_hw, 1.0),
        (patch.residue_hw, 0.0),
    ):
        rim = np.concatenate([plane[0], plane[-1], plane[:, 0], plane[:, -1]])
        assert np.abs(rim - neutral).max() < 0.03


@pytest.mark.parametrize("kind", KINDS)
def test_a_stamped_defect_changes_the_light_inside_its_mask_more_than_outside(kind):
    rig = CAMERAS["cam1"].rig
    maps = SurfaceMaps.of((120, 160), METAL)
    clean = shade(maps, rig)
    patch = draw_defect(kind, np.random.default_rng(2), Shape(34.0, 0.8, 0.3))
    found = stamp(maps, patch, (80, 60), EVERYWHERE)
    change = np.abs(shade(maps, rig) - clean).mean(axis=-1)
    assert change[found.mask_hw].mean() > 20 * change[~found.mask_hw].mean()
    assert found.box_xyxy == bounds_xyxy(found.mask_hw)


def test_a_dark_scratch_shows_pale_on_black_glass():
    black = Material((0.01, 0.01, 0.01), (0.043, 0.043, 0.043), (0.03, 0.03))
    rig = CAMERAS["cam2"].rig
    for seed in range(12):
        patch = draw_defect("scratch", np.random.default_rng(seed), Shape(60.0, 0.9))
        if patch.gain_hwc.min() > 0.9:
            continue
        maps = SurfaceMaps.of((120, 160), black)
        clean = shade(maps, rig)
        found = stamp(maps, patch, (80, 60), EVERYWHERE)
        line = found.mask_hw & (patch_extent(patch, EVERYWHERE.shape) < 0.7)
        assert shade(maps, rig)[line].mean() > 1.3 * clean[line].mean()
        return
    raise AssertionError("no seed drew a dark scratch")


def patch_extent(patch, shape_hw):
    """The patch's gain, laid where the stamp lays it."""
    whole = np.ones(shape_hw, np.float32)
    window, inner = overlap((80, 60), patch.mask_hw.shape, shape_hw)
    whole[window] = patch.gain_hwc[inner].mean(axis=-1)
    return whole


def test_more_contrast_changes_more_light():
    changes = []
    for contrast in (0.25, 0.5, 1.0):
        maps = SurfaceMaps.of((120, 160), METAL)
        clean = shade(maps, CAMERAS["cam1"].rig)
        patch = draw_defect("dent", np.random.default_rng(2), Shape(34.0, contrast))
        stamp(maps, patch, (80, 60), EVERYWHERE)
        changes.append(float(np.abs(shade(maps, CAMERAS["cam1"].rig) - clean).sum()))
    assert changes[0] < 0.7 * changes[1] < 0.49 * changes[2]


def test_a_dent_bends_light_but_takes_no_color_and_a_stain_has_no_relief():
    dent = draw_defect("dent", np.random.default_rng(0), Shape(30.0, 1.0))
    stain = draw_defect("discoloration", np.random.default_rng(0), Shape(30.0, 1.0))
    assert (dent.gain_hwc == 1.0).all()
    assert dent.height_hw.min() < -1.0
    assert not stain.height_hw.any()
    assert (stain.gain_hwc != 1.0).any()


def test_a_pit_mark_is_darkest_in_its_middle_and_has_a_raised_rim():
    pit = draw_defect("pit mark", np.random.default_rng(0), Shape(12.0, 1.0))
    rows, columns = pit.open_hw.shape
    assert pit.open_hw[rows // 2, columns // 2] == pit.open_hw.min() < 0.2
    assert pit.height_hw.max() > 0.0 > pit.height_hw.min()


def test_a_stamp_leaves_alone_what_is_not_allowed():
    maps = SurfaceMaps.of((120, 160), METAL)
    allowed = EVERYWHERE.copy()
    allowed[:, 80:] = False
    patch = draw_defect("blemish", np.random.default_rng(1), Shape(40.0, 1.0))
    found = stamp(maps, patch, (80, 60), allowed)
    assert found.mask_hw[:, :80].any()
    assert not found.mask_hw[:, 80:].any()
    assert not maps.height_hw[:, 80:].any()
    np.testing.assert_allclose(maps.specular_hwc[:, 80:], 0.6)


@given(
    x=st.integers(-30, 60), y=st.integers(-30, 60), w=st.integers(0, 12), h=st.integers(0, 12)
)
def test_patch_and_image_windows_agree_anywhere(x, y, w, h):
    rows, columns = np.mgrid[0:25, 0:33]
    window, inner = overlap((x, y), (2 * h + 1, 2 * w + 1), (25, 33))
    patch_rows, patch_columns = np.mgrid[0 : 2 * h + 1, 0 : 2 * w + 1]
    np.testing.assert_array_equal(rows[window], patch_rows[inner] + y - h)
    np.testing.assert_array_equal(columns[window], patch_columns[inner] + x - w)
    seen = (abs(rows - y) <= h) & (abs(columns - x) <= w)
    assert rows[window].size == seen.sum()


def test_an_unknown_kind_is_refused_by_name():
    with pytest.raises(InvalidInputError, match="no defect kind is called 'crack'") as caught:
        draw_defect("crack", np.random.default_rng(0), Shape(10.0, 1.0))
    assert "pit mark" in caught.value.hint
