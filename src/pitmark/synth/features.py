"""Things on a casing that are no defects: lenses, flash, holes, screws, a laser code."""

import numpy as np

from pitmark.synth.arrays import Floats, Reals
from pitmark.synth.casing import Scene
from pitmark.synth.maps import Material, Window
from pitmark.synth.shapes import Box

_BEZEL = Material((0.01, 0.01, 0.01), (0.42, 0.42, 0.43), (0.07, 0.07))
_COVER_GLASS = Material((0.006, 0.006, 0.007), (0.045, 0.045, 0.047), (0.025, 0.025))
_BARREL = Material((0.012, 0.012, 0.013), (0.02, 0.02, 0.02), (0.2, 0.2))
_COATED = Material((0.002, 0.002, 0.004), (0.050, 0.026, 0.085), (0.035, 0.035))
_HOLE = Material((0.002, 0.002, 0.002), (0.004, 0.004, 0.004), (0.3, 0.3))
_PHOSPHOR = Material((0.85, 0.62, 0.16), (0.04, 0.04, 0.04), (0.2, 0.2))
_FROSTED = Material((0.62, 0.58, 0.48), (0.05, 0.05, 0.05), (0.12, 0.12))


def _local(
    scene: Scene, center_mm: tuple[float, float], window: Window
) -> tuple[Floats, Floats]:
    dx = scene.x_mm[window] - np.float32(center_mm[0])
    dy = scene.y_mm[window] - np.float32(center_mm[1])
    return dx, dy


def _set_height(scene: Scene, window: Window, share: Floats, height_mm: Reals) -> None:
    """Replace the relief inside a window by one measured from the plane around it."""
    plane = scene.maps.height_hw[window]
    level = np.float32(np.median(plane))
    target = level + height_mm.astype(np.float32) * np.float32(scene.view.px_per_mm)
    plane += share * (target - plane)


def paint_lens(scene: Scene, center_mm: tuple[float, float], radius_mm: float) -> None:
    """A camera lens: metal ring, cover glass, ribbed barrel, coated front element.

    Args:
        scene: painted in place.
        center_mm: middle of the lens.
        radius_mm: outer radius of the ring.
    """
    window = scene.view.window_around(center_mm, radius_mm * 1.15)
    if window is None:
        return
    dx, dy = _local(scene, center_mm, window)
    ratio = np.sqrt(dx * dx + dy * dy) / np.float32(radius_mm)
    distance = (ratio - 1.0) * np.float32(radius_mm)
    share = scene.coverage(distance - 0.03 * radius_mm)
    knots = [0.0, 0.36, 0.37, 0.60, 0.61, 0.83, 0.86, 0.90, 0.97, 1.03]
    heights = [-0.15, -0.62, -0.7, -0.02, 0.0, 0.0, 0.3, 0.4, 0.34, 0.0]
    relief = np.interp(ratio, knots, np.array(heights) * 0.9)
    # The front element is a dome, not the cone that two knots would give.
    dome = np.clip(1.0 - (ratio / 0.36) ** 2, 0.0, 1.0)
    inner = ratio < 0.36
    relief[inner] = (-0.60 + 0.34 * dome)[inner]
    _set_height(scene, window, share, relief)
    maps = scene.maps
    for limit, material in ((1.03, _BEZEL), (0.86, _COVER_GLASS), (0.60, _BARREL)):
        maps.cover(scene.coverage((ratio - limit) * radius_mm), material, window)
    ribs = 0.5 + 0.5 * np.sin(ratio * np.float32(95.0))
    in_barrel = scene.coverage((ratio - 0.6) * radius_mm)
    maps.diffuse_hwc[window] += (in_barrel * ribs * np.float32(0.016))[..., None]
    maps.open_hw[window] *= 1.0 - 0.45 * in_barrel
    maps.cover(scene.coverage((ratio - 0.37) * radius_mm), _COATED, window)
    _paint_ghosts(scene, window, dx / np.float32(radius_mm), dy / np.float32(radius_mm))
    ring = np.exp(-(((distance - 0.08) / np.float32(0.16)) ** 2)) * (distance > 0.0)
    maps.open_hw[window] *= 1.0 - 0.45 * ring


