import { describe, expect, it } from "vitest";
import type { DriftCourse } from "@/api/types";
import { evidenceScale, nearestPoint, pathOf, valueScale } from "@/ui/driftCourse";

const PANEL = { left: 10, right: 110, top: 0, bottom: 60 };
const COURSE: DriftCourse = {
  point: "top",
  release: "main",
  alarm: true,
  threshold: 1000,
  since: 16,
  since_low: 11,
  since_high: 18,
  carriers: [],
  sentence: "",
  component: "brightness",
  reference_mean: 0.5,
  reference_deviation: 0.1,
  images: [10, 20, 60],
  evidence: [0, 1, 1e12],
  values: [0.5, 0.5, 0.2],
  alarms: [60],
  newest: [],
};

describe("the chart of a course", () => {
  it("keeps the evidence within its panel, none at the bottom and the most on top", () => {
    const { x, y } = evidenceScale(COURSE, PANEL);
    expect([y(0), y(1e12), y(1e15)]).toEqual([60, 0, 0]);
    expect([x(10), x(35), x(60)]).toEqual([10, 60, 110]);
  });

  it("shows the limit below the top, also where there is hardly any evidence", () => {
    const calm = { ...COURSE, evidence: [0, 0, 0.2] };
    const at = evidenceScale(calm, PANEL).y(calm.threshold);
    expect(at).toBeGreaterThan(PANEL.top);
    expect(at).toBeLessThan((PANEL.top + PANEL.bottom) / 2);
  });

  it("has the reference and every value in sight", () => {
    const { y } = valueScale(COURSE, PANEL);
    for (const value of [0.2, 0.4, 0.6]) {
      expect(y(value)).toBeGreaterThanOrEqual(PANEL.top);
      expect(y(value)).toBeLessThanOrEqual(PANEL.bottom);
    }
    expect(y(0.2)).toBeGreaterThan(y(0.5));
  });

  it("stands a single point and a figure that never moved", () => {
    const one = {
      ...COURSE,
      images: [10],
      values: [0.5],
      evidence: [0],
      reference_deviation: 0,
    };
    const scale = valueScale(one, PANEL);
    expect(pathOf(one.images, one.values, scale)).toBe("M60.0 30.0");
  });

  it("finds the point under the pointer", () => {
    const scale = evidenceScale(COURSE, PANEL);
    expect([0, 30, 300].map((at) => nearestPoint(COURSE, at, scale))).toEqual([0, 1, 2]);
  });
});
