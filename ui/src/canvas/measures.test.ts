import { expect, test } from "vitest";
import { allows, measured, type NumericRule } from "./measures";
import { maskOf } from "./shapes/mask";
import type { BoxShape } from "./shapes/shape";

const box: BoxShape = { kind: "box", label: "pit", xyxy: [10, 10, 50, 22] };

test("length is the longer side, short side the shorter one, area in squared units", () => {
  const rule = (measure: NumericRule["measure"], unit: "px" | "mm"): NumericRule => ({
    measure,
    unit,
    minimum: 1,
  });
  expect(measured(box, rule("length", "px"), null)).toBe(40);
  expect(measured(box, rule("short_side", "mm"), 0.5)).toBe(6);
  expect(measured(box, rule("area", "mm"), 0.5)).toBe(120);
  expect(measured(box, rule("area", "mm"), null)).toBeNull();
  const mask = maskOf("pit", Int32Array.from([3, 9, 13, 15]), [10, 10]);
  expect(measured(mask, rule("area", "px"), null)).toBe(8);
});

test("a value on the limit keeps it, rounding is not held against it", () => {
  const rule: NumericRule = { measure: "length", unit: "mm", minimum: 0.3, maximum: 3 };
  expect([allows(rule, 0.1 + 0.2), allows(rule, 0.29), allows(rule, 3.01)]).toEqual([
    true,
    false,
    false,
  ]);
});
