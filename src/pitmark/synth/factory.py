"""The demo factory: seeded photographs of smartphone casings with truth and labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import floor

import numpy as np

from pitmark.synth.arrays import Bytes, Floats, planar
from pitmark.synth.background import background
from pitmark.synth.camera import CAMERAS, Camera, drifted, photograph
from pitmark.synth.casing import Scene
from pitmark.synth.casing_scene import casing_scene
from pitmark.synth.defect_patch import Shape
from pitmark.synth.defects import draw_defect
from pitmark.synth.distractors import add_dust, add_smudge
from pitmark.synth.finishes import FINISHES
from pitmark.synth.layout import STATIONS
from pitmark.synth.lighting import falling_light, shade
from pitmark.synth.plan import Plan, Shot
from pitmark.synth.planning import DRIFTED_LOT, plan
from pitmark.synth.stamping import PaintedDefect, stamp
from pitmark.synth.view import View

__all__ = ["GivenLabel", "Part", "Plan", "make_factory", "plan", "render"]


@dataclass(frozen=True)
class GivenLabel:
    """What the labeler wrote.

    Attributes:
        kind: the class given, not always the true one.
        box_xyxy: the box drawn, in pixels, a little off the true one.
        labeler: who drew it.
    """

    kind: str
    box_xyxy: tuple[float, float, float, float]
    labeler: str


@dataclass(frozen=True)
class Part:
    """One photograph with its truth and its labels.

    Attributes:
        image_hwc: uint8 (H, W, 3).
        defects: what is truly there.
        metadata: camera, lot, shift, part, time (ISO 8601) and finish.
        given_labels: what the labeler wrote.
        labeler: who looked at it.
    """

    image_hwc: Bytes
    defects: tuple[PaintedDefect, ...]
    metadata: dict[str, str | int]
    given_labels: tuple[GivenLabel, ...]
    labeler: str


@lru_cache(maxsize=6)
def _surroundings(seed: int, camera: str, size_wh: tuple[int, int]) -> Floats:
    width, height = size_wh
    pad = round(0.125 * width)
    rng = np.random.default_rng([seed, 77, sorted(CAMERAS).index(camera)])
    return background(camera, (height + 2 * pad, width + 2 * pad), rng)


def _add_defects(scene: Scene, shot: Shot) -> tuple[PaintedDefect, ...]:
    if not shot.defects:
        return ()
    allowed = scene.inspected()
    painted = []
    for spec in shot.defects:
        x, y = scene.view.pixel_of(spec.center_mm)
        column, row = floor(x), floor(y)
        shape = Shape(
            spec.size_mm * scene.view.px_per_mm,
            spec.contrast,
            spec.angle_rad + scene.view.pose.rotation_rad,
            (x - column - 0.5, y - row - 0.5),
        )
        patch = draw_defect(spec.kind, np.random.default_rng(spec.seed), shape)
        painted.append(stamp(scene.maps, patch, (column, row), allowed))
    return tuple(painted)


def _behind(seed: int, scene: Scene, camera: Camera) -> Floats:
    """The surroundings under this light, with the part's contact shadow."""
    width, height = scene.view.size_wh
    sheet = _surroundings(seed, camera.name, scene.view.size_wh)
    pad = (sheet.shape[1] - width) // 2
    # A fixture stands still; the belt carries its own pattern along with the part.
    move = scene.view.pose.shift_mm if camera.name == "cam2" else (0.0, 0.0)
    x0 = pad - round(move[0] * scene.view.px_per_mm)
    y0 = pad - round(move[1] * scene.view.px_per_mm)
    seen = sheet[y0 : y0 + height, x0 : x0 + width]
    # The lamps stand to the upper left, so the shadow falls to the lower right.
    rows = np.clip(np.arange(height) - round(0.016 * width), 0, None)
    columns = np.clip(np.arange(width) - round(0.012 * width), 0, None)
    away = scene.outside_mm[np.ix_(rows, columns)] * np.float32(scene.view.station.px_per_mm)
    shadow = np.exp(-np.maximum(away, 0.0) / np.float32(13.0))
    light = np.float32(0.8 * falling_light(camera.rig)) * (1.0 - 0.78 * shadow)
    shaded = planar((height, width), 3)
    for c, tint in enumerate(camera.rig.tint):
        shaded[..., c] = seen[..., c] * light * np.float32(tint)
    return shaded


def _given_labels(
    shot: Shot, defects: tuple[PaintedDefect, ...], plan: Plan
) -> list[GivenLabel]:
    """Boxes as a careful hand draws them: off by a pixel or a few percent."""
    rng = np.random.default_rng([shot.noise_seed, 2])
    width, height = plan.size_wh
    labels = []
    for defect, kind in zip(defects, shot.given_kinds, strict=True):
        x0, y0, x1, y1 = defect.box_xyxy
        spread = 0.6 + 0.025 * np.array([x1 - x0, y1 - y0] * 2)
        off = np.clip(rng.standard_normal(4), -2, 2) * spread + np.array([-0.6, -0.6, 0.6, 0.6])
        left, top, right, bottom = np.array([x0, y0, x1, y1]) + off
        left, top = np.clip(left, 0, x1 - 1), np.clip(top, 0, y1 - 1)
        right, bottom = np.clip(right, left + 1, width), np.clip(bottom, top + 1, height)
        left, top, right, bottom = (round(float(v), 1) for v in (left, top, right, bottom))
        labels.append(GivenLabel(kind, (left, top, right, bottom), shot.labeler))
    return labels


def render(plan: Plan, index: int) -> Part:
    """One photograph of a plan; the same call always gives the same bytes.

    Args:
        plan: what the factory makes.
        index: which shot, from 0.

    Returns:
        The photograph with its truth and its labels.
    """
    shot = plan.shots[index]
    view = View(STATIONS[shot.station], shot.pose, plan.size_wh)
    part_rng = np.random.default_rng(shot.part_seed)
    scene = casing_scene(plan.seed, view, FINISHES[shot.finish], part_rng)
    defects = _add_defects(scene, shot)
    add_dust(scene.maps, scene.cover_hw, part_rng)
    if part_rng.random() < 0.3:
        add_smudge(scene.maps, scene.cover_hw, part_rng)
    camera = CAMERAS[shot.camera]
    if shot.lot == DRIFTED_LOT:
        camera = drifted(camera)
    light = _behind(plan.seed, scene, camera)
    light += scene.cover_hw[..., None] * (shade(scene.maps, camera.rig) - light)
    image = photograph(light, camera, np.random.default_rng(shot.noise_seed))
    metadata: dict[str, str | int] = {
        "camera": shot.camera,
        "lot": shot.lot,
        "shift": shot.shift,
        "part": shot.part,
        "time": shot.time.isoformat(),
        "finish": shot.finish,
    }
    labels = tuple(_given_labels(shot, defects, plan))
    return Part(image, defects, metadata, labels, shot.labeler)


def make_factory(
    seed: int, images: int = 400, size_wh: tuple[int, int] = (448, 336)
) -> Iterator[Part]:
    """All photographs of a plan, one after the other.

    Args:
        seed: the same seed gives the same bytes.
        images: number of images.
        size_wh: image width and height in pixels.

    Yields:
        The parts in the order of the plan.
    """
    whole = plan(seed, images, size_wh=size_wh)
    for shot in whole.shots:
        yield render(whole, shot.index)
