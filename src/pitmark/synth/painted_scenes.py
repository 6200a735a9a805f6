"""Surfaces of any trade with defects, photographed twice: what networks are pretrained on.

A scene is made of one to five regions, each of its own material and pattern, with dust,
rows of holes, seams and prints that are no defects; or it is a piece of a machined part.
It is photographed twice, under other light and with other defects; both pictures show the
same surface, pixel by pixel.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, pi, sin

import numpy as np
from numpy.typing import NDArray

from pitmark.synth.arrays import Bytes, Floats, blur, smoothstep
from pitmark.synth.camera import CAMERAS
from pitmark.synth.defect_patch import Shape
from pitmark.synth.distractors import add_dust, add_smudge
from pitmark.synth.draws import log_uniform
from pitmark.synth.further_defects import ALL_KINDS, draw_any_defect
from pitmark.synth.lighting import Lamp, Rig, shade
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.noise import cloud_noise, spectral_noise
from pitmark.synth.part_surfaces import piece_of_part
from pitmark.synth.pattern_families import FAMILIES
from pitmark.synth.patterns import Pattern, paint_pattern
from pitmark.synth.stamping import stamp

# Kinds of defect a scene may show; the last one needs the surface itself.
SCENE_KINDS = (*ALL_KINDS, "texture break")
# What a cell may belong to; the last one is no pattern of its own.
SCENE_FAMILIES = (*FAMILIES, "part")
_PART_SHARE = 0.2
_SHEET_PX = 320
_SHEETS = 12
# After so many scenes all sheets are painted anew.
_SCENES_PER_SHEETS = 6000
_GOOD_SHARE = 0.4
_SIZES_PX = (5.0, 60.0)
_CONTRASTS = (0.2, 1.8)


@dataclass(frozen=True)
class Shot:
    """One photograph of a scene.

    Attributes:
        image_hwc: uint8 (side, side, 3).
        kinds_hw: uint8, 0 where there is no defect, else 1 + its place in `SCENE_KINDS`.
    """

    image_hwc: Bytes
    kinds_hw: Bytes


@dataclass(frozen=True)
class PaintedScene:
    """A surface photographed twice.

    Attributes:
        shots: two photographs that differ in light and defects.
        families_hw: uint8 place in `SCENE_FAMILIES` of what each pixel belongs to.
    """

    shots: tuple[Shot, Shot]
    families_hw: Bytes


def paint_scene(seed: int, index: int, side_px: int) -> PaintedScene:
    """One scene; the same call always gives the same pictures.

    Args:
        seed: Of the whole series.
        index: Which one.
        side_px: Width and height in pixels, 64 to 200.

    Returns:
        The scene.
    """
    rng = np.random.default_rng([seed, index, 17])
    sheets = (seed, index // _SCENES_PER_SHEETS)
    maps, families = _surface(sheets, side_px, rng)
    shots = (_shot(deepcopy(maps), sheets, rng), _shot(maps, sheets, rng))
    return PaintedScene(shots, families)


@lru_cache(maxsize=260)
def _sheet(sheets: tuple[int, int], family: str, number: int) -> Pattern:
    rng = np.random.default_rng([*sheets, FAMILIES.index(family), number])
    return paint_pattern(family, _SHEET_PX, rng)


def _view(sheets: tuple[int, int], family: str, side: int, rng: np.random.Generator) -> Pattern:
    return _sheet(sheets, family, int(rng.integers(_SHEETS))).view(side, rng)


def _surface(
    sheets: tuple[int, int], side: int, rng: np.random.Generator
) -> tuple[SurfaceMaps, Bytes]:
    """The sound surface and the family at each pixel."""
    if rng.random() < _PART_SHARE:
        families = np.full((side, side), SCENE_FAMILIES.index("part"), np.uint8)
        return piece_of_part(sheets, side, _material(rng), rng), families
    maps = SurfaceMaps.of((side, side), _material(rng))
    families = np.zeros((side, side), np.uint8)
    everywhere = np.ones((side, side), np.float32)
    _texture(maps, everywhere, families, sheets, rng)
    for _ in range(int(rng.choice(5, p=(0.35, 0.3, 0.2, 0.1, 0.05)))):
        cover = _region(side, rng)
        maps.cover(cover, _material(rng))
        if rng.random() < 0.5:
            step = float(rng.normal(0, 2.0))
            maps.height_hw += step * blur(cover, float(rng.uniform(0.5, 2.5)))
        _texture(maps, cover, families, sheets, rng)
    for chance, add in ((0.18, _holes), (0.15, _seam), (0.2, _shadow)):
        if rng.random() < chance:
            add(maps, side, rng)
    return maps, families


def _texture(
    maps: SurfaceMaps,
    cover: Floats,
    families: Bytes,
    sheets: tuple[int, int],
    rng: np.random.Generator,
) -> None:
    """Lay a pattern over a region, at times mixed with a second one."""
    side = cover.shape[0]
    number = int(rng.integers(len(FAMILIES)))
    pattern = _view(sheets, FAMILIES[number], side, rng)
    tone, relief = pattern.tone_hw, pattern.relief_hw
    if rng.random() < 0.35:
        other = _view(sheets, FAMILIES[int(rng.integers(len(FAMILIES)))], side, rng)
        share = np.float32(rng.uniform(0.1, 0.6))
        tone, relief = tone + share * other.tone_hw, relief + share * other.relief_hw
    strong = np.float32(log_uniform(rng, 0.02, 0.55)) * cover
    color = 1.0 if rng.random() < 0.6 else 1.0 + 0.5 * rng.standard_normal(3)
    gain = np.clip(1.0 + (strong * tone)[..., None] * np.asarray(color, np.float32), 0.05, 4.0)
    maps.diffuse_hwc *= gain
    maps.specular_hwc *= gain
    np.minimum(maps.diffuse_hwc, 0.95, out=maps.diffuse_hwc)
    np.minimum(maps.specular_hwc, 0.95, out=maps.specular_hwc)
    maps.height_hw += relief * cover * np.float32(log_uniform(rng, 0.02, 1.2))
    families[cover > 0.5] = number


def _material(rng: np.random.Generator) -> Material:
    """Metal, lacquer, plastic, stone of any color."""
    grey = rng.random() < 0.5
    tint = np.ones(3) if grey else np.clip(1 + 0.35 * rng.standard_normal(3), 0.15, 1.9)
    light = log_uniform(rng, 0.02, 0.8)
    rough = log_uniform(rng, 0.06, 0.5)
    spread = (rough, rough * float(rng.uniform(0.4, 1.0)))
    if rng.random() < 0.3:
        return Material(_rgb(0.15 * light * tint), _rgb(light * tint), spread)
    return Material(_rgb(light * tint), (0.04, 0.04, 0.04), spread)


def _rgb(values: NDArray[np.float64]) -> tuple[float, float, float]:
    r, g, b = (float(v) for v in np.clip(values, 0.003, 0.95))
    return r, g, b


def _polar(side: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
    """Coordinates around a random point: x and y turned, radius, angle."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    turn, at = float(rng.uniform(0, 2 * pi)), rng.uniform(0.1, 0.9, 2) * side
    dx, dy = x - np.float32(at[0]), y - np.float32(at[1])
    u = dx * np.float32(cos(turn)) + dy * np.float32(sin(turn))
    v = dy * np.float32(cos(turn)) - dx * np.float32(sin(turn))
    return u, v, np.hypot(u, v), np.arctan2(v, u)


