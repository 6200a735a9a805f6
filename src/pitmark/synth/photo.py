"""Procedural defects painted straight onto an existing photograph, grey or color.

There is no height map of a photograph: the relief is lit from one drawn direction and
acts as a factor on what the photograph already shows, so that its texture stays.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import Floats, Mask, blur, gradient
from pitmark.synth.defect_patch import DefectPatch, Shape
from pitmark.synth.further_defects import draw_any_defect
from pitmark.synth.maps import Window
from pitmark.synth.stamping import overlap

Pixels = TypeVar("Pixels", bound=np.generic)

# Smallest and largest size as a share of the shorter image side.
_SIZES = {
    "scratch": (0.07, 0.6),
    "dent": (0.03, 0.2),
    "pit mark": (0.01, 0.045),
    "discoloration": (0.05, 0.32),
    "blemish": (0.04, 0.22),
}
_ANY_SIZE = (0.04, 0.2)
_SMALLEST_PX = {"scratch": 8.0, "pit mark": 2.6}
_CONTRAST = (0.35, 1.3)
# A black surface shows relief by what it mirrors, which no factor on black can show.
_BLACK_GLOSS = np.float32(0.06)


def full_scale(dtype: np.dtype[np.generic]) -> float:
    """The value of white for a pixel type.

    Args:
        dtype: uint8, uint16 or a floating type (whose images run from 0 to 1).

    Returns:
        255, 65535 or 1.

    Raises:
        InvalidInputError: for any other type.
    """
    if np.issubdtype(dtype, np.floating):
        return 1.0
    if dtype == np.uint8:
        return 255.0
    if dtype == np.uint16:
        return 65535.0
    raise InvalidInputError(
        f"an image has pixels of type {dtype}", hint="use uint8, uint16 or floating pixels"
    )


def as_float_hwc(image: NDArray[Pixels]) -> Floats:
    """A copy of an image as float32 (H, W, C) in [0, 1].

    Args:
        image: (H, W) or (H, W, C); uint8, uint16 or floating.

    Returns:
        float32 (H, W, C).

    Raises:
        InvalidInputError: when the array has neither two nor three axes, or no pixel, or
            pixels of another type.
    """
    if image.ndim not in (2, 3) or image.size == 0:
        raise InvalidInputError(
            f"an array of shape {image.shape} is no image",
            hint="give (H, W) or (H, W, C) with at least one pixel",
        )
    scaled = image.astype(np.float32) / np.float32(full_scale(image.dtype))
    clean: Floats = np.clip(np.nan_to_num(scaled, nan=0.0), 0.0, 1.0)
    return clean[..., None] if image.ndim == 2 else clean


def like(image_hwc: Floats, model: NDArray[Pixels]) -> NDArray[Pixels]:
    """An image in [0, 1] given the pixel type and axes of another.

    Args:
        image_hwc: float32 (H, W, C) in [0, 1].
        model: the array whose dtype and number of axes are wanted.

    Returns:
        An array of the model's shape and dtype.
    """
    full = full_scale(model.dtype)
    clipped = np.clip(image_hwc, 0.0, 1.0)
    scaled = np.rint(clipped * full) if full > 1.0 else clipped
    return scaled.reshape(model.shape).astype(model.dtype)


def _factor(patch: DefectPatch, rng: np.random.Generator, channels: int) -> Floats:
    """By how much each pixel and channel becomes brighter or darker."""
    dx, dy = gradient(patch.height_hw)
    turn = float(rng.uniform(0.0, 2.0 * np.pi))
    relief = np.float32(np.cos(turn)) * dx + np.float32(np.sin(turn)) * dy
    strength = float(rng.uniform(0.3, 0.6))
    shine = 1.0 + np.tanh(relief * np.float32(strength) * 1.3) * np.float32(0.75)
    gain = patch.gain_hwc
    if channels != gain.shape[-1]:
        gain = gain.mean(axis=-1, keepdims=True)
    lit: Floats = gain * (shine * patch.open_hw)[..., None]
    return lit


def _blend(image_hwc: Floats, window: Window, factor: Floats, residue: Floats) -> None:
    under = image_hwc[window]
    level = float(under.mean())
    if level > 0.75:
        # Next to white only darkening is visible.
        factor = np.where(factor > 1.0, 1.0 - 0.6 * (factor - 1.0), factor)
    out = under * factor + _BLACK_GLOSS * (factor - 1.0)
    film = 0.62 if level < 0.45 else 0.3 * level
    out += residue[..., None] * (np.float32(film) - out)
    image_hwc[window] = np.clip(out, 0.0, 1.0)


def draw_on(
    image_hwc: Floats, kind: str, rng: np.random.Generator, shape: Shape, at_xy: tuple[int, int]
) -> Mask:
    """Paint one defect on a float image, in place.

    Args:
        image_hwc: float32 (H, W, C) in [0, 1].
        kind: one of `further_defects.ALL_KINDS`.
        rng: source of randomness.
        shape: size, contrast, direction.
        at_xy: the pixel of its center.

    Returns:
        bool (H, W), where it lies.
    """
    patch = draw_any_defect(kind, rng, shape)
    height, width, channels = image_hwc.shape
    patch_hw = (patch.mask_hw.shape[0], patch.mask_hw.shape[1])
    window, inner = overlap(at_xy, patch_hw, (height, width))
    factor = blur(_factor(patch, rng, channels), float(rng.uniform(0.25, 0.7)))
    _blend(image_hwc, window, factor[inner], patch.residue_hw[inner])
    mask = np.zeros((height, width), np.bool_)
    mask[window] = patch.mask_hw[inner]
    return mask


def drawn_shape(kind: str, rng: np.random.Generator, shape_hw: tuple[int, int]) -> Shape:
    """A size, contrast and direction that suit an image of this size.

    Args:
        kind: one of `further_defects.ALL_KINDS`.
        rng: source of randomness.
        shape_hw: image height and width in pixels.

    Returns:
        The shape; sizes are log-uniform.
    """
    side = min(shape_hw)
    smallest, largest = (share * side for share in _SIZES.get(kind, _ANY_SIZE))
    smallest = max(smallest, _SMALLEST_PX.get(kind, 6.0))
    size = float(np.exp(rng.uniform(np.log(smallest), np.log(max(largest, smallest * 1.2)))))
    contrast = float(np.exp(rng.uniform(np.log(_CONTRAST[0]), np.log(_CONTRAST[1]))))
    return Shape(size, contrast, float(rng.uniform(0.0, np.pi)))


def paint_on_photo(
    image: NDArray[Pixels],
    kind: str,
    rng: np.random.Generator,
    *,
    shape: Shape | None = None,
    at_xy: tuple[int, int] | None = None,
    allowed_hw: Mask | None = None,
) -> tuple[NDArray[Pixels], Mask]:
    """A photograph with one procedural defect painted on it.

    Args:
        image: (H, W) or (H, W, C), uint8, uint16, or floating in [0, 1]; any size.
        kind: one of `further_defects.ALL_KINDS`.
        rng: source of randomness.
        shape: size, contrast and direction; drawn to suit the image when None.
        at_xy: pixel of its center; drawn when None.
        allowed_hw: bool (H, W), where centers may lie and pixels may change; None for
            everywhere.

    Returns:
        A new image of the same shape and dtype, and the defect's mask, bool (H, W).
        The mask is empty only where nothing is allowed.

    Raises:
        InvalidInputError: for an unknown kind, an array that is no image, or a mask of
            another size.
    """
    painted = as_float_hwc(image)
    shape_hw = (painted.shape[0], painted.shape[1])
    allowed = np.ones(shape_hw, np.bool_) if allowed_hw is None else allowed_hw
    if allowed.shape != shape_hw:
        raise InvalidInputError(
            f"the allowed mask is {allowed.shape}, the image {shape_hw}",
            hint="give a mask of the image's height and width",
        )
    places = np.flatnonzero(allowed)
    if not len(places):
        return image.copy(), np.zeros(shape_hw, np.bool_)
    shape = drawn_shape(kind, rng, shape_hw) if shape is None else shape
    if at_xy is None:
        row, column = divmod(int(places[rng.integers(len(places))]), shape_hw[1])
        at_xy = (column, row)
    before = painted.copy()
    mask = draw_on(painted, kind, rng, shape, at_xy)
    painted = np.where(allowed[..., None], painted, before)
    return like(painted, image), mask & allowed
