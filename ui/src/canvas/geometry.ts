/**
 * Points, boxes and distances in the one coordinate convention of Pitmark: pixels of the
 * stored image, x right, y down, (0, 0) the outer corner of the first pixel.
 */

export type Point = readonly [x: number, y: number];
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];
export type Size = readonly [width: number, height: number];

export function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}

/** The box between two corners, whichever way they lie. */
export function boxBetween(a: Point, b: Point): Box {
  return [
    Math.min(a[0], b[0]),
    Math.min(a[1], b[1]),
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
  ];
}

/** The smallest box around points, or null for none. */
export function boxAround(points: Iterable<Point>): Box | null {
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    x1 = Math.min(x1, x);
    y1 = Math.min(y1, y);
    x2 = Math.max(x2, x);
    y2 = Math.max(y2, y);
  }
  return x1 > x2 ? null : [x1, y1, x2, y2];
}

export function unite(a: Box | null, b: Box | null): Box | null {
  if (a === null) return b;
  if (b === null) return a;
  return [
    Math.min(a[0], b[0]),
    Math.min(a[1], b[1]),
    Math.max(a[2], b[2]),
    Math.max(a[3], b[3]),
  ];
}

export function grown(box: Box, by: number): Box {
  return [box[0] - by, box[1] - by, box[2] + by, box[3] + by];
}

export function meets(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

export function encloses(outer: Box, inner: Box): boolean {
  return (
    outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3]
  );
}

export function boxArea(box: Box): number {
  return Math.max(0, box[2] - box[0]) * Math.max(0, box[3] - box[1]);
}

/** Intersection over union of two boxes, in [0, 1]. */
export function overlap(a: Box, b: Box): number {
  const inner: Box = [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  const shared = boxArea(inner);
  const all = boxArea(a) + boxArea(b) - shared;
  return all > 0 ? shared / all : 0;
}

/** The part of a shift that keeps a box on the image. */
export function shiftInside(box: Box, dx: number, dy: number, size: Size): Point {
  return [clamp(dx, -box[0], size[0] - box[2]), clamp(dy, -box[1], size[1] - box[3])];
}

export function pointInside(point: Point, size: Size): Point {
  return [clamp(point[0], 0, size[0]), clamp(point[1], 0, size[1])];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Distance of a point from the stretch between two others. */
export function distanceToStretch(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = dx * dx + dy * dy;
  const share =
    length === 0
      ? 0
      : clamp(((point[0] - from[0]) * dx + (point[1] - from[1]) * dy) / length, 0, 1);
  return Math.hypot(point[0] - from[0] - share * dx, point[1] - from[1] - share * dy);
}
