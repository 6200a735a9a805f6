"""What can be said of an image without a model: light, focus, noise, color.

The figures are taken from a grid of small patches at native resolution, so that a
20-megapixel image costs no more than a small one. They are meant to be compared with
the same camera's own past, never between cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError

_PATCHES = 16
_PATCH_PX = 8
_DARK = 0.05
_SATURATED = 0.98
# Keeps ratios finite on a black image: a quarter of a grey level of 8 bits.
_TINY = 1e-3


@dataclass(frozen=True, slots=True)
class Statistic:
    """How one figure is named, judged and told.

    `change` is "relative" where a person thinks in percent of the old value and
    "absolute" where the figure is itself a share or a difference. `resolution` is the
    smallest spread that is taken seriously: steadier references count as this unsteady.
    """

    name: str
    subject: str
    more: str
    less: str
    change: Literal["relative", "absolute"]
    resolution: float


STATISTICS: tuple[Statistic, ...] = (
    Statistic("brightness", "the image is", "brighter", "darker", "relative", 0.002),
    Statistic("contrast", "the contrast is", "higher", "lower", "relative", 0.002),
    Statistic("dark_share", "the nearly black area is", "larger", "smaller", "absolute", 0.005),
    Statistic("saturated_share", "the overexposed area is", "larger", "smaller",
              "absolute", 0.005),
    Statistic("sharpness", "the image is", "sharper", "less sharp", "relative", 0.005),
    Statistic("noise", "the image is", "noisier", "less noisy", "relative", 0.0005),
    Statistic("red_balance", "red against green is", "stronger", "weaker", "absolute", 0.003),
    Statistic("blue_balance", "blue against green is", "stronger", "weaker", "absolute", 0.003),
    Statistic("left_right", "the right half against the left is", "brighter", "darker",
              "absolute", 0.003),
    Statistic("top_bottom", "the lower half against the upper is", "brighter", "darker",
              "absolute", 0.003),
    Statistic("vignetting", "the border against the center is", "darker", "brighter",
              "absolute", 0.003),
)  # fmt: skip
STATISTIC_NAMES: tuple[str, ...] = tuple(s.name for s in STATISTICS)


def image_statistics(image: NDArray[Any]) -> NDArray[np.float64]:
    """Eleven figures that describe how an image was taken.

    Args:
        image: (H, W) or (H, W, 3), uint8 or uint16, H and W at least 1.

    Returns:
        (11,) float64 in the order of `STATISTIC_NAMES`, always finite: mean brightness
        and its standard deviation as shares of full scale; shares of pixels below 5 %
        and above 98 %; sharpness (gradient energy beyond the noise, over the variance);
        noise (standard deviation, share of full scale); log ratios of red and blue to
        green (0 for grey); right minus left, bottom minus top and center minus border,
        as shares of the mean.

    Raises:
        InvalidInputError: Another shape or type.

    Source: the noise estimate is that of Immerkaer, "Fast noise variance estimation",
        1996.
    """
    patches, rows, columns = _patches(_checked(image))
    color = patches.ndim == 5
    grey = patches @ np.full(3, 1 / 3, np.float32) if color else patches
    mean, std = float(grey.mean()), float(grey.std())
    noise = _noise(grey)
    red, blue = _color_balance(patches) if color else (0.0, 0.0)
    sides = _unevenness(grey.mean(axis=(1, 3)), rows, columns, max(mean, _TINY))
    return np.array(
        [
            mean,
            std,
            float((grey < _DARK).mean()),
            float((grey > _SATURATED).mean()),
            _sharpness(grey, noise, std),
            noise,
            red,
            blue,
            *sides,
        ]
    )


def _checked(image: NDArray[Any]) -> NDArray[Any]:
    shape_ok = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if not shape_ok or image.dtype not in (np.uint8, np.uint16) or image.size == 0:
        raise InvalidInputError(
            f"image statistics need (H, W) or (H, W, 3) of uint8 or uint16, not"
            f" {image.shape} of {image.dtype}"
        )
    return image


def _patches(
    image: NDArray[Any],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Patches (R, h, C, w[, 3]) in [0, 1] and their places in [-1, 1] down and across."""
    height, width = image.shape[:2]
    tops, h = _starts(height)
    lefts, w = _starts(width)
    rows = (tops[:, None] + np.arange(h)).ravel()
    columns = (lefts[:, None] + np.arange(w)).ravel()
    # Whole rows first: they lie together in memory, single pixels of a large image do not.
    sample = image[rows][:, columns].astype(np.float32)
    sample *= np.float32(1.0 / np.iinfo(image.dtype).max)
    shape = (len(tops), h, len(lefts), w, *image.shape[2:])
    places = [
        (s + n / 2) / size * 2 - 1 for s, n, size in ((tops, h, height), (lefts, w, width))
    ]
    return sample.reshape(shape), *(p.astype(np.float32) for p in places)


def _starts(size: int) -> tuple[NDArray[np.intp], int]:
    """First pixels of evenly spread patches along one side, and their length."""
    length = min(_PATCH_PX, size)
    count = max(1, min(_PATCHES, size // length))
    return np.linspace(0, size - length, count).round().astype(np.intp), length


def _noise(grey: NDArray[np.float32]) -> float:
    if grey.shape[1] < 3 or grey.shape[3] < 3:
        return 0.0
    down = grey[:, :-2] - 2 * grey[:, 1:-1] + grey[:, 2:]
    both = down[..., :-2] - 2 * down[..., 1:-1] + down[..., 2:]
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(both).mean())


def _sharpness(grey: NDArray[np.float32], noise: float, std: float) -> float:
    """Root of gradient energy over variance, both freed of the noise's part."""
    energies = [
        float(np.square(np.diff(grey, axis=axis)).mean())
        for axis in (1, 3)
        if grey.shape[axis] > 1
    ]
    if not energies or std < _TINY:
        return 0.0
    # The difference of two pixels carries the noise variance twice.
    energy = max(float(np.mean(energies)) - 2 * noise**2, 0.0)
    return float(np.sqrt(energy / (2 * max(std**2 - noise**2, _TINY**2))))


def _color_balance(patches: NDArray[np.float32]) -> tuple[float, float]:
    # A product with ones sums 16,000 pixels much faster than mean() over four axes.
    pixels = patches.reshape(-1, 3)
    red, green, blue = np.log(np.ones(len(pixels), np.float32) @ pixels / len(pixels) + _TINY)
    return float(red - green), float(blue - green)


def _unevenness(
    means: NDArray[np.float32],
    rows: NDArray[np.float32],
    columns: NDArray[np.float32],
    mean: float,
) -> tuple[float, float, float]:
    """Right minus left, bottom minus top, center minus border, over the mean."""
    across = _contrast_of(means, np.broadcast_to(columns[None], means.shape))
    down = _contrast_of(means, np.broadcast_to(rows[:, None], means.shape))
    radius = np.maximum(np.abs(rows)[:, None], np.abs(columns)[None])
    center = _contrast_of(means, np.float32(0.6) - radius)
    return across / mean, down / mean, center / mean


def _contrast_of(means: NDArray[np.float32], sign: NDArray[np.float32]) -> float:
    """Mean where `sign` is positive minus mean where it is negative; 0 without both."""
    high, low = means[sign > 0], means[sign < 0]
    return float(high.mean() - low.mean()) if len(high) and len(low) else 0.0
