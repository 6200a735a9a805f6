"""The five kinds of defect of the casings, as height, reflectance and gloss before any light.

`draw_defect` gives a patch that knows nothing of the part it will lie on; `stamping.stamp`
lays it on a surface. Contrast runs from 1 (nobody misses it) down to about 0.2 (barely seen).
"""

from collections.abc import Callable

import numpy as np

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import Rgb, smoothstep
from pitmark.synth.defect_patch import DefectPatch, Shape, blot, grid, patch
from pitmark.synth.noise import layered_noise, spectral_noise

KINDS = ("scratch", "dent", "pit mark", "discoloration", "blemish")


def _scratch(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A thin curved groove: one flank catches the light, bare metal may show."""
    length = max(shape.size_px, 6.0)
    along, across = grid(shape, 0.56 * length, 0.22)
    t = along * np.float32(2.0 / length)
    bow = length * float(rng.uniform(-0.10, 0.10))
    sway = length * float(rng.uniform(0.0, 0.012))
    phase = float(rng.uniform(0, 6.28))
    path = bow * (1.0 - t * t) - 0.5 * bow + sway * np.sin(t * np.float32(5.0) + phase)
    tilt = np.float32(2.0 / length) * (
        -2.0 * bow * t + 5.0 * sway * np.cos(t * np.float32(5.0) + phase)
    )
    off = (across - path) / np.sqrt(1.0 + tilt * tilt)
    width = float(np.exp(rng.uniform(np.log(0.55), np.log(1.25))))
    pressure = layered_noise(along.shape, rng, cell_px=max(5.0, length / 6), octaves=2)
    fade = smoothstep(np.abs(t), 1.0, 0.72)
    force = fade * np.clip(0.85 + 0.3 * pressure, 0.25, 1.3)
    groove = np.exp(-((off / np.float32(width)) ** 2)) * force
    burr = np.exp(-(((off - 1.7 * width) / np.float32(0.8 * width)) ** 2)) * force
    if rng.random() < 0.3:
        twin = off - np.float32(rng.choice([-1.0, 1.0]) * rng.uniform(3.0, 5.5) * width)
        groove = groove + 0.5 * np.exp(-((twin / np.float32(0.8 * width)) ** 2)) * force
    depth = shape.contrast * (1.1 + 1.5 * width)
    bare = shape.contrast * (0.75 if rng.random() < 0.62 else -0.7)
    mask = (np.abs(off) < max(1.6 * width, 1.1)) & (np.abs(t) < 0.97)
    return patch(
        "scratch",
        mask,
        height=depth * (0.3 * burr - groove),
        gain=1.0 + bare * groove,
        residue=max(0.0, 0.35 * bare) * np.clip(groove, 0.0, 1.0),
        gloss=1.0 + 0.4 * groove,
    )


def _dent(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A shallow, smooth hollow with a faint raised lip: nothing but bent light."""
    long = max(shape.size_px / 2, 3.5)
    short = long * float(rng.uniform(0.68, 1.0))
    along, across = grid(shape, 1.45 * long)
    lopsided = 1.0 + 0.18 * float(rng.uniform(-1, 1)) * along / np.float32(long)
    ratio = np.sqrt((along / long) ** 2 + (across / short) ** 2) * lopsided
    bowl = np.clip(1.0 - ratio * ratio, 0.0, None) ** 2
    lip = np.exp(-(((ratio - 1.08) / np.float32(0.17)) ** 2))
    # The bowl's steepest slope is 1.54 / radius.
    steep = shape.contrast * 1.6 * short / 1.54
    height = steep * (0.07 * lip - bowl)
    return patch("dent", ratio < 0.95, height=height, open=1.0 - 0.10 * shape.contrast * bowl)


def _pit_mark(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A small sharp crater: dark floor, steep wall, bright thrown-up rim."""
    radius = max(shape.size_px / 2, 1.1)
    along, across = grid(shape, 1.7 * radius + 1.0)
    around = np.arctan2(across, along)
    lobes = 1.0 + 0.06 * np.cos(3 * around + rng.uniform(0, 6.28))
    lobes = lobes + 0.05 * np.cos(5 * around + rng.uniform(0, 6.28))
    squash = float(rng.uniform(0.8, 1.0))
    ratio = np.sqrt(along**2 + (across / squash) ** 2) / (radius * lobes)
    floor = smoothstep(ratio.astype(np.float32), 1.0, 0.45)
    rim = np.exp(-(((ratio - 1.12) / np.float32(0.24)) ** 2))
    depth = shape.contrast * 2.1 * radius
    dark = min(0.9, 0.85 * shape.contrast)
    gain = (1.0 - 0.6 * dark * floor) * (1.0 + 0.28 * shape.contrast * rim)
    return patch(
        "pit mark",
        np.asarray(ratio < 1.3),
        height=depth * (0.32 * rim - floor),
        gain=gain,
        residue=0.22 * shape.contrast * rim,
        gloss=1.0 + 0.5 * floor,
        open=1.0 - dark * floor,
    )


_STAINS: tuple[tuple[Rgb, float], ...] = (
    ((0.95, 0.78, 0.48), 0.05),  # heat tint, straw
    ((0.74, 0.62, 0.90), 0.04),  # heat tint, violet
    ((0.62, 0.58, 0.52), 0.10),  # brown stain
    ((1.25, 1.20, 1.10), 0.22),  # bleached dye
    ((0.62, 0.76, 0.90), 0.10),  # blue haze
)


def _discoloration(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A soft stain: another tint, often with a darker drying edge, the relief untouched."""
    field, noise = blot(rng, shape, ragged=0.17, falloff=1.9)
    body = smoothstep(field, 0.02, 0.38)
    edge = np.exp(-(((field - 0.14) / np.float32(0.09)) ** 2))
    tint, film = _STAINS[int(rng.integers(len(_STAINS)))]
    ring = float(rng.uniform(0.0, 0.35)) if rng.random() < 0.6 else 0.0
    strength = body * (0.85 + 0.15 * noise) + ring * edge
    strength = np.clip(strength * np.float32(shape.contrast), 0.0, 1.2)[..., None]
    gain = 1.0 + strength * (np.asarray(tint, np.float32) - 1.0)
    return patch(
        "discoloration",
        field > 0.1,
        gain=gain,
        residue=film * 0.8 * strength[..., 0],
        gloss=1.0 + 0.25 * strength[..., 0],
    )


def _blemish(rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A cluster or smear of residue with a rough skin."""
    field, _ = blot(rng, shape, ragged=0.26, falloff=1.6)
    hw = (field.shape[0], field.shape[1])
    crumbs = spectral_noise(hw, rng, falloff=1.1, band_cpp=(0.02, 0.22))
    zone = smoothstep(field, 0.0, 0.3)
    lumps = zone * smoothstep(crumbs + 1.1 * field, 0.0, 1.5)
    skin = spectral_noise(hw, rng, falloff=0.4, band_cpp=(0.08, 0.4))
    film = np.clip(0.18 * zone + 0.75 * lumps, 0.0, 1.0) * np.float32(shape.contrast)
    return patch(
        "blemish",
        field > 0.06,
        height=shape.contrast * (0.55 * lumps + 0.16 * zone * skin),
        residue=np.clip(0.62 * film, 0.0, 0.9),
        gloss=1.0 + 1.6 * film,
        open=1.0 - 0.12 * film,
    )


_PAINTERS: dict[str, Callable[[np.random.Generator, Shape], DefectPatch]] = {
    "scratch": _scratch,
    "dent": _dent,
    "pit mark": _pit_mark,
    "discoloration": _discoloration,
    "blemish": _blemish,
}


def draw_defect(kind: str, rng: np.random.Generator, shape: Shape) -> DefectPatch:
    """A defect of one kind, apart from any surface.

    Args:
        kind: one of `KINDS`.
        rng: everything that `shape` leaves open.
        shape: size, contrast, direction.

    Returns:
        The patch.

    Raises:
        InvalidInputError: for an unknown kind.
    """
    if kind not in _PAINTERS:
        raise InvalidInputError(
            f"no defect kind is called {kind!r}", hint=f"choose one of {', '.join(KINDS)}"
        )
    return _PAINTERS[kind](rng, shape)
