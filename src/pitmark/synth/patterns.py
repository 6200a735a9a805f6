"""Sheets of patterns that surfaces of any trade are made of: what pretraining looks at.

A sheet of a pattern is painted once and then seen in many turned and scaled views.
"""

from dataclasses import dataclass
from math import cos, pi, sin

import numpy as np
from PIL import Image

from pitmark.synth.arrays import Floats
from pitmark.synth.draws import log_uniform
from pitmark.synth.pattern_families import PATTERNS


@dataclass(frozen=True)
class Pattern:
    """A sheet of a pattern.

    Attributes:
        tone_hw: float32, mean 0 and standard deviation 1.
        relief_hw: float32 height, mean 0 and standard deviation 1, or 0 everywhere.
    """

    tone_hw: Floats
    relief_hw: Floats

    def view(self, side_px: int, rng: np.random.Generator) -> "Pattern":
        """A random piece of the sheet, turned and scaled.

        Args:
            side_px: width and height of the view in pixels.
            rng: source of all choices.

        Returns:
            A pattern of that size.
        """
        sheet = self.tone_hw.shape[0]
        turn = float(rng.uniform(0, 2 * pi))
        largest = min(1.6, (sheet - 4) / (side_px * 1.42))
        zoom = log_uniform(rng, 0.45 * largest, largest)
        a, b = zoom * cos(turn), zoom * sin(turn)
        room = max(sheet / 2 - 0.71 * side_px * zoom - 1, 0.0)
        x, y = sheet / 2 + rng.uniform(-room, room, 2)
        c = float(x) - (a + b) * side_px / 2
        f = float(y) - (a - b) * side_px / 2
        planes = [
            np.asarray(
                Image.fromarray(plane).transform(
                    (side_px, side_px),
                    Image.Transform.AFFINE,
                    (a, b, c, -b, a, f),
                    Image.Resampling.BILINEAR,
                ),
                np.float32,
            )
            for plane in (self.tone_hw, self.relief_hw)
        ]
        return Pattern(planes[0], planes[1])


def paint_pattern(family: str, side_px: int, rng: np.random.Generator) -> Pattern:
    """A sheet of a family.

    Args:
        family: one of `pattern_families.FAMILIES`.
        side_px: width and height of the sheet in pixels.
        rng: source of all choices.

    Returns:
        The sheet.
    """
    tone, relief = PATTERNS[family](side_px, rng)
    return Pattern(_standard(tone), _standard(relief))


def _standard(plane_hw: Floats) -> Floats:
    plane = np.asarray(plane_hw, np.float32)
    spread = float(plane.std())
    if spread < 1e-6:
        return np.zeros_like(plane)
    out: Floats = np.clip((plane - plane.mean()) / np.float32(spread), -4, 4)
    return out
