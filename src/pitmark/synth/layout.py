"""Where everything sits on a casing, and which part of it each camera sees.

The back is measured from its middle, the side band from the middle of its edge; x
right, y down, in millimeters.
"""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.arrays import Floats
from pitmark.synth.finishes import Finish
from pitmark.synth.shapes import Box, disc

BODY = Box((0.0, 0.0), (36.0, 74.0), 11.0)
BAND_HALF_MM = 3.9
ANTENNA_Y_MM = 65.4
ANTENNA_HALF_MM = 0.55
REFERENCE_WIDTH_PX = 448


@dataclass(frozen=True)
class Station:
    """A place on the line where a camera looks at one part of the casing.

    Attributes:
        name: what it looks at.
        camera: the camera that stands there.
        is_side: it looks at the side band, else at the back.
        center_mm: what the middle of the image shows.
        px_per_mm: scale when the image is 448 pixels wide.
    """

    name: str
    camera: str
    is_side: bool
    center_mm: tuple[float, float]
    px_per_mm: float


STATIONS: dict[str, Station] = {
    station.name: station
    for station in (
        Station("upper left", "cam1", False, (-22.6, -60.0), 10.0),
        Station("upper right", "cam1", False, (22.6, -60.0), 10.0),
        Station("lower left", "cam2", False, (-22.6, 60.0), 10.0),
        Station("lower right", "cam2", False, (22.6, 60.0), 10.0),
        Station("port", "cam3", True, (3.4, 0.0), 23.0),
        Station("key", "cam3", True, (60.0, 0.0), 23.0),
    )
}


@dataclass(frozen=True)
class Island:
    """The raised camera plate.

    Attributes:
        plate: its outline.
        lenses: center and radius of each lens, in millimeters.
        flash_mm: center of the flash.
        microphone_mm: center of the microphone hole.
    """

    plate: Box
    lenses: tuple[tuple[tuple[float, float], float], ...]
    flash_mm: tuple[float, float]
    microphone_mm: tuple[float, float]


SQUARE_ISLAND = Island(
    Box((-23.4, -61.4), (9.8, 9.8), 5.2),
    (((-27.9, -65.9), 3.9), ((-18.9, -56.9), 3.9)),
    (-18.9, -66.2),
    (-27.9, -56.4),
)
PILL_ISLAND = Island(
    Box((-26.4, -59.6), (5.6, 11.0), 5.6),
    (((-26.4, -65.0), 4.1), ((-26.4, -54.4), 4.1)),
    (-17.6, -63.4),
    (-17.6, -59.6),
)
FLASH_RADIUS_MM = 1.5
MICROPHONE_RADIUS_MM = 0.32
POWER_KEY = Box((36.0, -52.0), (0.55, 6.5), 0.5)
CODE = Box((12.6, 61.0), (1.5, 1.5), 0.05)

PORT = Box((0.0, 0.2), (4.5, 1.3), 1.3)
SCREWS_MM = (6.9, -6.9)
SCREW_RADIUS_MM = 0.85
SPEAKER_HOLES_MM = (9.4, 11.2, 13.0, 14.8, 16.6)
SPEAKER_RADIUS_MM = 0.62
SIDE_Y_MM = 0.2
SIDE_KEY = Box((55.2, 0.2), (3.9, 1.2), 1.15)
SIDE_ANTENNA_MM = 66.4


def island_of(finish: Finish) -> Island:
    """The camera plate that a finish carries.

    Args:
        finish: the product variant.

    Returns:
        Its plate with lenses.
    """
    return PILL_ISLAND if finish.pill_island else SQUARE_ISLAND


def _back_obstacles(finish: Finish) -> list[Box]:
    island = island_of(finish)
    plate = island.plate
    grown = (plate.half_mm[0] + 0.6, plate.half_mm[1] + 0.6)
    obstacles = [Box(plate.center_mm, grown, plate.corner_mm + 0.6)]
    obstacles.append(disc(island.flash_mm, FLASH_RADIUS_MM + 0.4))
    obstacles.append(disc(island.microphone_mm, MICROPHONE_RADIUS_MM + 0.4))
    obstacles.append(Box(CODE.center_mm, (2.0, 2.0), 0.1))
    if finish.is_metal:
        for y in (-ANTENNA_Y_MM, ANTENNA_Y_MM):
            obstacles.append(Box((0.0, y), (40.0, ANTENNA_HALF_MM + 0.25), 0.1))
    return obstacles


def _side_obstacles() -> list[Box]:
    obstacles = [Box(PORT.center_mm, (5.0, 1.8), 1.7)]
    obstacles += [disc((x, SIDE_Y_MM), SCREW_RADIUS_MM + 0.4) for x in SCREWS_MM]
    obstacles += [disc((x, SIDE_Y_MM), SPEAKER_RADIUS_MM + 0.3) for x in SPEAKER_HOLES_MM]
    obstacles.append(Box(SIDE_KEY.center_mm, (4.4, 1.7), 1.6))
    obstacles.append(Box((SIDE_ANTENNA_MM, 0.0), (ANTENNA_HALF_MM + 0.2, 5.0), 0.1))
    return obstacles


def clearance(station: Station, finish: Finish, x_mm: Floats, y_mm: Floats) -> Floats:
    """How far points lie inside the plain surface that is inspected.

    Args:
        station: what the camera looks at.
        finish: the product variant.
        x_mm: float32 positions along x.
        y_mm: float32 positions along y, of the same shape.

    Returns:
        float32 millimeters to the nearest edge or feature; negative on or beyond it.
    """
    if station.is_side:
        rim = 1.05 if finish.is_metal else 1.35
        free: Floats = np.float32(BAND_HALF_MM - rim) - np.abs(y_mm)
        obstacles = _side_obstacles()
    else:
        rim = {"chamfered": 1.0, "rounded": 2.0, "sandwich": 2.3}[finish.build]
        free = -BODY.distance(x_mm, y_mm) - np.float32(rim)
        obstacles = _back_obstacles(finish)
    low_x, high_x = float(x_mm.min()), float(x_mm.max())
    low_y, high_y = float(y_mm.min()), float(y_mm.max())
    for obstacle in obstacles:
        if obstacle.is_near(low_x, high_x, low_y, high_y):
            free = np.minimum(free, obstacle.distance(x_mm, y_mm))
    return free
