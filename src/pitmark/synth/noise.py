"""Seeded noise with a given spectrum: the raw material of surfaces and stains."""

import numpy as np

from pitmark.synth.arrays import Floats, resize


def _standardized(field_hw: Floats) -> Floats:
    spread = float(field_hw.std())
    if spread == 0.0:
        return field_hw
    scaled: Floats = (field_hw - field_hw.mean()) / np.float32(spread)
    return scaled


def spectral_noise(
    shape_hw: tuple[int, int],
    rng: np.random.Generator,
    *,
    falloff: float = 1.0,
    band_cpp: tuple[float, float] = (0.0, 0.71),
    stretch_xy: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Tileable Gaussian noise whose amplitude falls as a power of frequency.

    Args:
        shape_hw: height and width in pixels.
        rng: source of randomness.
        falloff: amplitude is frequency ** -falloff; 0 is white, 1 pink, 2 clouds.
        band_cpp: lowest and highest frequency kept, in cycles per pixel.
        stretch_xy: how much longer the structures are along x and along y.

    Returns:
        float32 (H, W), mean 0 and standard deviation 1.
    """
    height, width = shape_hw
    fy = np.fft.fftfreq(height).astype(np.float32)[:, None] * np.float32(stretch_xy[1])
    fx = np.fft.rfftfreq(width).astype(np.float32)[None, :] * np.float32(stretch_xy[0])
    frequency = np.sqrt(fx * fx + fy * fy)
    floor = np.float32(1.0 / max(height, width))
    amplitude = np.maximum(frequency, floor) ** np.float32(-falloff)
    low, high = band_cpp
    # Soft shoulders: a hard cut rings.
    amplitude *= np.exp(-((frequency / np.float32(high)) ** 4))
    if low > 0.0:
        amplitude *= 1.0 - np.exp(-((frequency / np.float32(low)) ** 4))
    amplitude[0, 0] = 0.0
    white = rng.standard_normal(shape_hw, dtype=np.float32)
    field = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=shape_hw)
    return _standardized(field.astype(np.float32))


def cloud_noise(
    shape_hw: tuple[int, int], rng: np.random.Generator, *, cell_px: float
) -> Floats:
    """Smooth noise with structures of about one size, quick at any image size.

    Args:
        shape_hw: height and width in pixels.
        rng: source of randomness.
        cell_px: distance between the random values that are interpolated, in pixels.

    Returns:
        float32 (H, W), mean about 0 and standard deviation about 1.
    """
    height, width = shape_hw
    rows = max(2, round(height / cell_px) + 1)
    columns = max(2, round(width / cell_px) + 1)
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    return resize(coarse, (width, height)) * np.float32(1.25)


def layered_noise(
    shape_hw: tuple[int, int], rng: np.random.Generator, *, cell_px: float, octaves: int = 3
) -> Floats:
    """Cloud noise with finer and weaker layers added (Perlin-like, quick).

    Args:
        shape_hw: height and width in pixels.
        rng: source of randomness.
        cell_px: size of the coarsest structures in pixels.
        octaves: number of layers; each has half the size and half the strength.

    Returns:
        float32 (H, W), mean about 0 and standard deviation about 1.
    """
    total = np.zeros(shape_hw, np.float32)
    for octave in range(octaves):
        cell = max(1.0, cell_px / 2**octave)
        total += cloud_noise(shape_hw, rng, cell_px=cell) * np.float32(0.5**octave)
    return total * np.float32(1.0 / np.sqrt(sum(0.25**k for k in range(octaves))))
