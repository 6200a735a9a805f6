"""What every kind of defect is painted with: its shape, its patch of maps, its soft outline."""

from dataclasses import dataclass
from math import ceil, cos, sin

import numpy as np

from pitmark.synth.arrays import Floats, Mask, Reals, centered_grid
from pitmark.synth.noise import spectral_noise

# Kinds whose residue is a grey deposit rather than a white film.
DEPOSITS = frozenset({"blemish", "corrosion"})


@dataclass(frozen=True)
class Shape:
    """What a defect looks like, apart from its kind.

    Attributes:
        size_px: length of a scratch, diameter of the others, in pixels.
        contrast: 1 is plain, 0.2 barely visible.
        angle_rad: direction of its long axis.
        offset_xy: place of its center within the middle pixel, in pixels.
    """

    size_px: float
    contrast: float
    angle_rad: float = 0.0
    offset_xy: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class DefectPatch:
    """A defect apart from any surface; all arrays share one odd-sided shape (h, w).

    Attributes:
        kind: name of the kind.
        mask_hw: bool, where a person would say that the defect is.
        height_hw: float32 relief in pixels, for a surface of roughness 1.
        gain_hwc: float32 (h, w, 3) factor on reflectance.
        residue_hw: float32 share covered by something dull, [0, 1].
        is_deposit: what covers it is a grey deposit, else a white film.
        gloss_hw: float32 factor on roughness.
        open_hw: float32 share of the light that gets in, [0, 1].
    """

    kind: str
    mask_hw: Mask
    height_hw: Floats
    gain_hwc: Floats
    residue_hw: Floats
    gloss_hw: Floats
    open_hw: Floats
    is_deposit: bool


def grid(shape: Shape, reach: float, flat: float = 1.0) -> tuple[Floats, Floats]:
    """Coordinates along and across the long axis, on a patch that holds the defect.

    Args:
        shape: size, direction and place.
        reach: half length of the patch along the long axis, in pixels.
        flat: half width of the patch across it, as a share of `reach`.

    Returns:
        Two float32 planes (h, w), in pixels.
    """
    turn_x, turn_y = cos(shape.angle_rad), sin(shape.angle_rad)
    half_w = ceil(reach * max(abs(turn_x), flat)) + 3
    half_h = ceil(reach * max(abs(turn_y), flat)) + 3
    x, y = centered_grid((half_w, half_h), shape.offset_xy)
    along: Floats = x * np.float32(turn_x) + y * np.float32(turn_y)
    across: Floats = y * np.float32(turn_x) - x * np.float32(turn_y)
    return along, across


def patch(kind: str, mask: Mask, **maps: Reals) -> DefectPatch:
    """A patch from the maps that a kind changes; the others stay neutral.

    Args:
        kind: name of the defect.
        mask: where a person would say that it is.
        **maps: `height`, `gain`, `residue`, `gloss`, `open` as in `DefectPatch`.

    Returns:
        The patch.
    """
    shape_hw = (mask.shape[0], mask.shape[1])
    ones, zeros = np.ones(shape_hw, np.float32), np.zeros(shape_hw, np.float32)
    gain = maps.get("gain", np.ones((*shape_hw, 3), np.float32))
    if gain.ndim == 2:
        gain = np.repeat(gain[..., None], 3, axis=-1)
    return DefectPatch(
        kind,
        mask,
        maps.get("height", zeros).astype(np.float32),
        np.maximum(gain, 0.05).astype(np.float32),
        maps.get("residue", zeros).astype(np.float32),
        maps.get("gloss", ones).astype(np.float32),
        maps.get("open", ones).astype(np.float32),
        kind in DEPOSITS,
    )


def blot(
    rng: np.random.Generator, shape: Shape, ragged: float, falloff: float
) -> tuple[Floats, Floats]:
    """A soft irregular field, and the noise that made it so.

    Args:
        rng: source of randomness.
        shape: size and direction.
        ragged: strength of the noise.
        falloff: of the noise's spectrum.

    Returns:
        Two float32 planes: 1 in the middle, 0 at the rim, below outside; and noise.
    """
    long = max(shape.size_px / 2, 3.0)
    short = long * float(rng.uniform(0.5, 0.95))
    along, across = grid(shape, 1.4 * long)
    hw = (along.shape[0], along.shape[1])
    noise = spectral_noise(hw, rng, falloff=falloff, band_cpp=(0.0, 0.35))
    ratio = np.sqrt((along / long) ** 2 + (across / short) ** 2)
    field = 1.0 - ratio + np.float32(ragged) * noise * np.minimum(1.0, 1.6 - ratio)
    return field.astype(np.float32), noise
