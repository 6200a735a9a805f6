"""The pose of a casing under a camera: pixels to millimeters and back."""

from dataclasses import dataclass
from math import cos, sin

import numpy as np

from pitmark.synth.arrays import Floats
from pitmark.synth.layout import REFERENCE_WIDTH_PX, Station
from pitmark.synth.maps import Window


@dataclass(frozen=True)
class Pose:
    """How far a part lies from its ideal place.

    Attributes:
        rotation_rad: clockwise rotation.
        shift_mm: x and y of the part's shift.
        scale: 1 at the nominal distance.
    """

    rotation_rad: float
    shift_mm: tuple[float, float]
    scale: float


@dataclass(frozen=True)
class View:
    """One camera's sight of one part.

    Attributes:
        station: what the camera looks at.
        pose: how the part lies.
        size_wh: image width and height in pixels.
    """

    station: Station
    pose: Pose
    size_wh: tuple[int, int]

    @property
    def px_per_mm(self) -> float:
        """Pixels per millimeter on the part."""
        nominal = self.station.px_per_mm * self.size_wh[0] / REFERENCE_WIDTH_PX
        return nominal * self.pose.scale

    @property
    def shape_hw(self) -> tuple[int, int]:
        """Image height and width in pixels."""
        return (self.size_wh[1], self.size_wh[0])

    def grid_mm(self) -> tuple[Floats, Floats]:
        """Where on the part each pixel's center looks.

        Returns:
            x and y in millimeters, float32 (H, W).
        """
        width, height = self.size_wh
        turn, scale = self.pose.rotation_rad, self.px_per_mm
        px = (np.arange(width, dtype=np.float32) + np.float32(0.5 - width / 2)) / scale
        py = (np.arange(height, dtype=np.float32) + np.float32(0.5 - height / 2)) / scale
        center_x, center_y = self._center_mm()
        x = (px * cos(turn))[None, :] + (py * sin(turn) + center_x)[:, None]
        y = (px * -sin(turn))[None, :] + (py * cos(turn) + center_y)[:, None]
        return x.astype(np.float32), y.astype(np.float32)

    def _center_mm(self) -> tuple[float, float]:
        at, shift = self.station.center_mm, self.pose.shift_mm
        return at[0] - shift[0], at[1] - shift[1]

    def pixel_of(self, point_mm: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the part appears.

        Args:
            point_mm: x and y on the part.

        Returns:
            x and y in pixels; (0, 0) is the outer corner of the first pixel.
        """
        center_x, center_y = self._center_mm()
        dx, dy = point_mm[0] - center_x, point_mm[1] - center_y
        turn, scale = self.pose.rotation_rad, self.px_per_mm
        x = (dx * cos(turn) - dy * sin(turn)) * scale + self.size_wh[0] / 2
        y = (dx * sin(turn) + dy * cos(turn)) * scale + self.size_wh[1] / 2
        return x, y

    def window_around(self, point_mm: tuple[float, float], reach_mm: float) -> Window | None:
        """Rows and columns within reach of a point.

        Args:
            point_mm: x and y on the part.
            reach_mm: half side of the window.

        Returns:
            Slices inside the image, or None where nothing of it is seen.
        """
        x, y = self.pixel_of(point_mm)
        reach = reach_mm * self.px_per_mm + 2.0
        width, height = self.size_wh
        x0, x1 = max(0, int(x - reach)), min(width, int(x + reach) + 1)
        y0, y1 = max(0, int(y - reach)), min(height, int(y + reach) + 1)
        if x1 - x0 < 2 or y1 - y0 < 2:
            return None
        return (slice(y0, y1), slice(x0, x1))
