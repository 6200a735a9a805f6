"""More kinds of defect, as other trades know them: cracks, holes, chips, corrosion.

Same language as `defects`: a patch changes height, reflectance, gloss and the light that
gets in, and knows nothing of the surface it will lie on.
"""

from collections.abc import Callable
from math import ceil, cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw

from pitmark.synth.arrays import Floats, blur, smoothstep
from pitmark.synth.defect_patch import DefectPatch, Shape, blot, grid, patch
from pitmark.synth.defects import KINDS, draw_defect
from pitmark.synth.noise import spectral_noise

_FINE = 3


def _lines(paths: list[list[tuple[float, float]]], half: int, width_px: float) -> Floats:
    """Share of each pixel that polylines cover; coordinates from the middle, in pixels."""
    side = 2 * half + 1
    image = Image.new("L", (side * _FINE, side * _FINE), 0)
    draw = ImageDraw.Draw(image)
    for path in paths:
        points = [((x + half + 0.5) * _FINE, (y + half + 0.5) * _FINE) for x, y in path]
        draw.line(points, fill=255, width=max(1, round(width_px * _FINE)), joint="curve")
    small = image.resize((side, side), Image.Resampling.BOX)
    return np.asarray(small, np.float32) * np.float32(1 / 255)


def _walk(
    rng: np.random.Generator, start: tuple[float, float, float], length: float, turn: float
) -> list[tuple[float, float]]:
    """A jagged path from x, y in a direction."""
    x, y, way = start
    points = [(x, y)]
    left = length
    while left > 0:
        step = min(left, float(rng.uniform(0.05, 0.2)) * length + 1)
        way += float(rng.normal(0, turn))
        x, y = x + step * cos(way), y + step * sin(way)
        points.append((x, y))
        left -= step
    return points


