"""Chooses where on a part its defects lie, how large they are and how plain."""

from dataclasses import dataclass

import numpy as np

from pitmark.synth.finishes import Finish
from pitmark.synth.layout import REFERENCE_WIDTH_PX, Station, clearance

# Smallest and largest size at 448 pixels image width, drawn log-uniformly.
_SIZES_PX = {
    "scratch": (34.0, 170.0),
    "dent": (15.0, 54.0),
    "pit mark": (4.2, 12.0),
    "discoloration": (26.0, 84.0),
    "blemish": (18.0, 58.0),
}
# Faintest and plainest contrast, drawn log-uniformly.
_CONTRASTS = {
    "scratch": (0.42, 1.15),
    "dent": (0.55, 1.7),
    "pit mark": (0.38, 1.1),
    "discoloration": (0.65, 1.5),
    "blemish": (0.5, 1.25),
}
# Under the dim camera no flank catches light: pit marks keep 40 % of their contrast, on
# dark glass 80 %, where less would be nothing at all.
# The other kinds are made plainer there, so that pit marks alone are its weakness.
_DIM_CAMERA, _DIM_OTHERS = "cam2", 1.35
_DIM_PIT_MARK, _DIM_PIT_MARK_ON_DARK_GLASS, _DARK = 0.40, 0.80, 0.3
_CANDIDATES = 160
_SLACK_PX = 11.0


@dataclass(frozen=True)
class DefectSpec:
    """A defect to be painted.

    Attributes:
        kind: one of `defects.KINDS`.
        center_mm: where on the part.
        size_mm: length of a scratch, diameter of the others.
        contrast: 1 is plain, 0.2 barely visible.
        angle_rad: direction of its long axis.
        seed: all its other details.
    """

    kind: str
    center_mm: tuple[float, float]
    size_mm: float
    contrast: float
    angle_rad: float
    seed: int


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _dimming(kind: str, finish: Finish) -> float:
    """What the dim camera leaves of a defect's contrast."""
    if kind != "pit mark":
        return _DIM_OTHERS
    is_dark_glass = not finish.is_metal and max(finish.back.diffuse) < _DARK
    return _DIM_PIT_MARK_ON_DARK_GLASS if is_dark_glass else _DIM_PIT_MARK


def _spot(
    size_mm: float,
    taken: list[DefectSpec],
    reach_mm: tuple[float, float],
    where: tuple[Station, Finish],
    rng: np.random.Generator,
) -> tuple[float, float] | None:
    """A place that is free for a disc of this diameter, or None."""
    station, finish = where
    x = rng.uniform(-reach_mm[0], reach_mm[0], _CANDIDATES) + station.center_mm[0]
    y = rng.uniform(-reach_mm[1], reach_mm[1], _CANDIDATES) + station.center_mm[1]
    free = clearance(station, finish, x.astype(np.float32), y.astype(np.float32))
    good = free > 0.55 * size_mm
    for other in taken:
        apart = np.hypot(x - other.center_mm[0], y - other.center_mm[1])
        good &= apart > 0.6 * (size_mm + min(other.size_mm, 4.0 * size_mm))
    hits = np.flatnonzero(good)
    return (float(x[hits[0]]), float(y[hits[0]])) if len(hits) else None


def place_defects(
    kinds: tuple[str, ...],
    station: Station,
    finish: Finish,
    height_px: float,
    rng: np.random.Generator,
) -> tuple[DefectSpec, ...]:
    """Defects of the given kinds on the plain surface that a station sees.

    Args:
        kinds: what to place.
        station: what the camera looks at.
        finish: the product variant.
        height_px: image height at 448 pixels width.
        rng: source of randomness.

    Returns:
        One spec per kind, in the same order, apart from each other.
    """
    placed: list[DefectSpec] = []
    for kind in kinds:
        size = _log_uniform(rng, *_SIZES_PX[kind]) / station.px_per_mm
        contrast = _log_uniform(rng, *_CONTRASTS[kind])
        if station.camera == _DIM_CAMERA:
            contrast *= _dimming(kind, finish)
        while True:
            # Only the middle of a scratch has to be free: its ends may run out.
            room = 0.25 * size if kind == "scratch" else size
            edge = (
                0.5 * room if kind != "scratch" else size * 0.3
            ) + _SLACK_PX / station.px_per_mm
            reach = (
                max(0.1, REFERENCE_WIDTH_PX / 2 / station.px_per_mm - edge),
                max(0.1, height_px / 2 / station.px_per_mm - edge),
            )
            at = _spot(room, placed, reach, (station, finish), rng)
            if at is not None:
                break
            size *= 0.85
        angle = float(rng.uniform(0.0, np.pi))
        if kind == "scratch" and station.is_side:
            angle *= 0.12  # parts slide along their band
        seed = int(rng.integers(0, 2**62))
        placed.append(DefectSpec(kind, at, size, contrast, angle, seed))
    return tuple(placed)
