import { describe, expect, it } from "vitest";
import {
  fitted,
  inside,
  nearest,
  panned,
  type Spot,
  toScreen,
  zoomed,
} from "@/features/images/mapView";

const SIZE: Spot = [200, 100];
const DOTS = { x: [-1, 1, 0], y: [0, 0, 0.5] };
const VIEW = fitted(DOTS, SIZE);
const spot = (i: number, view = VIEW) => toScreen(view, SIZE, DOTS.x[i] ?? 0, DOTS.y[i] ?? 0);

describe("the view of the map", () => {
  it("shows all points at first, y up", () => {
    for (const i of [0, 1, 2]) {
      const [x, y] = spot(i);
      expect(x >= 0 && x <= 200 && y >= 0 && y <= 100).toBe(true);
    }
    expect(spot(2)[1]).toBeLessThan(spot(0)[1]);
  });

  it("fits one point and none at all without an impossible scale", () => {
    expect(Number.isFinite(fitted({ x: [3], y: [4] }, SIZE).scale)).toBe(true);
    expect(Number.isFinite(fitted({ x: [], y: [] }, SIZE).scale)).toBe(true);
  });

  it("keeps what is under the pointer there while it zooms", () => {
    const closer = zoomed(VIEW, SIZE, spot(1), 3);
    expect(closer.scale).toBeCloseTo(3 * VIEW.scale);
    expect(spot(1, closer)[0]).toBeCloseTo(spot(1)[0]);
    expect(spot(1, closer)[1]).toBeCloseTo(spot(1)[1]);
  });

  it("moves with the pointer", () => {
    const [x, y] = spot(0);
    expect(spot(0, panned(VIEW, 12, -7))).toEqual([
      expect.closeTo(x + 12),
      expect.closeTo(y - 7),
    ]);
  });
});

describe("what is meant on the map", () => {
  it("is the nearest point within reach", () => {
    const [x, y] = spot(2);
    expect(nearest(DOTS, VIEW, SIZE, [x + 3, y], 8)).toBe(2);
    expect(nearest(DOTS, VIEW, SIZE, [x + 9, y], 8)).toBe(-1);
  });

  it("is what a lasso goes around, also one with a dent", () => {
    const around = ([x, y]: Spot): Spot[] => [
      [x - 5, y - 5],
      [x + 5, y - 5],
      [x, y - 2],
      [x + 5, y + 5],
      [x - 5, y + 5],
    ];
    expect(inside(DOTS, VIEW, SIZE, around(spot(1)))).toEqual([1]);
    expect(inside(DOTS, VIEW, SIZE, around([0, 0]))).toEqual([]);
    expect(inside(DOTS, VIEW, SIZE, [])).toEqual([]);
  });
});
