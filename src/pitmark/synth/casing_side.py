"""The side band of a casing: crown, seams, port, speaker holes, screws, key."""

import numpy as np

from pitmark.synth.arrays import Floats, smoothstep
from pitmark.synth.casing import Scene
from pitmark.synth.features import paint_hole, paint_screw, paint_slot
from pitmark.synth.finishes import Finish
from pitmark.synth.layout import (
    ANTENNA_HALF_MM,
    BAND_HALF_MM,
    PORT,
    SCREW_RADIUS_MM,
    SCREWS_MM,
    SIDE_ANTENNA_MM,
    SIDE_KEY,
    SIDE_Y_MM,
    SPEAKER_HOLES_MM,
    SPEAKER_RADIUS_MM,
)
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.surfaces import Texture
from pitmark.synth.view import View

_SCREEN = Material((0.004, 0.004, 0.005), (0.045, 0.045, 0.045), (0.03, 0.03))
_SEAM = Material((0.003, 0.003, 0.003), (0.01, 0.01, 0.01), (0.3, 0.3))


def _profile() -> tuple[Floats, Floats]:
    """Height over the distance from the band's middle: a crown with round shoulders."""
    across = np.arange(0.0, BAND_HALF_MM + 1.0, 0.02, dtype=np.float32)
    shoulder = 1.25
    off = np.clip((across - (BAND_HALF_MM - shoulder)) / shoulder, 0.0, 0.985)
    rounding = shoulder * (np.sqrt(1.0 - off**2) - 1.0)
    crown = -0.5 * 0.07 * across**2
    return across, (rounding + crown).astype(np.float32)


def _paint_strips(scene: Scene) -> None:
    """The front glass above, and the back glass of a sandwich below."""
    maps = scene.maps
    y = scene.y_mm
    strips = [(-(BAND_HALF_MM - 0.85), -1.0, _SCREEN)]
    if not scene.finish.is_metal:
        strips.append((BAND_HALF_MM - 0.85, 1.0, scene.finish.back))
    for edge, side, material in strips:
        beyond = (y - np.float32(edge)) * np.float32(side)
        maps.cover(scene.coverage(-beyond), material)
        seam = np.exp(-((beyond / np.float32(0.06)) ** 2))
        maps.cover(seam, _SEAM)
        maps.open_hw *= 1.0 - 0.6 * seam


def _paint_key(scene: Scene) -> None:
    outside = SIDE_KEY.distance(scene.x_mm, scene.y_mm)
    if float(outside.min()) > 1.0:
        return
    maps = scene.maps
    gap = np.exp(-(((outside - 0.06) / np.float32(0.075)) ** 2))
    top = np.interp(outside, [-0.45, -0.12, 0.0], [0.3, 0.18, 0.0]).astype(np.float32)
    maps.height_hw += top * np.float32(scene.view.px_per_mm)
    maps.open_hw *= 1.0 - 0.85 * gap
    shade = np.exp(-np.maximum(outside - 0.1, 0.0) / np.float32(0.35)) * (outside > 0.0)
    maps.open_hw *= 1.0 - 0.3 * shade


def _paint_antenna(scene: Scene) -> None:
    offset = np.abs(scene.x_mm - np.float32(SIDE_ANTENNA_MM)) - np.float32(ANTENNA_HALF_MM)
    line = scene.coverage(offset)
    line *= scene.coverage(np.abs(scene.y_mm) - np.float32(BAND_HALF_MM - 0.85))
    scene.maps.cover(line, scene.finish.plastic)
    seam = np.exp(-((offset / np.float32(0.05)) ** 2))
    scene.maps.open_hw *= 1.0 - 0.35 * seam


def paint_side(view: View, finish: Finish, texture: Texture) -> Scene:
    """The side band of a sound casing.

    Args:
        view: pose and scale; its station must look at the side.
        finish: the product variant.
        texture: the metal's fine structure, sampled to the view.

    Returns:
        The scene, ready for defects and light.
    """
    x_mm, y_mm = view.grid_mm()
    across = np.abs(y_mm)
    outside: Floats = across - np.float32(BAND_HALF_MM)
    maps = SurfaceMaps.of(view.shape_hw, finish.frame)
    scene = Scene(view, finish, x_mm, y_mm, maps, outside, outside)
    scene.cover_hw = scene.coverage(outside)
    across_table, heights = _profile()
    scene.raise_by(across_table, heights, across)
    scene.add_texture(texture, smoothstep(across, BAND_HALF_MM, BAND_HALF_MM - 0.9))
    _paint_strips(scene)
    _paint_antenna(scene)
    if view.station.name == "port":
        paint_slot(scene, PORT, tongue=True)
        for x in SPEAKER_HOLES_MM:
            paint_hole(scene, (x, SIDE_Y_MM), SPEAKER_RADIUS_MM)
        for x in SCREWS_MM:
            paint_screw(scene, (x, SIDE_Y_MM), SCREW_RADIUS_MM)
    else:
        _paint_key(scene)
    return scene
