"""Families of patterns, from brushed metal to printed labels.

Each family fills a sheet with two planes: a tone, which becomes color, and a relief.
"""

from collections.abc import Callable
from math import cos, pi, sin

import numpy as np
from PIL import Image, ImageDraw
from scipy.spatial import cKDTree

from pitmark.synth.arrays import Floats, blur, smoothstep
from pitmark.synth.draws import log_uniform
from pitmark.synth.noise import spectral_noise

Planes = tuple[Floats, Floats]


def _warped(side: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Coordinates in pixels, bent a little."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    reach = float(rng.uniform(0, 0.06)) * side
    for plane in (x, y):
        plane += np.float32(reach) * spectral_noise((side, side), rng, falloff=2.2)
    return x, y


def _plain(side: int, rng: np.random.Generator) -> Planes:
    grain = spectral_noise((side, side), rng, falloff=float(rng.uniform(0.0, 0.5)))
    return 0.35 * grain, 0.35 * grain


def _clouds(side: int, rng: np.random.Generator) -> Planes:
    falloff = float(rng.uniform(0.6, 2.0))
    stretch = (log_uniform(rng, 1, 6), 1.0)
    tone = spectral_noise((side, side), rng, falloff=falloff, stretch_xy=stretch)
    relief = spectral_noise((side, side), rng, falloff=falloff, stretch_xy=stretch)
    return tone, relief if rng.random() < 0.5 else tone


def _grains(side: int, rng: np.random.Generator) -> Planes:
    """Noise of about one size: cast, blasted, leather."""
    middle = log_uniform(rng, 0.025, 0.3)
    band = (middle * 0.6, middle * 1.5)
    tone = spectral_noise((side, side), rng, falloff=0.0, band_cpp=band)
    return (tone if rng.random() < 0.5 else np.abs(tone)), tone


def _brushed(side: int, rng: np.random.Generator) -> Planes:
    stretch = (log_uniform(rng, 15, 200), 1.0)
    tone = spectral_noise(
        (side, side), rng, falloff=0.4, band_cpp=(0.01, 0.5), stretch_xy=stretch
    )
    return tone, tone


def _cells(side: int, rng: np.random.Generator) -> Planes:
    """Voronoi: crystals by tone, grain boundaries, or bubbles."""
    x, y = _warped(side, rng)
    points = rng.uniform(-0.05 * side, 1.05 * side, (int(log_uniform(rng, 40, 1200)), 2))
    distance, index = cKDTree(points).query(np.stack([x.ravel(), y.ravel()], axis=1), k=2)
    near = distance.astype(np.float32).reshape(side, side, 2)
    spacing = side / np.sqrt(len(points))
    border = 1 - smoothstep((near[..., 1] - near[..., 0]) / np.float32(spacing), 0.0, 0.25)
    tones = rng.standard_normal(len(points)).astype(np.float32)[index[:, 0]].reshape(side, side)
    kind = int(rng.integers(3))
    return (tones, border, near[..., 0])[kind], -border if kind < 2 else -near[..., 0]


def _gratings(side: int, rng: np.random.Generator) -> Planes:
    """Stripes, grids, checks, woven or ribbed surfaces."""
    x, y = _warped(side, rng)
    fx, fy = log_uniform(rng, 0.02, 0.22), log_uniform(rng, 0.02, 0.22)
    sharp = log_uniform(rng, 0.6, 6)
    a = np.tanh(np.sin(x * np.float32(2 * pi * fx)) * np.float32(sharp))
    b = np.tanh(np.sin(y * np.float32(2 * pi * fy)) * np.float32(sharp))
    tone = (a, a + b, a * b, np.maximum(a, b))[int(rng.integers(4))]
    return tone, a if rng.random() < 0.5 else tone


def _weave(side: int, rng: np.random.Generator) -> Planes:
    """Threads over and under each other."""
    x, y = _warped(side, rng)
    pitch = log_uniform(rng, 6, 24)
    u, v = x / np.float32(pitch), y / np.float32(pitch * rng.uniform(0.7, 1.4))
    step = int(rng.integers(2, 5))
    over = (np.floor(u) + np.floor(v) * (step - 1)) % step < 1
    across = np.sin(np.float32(pi) * (u % 1)), np.sin(np.float32(pi) * (v % 1))
    relief = np.where(over, across[0], 0.55 * across[1]).astype(np.float32)
    fuzz = spectral_noise((side, side), rng, falloff=0.3)
    return relief + 0.3 * fuzz, relief


def _rings(side: int, rng: np.random.Generator) -> Planes:
    """Wood: year rings cut lengthwise, with pores."""
    _, y = _warped(side, rng)
    bend = spectral_noise((side, side), rng, falloff=2.4, stretch_xy=(4.0, 1.0))
    phase = y * np.float32(log_uniform(rng, 0.02, 0.1)) + bend * np.float32(rng.uniform(0.5, 3))
    ring = (phase % 1).astype(np.float32)
    pores = spectral_noise((side, side), rng, falloff=0.2, stretch_xy=(25.0, 1.0))
    return ring + 0.2 * pores, pores


def _leaves(side: int, rng: np.random.Generator) -> Planes:
    """Shapes that hide each other: gravel, shavings, granulate."""
    image = Image.new("F", (side, side), 0.0)
    draw = ImageDraw.Draw(image)
    smallest = log_uniform(rng, 2, 8)
    for _ in range(int(rng.integers(300, 900))):
        radius = smallest * float(rng.pareto(2.0) + 1)
        x, y = rng.uniform(0, side, 2)
        turn, flat = rng.uniform(0, pi), rng.uniform(0.4, 1)
        corners = int(rng.integers(3, 9))
        around = np.sort(rng.uniform(0, 2 * pi, corners))
        px, py = radius * np.cos(around), radius * flat * np.sin(around)
        points = np.stack(
            [x + px * cos(turn) - py * sin(turn), y + px * sin(turn) + py * cos(turn)]
        )
        draw.polygon([(float(u), float(v)) for u, v in points.T], fill=float(rng.normal()))
    tone = blur(np.asarray(image, np.float32), 0.6)
    return tone, tone


def _contours(side: int, rng: np.random.Generator) -> Planes:
    """Lines of equal height: marble, flow marks, camouflage."""
    field = spectral_noise((side, side), rng, falloff=float(rng.uniform(1.4, 2.2)))
    wave = np.sin(field * np.float32(log_uniform(rng, 2, 14)))
    tone = np.tanh(wave * np.float32(log_uniform(rng, 0.7, 8)))
    return tone, tone


def _ridges(side: int, rng: np.random.Generator) -> Planes:
    """Folded noise over octaves: rock, crumpled foil, skin."""
    total = np.zeros((side, side), np.float32)
    low = log_uniform(rng, 0.006, 0.03)
    for octave in range(4):
        band = (low * 2**octave * 0.7, low * 2**octave * 1.6)
        folded = np.abs(spectral_noise((side, side), rng, falloff=0.5, band_cpp=band))
        total -= folded * np.float32(0.6**octave)
    return total, total


def _traces(side: int, rng: np.random.Generator) -> Planes:
    """Conductors with pads on a board, in two tones."""
    image = Image.new("F", (side, side), 0.0)
    draw = ImageDraw.Draw(image)
    pitch = int(rng.integers(12, 30))
    width = max(2, round(pitch * float(rng.uniform(0.25, 0.6))))
    steps = np.array([(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)])
    for _ in range(int(rng.integers(20, 60))):
        at = rng.integers(0, side // pitch + 1, 2) * pitch
        way = 2 * int(rng.integers(4))
        points = [tuple(at.tolist())]
        for _ in range(int(rng.integers(2, 7))):
            at = at + steps[way % 8] * pitch * int(rng.integers(1, 6))
            points.append(tuple(at.tolist()))
            way += int(rng.integers(-1, 2))
        draw.line(points, fill=1.0, width=width, joint="curve")
        for x, y in (points[0], points[-1]):
            r = width * float(rng.uniform(0.6, 1.4))
            draw.ellipse((x - r, y - r, x + r, y + r), fill=1.0)
            if rng.random() < 0.5:
                draw.ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=0.0)
    tone = blur(np.asarray(image, np.float32), 0.5)
    return tone, tone


def _print(side: int, rng: np.random.Generator) -> Planes:
    """Rows of strokes and blocks, as of labels, scales and lettering."""
    image = Image.new("F", (side, side), 0.0)
    draw = ImageDraw.Draw(image)
    height = int(rng.integers(5, 20))
    y = 0
    while y < side:
        x = int(rng.integers(0, side // 3))
        while x < side * 0.95 and rng.random() > 0.02:
            w = int(rng.integers(max(2, height // 3), height + 2))
            _glyph(draw, (x, y, w, height), rng)
            x += w + int(rng.integers(1, height))
        y += height + int(rng.integers(3, 2 * height))
    tone = blur(np.asarray(image, np.float32), 0.5)
    return tone, np.zeros_like(tone)


def _glyph(
    draw: ImageDraw.ImageDraw, box_xywh: tuple[int, int, int, int], rng: np.random.Generator
) -> None:
    x, y, w, h = box_xywh
    width = max(1, h // 6)
    kind = int(rng.integers(4))
    if kind == 0:
        draw.rectangle((x, y, x + w, y + h), fill=1.0)
    elif kind == 1:
        draw.ellipse((x, y, x + w, y + h), outline=1.0, width=width)
    else:
        corners = rng.uniform(0, 1, (int(rng.integers(2, 5)), 2))
        points = [(x + float(u) * w, y + float(v) * h) for u, v in corners]
        draw.line(points, fill=1.0, width=width)


def _turned(side: int, rng: np.random.Generator) -> Planes:
    """Turning and milling marks: arcs around one or two far centers."""
    y, x = np.mgrid[:side, :side].astype(np.float32)
    jitter = spectral_noise((side, side), rng, falloff=1.5)
    tone = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(1, 3))):
        cx, cy = rng.uniform(-1.5, 2.5, 2) * side
        radius = np.hypot(x - np.float32(cx), y - np.float32(cy))
        pitch = log_uniform(rng, 3.0, 14.0)
        tone += np.sin(
            radius * np.float32(2 * pi / pitch) + jitter * np.float32(rng.uniform(0, 1.5))
        )
    return tone + 0.3 * jitter, tone


def _scale(side: int, rng: np.random.Generator) -> Planes:
    """Rolled or flaking blotches with ragged edges, drawn out in one direction."""
    stretch = (log_uniform(rng, 1, 8), 1.0)
    field = spectral_noise(
        (side, side), rng, falloff=float(rng.uniform(0.8, 1.5)), stretch_xy=stretch
    )
    level = float(rng.uniform(-0.5, 1.0))
    blot = smoothstep(field, level, level + log_uniform(rng, 0.1, 0.8))
    grain = spectral_noise((side, side), rng, falloff=0.5, stretch_xy=stretch)
    return blot + 0.25 * grain, blot


def _spots(side: int, rng: np.random.Generator) -> Planes:
    """Seeds, pores, sprinkles: many small dots."""
    image = Image.new("F", (side, side), 0.0)
    draw = ImageDraw.Draw(image)
    size, both = log_uniform(rng, 1.0, 6.0), rng.random() < 0.4
    for _ in range(int(log_uniform(rng, 80, 1500))):
        x, y = rng.uniform(0, side, 2)
        r = size * log_uniform(rng, 0.5, 2.0)
        tone = float(rng.choice([-1.0, 1.0])) if both else 1.0
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tone * float(rng.uniform(0.5, 1)))
    tones = blur(np.asarray(image, np.float32), 0.7)
    return tones, tones


def _tiles(side: int, rng: np.random.Generator) -> Planes:
    """Tiles, fins or cells with joints, and finer lines between."""
    x, y = _warped(side, rng)
    pitch = rng.uniform(24, 90, 2)
    shift = np.floor(y / np.float32(pitch[1])) * np.float32(rng.choice([0.0, 0.5]) * pitch[0])
    u, v = (x + shift) % np.float32(pitch[0]), y % np.float32(pitch[1])
    joint = float(rng.uniform(1, 4))
    line = 1 - smoothstep(
        np.minimum(np.minimum(u, pitch[0] - u), np.minimum(v, pitch[1] - v)), 0, joint
    )
    fine = np.sin(u * np.float32(2 * pi / rng.uniform(4, 12))) * np.float32(rng.uniform(0, 0.4))
    tone = fine - line * np.float32(rng.choice([-1.0, 1.0]) * 1.5)
    return tone.astype(np.float32), -line


PATTERNS: dict[str, Callable[[int, np.random.Generator], Planes]] = {
    "plain": _plain,
    "clouds": _clouds,
    "grains": _grains,
    "brushed": _brushed,
    "cells": _cells,
    "gratings": _gratings,
    "weave": _weave,
    "rings": _rings,
    "leaves": _leaves,
    "contours": _contours,
    "ridges": _ridges,
    "traces": _traces,
    "print": _print,
    "turned": _turned,
    "scale": _scale,
    "spots": _spots,
    "tiles": _tiles,
}
FAMILIES = tuple(PATTERNS)
