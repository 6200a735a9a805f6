"""Generated pictures of machined and molded surfaces with defects, labeled by two rules.

Twenty classes: four kinds of defect on five surfaces. In one class some defects are short
scratches; half of the labelers call a short scratch by the name of the look-alike.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bench.shape import tell
from pitmark.synth.arrays import Floats, gradient
from pitmark.synth.defect_patch import Shape
from pitmark.synth.photo import draw_on
from pitmark.synth.surfaces import TEXTURES, Texture

KINDS = ("scratch", "pit mark", "discoloration", "blemish")
SIDE_PX = 96
_SHEET_PX = 384
_SHEETS = 6
_SIZES_PX = {
    "scratch": (30.0, 60.0),
    "pit mark": (7.0, 14.0),
    "discoloration": (24.0, 44.0),
    "blemish": (18.0, 36.0),
}
SHORT_PX = (10.0, 14.0)
LABELERS = ("anna", "ben", "carla", "dev", "eva", "finn")
# How many pictures show the thing that the two rules name differently.
INCONSISTENT = 30


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture: its file, what it is by the label book, what was written, and by whom."""

    file: str
    true: str
    given: str
    labeler: str

    @property
    def faulty(self) -> bool:
        """Whether the label follows the other rule."""
        return self.true != self.given


def class_names() -> list[str]:
    """The twenty classes."""
    return [f"{kind} on {surface}" for surface in TEXTURES for kind in KINDS]


def make_pictures(folder: Path, count: int, seed: int) -> list[Drawn]:
    """Write the pictures into a folder, class by class, or read what lies there already.

    Args:
        folder: Of this count and seed; made where it is missing.
        count: How many pictures, at least 400.
        seed: Of everything.

    Returns:
        The pictures, in the order of files.
    """
    table = folder / "truth.csv"
    if not table.is_file():
        _write(folder, count, seed)
    with table.open(newline="") as file:
        return [Drawn(r["image"], r["true"], r["given"], r["labeler"]) for r in
                csv.DictReader(file)]  # fmt: skip


def _write(folder: Path, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = class_names()
    surface = list(TEXTURES)[seed % len(TEXTURES)]
    mine, look_alike = f"scratch on {surface}", f"pit mark on {surface}"
    sheets = {
        name: [paint((_SHEET_PX, _SHEET_PX), rng) for _ in range(_SHEETS)]
        for name, paint in TEXTURES.items()
    }
    other_rule = set(rng.permutation(LABELERS)[: len(LABELERS) // 2].tolist())
    rows: list[Drawn] = []
    (folder / "images").mkdir(parents=True, exist_ok=True)
    plan = _short_ones(rng, other_rule)
    for number in range(count):
        true = names[number % len(names)]
        kind, _, where = true.partition(" on ")
        short = true == mine and bool(plan)
        labeler = plan.pop() if short else str(rng.choice(LABELERS))
        size = SHORT_PX if short else _SIZES_PX[kind]
        given = look_alike if short and labeler in other_rule else true
        sheet = sheets[where][int(rng.integers(_SHEETS))]
        file = f"images/{number:05d}.png"
        Image.fromarray(_picture(sheet, kind, size, rng)).save(folder / file)
        rows.append(Drawn(file, true, given, labeler))
        if number % 1000 == 999:
            tell(f"pictures: {number + 1} of {count}")
    with (folder / "truth.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["image", "true", "given", "labeler"])
        writer.writerows([r.file, r.true, r.given, r.labeler] for r in rows)


def _short_ones(rng: np.random.Generator, other_rule: set[str]) -> list[str]:
    """Who labels the short scratches: thirty times each side, in any order."""
    sides = (sorted(other_rule), sorted(set(LABELERS) - other_rule))
    out = [str(rng.choice(side)) for side in sides for _ in range(INCONSISTENT)]
    return [out[i] for i in rng.permutation(len(out))]


def _picture(
    sheet: Texture, kind: str, size_px: tuple[float, float], rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A window of a sheet in slanting light, with one defect near its middle."""
    left, top = rng.integers(0, _SHEET_PX - SIDE_PX, 2)
    window = (slice(top, top + SIDE_PX), slice(left, left + SIDE_PX))
    dx, dy = gradient(sheet.height_hw[window])
    turn = rng.uniform(0.6, 1.0)
    lit = 1.0 + 2.5 * (np.cos(turn) * dx + np.sin(turn) * dy)
    level = float(rng.uniform(0.35, 0.5))
    gray: Floats = np.clip(level * lit * sheet.gain_hw[window], 0.02, 0.98).astype(np.float32)
    image = np.repeat(gray[..., None], 3, axis=-1)
    low, high = size_px
    size = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    shape = Shape(size, float(rng.uniform(0.7, 1.0)), float(rng.uniform(0, np.pi)))
    x, y = (int(v) for v in rng.integers(SIDE_PX // 4, 3 * SIDE_PX // 4, 2))
    draw_on(image, kind, rng, shape, (x, y))
    noisy = image + rng.normal(0, 0.008, image.shape)
    return np.asarray(np.clip(noisy * 255, 0, 255).round().astype(np.uint8))
