"""Micro-textures of manufactured surfaces, as maps that lighting turns into pixels.

Each function gives a tileable `Texture`; nothing here knows casings, so the same
textures serve pretraining and synthesis on other parts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pitmark.synth.arrays import Floats, gradient
from pitmark.synth.noise import spectral_noise


@dataclass(frozen=True)
class Texture:
    """The fine structure of one surface.

    Attributes:
        height_hw: float32 relief in pixels (its gradient is a slope).
        gain_hw: float32 factor on reflectance, about 1.
    """

    height_hw: Floats
    gain_hw: Floats

    def sampled(
        self, size_wh: tuple[int, int], affine: tuple[float, float, float, float, float, float]
    ) -> "Texture":
        """The texture as seen through a pose.

        Args:
            size_wh: width and height of the view in pixels.
            affine: a, b, c, d, e, f with texture (x, y) = (ax + by + c, dx + ey + f);
                it must stay inside the texture.

        Returns:
            A texture of the view's size.
        """
        planes = [
            np.asarray(
                Image.fromarray(plane).transform(
                    size_wh, Image.Transform.AFFINE, affine, Image.Resampling.BILINEAR
                ),
                np.float32,
            )
            for plane in (self.height_hw, self.gain_hw)
        ]
        return Texture(planes[0], planes[1])


def _steepened(height_hw: Floats, slope: float) -> Floats:
    """The relief scaled to a given root mean square slope."""
    dx, dy = gradient(height_hw)
    now = float(np.sqrt((dx * dx + dy * dy).mean()))
    return height_hw * np.float32(slope / max(now, 1e-9))


def bead_blasted(shape_hw: tuple[int, int], rng: np.random.Generator) -> Texture:
    """Fine isotropic satin, as left by glass beads under an anodic layer."""
    grain = spectral_noise(shape_hw, rng, falloff=0.1, band_cpp=(0.12, 0.5))
    mottle = spectral_noise(shape_hw, rng, falloff=1.4, band_cpp=(0.003, 0.04))
    sparkle = spectral_noise(shape_hw, rng, falloff=0.0, band_cpp=(0.15, 0.5))
    glint = np.maximum(sparkle - 1.7, 0.0) * np.float32(0.07)
    height = _steepened(grain, 0.012) + _steepened(mottle, 0.002)
    gain = 1.0 + 0.020 * grain + 0.010 * mottle + glint
    return Texture(height, gain.astype(np.float32))


def brushed(shape_hw: tuple[int, int], rng: np.random.Generator) -> Texture:
    """Hairline brushing along x: long streaks, finer and coarser ones mixed."""
    fine = spectral_noise(
        shape_hw, rng, falloff=0.35, band_cpp=(0.02, 0.5), stretch_xy=(70.0, 1.0)
    )
    long = spectral_noise(
        shape_hw, rng, falloff=0.7, band_cpp=(0.01, 0.3), stretch_xy=(260.0, 1.0)
    )
    broken = spectral_noise(
        shape_hw, rng, falloff=0.2, band_cpp=(0.05, 0.5), stretch_xy=(16.0, 1.0)
    )
    mix = 0.62 * fine + 0.5 * long + 0.34 * broken
    gain = 1.0 + 0.05 * mix + 0.05 * np.maximum(fine * broken - 0.6, 0.0)
    return Texture(_steepened(mix, 0.034), gain.astype(np.float32))


def glass(shape_hw: tuple[int, int], rng: np.random.Generator) -> Texture:
    """Polished glass or lacquer: only a long, faint waviness."""
    wave = spectral_noise(shape_hw, rng, falloff=1.5, band_cpp=(0.004, 0.05))
    cloud = spectral_noise(shape_hw, rng, falloff=1.5, band_cpp=(0.002, 0.03))
    gain = 1.0 + 0.006 * cloud
    return Texture(_steepened(wave, 0.003), gain.astype(np.float32))


def etched_glass(shape_hw: tuple[int, int], rng: np.random.Generator) -> Texture:
    """Matte etched glass: very fine grain over a long waviness."""
    wave = spectral_noise(shape_hw, rng, falloff=1.5, band_cpp=(0.004, 0.05))
    grain = spectral_noise(shape_hw, rng, falloff=0.1, band_cpp=(0.1, 0.5))
    gain = 1.0 + 0.012 * grain
    height = _steepened(wave, 0.004) + _steepened(grain, 0.02)
    return Texture(height, gain.astype(np.float32))


def molded(shape_hw: tuple[int, int], rng: np.random.Generator) -> Texture:
    """Eroded mold grain of a plastic or rubber part."""
    grain = spectral_noise(shape_hw, rng, falloff=0.5, band_cpp=(0.03, 0.3))
    leather = np.abs(spectral_noise(shape_hw, rng, falloff=0.8, band_cpp=(0.02, 0.12)))
    height = _steepened(grain, 0.06) + _steepened(leather, 0.07)
    return Texture(height, (1.0 + 0.05 * grain).astype(np.float32))


TEXTURES: dict[str, Callable[[tuple[int, int], np.random.Generator], Texture]] = {
    "bead-blasted": bead_blasted,
    "brushed": brushed,
    "glass": glass,
    "etched glass": etched_glass,
    "molded": molded,
}