def _paint_ghosts(scene: Scene, window: Window, u: Floats, v: Floats) -> None:
    """Colored reflections between the lens elements."""
    ghosts = (
        (0.13, 0.17, 0.10, 0.07, (0.05, 0.16, 0.12)),
        (-0.10, -0.12, 0.12, 0.09, (0.10, 0.03, 0.16)),
        (0.05, 0.26, 0.05, 0.03, (0.20, 0.12, 0.05)),
    )
    inside = (u * u + v * v) < 0.36 * 0.36
    for at_u, at_v, wide, high, color in ghosts:
        spot = np.exp(-(((u - at_u) / wide) ** 2) - ((v - at_v) / high) ** 2) * inside
        scene.maps.diffuse_hwc[window] += spot[..., None] * np.asarray(color, np.float32)


def paint_flash(scene: Scene, center_mm: tuple[float, float], radius_mm: float) -> None:
    """The flash: a phosphor square under a ribbed, frosted window.

    Args:
        scene: painted in place.
        center_mm: middle of the window.
        radius_mm: radius of the window.
    """
    window = scene.view.window_around(center_mm, radius_mm * 1.3)
    if window is None:
        return
    dx, dy = _local(scene, center_mm, window)
    r = np.sqrt(dx * dx + dy * dy)
    maps = scene.maps
    maps.cover(scene.coverage(r - radius_mm), _BEZEL, window)
    maps.cover(scene.coverage(r - (radius_mm - 0.18)), _FROSTED, window)
    die = np.maximum(np.abs(dx), np.abs(dy)) - np.float32(0.42 * radius_mm)
    maps.cover(np.clip(0.5 - die * 4.0, 0.0, 1.0) * np.float32(0.85), _PHOSPHOR, window)
    ribs = np.sin(r * np.float32(22.0 / radius_mm)) * (r < radius_mm - 0.2)
    dish = np.interp(r, [0.0, radius_mm - 0.15, radius_mm + 0.1], [-0.02, -0.05, 0.0])
    maps.height_hw[window] += np.float32(scene.view.px_per_mm) * (0.012 * ribs + dish).astype(
        np.float32
    )


def paint_hole(scene: Scene, center_mm: tuple[float, float], radius_mm: float) -> None:
    """A drilled hole with a broken edge.

    Args:
        scene: painted in place.
        center_mm: middle of the hole.
        radius_mm: its radius.
    """
    window = scene.view.window_around(center_mm, radius_mm * 1.8)
    if window is None:
        return
    dx, dy = _local(scene, center_mm, window)
    r = np.sqrt(dx * dx + dy * dy)
    maps = scene.maps
    dip = np.interp(r / radius_mm, [0.8, 1.0, 1.3], [-0.3, -0.24, 0.0]) * radius_mm
    maps.height_hw[window] += dip.astype(np.float32) * np.float32(scene.view.px_per_mm)
    maps.cover(scene.coverage(r - radius_mm), _HOLE, window)
    deep = scene.coverage(r - radius_mm)
    # A little light reaches the wall that faces the lamps.
    wall = np.clip(dy / radius_mm, 0.0, 1.0) ** 2
    maps.open_hw[window] *= 1.0 - deep * (0.95 - 0.2 * wall)


