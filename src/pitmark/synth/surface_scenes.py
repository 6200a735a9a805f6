"""Plain surfaces with defects under any light: what a backbone is pretrained on.

No part, no casing: textures, changes of material that are no defects, dust, and the five
kinds of defect from barely visible to plain.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from pitmark.synth.arrays import Bytes, Floats, smoothstep
from pitmark.synth.camera import CAMERAS, Camera, photograph
from pitmark.synth.defects import KINDS, Shape, draw_defect
from pitmark.synth.distractors import add_dust, add_smudge
from pitmark.synth.lighting import Rig, shade
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.noise import cloud_noise
from pitmark.synth.stamping import PaintedDefect, stamp
from pitmark.synth.surfaces import TEXTURES, Texture

_SHEET = 3.2
_SHEETS = 6
_GOOD_SHARE = 0.3
_SIZES_PX = (5.0, 56.0)
_CONTRASTS = (0.35, 1.6)


@dataclass(frozen=True)
class SurfaceScene:
    """One photograph of a surface.

    Attributes:
        image_hwc: uint8 (side, side, 3).
        defects: what is on it.
    """

    image_hwc: Bytes
    defects: tuple[PaintedDefect, ...]


def surface_scene(seed: int, index: int, side_px: int) -> SurfaceScene:
    """One surface with its defects; the same call always gives the same picture.

    Args:
        seed: Of the whole series.
        index: Which one.
        side_px: Width and height in pixels, at least 64.

    Returns:
        The scene.
    """
    rng = np.random.default_rng([seed, index, 11])
    maps = SurfaceMaps.of((side_px, side_px), _material(rng))
    texture = _texture_view(seed, side_px, rng)
    maps.height_hw += texture.height_hw * np.float32(rng.uniform(0.3, 2.0))
    maps.diffuse_hwc *= texture.gain_hw[..., None]
    maps.specular_hwc *= texture.gain_hw[..., None]
    if rng.random() < 0.4:
        waves = cloud_noise((side_px, side_px), rng, cell_px=float(rng.uniform(8, 48)))
        maps.height_hw += waves * np.float32(rng.uniform(0.2, 3.0))
    for _ in range(int(rng.integers(0, 4))):
        maps.cover(_region(side_px, rng), _material(rng))
    everywhere = np.ones((side_px, side_px), np.float32)
    defects = _defects(maps, side_px, rng)
    add_dust(maps, everywhere, rng)
    if rng.random() < 0.2:
        add_smudge(maps, everywhere, rng)
    camera = _camera(rng)
    return SurfaceScene(photograph(shade(maps, camera.rig), camera, rng), defects)


def _defects(
    maps: SurfaceMaps, side_px: int, rng: np.random.Generator
) -> tuple[PaintedDefect, ...]:
    if rng.random() < _GOOD_SHARE:
        return ()
    allowed = np.ones((side_px, side_px), np.bool_)
    found = []
    for _ in range(int(rng.integers(1, 5))):
        shape = Shape(
            _log_uniform(rng, *_SIZES_PX),
            _log_uniform(rng, *_CONTRASTS),
            float(rng.uniform(0, np.pi)),
        )
        patch = draw_defect(str(rng.choice(KINDS)), rng, shape)
        at = (int(rng.integers(4, side_px - 4)), int(rng.integers(4, side_px - 4)))
        painted = stamp(maps, patch, at, allowed)
        if painted.mask_hw.sum() >= 4:
            found.append(painted)
    return tuple(found)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _material(rng: np.random.Generator) -> Material:
    """Metal, lacquer or plastic of any color."""
    tint = np.clip(1 + 0.25 * rng.standard_normal(3), 0.3, 1.7)
    light = _log_uniform(rng, 0.02, 0.7)
    rough = float(rng.uniform(0.05, 0.4))
    spread = (rough, rough * float(rng.uniform(0.4, 1.0)))
    if rng.random() < 0.5:
        return Material(_rgb(0.15 * light * tint), _rgb(light * tint), spread)
    return Material(_rgb(light * tint), (0.04, 0.04, 0.04), spread)


def _rgb(values: NDArray[np.float64]) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in np.clip(values, 0.002, 0.95))
    return r, g, b


@lru_cache(maxsize=64)
def _sheet(seed: int, name: str, number: int, side: int) -> Texture:
    rng = np.random.default_rng([seed, sorted(TEXTURES).index(name), number])
    return TEXTURES[name]((side, side), rng)


def _texture_view(seed: int, side_px: int, rng: np.random.Generator) -> Texture:
    """A turned and scaled piece of a sheet of texture."""
    sheet = int(side_px * _SHEET)
    name = str(rng.choice(sorted(TEXTURES)))
    texture = _sheet(seed, name, int(rng.integers(_SHEETS)), sheet)
    turn, zoom = float(rng.uniform(0, 2 * np.pi)), _log_uniform(rng, 0.5, 1.6)
    a, b = zoom * cos(turn), zoom * sin(turn)
    reach = sheet / 2 - 0.72 * side_px * zoom * 1.42
    x, y = sheet / 2 + rng.uniform(-1, 1, 2) * max(reach, 0.0)
    c = float(x) - (a + b) * side_px / 2
    f = float(y) - (a - b) * side_px / 2
    return texture.sampled((side_px, side_px), (a, b, c, -b, a, f))


def _region(side_px: int, rng: np.random.Generator) -> Floats:
    """A band, a disc or a half plane of another material: an edge that is no defect."""
    y, x = np.mgrid[:side_px, :side_px].astype(np.float32)
    turn = float(rng.uniform(0, 2 * np.pi))
    center = rng.uniform(0, side_px, 2)
    along = (x - np.float32(center[0])) * np.float32(cos(turn))
    along += (y - np.float32(center[1])) * np.float32(sin(turn))
    kind = int(rng.integers(3))
    size = _log_uniform(rng, 6.0, side_px / 2)
    if kind == 0:
        off = np.abs(along) - np.float32(size / 2)
    elif kind == 1:
        off = np.hypot(x - np.float32(center[0]), y - np.float32(center[1])) - np.float32(size)
    else:
        off = along
    cover: Floats = smoothstep(off, 0.8, -0.8) * np.float32(rng.uniform(0.3, 1.0))
    return cover


def _camera(rng: np.random.Generator) -> Camera:
    base = CAMERAS[str(rng.choice(sorted(CAMERAS)))]
    rig: Rig = base.rig
    lamps = tuple(
        replace(
            lamp,
            center_xy=(
                lamp.center_xy[0] + float(rng.normal(0, 0.12)),
                lamp.center_xy[1] + float(rng.normal(0, 0.12)),
            ),
            power=lamp.power * _log_uniform(rng, 0.5, 2.0),
        )
        for lamp in rig.lamps
    )
    bend = (float(rng.normal(0, 0.15)), float(rng.normal(0, 0.15)))
    return replace(
        base,
        rig=replace(rig, lamps=lamps, bend_xy=bend),
        exposure=base.exposure * _log_uniform(rng, 0.5, 1.6),
        blur_px=base.blur_px * _log_uniform(rng, 0.5, 2.0),
        saturation=float(rng.uniform(0.0, 1.1)),
    )
