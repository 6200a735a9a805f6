/** Boxes: four corners and four edges to drag. */

import { boxArea, clamp, type Point, shiftInside } from "../geometry";
import type { BoxShape, Handle, ShapeKind } from "./shape";

// Handles are named by the sides that they move: n, e, s, w.
const HANDLES: readonly (readonly [id: string, x: number, y: number, cursor: string])[] = [
  ["nw", 0, 0, "nwse-resize"],
  ["ne", 1, 0, "nesw-resize"],
  ["se", 1, 1, "nwse-resize"],
  ["sw", 0, 1, "nesw-resize"],
  ["n", 0.5, 0, "ns-resize"],
  ["e", 1, 0.5, "ew-resize"],
  ["s", 0.5, 1, "ns-resize"],
  ["w", 0, 0.5, "ew-resize"],
];

/** The smallest side of a box in pixels. */
export const LEAST_SIDE_PX = 1;

export const boxKind: ShapeKind<BoxShape> = {
  bounds: (shape) => shape.xyxy,

  area: (shape) => boxArea(shape.xyxy),

  hit(shape, at, reach) {
    const [x1, y1, x2, y2] = shape.xyxy;
    const [dx, dy] = [
      Math.min(Math.abs(at[0] - x1), Math.abs(at[0] - x2)),
      Math.min(Math.abs(at[1] - y1), Math.abs(at[1] - y2)),
    ];
    const across = at[0] >= x1 - reach && at[0] <= x2 + reach;
    const down = at[1] >= y1 - reach && at[1] <= y2 + reach;
    if (!across || !down) return null;
    return dx <= reach || dy <= reach ? "edge" : "inside";
  },

  handles(shape) {
    const [x1, y1, x2, y2] = shape.xyxy;
    return HANDLES.map(
      ([id, x, y, cursor]): Handle => ({
        id,
        at: [x1 + x * (x2 - x1), y1 + y * (y2 - y1)],
        cursor,
        minor: id.length === 1,
      }),
    );
  },

  grab: (shape, handle) => ({ shape, handle }),

  drag(shape, handle, to, size) {
    let [x1, y1, x2, y2] = shape.xyxy;
    const [x, y] = [Math.round(clamp(to[0], 0, size[0])), Math.round(clamp(to[1], 0, size[1]))];
    // A side stops one pixel before the opposite one: nothing flips under the pointer.
    if (handle.includes("w")) x1 = Math.max(0, Math.min(x, x2 - LEAST_SIDE_PX));
    if (handle.includes("e")) x2 = Math.min(size[0], Math.max(x, x1 + LEAST_SIDE_PX));
    if (handle.includes("n")) y1 = Math.max(0, Math.min(y, y2 - LEAST_SIDE_PX));
    if (handle.includes("s")) y2 = Math.min(size[1], Math.max(y, y1 + LEAST_SIDE_PX));
    return { ...shape, xyxy: [x1, y1, x2, y2] };
  },

  moved(shape, dx, dy, size) {
    const [x1, y1, x2, y2] = shape.xyxy;
    const [sx, sy] = shiftInside(shape.xyxy, dx, dy, size);
    return { ...shape, xyxy: [x1 + sx, y1 + sy, x2 + sx, y2 + sy] };
  },
};

/** The box between two pointer places, cut to whole pixels, or null if it has no area. */
export function drawnBox(label: string, a: Point, b: Point): BoxShape | null {
  const [x1, x2] = a[0] < b[0] ? [a[0], b[0]] : [b[0], a[0]];
  const [y1, y2] = a[1] < b[1] ? [a[1], b[1]] : [b[1], a[1]];
  const xyxy = [Math.round(x1), Math.round(y1), Math.round(x2), Math.round(y2)] as const;
  return boxArea(xyxy) > 0 ? { kind: "box", label, xyxy } : null;
}
