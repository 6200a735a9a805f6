/** Shapes as they travel, and as the canvas holds them: only masks differ. */

import type { Point, Size } from "../geometry";
import { countsOfRuns, runsOfCounts } from "../runs";
import type { CanvasShape } from "./shape";

export type WireShape =
  | { kind: "class"; label: string }
  | { kind: "box"; label: string; xyxy: number[] }
  | { kind: "polygon"; label: string; rings: number[][][] }
  | { kind: "mask"; label: string; size_wh: number[]; counts: number[] };

function pair(values: readonly number[]): readonly [number, number] {
  return [values[0] ?? 0, values[1] ?? 0];
}

export function fromWire(shape: WireShape): CanvasShape {
  switch (shape.kind) {
    case "class":
      return { kind: "class", label: shape.label };
    case "box": {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = shape.xyxy;
      return { kind: "box", label: shape.label, xyxy: [x1, y1, x2, y2] };
    }
    case "polygon":
      return {
        kind: "polygon",
        label: shape.label,
        rings: shape.rings.map((ring) => ring.map((p): Point => pair(p))),
      };
    case "mask": {
      const size: Size = pair(shape.size_wh);
      return { kind: "mask", label: shape.label, size, runs: runsOfCounts(shape.counts, size) };
    }
  }
}

export function toWire(shape: CanvasShape): WireShape {
  switch (shape.kind) {
    case "class":
      return { kind: "class", label: shape.label };
    case "box":
      return { kind: "box", label: shape.label, xyxy: [...shape.xyxy] };
    case "polygon":
      return {
        kind: "polygon",
        label: shape.label,
        rings: shape.rings.map((ring) => ring.map((p) => [...p])),
      };
    case "mask":
      return {
        kind: "mask",
        label: shape.label,
        size_wh: [...shape.size],
        counts: countsOfRuns(shape.runs, shape.size),
      };
  }
}