def _region(side: int, rng: np.random.Generator) -> Floats:
    """Where another material lies: band, disc, half, box, lobes or blotch."""
    u, v, radius, angle = _polar(side, rng)
    size = log_uniform(rng, 0.06, 0.6) * side
    kind = int(rng.integers(6))
    if kind == 0:
        off = np.abs(u) - np.float32(size / 2)
    elif kind == 1:
        off = radius - np.float32(size)
    elif kind == 2:
        off = u
    elif kind == 3:
        off = np.maximum(
            np.abs(u) - np.float32(size), np.abs(v) - np.float32(size * rng.uniform(0.3, 1))
        )
    elif kind == 4:
        lobes = sum(
            float(rng.uniform(0, 0.14)) * np.cos(n * angle + np.float32(rng.uniform(0, 2 * pi)))
            for n in (2, 3, 4, 6)
        )
        off = radius - np.float32(max(size, 0.25 * side)) * (1 + lobes)
    else:
        off = -np.float32(size / 4) * (spectral_noise((side, side), rng, falloff=1.7) - 0.5)
    soft = log_uniform(rng, 0.5, 3.0)
    strength = 1.0 if rng.random() < 0.7 else float(rng.uniform(0.3, 1.0))
    cover: Floats = smoothstep(off, soft, -soft) * np.float32(strength)
    return np.ascontiguousarray(1 - cover if rng.random() < 0.15 else cover, np.float32)


