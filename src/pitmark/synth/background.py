"""What lies behind the part, out of focus: a fixture plate, a belt, a dark jaw."""

import numpy as np

from pitmark.synth.arrays import Floats, blur, centered_grid, planar, smoothstep
from pitmark.synth.noise import layered_noise, spectral_noise

Background = Floats


def _tinted(level_hw: Floats, color: tuple[float, float, float]) -> Floats:
    image: Floats = level_hw[..., None] * np.asarray(color, np.float32)
    return image


def _disc(
    shape_hw: tuple[int, int], center_xy: tuple[float, float], radius_px: float
) -> Floats:
    y = np.arange(shape_hw[0], dtype=np.float32)[:, None] - np.float32(center_xy[1])
    x = np.arange(shape_hw[1], dtype=np.float32)[None, :] - np.float32(center_xy[0])
    return smoothstep(np.sqrt(x * x + y * y), radius_px + 1.0, radius_px - 1.0)


def _bar(shape_hw: tuple[int, int], box_xyxy: tuple[float, float, float, float]) -> Floats:
    x0, y0, x1, y1 = box_xyxy
    y = np.arange(shape_hw[0], dtype=np.float32)[:, None]
    x = np.arange(shape_hw[1], dtype=np.float32)[None, :]
    inside: Floats = (smoothstep(x, x0 - 1, x0 + 1) * smoothstep(x, x1 + 1, x1 - 1)) * (
        smoothstep(y, y0 - 1, y0 + 1) * smoothstep(y, y1 + 1, y1 - 1)
    )
    return inside


def _anodized_plate(shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A black fixture plate with tapped holes and a pale locating block."""
    height, width = shape_hw
    unit = width / 560
    milled = spectral_noise(shape_hw, rng, falloff=0.6, stretch_xy=(30.0, 1.0))
    level = np.float32(0.03) * (1.0 + 0.22 * milled)
    image = _tinted(level, (1.0, 1.02, 1.07))
    pitch = 112 * unit
    for row in np.arange(0.11 * height, height, pitch):
        for column in np.arange(0.07 * width, width, pitch):
            hole = _disc(shape_hw, (column, row), 11 * unit)[..., None]
            lip = _disc(shape_hw, (column, row), 14 * unit)[..., None]
            image = image * (1.0 + 0.9 * lip)
            image = image * (1.0 - 0.93 * hole)
    return image


def _belt(shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """A green-grey conveyor belt with a woven face and wear marks."""
    height, width = shape_hw
    x, y = centered_grid((width // 2, height // 2))
    x, y = x[:height, :width], y[:height, :width]
    weave = np.sin(x * np.float32(0.55)) * np.sin(y * np.float32(0.55))
    wear = layered_noise(shape_hw, rng, cell_px=width / 6)
    streak = spectral_noise(shape_hw, rng, falloff=1.0, stretch_xy=(60.0, 1.0))
    weave_hw = np.zeros(shape_hw, np.float32)
    weave_hw[: weave.shape[0], : weave.shape[1]] = weave
    level = np.float32(0.17) * (1.0 + 0.16 * weave_hw + 0.1 * wear + 0.08 * streak)
    return _tinted(level, (0.80, 1.0, 0.90))


def _jaw(shape_hw: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Far behind the part: a dark housing, two clamp arms and a few pale glints."""
    height, width = shape_hw
    fade = np.linspace(1.25, 0.6, height, dtype=np.float32)[:, None]
    level = np.float32(0.02) * fade * np.ones(shape_hw, np.float32)
    image = _tinted(level, (1.0, 0.98, 0.93))
    for at, wide, shade, color in (
        (0.16, 0.09, 0.20, (0.95, 0.78, 0.48)),
        (0.72, 0.13, 0.055, (0.9, 0.95, 1.0)),
    ):
        arm = _bar(shape_hw, (at * width, -9, (at + wide) * width, height + 9))
        ridge = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None, :]
        gloss = 0.55 + 0.45 * np.cos((ridge - 2 * at - wide + 1.0) * np.float32(12.0))
        image += arm[..., None] * _tinted(np.float32(shade) * gloss * fade, color)
    for _ in range(5):
        spot = (float(rng.uniform(0, width)), float(rng.uniform(0, height)))
        glow = _disc(shape_hw, spot, float(rng.uniform(0.008, 0.016)) * width)
        image += _tinted(glow * np.float32(0.16), (1.0, 0.97, 0.9))
    return image


# Painter and blur of each camera's background; the jaw is farthest away.
_KINDS = {"cam1": (_anodized_plate, 2.6), "cam2": (_belt, 1.9), "cam3": (_jaw, 9.0)}


def background(camera: str, shape_hw: tuple[int, int], rng: np.random.Generator) -> Background:
    """The out-of-focus surroundings that a camera sees.

    Args:
        camera: "cam1", "cam2" or "cam3".
        shape_hw: height and width in pixels (larger than the image: it is cropped).
        rng: source of randomness.

    Returns:
        float32 (H, W, 3), linear reflectance.
    """
    paint, sigma_px = _KINDS[camera]
    image = np.maximum(paint(shape_hw, rng), 0.0).astype(np.float32)
    blurred = planar(shape_hw, 3)
    blurred[:] = blur(image, sigma_px * shape_hw[1] / 560)
    return blurred