def paint_slot(scene: Scene, outline: Box, *, tongue: bool) -> None:
    """A milled slot with a polished chamfer and, for a port, the tongue in it.

    Args:
        scene: painted in place.
        outline: its outline.
        tongue: draw the connector's tongue.
    """
    window = scene.view.window_around(outline.center_mm, outline.half_mm[0] + 0.8)
    if window is None:
        return
    x, y = scene.x_mm[window], scene.y_mm[window]
    outside = outline.distance(x, y)
    maps = scene.maps
    chamfer = scene.coverage(-np.minimum(outside, 0.28 - outside))
    maps.cover(chamfer, scene.finish.edge, window)
    dip = np.interp(outside, [0.0, 0.28], [-0.26, 0.0]).astype(np.float32)
    maps.height_hw[window] += dip * np.float32(scene.view.px_per_mm)
    deep = scene.coverage(outside)
    maps.cover(deep, _HOLE, window)
    wall = np.clip((y - outline.center_mm[1]) / outline.half_mm[1], -1.0, 1.0)
    maps.open_hw[window] *= 1.0 - deep * (0.9 - 0.25 * np.maximum(wall, 0.0) ** 3)
    if not tongue:
        return
    cx, cy = outline.center_mm
    half = (outline.half_mm[0] * 0.72, outline.half_mm[1] * 0.26)
    body = Box((cx, cy), half, half[1] * 0.5).distance(x, y)
    plastic = Material((0.035, 0.035, 0.037), (0.04, 0.04, 0.04), (0.2, 0.2))
    inside = scene.coverage(body)
    maps.cover(inside, plastic, window)
    maps.open_hw[window] += inside * (0.5 - maps.open_hw[window])


def paint_screw(scene: Scene, center_mm: tuple[float, float], radius_mm: float) -> None:
    """A sunk five-lobe screw.

    Args:
        scene: painted in place.
        center_mm: middle of the screw.
        radius_mm: radius of its seat.
    """
    window = scene.view.window_around(center_mm, radius_mm * 1.5)
    if window is None:
        return
    dx, dy = _local(scene, center_mm, window)
    r = np.sqrt(dx * dx + dy * dy)
    maps = scene.maps
    paint_hole(scene, center_mm, radius_mm)
    head = scene.coverage(r - radius_mm * 0.86)
    steel = Material((0.02, 0.02, 0.02), (0.5, 0.49, 0.47), (0.16, 0.16))
    maps.cover(head, steel, window)
    maps.open_hw[window] += head * (0.7 - maps.open_hw[window])
    bowl = np.interp(r / radius_mm, [0.0, 0.6, 0.86, 1.0], [0.0, -0.02, -0.12, 0.0]).astype(
        np.float32
    )
    maps.height_hw[window] += bowl * np.float32(scene.view.px_per_mm)
    lobes = radius_mm * (0.36 + 0.09 * np.cos(5.0 * np.arctan2(dy, dx)))
    recess = scene.coverage(r - lobes)
    maps.cover(recess, _HOLE, window)
    maps.open_hw[window] *= 1.0 - 0.8 * recess


def paint_code(scene: Scene, outline: Box, rng: np.random.Generator) -> None:
    """A laser-etched square code, different on every part.

    Args:
        scene: painted in place.
        outline: where it lies.
        rng: draws the modules.
    """
    modules = rng.integers(0, 2, (14, 14)).astype(np.float32)
    modules[:, 0] = modules[-1, :] = 1.0
    modules[0, :] = modules[:, -1] = np.arange(14) % 2
    window = scene.view.window_around(outline.center_mm, outline.half_mm[0] * 1.2)
    if window is None:
        return
    dx, dy = _local(scene, outline.center_mm, window)
    step = 2.0 * outline.half_mm[0] / 14
    column = np.floor(dx / step + 7.0).astype(np.int64)
    row = np.floor(dy / step + 7.0).astype(np.int64)
    inside = (column >= 0) & (column < 14) & (row >= 0) & (row < 14)
    etched = modules[np.clip(row, 0, 13), np.clip(column, 0, 13)] * inside
    bright = float(scene.finish.back.specular[1]) < 0.4
    level = 0.34 if bright else 0.1
    mark = Material((level, level, level), (0.05, 0.05, 0.05), (0.3, 0.3))
    scene.maps.cover(etched.astype(np.float32) * np.float32(0.7), mark, window)
