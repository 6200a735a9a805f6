"""Fast, varied anomalies painted on good images, to teach what is not normal.

Five families: other texture inside a noise mask, a piece of the image cut and pasted
elsewhere, lines, spots, and the procedural defects. Source for the first two: DRAEM
(Zavrtanik et al., 2021) and NSA (Schlueter et al., 2022); pastes are matched by mean and
feathered instead of solved for gradients, which takes a hundredth of the time.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pitmark.core.errors import InvalidInputError
from pitmark.synth.arrays import Floats, Mask, blur, centered_grid, resize, smoothstep
from pitmark.synth.defects import KINDS
from pitmark.synth.maps import Window
from pitmark.synth.noise import layered_noise
from pitmark.synth.photo import as_float_hwc, draw_on, drawn_shape
from pitmark.synth.stamping import overlap

# A change below this cannot be asked of any inspector.
_VISIBLE = 0.018


def _random_window(
    shape_hw: tuple[int, int], rng: np.random.Generator, low: float, high: float
) -> Window:
    """A rectangle whose sides are between two shares of the image's."""
    slices = []
    for length in shape_hw:
        share = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        side = min(length, max(1, round(share * length)))
        start = int(rng.integers(0, length - side + 1))
        slices.append(slice(start, start + side))
    return slices[0], slices[1]


def _shape_of(window: Window) -> tuple[int, int]:
    return (window[0].stop - window[0].start, window[1].stop - window[1].start)


