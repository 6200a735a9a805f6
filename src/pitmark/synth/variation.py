"""Varies a cut-out defect: size, direction, mirror, bending, contrast. One interpolation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import cos, radians, sin

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from pitmark.synth.arrays import Floats, Mask
from pitmark.synth.cutout import Cutout

_BEND_SHARE = 0.05
_BEND_SCALE = 0.2
# What ends at a side is bent along it only; from this share of its size on freely.
_HELD_SHARE = 0.3


@dataclass(frozen=True)
class Limits:
    """How far a defect may stray from the one that was cut out.

    `turns` allows any direction, otherwise up to `tilt_deg` either way; `flips` allows
    mirrored ones. `scale` and `contrast` are factors, drawn log-uniformly; `bend` is the
    strength of elastic bending, 0 for none.
    """

    turns: bool = True
    flips: bool = True
    tilt_deg: float = 8.0
    scale: tuple[float, float] = (0.7, 1.4)
    contrast: tuple[float, float] = (0.7, 1.3)
    bend: float = 1.0


def vary(cutout: Cutout, limits: Limits, rng: np.random.Generator) -> Cutout:
    """A cutout as another defect of its kind.

    Where its photograph ends at the defect, it is turned by quarters only, and what lies at
    the side stays there: it must end at a side of its new image, too.

    Args:
        cutout: The defect.
        limits: How far to go.
        rng: Source of randomness.

    Returns:
        A new cutout.
    """
    contrast = _log_uniform(rng, limits.contrast)
    if any(cutout.sides):
        left, top, right, bottom = cutout.sides
        # From one side to the opposite one it has only the length that it has.
        fixed = (left and right) or (top and bottom)
        scale = 1.0 if fixed else _log_uniform(rng, limits.scale)
        grid = _stretched_grid(cutout.mask_hw.shape, scale)
        varied = _reshaped(cutout, grid, scale, limits.bend, rng)
        return _contrasted(_moved_to_another_side(varied, limits, rng), contrast)
    angle = 180.0 if limits.turns else limits.tilt_deg
    turn = radians(float(rng.uniform(-angle, angle)))
    scale = _log_uniform(rng, limits.scale)
    flip = -1.0 if limits.flips and rng.random() < 0.5 else 1.0
    grid = _turned_grid(cutout.mask_hw.shape, turn, scale, flip)
    return _contrasted(_reshaped(cutout, grid, scale, limits.bend, rng), contrast)


def _reshaped(
    cutout: Cutout,
    grid: tuple[Floats, Floats],
    scale: float,
    bend: float,
    rng: np.random.Generator,
) -> Cutout:
    """The cutout on another grid, bent; itself where nothing would be left of it."""
    height, width = cutout.mask_hw.shape
    left, top, right, bottom = cutout.sides
    x, y = grid
    strength = bend * _BEND_SHARE * cutout.size_px
    reach = max(1.0, _HELD_SHARE * cutout.size_px)
    held_x = _held(x, width, (left, right), reach)
    held_y = _held(y, height, (top, bottom), reach)
    x += strength * held_x * _wave(x.shape, rng)
    y += strength * held_y * _wave(y.shape, rng)
    at = np.stack([y, x])
    # At a side the defect goes on; elsewhere the rim around it does.
    beyond = "nearest" if any(cutout.sides) else "constant"
    factor = np.stack(
        [
            np.exp(map_coordinates(np.log(plane), at, order=1, mode=beyond, cval=0.0))
            for plane in np.moveaxis(cutout.factor_hwc, -1, 0)
        ],
        axis=-1,
    )
    mask, skin = (_sampled(m, at, beyond) for m in (cutout.mask_hw, cutout.skin_hw))
    if not mask.any():
        return cutout
    return replace(
        cutout,
        factor_hwc=factor.astype(np.float32),
        mask_hw=mask,
        skin_hw=skin | mask,
        blur_px=cutout.blur_px * scale,
    )


def _contrasted(cutout: Cutout, contrast: float) -> Cutout:
    factor = np.exp(np.float32(contrast) * np.log(cutout.factor_hwc))
    return replace(cutout, factor_hwc=np.asarray(factor, np.float32))


def _moved_to_another_side(cutout: Cutout, limits: Limits, rng: np.random.Generator) -> Cutout:
    """The defect at a mirrored or quarter-turned side of the image, where that may be."""
    left, top, right, bottom = cutout.sides
    quarters = int(rng.integers(4)) if limits.turns else 0
    for _ in range(quarters):
        left, top, right, bottom = top, right, bottom, left
    mirrored = limits.flips and rng.random() < 0.5
    if mirrored:
        left, right = right, left
    step = -1 if mirrored else 1
    return replace(
        cutout,
        factor_hwc=np.rot90(cutout.factor_hwc, quarters)[:, ::step],
        mask_hw=np.rot90(cutout.mask_hw, quarters)[:, ::step],
        skin_hw=np.rot90(cutout.skin_hw, quarters)[:, ::step],
        sides=(left, top, right, bottom),
    )


def _turned_grid(
    shape_hw: tuple[int, int], turn: float, scale: float, flip: float
) -> tuple[Floats, Floats]:
    """For every pixel of the new patch the place in the old one, (h, w) each of x and y."""
    rows, columns = shape_hw
    c, s = cos(turn), sin(turn)
    wide = int(np.ceil(scale * (abs(c) * columns + abs(s) * rows))) + 2
    high = int(np.ceil(scale * (abs(s) * columns + abs(c) * rows))) + 2
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    x, y = (x - (wide - 1) / 2) / scale, (y - (high - 1) / 2) / scale
    old_x = flip * (c * x + s * y) + (columns - 1) / 2
    old_y = -s * x + c * y + (rows - 1) / 2
    return old_x.astype(np.float32), old_y.astype(np.float32)


def _stretched_grid(shape_hw: tuple[int, int], scale: float) -> tuple[Floats, Floats]:
    """As `_turned_grid`, not turned: all four borders stay borders."""
    rows, columns = shape_hw
    high, wide = max(1, round(scale * rows)), max(1, round(scale * columns))
    y, x = np.mgrid[:high, :wide].astype(np.float32) + np.float32(0.5)
    return x * columns / wide - 0.5, y * rows / high - 0.5


def _held(at: Floats, length: int, ends: tuple[bool, bool], reach: float) -> Floats:
    """How freely places move along an axis: 0 at an end that is a side, 1 beyond its reach."""
    first = np.clip(at / reach, 0.0, 1.0) if ends[0] else np.float32(1.0)
    last = np.clip((length - 1 - at) / reach, 0.0, 1.0) if ends[1] else np.float32(1.0)
    return np.asarray(first * last, np.float32)


def _wave(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """A smooth random field of mean 0 and deviation 1."""
    raw = gaussian_filter(rng.standard_normal(shape), max(2.0, _BEND_SCALE * max(shape)))
    raw -= raw.mean()
    return np.asarray(raw / max(float(raw.std()), 1e-6), np.float32)


def _sampled(mask_hw: Mask, at: Floats, beyond: str) -> Mask:
    plane = map_coordinates(mask_hw.astype(np.float32), at, order=1, mode=beyond, cval=0.0)
    # Below a half, so that lines of one pixel do not break.
    return np.asarray(plane > 0.4, np.bool_)


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
