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

    Where its photograph ends at the defect, it is only mirrored, turned by quarters and
    changed in contrast: it must end at a side of its new image, too.

    Args:
        cutout: The defect.
        limits: How far to go.
        rng: Source of randomness.

    Returns:
        A new cutout.
    """
    contrast = _log_uniform(rng, limits.contrast)
    if any(cutout.sides):
        return _contrasted(_moved_to_another_side(cutout, limits, rng), contrast)
    angle = 180.0 if limits.turns else limits.tilt_deg
    turn = radians(float(rng.uniform(-angle, angle)))
    scale = _log_uniform(rng, limits.scale)
    flip = -1.0 if limits.flips and rng.random() < 0.5 else 1.0
    rows, columns = cutout.mask_hw.shape
    x, y = _turned_grid((rows, columns), turn, scale, flip)
    for plane in (x, y):
        plane += limits.bend * _BEND_SHARE * cutout.size_px * _wave(plane.shape, rng)
    at = np.stack([y, x])
    factor = np.stack(
        [
            np.exp(map_coordinates(np.log(cutout.factor_hwc[..., c]), at, order=1, cval=0.0))
            for c in range(cutout.factor_hwc.shape[2])
        ],
        axis=-1,
    )
    mask, skin = _sampled(cutout.mask_hw, at), _sampled(cutout.skin_hw, at)
    if not mask.any():
        return _contrasted(cutout, contrast)
    varied = replace(
        cutout,
        factor_hwc=factor.astype(np.float32),
        mask_hw=mask,
        skin_hw=skin | mask,
        blur_px=cutout.blur_px * scale,
        grain=cutout.grain,
    )
    return _contrasted(varied, contrast)


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


def _wave(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """A smooth random field of mean 0 and deviation 1."""
    raw = gaussian_filter(rng.standard_normal(shape), max(2.0, _BEND_SCALE * max(shape)))
    raw -= raw.mean()
    return np.asarray(raw / max(float(raw.std()), 1e-6), np.float32)


def _sampled(mask_hw: Mask, at: Floats) -> Mask:
    plane = map_coordinates(mask_hw.astype(np.float32), at, order=1, cval=0.0)
    # Below a half, so that lines of one pixel do not break.
    return np.asarray(plane > 0.4, np.bool_)


def _log_uniform(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(np.log(limits[0]), np.log(limits[1]))))
