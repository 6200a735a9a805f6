import numpy as np
import pytest

from pitmark.synth.camera import CAMERAS, drifted, photograph
from pitmark.synth.lighting import Lamp, Rig, shade
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.surfaces import TEXTURES

SATIN = Material((0.0, 0.0, 0.0), (0.7, 0.7, 0.7), (0.1, 0.1))
WHITE = (1.0, 1.0, 1.0)


def tilted(slope: float) -> SurfaceMaps:
    """Metal that rises to the left, so that it leans to the right."""
    maps = SurfaceMaps.of((24, 24), SATIN)
    maps.height_hw -= np.float32(slope) * np.arange(24, dtype=np.float32)[None, :]
    return maps


def rig(*lamps: Lamp, bend_xy: tuple[float, float] = (0.0, 0.0)) -> Rig:
    return Rig(lamps, 0.0, WHITE, WHITE, bend_xy)


def middle(image: np.ndarray) -> float:
    return float(image[12, 12].mean())


def test_metal_is_brightest_where_it_leans_half_way_to_the_lamp():
    lamp = rig(Lamp((0.3, 0.0), (0.1, 0.1), 1.0))
    levels = [middle(shade(tilted(slope), lamp)) for slope in (0.0, 0.15, 0.3, 0.45, 0.6)]
    assert int(np.argmax(levels)) == 2
    assert levels[0] < 0.1 * levels[2]


def test_a_rough_surface_spreads_its_highlight():
    lamp = rig(Lamp((0.0, 0.0), (0.1, 0.1), 1.0))
    rough = tilted(0.45)
    rough.roughness_hw2[:] = 0.3
    assert middle(shade(rough, lamp)) > 3 * middle(shade(tilted(0.45), lamp))
    flat_rough = tilted(0.0)
    flat_rough.roughness_hw2[:] = 0.3
    assert middle(shade(flat_rough, lamp)) < 0.5 * middle(shade(tilted(0.0), lamp))


def test_a_near_lamp_shades_a_flat_surface_unevenly():
    image = shade(tilted(0.0), rig(Lamp((-0.2, 0.0), (0.1, 0.3), 1.0), bend_xy=(0.2, 0.0)))
    assert image[12, 2].mean() > 2 * image[12, 21].mean()


def test_no_light_comes_back_from_where_none_gets_in():
    maps = tilted(0.0)
    maps.open_hw[:] = 0.0
    assert not shade(maps, CAMERAS["cam1"].rig).any()


def test_a_covered_pixel_is_a_mixture_of_both_materials():
    maps = SurfaceMaps.of((4, 4), SATIN)
    maps.cover(np.full((4, 4), 0.25, np.float32), Material((0.8, 0.4, 0.0), WHITE, (0.5, 0.5)))
    np.testing.assert_allclose(maps.diffuse_hwc[0, 0], [0.2, 0.1, 0.0], atol=1e-6)
    np.testing.assert_allclose(maps.roughness_hw2[0, 0], [0.2, 0.2], atol=1e-6)


def test_the_second_camera_sees_less_light_than_the_others():
    paper = Material((0.6, 0.6, 0.6), (0.04, 0.04, 0.04), (0.3, 0.3))
    levels = {
        name: photograph(
            shade(SurfaceMaps.of((48, 64), paper), camera.rig), camera, np.random.default_rng(0)
        ).mean()
        for name, camera in CAMERAS.items()
    }
    assert levels["cam2"] < 0.8 * min(levels["cam1"], levels["cam3"])


def test_drift_makes_a_camera_brighter_bluer_and_less_sharp():
    light = np.full((64, 64, 3), 0.2, np.float32)
    light[:, 32:] = 0.35
    before, after = (
        photograph(light, camera, np.random.default_rng(0)).astype(float)
        for camera in (CAMERAS["cam1"], drifted(CAMERAS["cam1"]))
    )
    assert after.mean() > before.mean() + 5
    assert (after[..., 2] / after[..., 0]).mean() > 1.04 * (
        before[..., 2] / before[..., 0]
    ).mean()
    steps = [
        np.abs(np.diff(p.mean(axis=(0, 2)))).max() / np.ptp(p.mean(axis=(0, 2)))
        for p in (before, after)
    ]
    assert steps[1] < steps[0]


def test_no_drift_leaves_the_camera_as_it_was():
    assert drifted(CAMERAS["cam3"], 0.0) == CAMERAS["cam3"]


def test_darker_scenes_are_noisier_relative_to_their_signal():
    camera = CAMERAS["cam2"]
    ratio = []
    for level in (0.6, 0.03):
        light = np.full((64, 64, 3), level, np.float32)
        pixels = photograph(light, camera, np.random.default_rng(0))[24:40, 24:40, 1]
        ratio.append(float(pixels.std() / pixels.mean()))
    assert ratio[1] > 2 * ratio[0]


@pytest.mark.parametrize("name", sorted(TEXTURES))
def test_a_texture_repeats_with_its_seed_and_tiles_without_a_seam(name):
    first = TEXTURES[name]((72, 96), np.random.default_rng(3))
    again = TEXTURES[name]((72, 96), np.random.default_rng(3))
    np.testing.assert_array_equal(first.height_hw, again.height_hw)
    assert float(first.gain_hw.mean()) == pytest.approx(1.0, abs=0.05)
    inside = np.abs(np.diff(first.height_hw, axis=0)).mean()
    seam = np.abs(first.height_hw[0] - first.height_hw[-1]).mean()
    assert seam < 2 * inside