def _crack(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A jagged dark line of uneven width, often branching."""
    length = max(shape.size_px, 8.0)
    half = ceil(0.75 * length) + 3
    way = shape.angle_rad
    start = (-0.5 * length * cos(way), -0.5 * length * sin(way), way)
    turn = float(rng.uniform(0.15, 0.6))
    paths = [_walk(rng, start, length, turn)]
    for _ in range(int(rng.integers(0, 3))):
        x, y = paths[0][int(rng.integers(len(paths[0])))]
        branch = way + float(rng.choice([-1.0, 1.0]) * rng.uniform(0.4, 1.1))
        paths.append(_walk(rng, (x, y, branch), length * float(rng.uniform(0.15, 0.45)), turn))
    cover = _lines(paths, half, float(rng.uniform(0.6, 2.2)))
    uneven = spectral_noise(cover.shape, rng, falloff=1.0, band_cpp=(0.0, 0.2))
    cover = cover * np.clip(0.8 + 0.3 * uneven, 0.2, 1.0)
    dark = min(0.9, 0.8 * shape.contrast)
    return patch(
        "crack",
        blur(cover, 0.6) > 0.12,
        height=-1.5 * shape.contrast * cover,
        open=1.0 - dark * cover,
        gain=1.0 - 0.3 * dark * cover,
    )


def _hole(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A clean hole: darkness, or light from behind."""
    long = max(shape.size_px / 2, 1.5)
    flat = float(rng.uniform(0.5, 1.0))
    along, across = grid(shape, long + 3)
    ratio = np.hypot(along, across / np.float32(flat)) / np.float32(long)
    body = smoothstep(ratio, 1.0 + 0.8 / long, 1.0 - 0.8 / long)
    if rng.random() < 0.25:
        glow = min(1.0, 0.8 * shape.contrast)
        return patch(
            "hole", ratio < 1.0, gain=1.0 + 2.5 * glow * body, residue=0.6 * glow * body
        )
    dark = min(0.97, 0.3 + 0.7 * shape.contrast)
    return patch("hole", ratio < 1.0, height=-2.0 * body, open=1.0 - dark * body)


def _inclusion(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """Foreign matter, in one piece or as a row of crumbs."""
    long = max(shape.size_px / 2, 2.0)
    along, across = grid(shape, 1.3 * long + 2)
    body = np.zeros_like(along)
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.normal(0, 0.4 * long), rng.normal(0, 0.12 * long)
        radius = max(0.8, long * float(rng.uniform(0.12, 0.45)))
        squash = float(rng.uniform(1.0, 2.5))
        ratio = np.hypot((along - x) / squash, across - y) / np.float32(radius)
        body = np.maximum(body, smoothstep(ratio, 1.1, 0.8))
    tone = float(rng.choice([-0.75, 1.1])) * shape.contrast
    tint = 1.0 + tone * (0.8 + 0.4 * rng.random(3))
    gain = 1.0 + body[..., None] * (np.clip(tint, 0.1, 3.0) - 1.0)
    return patch("inclusion", body > 0.3, gain=gain, height=0.6 * body, gloss=1.0 + 0.6 * body)


def _abrasion(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A rubbed zone: many fine parallel scratches, its gloss gone."""
    field, _ = blot(rng, shape, ragged=0.2, falloff=1.5)
    zone = smoothstep(field, 0.0, 0.35)
    along, across = grid(shape, 1.4 * max(shape.size_px / 2, 3.0))
    turn = float(rng.normal(0, 0.25))
    lines = np.sin(
        (across * np.float32(cos(turn)) + along * np.float32(sin(turn)))
        * np.float32(rng.uniform(1.2, 2.6))
    )
    noise = spectral_noise(zone.shape, rng, falloff=0.3)
    rub = zone * np.clip(0.5 * lines + 0.6 * noise, -1, 1.5)
    tone = float(rng.choice([-0.35, 0.45])) * shape.contrast
    return patch(
        "abrasion",
        field > 0.08,
        height=0.5 * shape.contrast * rub,
        gain=1.0 + tone * np.clip(0.4 * zone + rub, 0, 1.2),
        gloss=1.0 + 1.2 * shape.contrast * zone,
    )


def _bubble(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A raised blister, at times burst in the middle."""
    radius = max(shape.size_px / 2, 2.5)
    along, across = grid(shape, 1.3 * radius)
    ratio = np.hypot(along, across / np.float32(rng.uniform(0.75, 1.0))) / np.float32(radius)
    dome = np.sqrt(np.clip(1.0 - ratio * ratio, 0.0, None))
    height = 1.1 * shape.contrast * radius * dome
    dark = np.zeros_like(dome)
    if rng.random() < 0.35:
        dark = smoothstep(ratio, 0.55, 0.35) * np.float32(min(0.8, shape.contrast))
        height = height * (1 - dark)
    rim = np.exp(-(((ratio - 1.0) / np.float32(0.12)) ** 2))
    return patch(
        "bubble",
        ratio < 1.05,
        height=height,
        open=1.0 - 0.5 * dark,
        gain=1.0 - 0.2 * rim * shape.contrast,
    )


def _chip(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A piece broken out: straight sharp edges, raw material underneath."""
    radius = max(shape.size_px / 2, 3.0)
    half = ceil(1.2 * radius) + 2
    corners = int(rng.integers(3, 8))
    around = np.sort(rng.uniform(0, 2 * pi, corners)) + shape.angle_rad
    reach = radius * rng.uniform(0.5, 1.1, corners)
    side = 2 * half + 1
    image = Image.new("L", (side * _FINE, side * _FINE), 0)
    points = [
        (float((r * cos(a) + half + 0.5) * _FINE), float((r * sin(a) + half + 0.5) * _FINE))
        for r, a in zip(reach, around, strict=True)
    ]
    ImageDraw.Draw(image).polygon(points, fill=255)
    body = np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32) / 255
    x, y = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    tilt = rng.normal(0, 0.35, 2) * shape.contrast
    facet = (x - half) * np.float32(tilt[0]) + (y - half) * np.float32(tilt[1])
    grain = spectral_noise((side, side), rng, falloff=0.8)
    tone = float(rng.choice([-0.5, 0.8])) * shape.contrast
    return patch(
        "chip",
        body > 0.4,
        height=body * (facet - 1.2 * shape.contrast + 0.3 * grain),
        gain=1.0 + body * (tone + 0.15 * grain),
        gloss=1.0 + body,
    )


def _flake(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """Scale rolled in or paint peeling: a patch with a sharp ragged edge."""
    field, _ = blot(rng, shape, ragged=0.4, falloff=1.1)
    body = smoothstep(field, 0.08, 0.16)
    edge = np.exp(-(((field - 0.12) / np.float32(0.06)) ** 2))
    grain = spectral_noise(body.shape, rng, falloff=0.6)
    tone = float(rng.choice([-0.55, -0.3, 0.5])) * shape.contrast
    return patch(
        "flake",
        field > 0.1,
        height=shape.contrast * (0.8 * body + 0.4 * edge + 0.3 * body * grain),
        gain=1.0 + body * (tone + 0.1 * grain),
        gloss=1.0 + 0.8 * body,
    )


def _corrosion(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """Rust, verdigris, oxide: speckled, in several tones, eating into the surface."""
    field, _ = blot(rng, shape, ragged=0.5, falloff=1.2)
    crumbs = spectral_noise(field.shape, rng, falloff=0.7)
    body = smoothstep(field + 0.3 * crumbs, 0.1, 0.5)
    tints = ((0.75, 0.42, 0.25), (0.45, 0.40, 0.38), (0.6, 0.9, 0.8), (1.3, 1.3, 1.3))
    tint = np.asarray(tints[int(rng.integers(len(tints)))], np.float32)
    strength = np.clip(body * (0.7 + 0.3 * crumbs) * np.float32(shape.contrast), 0, 1.2)
    return patch(
        "corrosion",
        body > 0.25,
        gain=1.0 + strength[..., None] * (tint - 1.0),
        height=0.7 * shape.contrast * body * crumbs,
        gloss=1.0 + 1.5 * body,
        residue=0.2 * np.clip(strength, 0, 1),
    )


def _pores(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A cluster of small dark pores."""
    radius = max(shape.size_px / 2, 3.0)
    along, across = grid(shape, 1.2 * radius + 2)
    body = np.zeros_like(along)
    for _ in range(int(rng.integers(3, 14))):
        x, y = rng.normal(0, 0.42 * radius, 2) * (1.0, float(rng.uniform(0.3, 1.0)))
        size = float(rng.uniform(0.5, 1.2)) * max(1.0, 0.1 * radius)
        body = np.maximum(
            body, smoothstep(np.hypot(along - x, across - y), size + 0.7, size - 0.5)
        )
    dark = min(0.95, 0.3 + 0.6 * shape.contrast)
    near = blur(body, max(1.0, 0.12 * radius)) > 0.06
    return patch("pores", near, height=-1.2 * shape.contrast * body, open=1.0 - dark * body)


_PAINTERS: dict[str, Callable[[np.random.Generator, Shape], DefectPatch]] = {
    "crack": _crack,
    "hole": _hole,
    "inclusion": _inclusion,
    "abrasion": _abrasion,
    "bubble": _bubble,
    "chip": _chip,
    "flake": _flake,
    "corrosion": _corrosion,
    "pores": _pores,
}
ALL_KINDS = (*KINDS, *_PAINTERS)


def draw_any_defect(kind: str, rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A defect of any kind, apart from any surface.

    Args:
        kind: one of `ALL_KINDS`.
        rng: everything that `shape` leaves open.
        shape: size, contrast, direction.

    Returns:
        The patch.

    Raises:
        InvalidInputError: for an unknown kind.
    """
    return _PAINTERS[kind](rng, shape) if kind in _PAINTERS else draw_defect(kind, rng, shape)
