/** What the rules of a label book measure on a shape; the same as `core/label_book.py`. */

import { areaOf, boundsOf } from "./shapes/kinds";
import type { CanvasShape } from "./shapes/shape";

export type Measure = "length" | "area" | "short_side";

export interface NumericRule {
  readonly measure: Measure;
  readonly unit: "px" | "mm";
  readonly minimum?: number | null;
  readonly maximum?: number | null;
}

/** The measured value in the unit of a rule; null where it cannot be told. */
export function measured(
  shape: CanvasShape,
  rule: NumericRule,
  mmPerPx: number | null,
): number | null {
  const box = boundsOf(shape);
  if (!box || (rule.unit === "mm" && mmPerPx === null)) return null;
  const scale = rule.unit === "mm" && mmPerPx !== null ? mmPerPx : 1;
  if (rule.measure === "area") return areaOf(shape) * scale ** 2;
  const sides = [box[2] - box[0], box[3] - box[1]] as const;
  return (rule.measure === "length" ? Math.max(...sides) : Math.min(...sides)) * scale;
}

/** Whether a value keeps the limits of a rule; rounding is not held against it. */
export function allows(rule: NumericRule, value: number): boolean {
  const slack = 1e-9 * Math.max(1, Math.abs(value));
  const above = rule.minimum == null || value >= rule.minimum - slack;
  return above && (rule.maximum == null || value <= rule.maximum + slack);
}

const SCALES: Readonly<Record<string, (value: number) => number>> = {
  mm_per_px: (v) => v,
  mm_per_pixel: (v) => v,
  um_per_px: (v) => v / 1000,
  px_per_mm: (v) => 1 / v,
  pixels_per_mm: (v) => 1 / v,
};

/** The size of a pixel in mm as the metadata of an image say it, else as the book does. */
export function mmPerPx(
  metadata: Readonly<Record<string, unknown>>,
  ofBook: number | null,
): number | null {
  for (const [name, convert] of Object.entries(SCALES)) {
    const value = metadata[name];
    if (typeof value === "number" && value > 0) return convert(value);
  }
  return ofBook;
}
