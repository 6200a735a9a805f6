"""Defects on photographs: a cut-out defect blended in, or one painted from nothing."""

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.synth.anomalies import paint_anomaly
from pitmark.synth.arrays import Floats, Mask, blur
from pitmark.synth.maps import Window
from pitmark.synth.photo import Pixels, as_float_hwc, like, paint_on_photo

__all__ = ["paint_anomaly", "paint_on_photo", "paste_defect"]

_FEATHER_PX = 1.2
_RING_PX = 2.0


def noise_level(image_hwc: Floats, where_hw: Mask) -> float:
    """Standard deviation of the pixel noise, robust against texture and edges.

    Args:
        image_hwc: float32 (H, W, C).
        where_hw: bool (H, W), the pixels to look at.

    Returns:
        The deviation; 0 where there is nothing to look at.
    """
    if min(image_hwc.shape[:2]) < 3:
        return 0.0
    grey = image_hwc.mean(axis=-1)
    residual = grey[1:-1, 1:-1] - 0.25 * (
        grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    )
    chosen = np.abs(residual[where_hw[1:-1, 1:-1]])
    # The residual of white noise has sqrt(1.25) of its deviation.
    return float(np.median(chosen)) / 0.6745 / 1.118 if len(chosen) else 0.0


def _mean(image_hwc: Floats, where_hw: Mask) -> Floats:
    """Mean color where the mask is true, or everywhere when it never is."""
    chosen = (
        image_hwc[where_hw] if where_hw.any() else image_hwc.reshape(-1, image_hwc.shape[2])
    )
    mean: Floats = chosen.mean(axis=0)
    return mean


def _matched(patch_hwc: Floats, ground_hwc: Floats, sound_hw: Mask) -> Floats:
    """The patch with the brightness and color of the ground it will lie on."""
    if not sound_hw.any():
        return patch_hwc
    source, target = _mean(patch_hwc, sound_hw), _mean(ground_hwc, sound_hw)
    gain: Floats = np.clip(target / np.maximum(source, 1e-3), 0.25, 4.0)
    # Where a gain would be extreme the rest is added.
    scaled = patch_hwc * gain
    matched: Floats = scaled + (target - source * gain)
    return matched


def _with_noise(
    patch_hwc: Floats, ground_hwc: Floats, sound_hw: Mask, rng: np.random.Generator
) -> Floats:
    """The patch with the noise of the ground: added where it is too clean, else softened."""
    have, want = noise_level(patch_hwc, sound_hw), noise_level(ground_hwc, sound_hw)
    if have > 1.6 * want:
        return blur(patch_hwc, 0.45)
    missing = np.sqrt(max(0.0, want**2 - have**2))
    grain = rng.standard_normal(patch_hwc.shape, dtype=np.float32)
    noisy: Floats = patch_hwc + grain * np.float32(missing)
    return noisy


def _windows(
    at_xy: tuple[int, int], patch_hw: tuple[int, int], image_hw: tuple[int, int]
) -> tuple[Window, Window]:
    """Where a patch laid with its upper left corner at a pixel meets the image."""
    (left, top), (rows, columns) = at_xy, patch_hw
    y0, y1 = max(0, top), max(0, min(image_hw[0], top + rows))
    x0, x1 = max(0, left), max(0, min(image_hw[1], left + columns))
    y1, x1 = max(y0, y1), max(x0, x1)
    inner = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    return (slice(y0, y1), slice(x0, x1)), inner


def paste_defect(
    image_hwc: NDArray[Pixels],
    patch_hwc: NDArray[Pixels],
    mask_hw: Mask,
    *,
    at_xy: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[Pixels], Mask]:
    """A photograph with a cut-out defect blended onto it.

    Brightness and color are matched on the sound surface around the defect, the edge is
    feathered, and the noise is brought to the level of the new ground.

    Args:
        image_hwc: (H, W) or (H, W, C), uint8, uint16, or floating in [0, 1].
        patch_hwc: (h, w) or (h, w, C) of the same pixel type: the defect with a rim of
            sound surface around it.
        mask_hw: bool (h, w), the defect within the patch.
        at_xy: pixel of the image under the patch's upper left pixel; the patch may hang
            over the border.
        rng: source of randomness.

    Returns:
        A new image of the same shape and dtype, and the defect's mask, bool (H, W).

    Raises:
        InvalidInputError: when patch, mask and image do not fit together, or for an
            unknown pixel type.
    """
    image, patch = as_float_hwc(image_hwc), as_float_hwc(patch_hwc)
    if patch.shape[:2] != mask_hw.shape or patch.shape[2] != image.shape[2]:
        raise InvalidInputError(
            f"a patch {patch_hwc.shape} with mask {mask_hw.shape} does not fit on an image "
            f"{image_hwc.shape}",
            hint="patch and mask share height and width, patch and image their channels",
        )
    shape_hw = (image.shape[0], image.shape[1])
    window, inner = _windows(at_xy, (patch.shape[0], patch.shape[1]), shape_hw)
    whole = np.zeros(shape_hw, np.bool_)
    whole[window] = mask_hw[inner]
    if not whole.any():
        return image_hwc.copy(), whole
    # Grow before feathering, so that the defect's own rim is not faded away.
    grown = blur(mask_hw.astype(np.float32), _RING_PX) > 0.12
    alpha = blur(grown.astype(np.float32), _FEATHER_PX)[inner][..., None]
    part, ground = patch[inner], image[window]
    sound = ~grown[inner]
    part = _with_noise(_matched(part, ground, sound), ground, sound, rng)
    image[window] = ground + alpha * (part - ground)
    return like(image, image_hwc), whole