def _holes(maps: SurfaceMaps, side: int, rng: np.random.Generator) -> None:
    """A row or a grid of drilled holes or studs: regular, so no defect."""
    u, v, _, _ = _polar(side, rng)
    pitch = log_uniform(rng, 0.12, 0.5) * side
    radius = pitch * float(rng.uniform(0.08, 0.3))
    x = (u % np.float32(pitch)) - np.float32(pitch / 2)
    y = v if rng.random() < 0.5 else (v % np.float32(pitch)) - np.float32(pitch / 2)
    ratio = np.hypot(x, y) / np.float32(radius)
    body = smoothstep(ratio, 1 + 1 / radius, 1 - 1 / radius)
    if rng.random() < 0.6:
        maps.open_hw *= 1 - np.float32(rng.uniform(0.5, 0.97)) * body
    else:
        maps.height_hw += body * np.float32(rng.uniform(0.5, 3.0))


def _seam(maps: SurfaceMaps, side: int, rng: np.random.Generator) -> None:
    """A joint or weld right through the picture."""
    u, v, _, _ = _polar(side, rng)
    path = u + np.float32(rng.uniform(0, 0.03) * side) * np.sin(
        v * np.float32(rng.uniform(0.02, 0.3))
    )
    width = log_uniform(rng, 0.8, 6.0)
    line = np.exp(-((path / np.float32(width)) ** 2))
    maps.height_hw += line * np.float32(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 2.5))
    maps.open_hw *= 1 - np.float32(rng.uniform(0, 0.7)) * line


def _shadow(maps: SurfaceMaps, side: int, rng: np.random.Generator) -> None:
    """The shadow of something beside the part."""
    maps.open_hw *= 1 - np.float32(rng.uniform(0.2, 0.7)) * blur(_region(side, rng), 3.0)


def _shot(maps: SurfaceMaps, sheets: tuple[int, int], rng: np.random.Generator) -> Shot:
    side = maps.height_hw.shape[0]
    kinds = np.zeros((side, side), np.uint8)
    if rng.random() >= _GOOD_SHARE:
        for _ in range(int(rng.choice([1, 2, 3, 5], p=(0.5, 0.25, 0.15, 0.1)))):
            _defect(maps, kinds, sheets, rng)
    everywhere = np.ones((side, side), np.float32)
    if rng.random() < 0.5:
        add_dust(maps, everywhere, rng)
    if rng.random() < 0.1:
        add_smudge(maps, everywhere, rng)
    return Shot(_photograph(shade(maps, _rig(rng)), rng), kinds)


def _defect(
    maps: SurfaceMaps, kinds: Bytes, sheets: tuple[int, int], rng: np.random.Generator
) -> None:
    side = kinds.shape[0]
    number = int(rng.integers(len(SCENE_KINDS)))
    size, contrast = log_uniform(rng, *_SIZES_PX), log_uniform(rng, *_CONTRASTS)
    if SCENE_KINDS[number] == "texture break":
        mask = _texture_break(maps, size, contrast, sheets, rng)
    else:
        shape = Shape(size, contrast, float(rng.uniform(0, pi)))
        patch = draw_any_defect(SCENE_KINDS[number], rng, shape)
        at = (int(rng.integers(3, side - 3)), int(rng.integers(3, side - 3)))
        mask = stamp(maps, patch, at, np.ones((side, side), np.bool_)).mask_hw
    kinds[mask] = number + 1


