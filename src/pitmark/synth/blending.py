"""Lays a cut-out defect on another surface, with its light, its noise and its blur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import Floats, Mask, smoothstep
from pitmark.synth.cutout import BLACK, Cutout, blur_of
from pitmark.synth.membrane import smooth_fill
from pitmark.synth.paste import noise_level
from pitmark.synth.photo import Pixels, as_float_hwc, like

_FEATHER_PX = 0.9
# A change of light this strong (a logarithm) hides the surface; half of it lets the
# surface's texture through.
_CLEAR, _OPAQUE = 0.08, 0.35
_NOISIER = 1.4
# From this share on a change of light counts as going one way.
_ONE_WAY = 0.5


def blend_defect(
    image: NDArray[Pixels],
    cutout: Cutout,
    *,
    at_xy: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[NDArray[Pixels], Mask]:
    """A photograph with a defect of another one on it.

    The defect acts on the light of its new place; where it is strong its own texture
    covers that of the place, where it is faint the place shows through. It is blurred
    where the place is less sharp, and its noise is brought to that of the place.

    Args:
        image: (H, W) or (H, W, C), uint8, uint16, or floating in [0, 1].
        cutout: The defect.
        at_xy: Pixel of the image under the upper left pixel of the cutout, which must
            lie inside the image as a whole.
        rng: Source of randomness.

    Returns:
        A new image of the same shape and type, and the defect's mask, bool (H, W).

    Raises:
        InvalidInputError: The cutout reaches over the rim of the image.
    """
    pixels = as_float_hwc(image)
    rows, columns = cutout.mask_hw.shape
    (left, top), (height, width) = at_xy, pixels.shape[:2]
    if left < 0 or top < 0 or left + columns > width or top + rows > height:
        raise InvalidInputError(
            f"a defect of {columns}x{rows} at {at_xy} reaches over an image {width}x{height}"
        )
    window = (slice(top, top + rows), slice(left, left + columns))
    ground = pixels[window]
    factor = _like_channels(cutout.factor_hwc, pixels.shape[2])
    factor = _blurred(factor, cutout.blur_px, blur_of(pixels))
    sound = ~cutout.skin_hw
    grain = noise_level(ground, sound if sound.any() else np.ones_like(sound))
    factor = _with_grain(factor, cutout, ground, grain, rng)
    pixels[window] = _laid(ground, factor, cutout.skin_hw)
    whole = np.zeros((height, width), np.bool_)
    whole[window] = cutout.mask_hw
    return like(pixels, image), whole


def as_strong_as(
    painted: NDArray[Pixels], image: NDArray[Pixels], mask_hw: Mask, cutout: Cutout
) -> NDArray[Pixels]:
    """A painted defect with the strength of a real one: as dark or bright, as clear.

    A painter knows a kind of defect, not how it shows under a customer's light: painted
    white where the real ones are dark, it teaches another class.

    Args:
        painted: (H, W) or (H, W, C), the photograph with the painted defect.
        image: The same photograph without it.
        mask_hw: bool (H, W), the painted defect.
        cutout: A real one.

    Returns:
        The photograph with the defect, of the shape and type of `image`.
    """
    before, after = as_float_hwc(image), as_float_hwc(painted)
    change = np.log((after + BLACK) / (before + BLACK))
    have, have_sign = _strength(change[mask_hw])
    want, want_sign = _strength(np.log(cutout.factor_hwc[cutout.mask_hw]))
    if have < _CLEAR / 10:
        return painted
    # A relief is bright on one side and dark on the other: it has no sign to turn.
    turn = -1.0 if have_sign * want_sign < 0 else 1.0
    factor = np.exp(np.float32(turn * want / have) * change)
    return like((before + BLACK) * factor - BLACK, image)


def _strength(change: Floats) -> tuple[float, float]:
    """Mean size of a change of light, and -1 or 1 if it goes one way, else 0."""
    size, mean = float(np.abs(change).mean()), float(change.mean())
    return size, float(np.sign(mean)) if abs(mean) > _ONE_WAY * size else 0.0


def _laid(ground: Floats, factor: Floats, skin_hw: Mask) -> Floats:
    alpha = gaussian_filter(skin_hw.astype(np.float32), _FEATHER_PX)
    alpha = np.maximum(alpha, skin_hw.astype(np.float32) * 0.75)[..., None]
    strength = gaussian_filter(np.abs(np.log(factor)).max(axis=-1), 1.0)
    cover = smoothstep(strength, _CLEAR, _OPAQUE)[..., None]
    known = ~binary_dilation(skin_hw, iterations=1)
    under = smooth_fill(ground, known) if known.any() else ground
    calm = gaussian_filter(factor, (0.7, 0.7, 0))
    through = (ground + BLACK) * calm - BLACK
    covered = (under + BLACK) * factor - BLACK
    laid = cover * covered + (1.0 - cover) * through
    out: Floats = np.clip(ground + alpha * (laid - ground), 0.0, 1.0)
    return out


def _like_channels(factor: Floats, channels: int) -> Floats:
    if factor.shape[2] == channels:
        return factor
    gray = np.exp(np.log(factor).mean(axis=-1, keepdims=True))
    return np.repeat(gray, channels, axis=2)


def _blurred(factor: Floats, have_px: float, want_px: float) -> Floats:
    """The factors as blurred as the image that they are laid on."""
    missing = np.sqrt(max(0.0, want_px**2 - have_px**2))
    if missing < 0.3:
        return factor
    sigma = min(missing, 2.0)
    return np.asarray(np.exp(gaussian_filter(np.log(factor), (sigma, sigma, 0))), np.float32)


def _with_grain(
    factor: Floats, cutout: Cutout, ground: Floats, want: float, rng: np.random.Generator
) -> Floats:
    """The factors with the pixel noise of the place: added or smoothed away."""
    if cutout.grain > _NOISIER * want:
        return np.asarray(np.exp(gaussian_filter(np.log(factor), (0.5, 0.5, 0))), np.float32)
    missing = np.sqrt(max(0.0, want**2 - cutout.grain**2)) / (float(ground.mean()) + BLACK)
    noise = rng.standard_normal(factor.shape[:2]).astype(np.float32) * np.float32(missing)
    shown = np.where(cutout.skin_hw, noise, 0.0)[..., None]
    return np.asarray(factor * np.exp(np.clip(shown, -0.5, 0.5)), np.float32)
