"""Signed distances to simple outlines, in millimeters, negative inside."""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats

# Exponent of the corner curve: 2 is a circle, casings use a slightly squarer one.
_CORNER = 2.4


@dataclass(frozen=True)
class Box:
    """A rectangle with rounded corners.

    Attributes:
        center_mm: x and y of its middle.
        half_mm: half width and half height.
        corner_mm: corner radius.
    """

    center_mm: tuple[float, float]
    half_mm: tuple[float, float]
    corner_mm: float

    def is_near(self, low_x: float, high_x: float, low_y: float, high_y: float) -> bool:
        """Whether the outline reaches within 5 mm of a rectangle.

        Args:
            low_x: smallest x in millimeters.
            high_x: largest x.
            low_y: smallest y.
            high_y: largest y.

        Returns:
            False only where the outline cannot matter there.
        """
        reach_x, reach_y = self.half_mm[0] + 5.0, self.half_mm[1] + 5.0
        in_x = low_x - reach_x < self.center_mm[0] < high_x + reach_x
        return in_x and low_y - reach_y < self.center_mm[1] < high_y + reach_y

    def distance(self, x_mm: Floats, y_mm: Floats) -> Floats:
        """Signed distance of points to the outline.

        Args:
            x_mm: float32 positions along x.
            y_mm: float32 positions along y, of the same shape.

        Returns:
            float32 of that shape, negative inside.
        """
        corner = np.float32(self.corner_mm)
        qx = np.abs(x_mm - np.float32(self.center_mm[0])) - np.float32(self.half_mm[0])
        qy = np.abs(y_mm - np.float32(self.center_mm[1])) - np.float32(self.half_mm[1])
        qx += corner
        qy += corner
        distance: Floats = np.minimum(np.maximum(qx, qy), 0.0)
        outer_x, outer_y = np.maximum(qx, 0.0), np.maximum(qy, 0.0)
        distance += np.maximum(outer_x, outer_y)
        # Only the corners need the costly root.
        both = (outer_x > 0.0) & (outer_y > 0.0)
        bent = outer_x[both] ** np.float32(_CORNER) + outer_y[both] ** np.float32(_CORNER)
        distance[both] = bent ** np.float32(1.0 / _CORNER)
        distance -= corner
        return distance


def disc(center_mm: tuple[float, float], radius_mm: float) -> Box:
    """A disc, as the box whose corners meet.

    Args:
        center_mm: x and y of its middle.
        radius_mm: its radius.

    Returns:
        The outline (slightly squarer than a circle; used to keep clear of features).
    """
    return Box(center_mm, (radius_mm, radius_mm), radius_mm)
