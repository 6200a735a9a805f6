/** Masks: painted pixels. They have no handles; brush and eraser change them. */

import { type Box, type Point, type Size, shiftInside } from "../geometry";
import { hasPixel, type Runs, runsArea, runsBox, shiftRuns } from "../runs";
import type { MaskShape, ShapeKind } from "./shape";

// The box of a mask is asked for again and again and costs a walk over all runs.
const boxes = new WeakMap<Runs, { box: Box | null }>();

function boxOf(shape: MaskShape): Box | null {
  const known = boxes.get(shape.runs);
  if (known) return known.box;
  const box = runsBox(shape.runs, shape.size[1]);
  boxes.set(shape.runs, { box });
  return box;
}

export const maskKind: ShapeKind<MaskShape> = {
  bounds: boxOf,

  area: (shape) => runsArea(shape.runs),

  hit(shape, at) {
    const [x, y] = [Math.floor(at[0]), Math.floor(at[1])];
    const [width, height] = shape.size;
    if (x < 0 || y < 0 || x >= width || y >= height) return null;
    return hasPixel(shape.runs, x * height + y) ? "inside" : null;
  },

  handles: () => [],

  grab: (shape, handle) => ({ shape, handle }),

  drag: (shape) => shape,

  moved(shape, dx, dy, size) {
    const box = boxOf(shape);
    if (!box) return shape;
    const [sx, sy] = shiftInside(box, Math.round(dx), Math.round(dy), size);
    return { ...shape, runs: shiftRuns(shape.runs, sx, sy, size) };
  },
};

export function maskOf(label: string, runs: Runs, size: Size): MaskShape {
  return { kind: "mask", label, size, runs };
}

/** Whether a mask is set under a point. */
export function isPainted(shape: MaskShape, at: Point): boolean {
  return maskKind.hit(shape, at, 0) !== null;
}
