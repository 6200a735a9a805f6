/** What a model proposes for an image, and which of it is still worth showing. */

import type { Item } from "./document";
import { overlap, type Point, type Size } from "./geometry";
import { boundsOf, hitOf, isPlaced } from "./shapes/kinds";
import type { CanvasShape } from "./shapes/shape";

export interface Suggestion {
  readonly id: string;
  readonly shape: CanvasShape;
  /** In [0, 1]. */
  readonly score: number;
}

// A label that covers a suggestion this well says the same already.
const SAME_OVERLAP = 0.6;

/** The suggestions that nobody has taken, put away or drawn already. */
export function openSuggestions(
  all: readonly Suggestion[],
  items: readonly Item[],
  putAway: ReadonlySet<string>,
): Suggestion[] {
  const taken = new Set(items.map((item) => item.from));
  return all.filter(
    (one) =>
      !taken.has(one.id) &&
      !putAway.has(one.id) &&
      !items.some((item) => saysTheSame(item.shape, one.shape)),
  );
}

function saysTheSame(label: CanvasShape, proposed: CanvasShape): boolean {
  if (!isPlaced(label) || !isPlaced(proposed)) return label.kind === proposed.kind;
  const [a, b] = [boundsOf(label), boundsOf(proposed)];
  return a !== null && b !== null && overlap(a, b) >= SAME_OVERLAP;
}

/** The topmost suggestion under a point, the smallest first. */
export function suggestionAt(
  open: readonly Suggestion[],
  at: Point,
  reach: number,
): Suggestion | null {
  let best: Suggestion | null = null;
  let least = Infinity;
  for (const one of open) {
    if (hitOf(one.shape, at, reach) === null) continue;
    const box = boundsOf(one.shape);
    const size = box ? (box[2] - box[0]) * (box[3] - box[1]) : Infinity;
    if (size <= least) [best, least] = [one, size];
  }
  return best;
}

/** A proposed shape cut to the image: models draw a little over the edge. */
export function cutToImage(shape: CanvasShape, size: Size): CanvasShape {
  const x = (v: number) => Math.min(Math.max(v, 0), size[0]);
  const y = (v: number) => Math.min(Math.max(v, 0), size[1]);
  if (shape.kind === "box") {
    const [x1, y1, x2, y2] = shape.xyxy;
    return { ...shape, xyxy: [x(x1), y(y1), x(x2), y(y2)] };
  }
  if (shape.kind === "polygon") {
    const rings = shape.rings.map((ring) => ring.map((p): Point => [x(p[0]), y(p[1])]));
    return { ...shape, rings };
  }
  return shape;
}
