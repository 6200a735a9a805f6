"""Pieces of machined parts: edges, ports, plates and lines that are no defects."""

from functools import lru_cache
from math import radians

import numpy as np

from pitmark.synth.arrays import Floats
from pitmark.synth.casing_scene import casing_scene
from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import STATIONS
from pitmark.synth.maps import Material, SurfaceMaps
from pitmark.synth.view import Pose, View

_PARTS = 12
_SIZE_WH = (448, 336)
# How deep the ground lies below the part, in pixels.
_DEPTH_PX = 4.0


def piece_of_part(
    sheets: tuple[int, int], side_px: int, ground: Material, rng: np.random.Generator
) -> SurfaceMaps:
    """A square piece of one of a few parts.

    Args:
        sheets: seed and number of the set of parts.
        side_px: width and height in pixels, at most 336.
        ground: what lies beside the part.
        rng: which part, and which piece.

    Returns:
        New maps.
    """
    part, cover = _part(sheets, int(rng.integers(_PARTS)))
    y, x = (int(rng.integers(size - side_px + 1)) for size in cover.shape)
    window = (slice(y, y + side_px), slice(x, x + side_px))
    maps = SurfaceMaps(
        *(
            plane[window].copy()
            for plane in (
                part.height_hw,
                part.diffuse_hwc,
                part.specular_hwc,
                part.roughness_hw2,
                part.open_hw,
            )
        )
    )
    beside = np.ascontiguousarray(1 - cover[window])
    maps.cover(beside, ground)
    maps.height_hw *= 1 - beside
    maps.height_hw -= np.float32(_DEPTH_PX) * beside
    return maps


@lru_cache(maxsize=_PARTS)
def _part(sheets: tuple[int, int], number: int) -> tuple[SurfaceMaps, Floats]:
    rng = np.random.default_rng([*sheets, number, 23])
    station = STATIONS[str(rng.choice(sorted(STATIONS)))]
    finish = FINISHES[str(rng.choice(sorted(FINISHES)))]
    pose = Pose(
        radians(float(rng.normal(0, 3))),
        (float(rng.normal(0, 0.6)), float(rng.normal(0, 0.6))),
        float(rng.uniform(0.8, 1.2)),
    )
    scene = casing_scene(sheets[0], View(station, pose, _SIZE_WH), finish, rng)
    return scene.maps, scene.cover_hw
