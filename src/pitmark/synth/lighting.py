"""Lights of an inspection station and what a surface returns of them.

Highlights are computed in slope space: a flat patch seen from above mirrors the
light whose direction lies at twice its tilt, so a rectangular lamp is a rectangle of
slopes, and a rough surface sees it through a Gaussian of slopes. One product of two
smooth steps per lamp then gives soft boxes, streaks and brushed glare alike.

Source: slope-space facets after P. Beckmann and A. Spizzichino, 1963.
"""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats, Rgb, blur, gradient, planar
from pitmark.synth.maps import SurfaceMaps

# tanh(0.851 t) follows the normal distribution function within 0.01.
_PROBIT = np.float32(0.851)
_FOOTPRINT_PX = 0.65


@dataclass(frozen=True)
class Lamp:
    """A rectangular soft light.

    Attributes:
        center_xy: slope of the surface that would mirror its middle (0 = coaxial,
            0.5 = 53 degrees off the axis, 1 = the horizon).
        half_xy: half extents in the same unit.
        power: brightness of the lamp's face, white paper under the rig being about 1.
    """

    center_xy: tuple[float, float]
    half_xy: tuple[float, float]
    power: float


@dataclass(frozen=True)
class Rig:
    """All light of one station.

    Attributes:
        lamps: the lamps.
        ambient: brightness of the rest of the room, which mirrors reflect too.
        tint: linear RGB of the lamps.
        ambient_tint: linear RGB of the room.
        bend_xy: by how much the slope that mirrors a lamp changes from the middle to
            the right and lower image border (lamps and camera are near).
    """

    lamps: tuple[Lamp, ...]
    ambient: float
    tint: Rgb
    ambient_tint: Rgb
    bend_xy: tuple[float, float]


def _through(u: Floats, center: float, half: float, sharpness: Floats) -> Floats:
    """Share of a facet distribution that falls between two slopes."""
    upper: Floats = np.tanh((u - np.float32(center - half)) * sharpness)
    upper -= np.tanh((u - np.float32(center + half)) * sharpness)
    return upper


def _slopes(height_hw: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean slopes that a pixel sees along x and y, and their variances.

    A pixel on a sharp edge sees many slopes. Counting their variance as roughness keeps
    highlights from breaking up into dots.

    Source: LEAN mapping, Olano and Baker, 2010.
    """
    dx, dy = gradient(height_hw)
    means, variances = [], []
    for slope in (-dx, -dy):
        mean = blur(slope, _FOOTPRINT_PX)
        square = blur(slope * slope, _FOOTPRINT_PX)
        means.append(mean)
        variances.append(np.maximum(square - mean * mean, 0.0))
    return means[0], means[1], variances[0], variances[1]


def _irradiance(slope_x: Floats, slope_y: Floats, cosine: Floats, rig: Rig) -> Floats:
    """Light falling on the surface, linear in the normal: lamps are never hidden."""
    total = np.full(cosine.shape, rig.ambient, np.float32)
    for lamp in rig.lamps:
        cx, cy = lamp.center_xy
        towards = 1.0 + cx * cx + cy * cy
        # A lamp at half-slope c shines from direction (2c, 1 - c^2) / (1 + c^2).
        flux = lamp.power * 4.0 * lamp.half_xy[0] * lamp.half_xy[1] / towards
        lx, ly, lz = 2 * cx / towards, 2 * cy / towards, (2.0 - towards) / towards
        total += np.float32(flux) * np.maximum(
            (np.float32(lx) * slope_x + np.float32(ly) * slope_y + np.float32(lz)) * cosine,
            0.0,
        )
    return total


def falling_light(rig: Rig) -> float:
    """The light that falls on a flat surface.

    Args:
        rig: the lights.

    Returns:
        Brightness of a white sheet, before exposure.
    """
    flat = np.zeros((1, 1), np.float32)
    return float(_irradiance(flat, flat, np.ones((1, 1), np.float32), rig)[0, 0])


def shade(maps: SurfaceMaps, rig: Rig) -> Floats:
    """The light a surface sends to a camera right above it.

    Args:
        maps: height and material of every pixel.
        rig: the lights.

    Returns:
        float32 (H, W, 3), linear; a white sheet under a bright rig is about 1.
    """
    slope_x, slope_y, spread_x, spread_y = _slopes(maps.height_hw)
    height, width = slope_x.shape
    across = np.linspace(-1.0, 1.0, width, dtype=np.float32) * np.float32(rig.bend_xy[0])
    down = np.linspace(-1.0, 1.0, height, dtype=np.float32) * np.float32(rig.bend_xy[1])
    u, v = slope_x + across, slope_y + down[:, None]
    sharp_x = _PROBIT / np.sqrt(maps.roughness_hw2[..., 0] ** 2 + spread_x)
    sharp_y = _PROBIT / np.sqrt(maps.roughness_hw2[..., 1] ** 2 + spread_y)
    mirrored = np.zeros((height, width), np.float32)
    for lamp in rig.lamps:
        seen = _through(u, lamp.center_xy[0], lamp.half_xy[0], sharp_x)
        seen *= _through(v, lamp.center_xy[1], lamp.half_xy[1], sharp_y)
        mirrored += np.float32(0.25 * lamp.power) * seen
    steep = slope_x * slope_x + slope_y * slope_y
    cosine = (1.0 / np.sqrt(1.0 + steep)).astype(np.float32, copy=False)
    grazing = (1.0 - cosine) ** 5
    # The room is darker below the part than above it.
    room = np.float32(rig.ambient) * (1.0 - 0.45 * np.tanh(v * np.float32(1.5)))
    falling = _irradiance(slope_x, slope_y, cosine, rig)
    light = planar((height, width), 3)
    for c in range(3):
        head_on = maps.specular_hwc[..., c]
        lamps = mirrored * np.float32(rig.tint[c])
        lamps += room * np.float32(rig.ambient_tint[c])
        lamps *= head_on + (1.0 - head_on) * grazing
        lamps += maps.diffuse_hwc[..., c] * (falling * np.float32(rig.tint[c]))
        light[..., c] = lamps * maps.open_hw
    return light
