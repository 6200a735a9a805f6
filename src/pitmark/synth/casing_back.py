"""The back of a casing: rim, chamfer, glass edge, antenna line, camera plate."""

import numpy as np

from pitmark.synth.arrays import Floats, smoothstep
from pitmark.synth.casing import Scene
from pitmark.synth.features import paint_code, paint_flash, paint_hole, paint_lens
from pitmark.synth.finishes import Finish
from pitmark.synth.layout import (
    ANTENNA_HALF_MM,
    ANTENNA_Y_MM,
    BODY,
    CODE,
    FLASH_RADIUS_MM,
    MICROPHONE_RADIUS_MM,
    POWER_KEY,
    island_of,
)
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.surfaces import Texture
from pitmark.synth.view import View

_GAP = Material((0.004, 0.004, 0.004), (0.01, 0.01, 0.01), (0.3, 0.3))


def _profile(build: str) -> tuple[Floats, Floats]:
    """Height over the distance from the outline inward, both in millimeters."""
    inward = np.arange(-0.3, 4.1, 0.02, dtype=np.float32)
    if build == "rounded":
        radius = 2.7
        off = np.clip((radius - inward) / radius, 0.0, 0.995)
        return inward, (radius * 0.62 * ((1.0 - off**2.4) ** (1 / 2.4) - 1.0)).astype(
            np.float32
        )
    if build == "chamfered":
        knots = [-1.0, 0.0, 0.22, 0.74, 0.86, 1.1, 4.1]
        heights = [-1.5, -1.4, -0.41, -0.03, -0.004, 0.0, 0.0]
        return inward, np.interp(inward, knots, heights).astype(np.float32)
    rim = np.sqrt(np.clip(1.0 - (1.0 - np.clip(inward, 0.02, 1.0)) ** 2, 0.0, 1.0)) - 1.0
    gap = np.interp(inward, [1.3, 1.42, 1.56, 1.62], [0.0, -0.16, -0.16, 0.0])
    rise = 0.5 * 0.36 * 2.4 * (1.0 - (1.0 - np.clip((inward - 1.6) / 2.4, 0.0, 1.0)) ** 2)
    return inward, (0.9 * rim + gap + rise).astype(np.float32)


def _paint_rim(scene: Scene, inward_mm: Floats) -> Floats:
    """Materials that follow the outline; returns where the back's texture lies."""
    maps, finish = scene.maps, scene.finish
    if finish.build == "rounded":
        return smoothstep(inward_mm, 0.1, 0.8)
    if finish.build == "chamfered":
        band = np.minimum(inward_mm - 0.2, 0.8 - inward_mm)
        maps.cover(scene.coverage(-band), finish.edge)
        maps.cover(scene.coverage(inward_mm - 0.2), finish.frame)
        return smoothstep(inward_mm, 0.75, 0.95)
    maps.cover(scene.coverage(inward_mm - 1.5), finish.frame)
    chamfer = np.minimum(inward_mm - 1.22, 1.42 - inward_mm)
    maps.cover(scene.coverage(-chamfer), finish.edge)
    gap = scene.coverage(-np.minimum(inward_mm - 1.42, 1.6 - inward_mm))
    maps.cover(gap, _GAP)
    maps.open_hw *= 1.0 - 0.85 * gap
    return smoothstep(inward_mm, 1.55, 1.75)


def _paint_antenna(scene: Scene, inward_mm: Floats, island_mm: Floats) -> None:
    """The plastic insert across the metal, which ends at the camera plate."""
    offset = np.abs(np.abs(scene.y_mm) - np.float32(ANTENNA_Y_MM)) - np.float32(ANTENNA_HALF_MM)
    bare = scene.coverage(-island_mm)
    if not scene.finish.is_metal:
        bare *= scene.coverage(inward_mm - 1.4)
    line = scene.coverage(offset) * bare
    scene.maps.cover(line, scene.finish.plastic)
    # The insert sits a few hundredths lower and its seams collect shadow.
    scene.maps.height_hw -= line * np.float32(0.03 * scene.view.px_per_mm)
    seam = np.exp(-((offset / np.float32(0.07)) ** 2)) * bare
    scene.maps.open_hw *= 1.0 - 0.3 * seam


def _paint_island(scene: Scene, outside: Floats) -> None:
    island = island_of(scene.finish)
    if float(outside.min()) > 3.0:
        return
    maps = scene.maps
    top = scene.coverage(outside)
    maps.cover(top, scene.finish.island)
    wall = scene.coverage(-np.minimum(outside + 0.5, -outside))
    maps.cover(wall, scene.finish.edge)
    knots = np.array([-0.75, -0.45, -0.1, 0.12], np.float32)
    scene.raise_by(knots, np.array([0.62, 0.6, 0.3, 0.0], np.float32), outside)
    # The foot of the plate shades the back around it.
    foot = np.exp(-np.maximum(outside, 0.0) / np.float32(0.5)) * (outside > 0.0)
    maps.open_hw *= 1.0 - 0.5 * foot
    for center_mm, radius_mm in island.lenses:
        paint_lens(scene, center_mm, radius_mm)
    paint_flash(scene, island.flash_mm, FLASH_RADIUS_MM)
    paint_hole(scene, island.microphone_mm, MICROPHONE_RADIUS_MM)


def paint_back(
    view: View, finish: Finish, texture: Texture, part_rng: np.random.Generator
) -> Scene:
    """The back of a sound casing.

    Args:
        view: pose and scale; its station must look at the back.
        finish: the product variant.
        texture: the back's fine structure, sampled to the view.
        part_rng: what differs from part to part (the laser code).

    Returns:
        The scene, ready for defects and light.
    """
    x_mm, y_mm = view.grid_mm()
    outside = BODY.distance(x_mm, y_mm)
    maps = SurfaceMaps.of(view.shape_hw, finish.back)
    scene = Scene(view, finish, x_mm, y_mm, maps, outside, outside)
    inward = -outside
    scene.cover_hw = scene.coverage(outside)
    inward_table, heights = _profile(finish.build)
    scene.raise_by(inward_table, heights, inward)
    texture_share = _paint_rim(scene, inward)
    island_mm = island_of(finish).plate.distance(x_mm, y_mm)
    _paint_antenna(scene, inward, island_mm)
    # The plate is polished finer than the back.
    plate = scene.coverage(island_mm)
    scene.add_texture(texture, texture_share * (1.0 - np.float32(0.75) * plate))
    _paint_island(scene, island_mm)
    paint_code(scene, CODE, part_rng)
    key = POWER_KEY.distance(x_mm, y_mm)
    if float(key.min()) < 0.0:
        only_key = scene.coverage(key) * (1.0 - scene.cover_hw)
        maps.cover(only_key, finish.frame)
        scene.outside_mm = np.minimum(outside, key)
        scene.cover_hw = np.maximum(scene.cover_hw, only_key)
    return scene
