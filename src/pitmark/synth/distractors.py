"""What a clean shop leaves on sound parts: dust, lint, a fingerprint. No defects."""

from math import cos, sin

import numpy as np

from pitmark.synth.arrays import Floats, centered_grid, smoothstep
from pitmark.synth.maps import Material, SurfaceMaps, Window
from pitmark.synth.noise import cloud_noise

_LINT = Material((0.5, 0.5, 0.5), (0.03, 0.03, 0.03), (0.4, 0.4))
_DUST = Material((0.34, 0.33, 0.31), (0.03, 0.03, 0.03), (0.4, 0.4))


def _window(
    center_xy: tuple[float, float], half: int, shape_hw: tuple[int, int]
) -> tuple[Window, Window]:
    """The part of the image and the part of the patch that overlap."""
    x, y = round(center_xy[0]), round(center_xy[1])
    height, width = shape_hw
    x0, x1 = max(0, x - half), min(width, x + half + 1)
    y0, y1 = max(0, y - half), min(height, y + half + 1)
    on_image = (slice(y0, max(y0, y1)), slice(x0, max(x0, x1)))
    top, left = y0 - y + half, x0 - x + half
    on_patch = (slice(top, top + max(0, y1 - y0)), slice(left, left + max(0, x1 - x0)))
    return on_image, on_patch


def add_dust(maps: SurfaceMaps, cover_hw: Floats, rng: np.random.Generator) -> None:
    """A few motes, and now and then a fiber.

    Args:
        maps: painted in place.
        cover_hw: float32 (H, W), where the part is.
        rng: source of randomness.
    """
    shape_hw = (cover_hw.shape[0], cover_hw.shape[1])
    height, width = shape_hw
    for _ in range(int(rng.poisson(5.0))):
        at = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        radius = float(rng.uniform(0.35, 0.85))
        strength = float(rng.uniform(0.15, 0.5))
        on_image, on_patch = _window(at, 3, shape_hw)
        x, y = centered_grid((3, 3), (at[0] - round(at[0]), at[1] - round(at[1])))
        mote = np.exp(-(x * x + y * y) / np.float32(2 * radius**2)) * np.float32(strength)
        maps.cover(mote[on_patch] * cover_hw[on_image], _DUST, on_image)
    if rng.random() < 0.22:
        _add_fiber(maps, cover_hw, rng)


def _add_fiber(maps: SurfaceMaps, cover_hw: Floats, rng: np.random.Generator) -> None:
    height, width = cover_hw.shape
    length = float(rng.uniform(10, 26))
    half = int(length / 2) + 5
    turn, bend = float(rng.uniform(0, np.pi)), float(rng.uniform(0.012, 0.035))
    x, y = centered_grid((half, half))
    along = x * np.float32(cos(turn)) + y * np.float32(sin(turn))
    across = y * np.float32(cos(turn)) - x * np.float32(sin(turn))
    curl = np.float32(1.2) * np.sin(along * np.float32(0.33))
    off = across - np.float32(bend) * along * along - curl
    fiber = np.exp(-(off * off) / np.float32(0.5))
    fiber *= smoothstep(np.abs(along), length / 2, length / 2 - 2.0)
    at = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
    on_image, on_patch = _window(at, half, (height, width))
    share = fiber[on_patch] * cover_hw[on_image] * np.float32(rng.uniform(0.25, 0.55))
    maps.cover(share, _LINT, on_image)


def add_smudge(maps: SurfaceMaps, cover_hw: Floats, rng: np.random.Generator) -> None:
    """A faint fingerprint or wipe mark: a thin greasy film with ridges.

    Args:
        maps: painted in place.
        cover_hw: float32 (H, W), where the part is.
        rng: source of randomness.
    """
    height, width = cover_hw.shape
    half = int(rng.uniform(28, 52))
    at = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
    on_image, on_patch = _window(at, half, (height, width))
    x, y = centered_grid((half, half))
    turn = float(rng.uniform(0, np.pi))
    a = x * np.float32(cos(turn)) + y * np.float32(sin(turn))
    b = y * np.float32(cos(turn)) - x * np.float32(sin(turn))
    oval = smoothstep((a / half) ** 2 + (b / (0.68 * half)) ** 2, 1.0, 0.25)
    wobble = cloud_noise(oval.shape, rng, cell_px=half / 2.2)
    whorl = np.sqrt((a * 0.8) ** 2 + (b + 0.35 * half) ** 2) + np.float32(2.2) * wobble
    ridges = 0.5 + 0.5 * np.sin(whorl * np.float32(rng.uniform(1.15, 1.45)))
    patchy = np.clip(0.75 + 0.5 * cloud_noise(oval.shape, rng, cell_px=half / 1.5), 0, 1.2)
    film = oval * patchy * (0.35 + 0.65 * ridges) * np.float32(rng.uniform(0.25, 0.6))
    film = film[on_patch] * cover_hw[on_image]
    maps.diffuse_hwc[on_image] += (film * np.float32(0.012))[..., None]
    maps.specular_hwc[on_image] *= (1.0 - np.float32(0.10) * film)[..., None]
    maps.roughness_hw2[on_image] += (film * np.float32(0.02))[..., None]