def _texture_break(
    maps: SurfaceMaps,
    size: float,
    contrast: float,
    sheets: tuple[int, int],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """A patch where the pattern is shifted, turned or another one, the material the same."""
    side = maps.height_hw.shape[0]
    u, v, _, _ = _polar(side, rng)
    size = max(size, 10.0)
    ratio = np.hypot(u, v * np.float32(rng.uniform(1, 2.5))) / np.float32(size / 2)
    cover = smoothstep(
        ratio + 0.2 * cloud_noise((side, side), rng, cell_px=size / 3), 1.05, 0.85
    )
    if rng.random() < 0.5:
        turns = int(rng.integers(1, 4))
        for plane in (maps.diffuse_hwc, maps.specular_hwc, maps.height_hw):
            moved = np.rot90(plane, turns)
            share = cover[..., None] if plane.ndim == 3 else cover
            plane += share * (moved - plane)
    else:
        pattern = _view(sheets, FAMILIES[int(rng.integers(len(FAMILIES)))], side, rng)
        gain = np.clip(1 + 0.35 * np.float32(contrast) * cover * pattern.tone_hw, 0.1, 3)
        maps.diffuse_hwc *= gain[..., None]
        maps.specular_hwc *= gain[..., None]
        maps.height_hw += cover * pattern.relief_hw * np.float32(contrast * 0.5)
    return np.asarray(cover > 0.4)


def _rig(rng: np.random.Generator) -> Rig:
    """The lights of one of the known stations, moved and dimmed, or a single lamp."""
    if rng.random() < 0.4:
        way, low = rng.uniform(0, 2 * pi), rng.uniform(0.1, 0.8)
        center = (low * cos(way), low * sin(way))
        half = (log_uniform(rng, 0.05, 0.4), log_uniform(rng, 0.05, 0.4))
        lamp = Lamp(center, half, log_uniform(rng, 0.3, 1.5) / (4 * half[0] * half[1]))
        rig = Rig(
            (lamp,), float(rng.uniform(0.05, 0.5)), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.1, 0.1)
        )
    else:
        rig = CAMERAS[str(rng.choice(sorted(CAMERAS)))].rig
    lamps = tuple(
        replace(
            lamp,
            center_xy=(
                lamp.center_xy[0] + float(rng.normal(0, 0.12)),
                lamp.center_xy[1] + float(rng.normal(0, 0.12)),
            ),
            power=lamp.power * log_uniform(rng, 0.5, 2.0),
        )
        for lamp in rig.lamps
    )
    bend = (float(rng.normal(0, 0.15)), float(rng.normal(0, 0.15)))
    return replace(rig, lamps=lamps, bend_xy=bend)


def _photograph(light_hwc: Floats, rng: np.random.Generator) -> Bytes:
    """Exposure, lens, sensor and tone curve, all drawn anew for every picture."""
    side = light_hwc.shape[0]
    bright = float(np.percentile(light_hwc[::4, ::4], 90)) + 1e-4
    seen = light_hwc * np.float32(log_uniform(rng, 0.25, 1.1) / bright)
    if rng.random() < 0.4:
        ramp = np.linspace(-0.5, 0.5, side, dtype=np.float32)
        slope = rng.normal(0, 0.4, 2)
        fall = 1 + ramp * np.float32(slope[0]) + ramp[:, None] * np.float32(slope[1])
        seen *= np.clip(fall, 0.3, 1.8)[..., None]
    seen = blur(seen, float(rng.choice([0.0, 0.45, 0.7, 1.1], p=(0.35, 0.3, 0.2, 0.15))))
    if rng.random() < 0.45:
        seen = np.repeat(seen.mean(axis=2, keepdims=True), 3, axis=2)
    elif rng.random() < 0.5:
        seen = seen * np.exp(rng.normal(0, 0.12, 3)).astype(np.float32)
    levels = np.linspace(0, 1, 1024, dtype=np.float32) ** np.float32(log_uniform(rng, 0.4, 1.0))
    shown = np.take(levels, (np.clip(seen, 0, 1) * np.float32(1023)).astype(np.int32))
    channels = 1 if rng.random() < 0.5 else 3
    noise = rng.standard_normal((side, side, channels), dtype=np.float32)
    shown += noise * np.float32(log_uniform(rng, 0.003, 0.05))
    return np.asarray(np.clip(shown * 255 + 0.5, 0, 255), np.uint8)