def _noise_alpha(shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Soft-edged islands that fade towards the window's border."""
    noise = layered_noise(shape_hw, rng, cell_px=max(3.0, max(shape_hw) / rng.uniform(1.5, 5)))
    y = np.linspace(-1, 1, shape_hw[0], dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, shape_hw[1], dtype=np.float32)[None, :]
    field = noise + np.float32(0.9) - np.float32(2.2) * (x * x + y * y)
    return smoothstep(field, 0.0, float(rng.uniform(0.15, 0.7)))


def _piece(image_hwc: Floats, shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Another piece of the image, turned, mirrored and resized to a wanted shape."""
    source = image_hwc[_random_window((image_hwc.shape[0], image_hwc.shape[1]), rng, 0.1, 0.6)]
    source = np.rot90(source, int(rng.integers(4)))
    if rng.random() < 0.5:
        source = source[:, ::-1]
    planes = [
        resize(np.ascontiguousarray(source[..., c]), (shape_hw[1], shape_hw[0]))
        for c in range(image_hwc.shape[2])
    ]
    return np.stack(planes, axis=-1)


def _foreign(image_hwc: Floats, shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A texture that the image does not have: noise in a drawn color."""
    channels = image_hwc.shape[2]
    color = (
        image_hwc.mean(axis=(0, 1)) + rng.normal(0.0, 0.22, 1) + rng.normal(0, 0.06, channels)
    )
    grain = layered_noise(shape_hw, rng, cell_px=float(rng.uniform(2.0, 24.0)))
    spread = float(rng.uniform(0.0, 0.16))
    texture: Floats = color.astype(np.float32) + (grain * np.float32(spread))[..., None]
    return texture


def _texture_patch(image_hwc: Floats, rng: np.random.Generator) -> None:
    window = _random_window((image_hwc.shape[0], image_hwc.shape[1]), rng, 0.05, 0.6)
    shape_hw = _shape_of(window)
    alpha = _noise_alpha(shape_hw, rng) * np.float32(rng.uniform(0.25, 1.0))
    under = image_hwc[window]
    make = _piece if rng.random() < 0.4 else _foreign
    image_hwc[window] = under + alpha[..., None] * (make(image_hwc, shape_hw, rng) - under)


def _cut_and_paste(image_hwc: Floats, rng: np.random.Generator) -> None:
    window = _random_window((image_hwc.shape[0], image_hwc.shape[1]), rng, 0.03, 0.35)
    shape_hw = _shape_of(window)
    piece = _piece(image_hwc, shape_hw, rng)
    under = image_hwc[window]
    if rng.random() < 0.7:
        # Matched in brightness, as the gradients of a Poisson blend would have it.
        piece = piece + float(rng.uniform(0.5, 1.0)) * (
            under.mean(axis=(0, 1)) - piece.mean(axis=(0, 1))
        )
    y = np.abs(np.linspace(-1, 1, shape_hw[0], dtype=np.float32))[:, None]
    x = np.abs(np.linspace(-1, 1, shape_hw[1], dtype=np.float32))[None, :]
    round_corners = float(rng.uniform(2.0, 8.0))
    ratio = (x**round_corners + y**round_corners) ** np.float32(1.0 / round_corners)
    alpha = smoothstep(ratio, 1.0, float(rng.uniform(0.55, 0.95)))
    change = float(rng.uniform(-0.12, 0.12)) if rng.random() < 0.5 else 0.0
    image_hwc[window] = under + alpha[..., None] * (piece + np.float32(change) - under)


def _step(rng: np.random.Generator, level: float) -> np.float32:
    """A change of brightness away from the nearer end of the scale, mostly."""
    size = float(np.exp(rng.uniform(np.log(0.06), np.log(0.6))))
    up = rng.random() < (0.75 if level < 0.5 else 0.25)
    return np.float32(size if up else -size)


def _place(shape_hw: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    return (int(rng.integers(shape_hw[1])), int(rng.integers(shape_hw[0])))


def _line(image_hwc: Floats, rng: np.random.Generator) -> None:
    shape_hw = (image_hwc.shape[0], image_hwc.shape[1])
    half = max(2, round(float(np.exp(rng.uniform(np.log(0.03), np.log(0.4)))) * min(shape_hw)))
    x, y = centered_grid((half, half))
    turn = float(rng.uniform(0, np.pi))
    along = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    across = y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))
    bow = float(rng.uniform(-0.35, 0.35)) / half
    width = float(np.exp(rng.uniform(np.log(0.5), np.log(2.2))))
    line = np.exp(-(((across - bow * along * along) / width) ** 2))
    line *= smoothstep(np.abs(along), half, 0.7 * half)
    _add(image_hwc, line.astype(np.float32), rng)


def _spots(image_hwc: Floats, rng: np.random.Generator) -> None:
    shape_hw = (image_hwc.shape[0], image_hwc.shape[1])
    for _ in range(int(rng.integers(1, 5))):
        radius = max(
            0.8, float(np.exp(rng.uniform(np.log(0.006), np.log(0.08)))) * min(shape_hw)
        )
        half = int(np.ceil(1.4 * radius)) + 1
        x, y = centered_grid((half, half), (float(rng.uniform(-0.5, 0.5)), 0.0))
        angle = np.arctan2(y, x)
        wobble = 1.0 + 0.11 * np.cos(float(rng.integers(2, 6)) * angle + rng.uniform(0, 6.28))
        ratio = np.sqrt(x * x + (y * float(rng.uniform(1.0, 1.6))) ** 2) / (radius * wobble)
        spot = smoothstep(ratio.astype(np.float32), 1.15, float(rng.uniform(0.3, 0.95)))
        _add(image_hwc, spot, rng)


def _add(image_hwc: Floats, alpha: Floats, rng: np.random.Generator) -> None:
    """Brighten or darken (and tint a little) under a small odd-sided patch."""
    shape_hw = (image_hwc.shape[0], image_hwc.shape[1])
    patch_hw = (alpha.shape[0], alpha.shape[1])
    window, inner = overlap(_place(shape_hw, rng), patch_hw, shape_hw)
    under = image_hwc[window]
    step = _step(rng, float(under.mean()) if under.size else 0.5)
    tint = 1.0 + 0.35 * rng.standard_normal(image_hwc.shape[2], dtype=np.float32)
    image_hwc[window] = under + alpha[inner][..., None] * (step * tint)


def _defect(image_hwc: Floats, rng: np.random.Generator) -> None:
    shape_hw = (image_hwc.shape[0], image_hwc.shape[1])
    kind = KINDS[int(rng.integers(len(KINDS)))]
    shape = drawn_shape(kind, rng, shape_hw)
    draw_on(image_hwc, kind, rng, shape, _place(shape_hw, rng))


_FAMILIES: tuple[tuple[float, Callable[[Floats, np.random.Generator], None]], ...] = (
    (0.30, _texture_patch),
    (0.55, _cut_and_paste),
    (0.67, _line),
    (0.80, _spots),
    (1.00, _defect),
)


def _changed(before: Floats, after: Floats) -> Mask:
    """Where the change is visible, with the pinholes of accidental likeness closed."""
    change = np.abs(after - before).max(axis=-1)
    solid = blur(np.minimum(change, np.float32(4 * _VISIBLE)), 0.8)
    return np.asarray((solid > _VISIBLE) & (change > 0.25 * _VISIBLE))


def _fallback(image_hwc: Floats, rng: np.random.Generator) -> None:
    """A plain block, for images where nothing else happened to show."""
    window = _random_window((image_hwc.shape[0], image_hwc.shape[1]), rng, 0.1, 0.4)
    level = image_hwc[window].mean()
    image_hwc[window] += np.float32(0.3 if level < 0.5 else -0.3)


def paint_anomaly(
    image_hwc: NDArray[np.floating], rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """A good image with one to three anomalies, and where they are.

    Args:
        image_hwc: floating (H, W, C) or (H, W) in [0, 1]; any size from 1 x 1.
        rng: source of randomness.

    Returns:
        A new float32 image of the same shape in [0, 1], and bool (H, W), true where it
        visibly changed; never empty.

    Raises:
        InvalidInputError: for an array that is no image, or pixels that are not floating.
    """
    if not np.issubdtype(image_hwc.dtype, np.floating):
        raise InvalidInputError(
            f"paint_anomaly was given pixels of type {image_hwc.dtype}",
            hint="scale the image to floating pixels in [0, 1] first",
        )
    whole = as_float_hwc(image_hwc)
    # A grey photograph stored as color stays grey.
    is_grey = bool((whole == whole[..., :1]).all())
    before = whole[..., :1] if is_grey else whole
    after = before.copy()
    for _ in range(1 + int(rng.random() < 0.3) + int(rng.random() < 0.1)):
        draw = float(rng.random())
        next(paint for limit, paint in _FAMILIES if draw < limit)(after, rng)
    np.clip(after, 0.0, 1.0, out=after)
    mask = _changed(before, after)
    if not mask.any():
        _fallback(after, rng)
        np.clip(after, 0.0, 1.0, out=after)
        mask = _changed(before, after)
    return np.broadcast_to(after, whole.shape).reshape(image_hwc.shape).copy(), mask
