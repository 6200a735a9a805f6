"""Paint docs/images/synthesis.jpg: defects of generated casings, cut out and laid elsewhere."""

from pathlib import Path

import numpy as np
from PIL import Image

from pitmark.synth.arrays import bounds_xyxy
from pitmark.synth.blending import blend_defect
from pitmark.synth.cutout import cut_box, cut_defect
from pitmark.synth.factory import Part, plan, render
from pitmark.synth.membrane import smooth_fill
from pitmark.synth.photo import as_float_hwc
from pitmark.synth.surroundings import find_place, look, surroundings_of
from pitmark.synth.variation import Limits, vary

KINDS = ("pit mark", "scratch", "dent", "discoloration", "blemish")
VARIED, SIDE_PX, VIEW_PX, GAP_PX = 5, 112, 72, 4
WHITE, EDGE = 255, (255, 90, 60)


def sheet() -> Image.Image:
    """Per kind a row: the defect, its outline from the box alone, then new places of it."""
    made = plan(3, 120, size_wh=(448, 336))
    parts = [render(made, n) for n in range(len(made.shots))]
    good = [p for p in parts if not p.defects]
    rows = []
    for number, kind in enumerate(KINDS):
        shown = next(p for p in parts if len(p.defects) == 1 and p.defects[0].kind == kind)
        rows.append(np.hstack(_row(shown, good, np.random.default_rng(number))))
    return Image.fromarray(np.vstack(rows))


def _row(part: Part, good: list[Part], rng: np.random.Generator) -> list[np.ndarray]:
    image, defect = part.image_hwc, part.defects[0]
    boxed = cut_box(image, tuple(float(v) for v in defect.box_xyxy))
    cutout = cut_defect(image, defect.mask_hw)
    where = np.zeros(image.shape[:2], bool)
    x0, y0, x1, y1 = defect.box_xyxy
    rim = [(c - d) // 2 for c, d in zip(boxed.mask_hw.shape, (y1 - y0, x1 - x0), strict=True)]
    top, left = max(0, y0 - rim[0]), max(0, x0 - rim[1])
    rows, columns = boxed.mask_hw.shape
    where[top : top + rows, left : left + columns] = boxed.mask_hw[: len(where) - top]
    filled = smooth_fill(as_float_hwc(image), ~defect.mask_hw)
    known = surroundings_of(filled, (left, top, left + columns, top + rows))[None]
    out = [_view(image, defect.box_xyxy, None), _view(image, defect.box_xyxy, where)]
    while len(out) < 2 + VARIED:
        ground = good[int(rng.integers(len(good)))].image_hwc
        varied = vary(cutout, Limits(), rng)
        size_wh = varied.mask_hw.shape[::-1]
        taken = np.zeros(ground.shape[:2], bool)
        planes = look(as_float_hwc(ground), size_wh)
        at = find_place(planes, known, taken, size_wh, sides=varied.sides, rng=rng)
        if at is not None:
            laid, mask = blend_defect(ground, varied, at_xy=at, rng=rng)
            out.append(_view(laid, bounds_xyxy(mask), None))
    return out


def _view(image: np.ndarray, box: tuple[int, ...], outline: np.ndarray | None) -> np.ndarray:
    """The surroundings of a box, as large as the box asks for, at one size."""
    shown = image.copy()
    if outline is not None:
        rim = outline & ~np.logical_and.reduce(
            [np.roll(outline, s, a) for s in (1, -1) for a in (0, 1)]
        )
        shown[rim] = EDGE
    side = int(max(VIEW_PX, 1.3 * max(box[2] - box[0], box[3] - box[1])))
    side = min(side, *image.shape[:2])
    left = int(np.clip((box[0] + box[2] - side) / 2, 0, image.shape[1] - side))
    top = int(np.clip((box[1] + box[3] - side) / 2, 0, image.shape[0] - side))
    tile = Image.fromarray(shown[top : top + side, left : left + side])
    out = np.asarray(tile.resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS))
    return np.pad(out, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=WHITE)


if __name__ == "__main__":
    target = Path(__file__).parent / "images" / "synthesis.jpg"
    sheet().save(target, quality=88)
