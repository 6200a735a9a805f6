/** Polygons: rings of corners, even-odd filled; corners move, edges grow new corners. */

import {
  boxAround,
  distanceToStretch,
  type Point,
  pointInside,
  type Size,
  shiftInside,
} from "../geometry";
import type { Handle, PolygonShape, ShapeKind } from "./shape";

type Ring = readonly Point[];

export const FEWEST_CORNERS = 3;

function cornerId(ring: number, place: number): string {
  return `corner:${ring}:${place}`;
}

function readId(id: string): { middle: boolean; ring: number; place: number } {
  const [what, ring, place] = id.split(":");
  return { middle: what === "middle", ring: Number(ring), place: Number(place) };
}

function withRing(shape: PolygonShape, ring: number, corners: Ring): PolygonShape {
  return { ...shape, rings: shape.rings.map((r, n) => (n === ring ? corners : r)) };
}

/** Corners in hundredths of a pixel: finer than anybody can point, short to write. */
export function rounded(point: Point, size: Size): Point {
  const [x, y] = pointInside(point, size);
  return [Math.round(x * 100) / 100, Math.round(y * 100) / 100];
}

function ringArea(ring: Ring): number {
  let twice = 0;
  ring.forEach((b, place) => {
    const a = ring[(place + ring.length - 1) % ring.length] ?? b;
    twice += a[0] * b[1] - b[0] * a[1];
  });
  return Math.abs(twice) / 2;
}

function holds(rings: readonly Ring[], at: Point): boolean {
  let inside = false;
  for (const ring of rings) {
    ring.forEach((b, place) => {
      const a = ring[(place + ring.length - 1) % ring.length] ?? b;
      if (a[1] <= at[1] === b[1] <= at[1]) return;
      const x = a[0] + ((at[1] - a[1]) * (b[0] - a[0])) / (b[1] - a[1]);
      if (x > at[0]) inside = !inside;
    });
  }
  return inside;
}

export const polygonKind: ShapeKind<PolygonShape> = {
  bounds: (shape) => boxAround(shape.rings.flat()),

  area(shape) {
    // A ring inside another is a hole: by the even-odd rule its area is taken off.
    let total = 0;
    shape.rings.forEach((ring, n) => {
      const others = shape.rings.filter((_, m) => m !== n);
      const first = ring[0];
      const hole = first !== undefined && holds(others, first);
      total += (hole ? -1 : 1) * ringArea(ring);
    });
    return Math.abs(total);
  },

  hit(shape, at, reach) {
    for (const ring of shape.rings) {
      for (let n = 0; n < ring.length; n += 1) {
        const [a, b] = [ring[n], ring[(n + 1) % ring.length]];
        if (a && b && distanceToStretch(at, a, b) <= reach) return "edge";
      }
    }
    return holds(shape.rings, at) ? "inside" : null;
  },

  handles(shape) {
    const out: Handle[] = [];
    shape.rings.forEach((ring, r) => {
      ring.forEach((a, n) => {
        const b = ring[(n + 1) % ring.length] ?? a;
        out.push({ id: cornerId(r, n), at: a, cursor: "move", minor: false });
        out.push({
          id: `middle:${r}:${n}`,
          at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2],
          cursor: "copy",
          minor: true,
        });
      });
    });
    // Corners first: where one lies on a middle, the corner is meant.
    return out.sort((a, b) => Number(a.minor) - Number(b.minor));
  },

  grab(shape, handle) {
    const { middle, ring, place } = readId(handle);
    const corners = shape.rings[ring];
    const grabbed = polygonKind.handles(shape).find((h) => h.id === handle);
    if (!middle || !corners || !grabbed) return { shape, handle };
    const more = [...corners.slice(0, place + 1), grabbed.at, ...corners.slice(place + 1)];
    return { shape: withRing(shape, ring, more), handle: cornerId(ring, place + 1) };
  },

  drag(shape, handle, to, size) {
    const { ring, place } = readId(handle);
    const corners = shape.rings[ring];
    if (!corners) return shape;
    const moved = corners.map((p, n) => (n === place ? rounded(to, size) : p));
    return withRing(shape, ring, moved);
  },

  moved(shape, dx, dy, size) {
    const box = polygonKind.bounds(shape);
    if (!box) return shape;
    const [sx, sy] = shiftInside(box, dx, dy, size);
    const rings = shape.rings.map((r) => r.map(([x, y]): Point => [x + sx, y + sy]));
    return { ...shape, rings };
  },
};

/**
 * The polygon without a corner. A ring that would have fewer than three corners goes as a
 * whole; null where nothing is left.
 */
export function withoutCorner(shape: PolygonShape, handle: string): PolygonShape | null {
  const { middle, ring, place } = readId(handle);
  const corners = shape.rings[ring];
  if (middle || !corners) return shape;
  const left = corners.filter((_, n) => n !== place);
  const rings =
    left.length >= FEWEST_CORNERS
      ? shape.rings.map((r, n) => (n === ring ? left : r))
      : shape.rings.filter((_, n) => n !== ring);
  return rings.length > 0 ? { ...shape, rings } : null;
}

/** The polygon of drawn corners; null for fewer than three different ones. */
export function drawnPolygon(label: string, corners: readonly Point[]): PolygonShape | null {
  const ring = corners.filter((p, n) => {
    const before = corners[n - 1];
    return !before || before[0] !== p[0] || before[1] !== p[1];
  });
  if (ring.length < FEWEST_CORNERS || ringArea(ring) === 0) return null;
  return { kind: "polygon", label, rings: [ring] };
}
