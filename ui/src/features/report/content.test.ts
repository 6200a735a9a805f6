import { describe, expect, it } from "vitest";
import {
  changedOf,
  classRowsOf,
  confusionOf,
  costPerImage,
  curveOf,
  outcomeAt,
  outcomeOf,
  pointAt,
  withRunNames,
} from "@/features/report/content";
import { wilson } from "@/ui/figures";

const outcome = { threshold: 0.5, escapes: wilson(2, 40), overkill: wilson(6, 60) };
const curve = curveOf([
  [0.1, 0, 1],
  [0.4, 0.05, 0.2],
  [0.5, 0.05, 0.1],
  [0.9, 1, 0],
  [0.95, null, 0],
]);

describe("a report", () => {
  it("without an outcome has none", () => {
    expect(outcomeOf({ note: "not evaluated" })).toBeNull();
    expect(confusionOf({})).toBeNull();
  });

  it("of a task without classes counts NG and OK", () => {
    expect(confusionOf({ outcome })?.counts).toEqual([
      [38, 2],
      [6, 54],
    ]);
  });

  it("of outlines leaves the background out", () => {
    const iou = { value: 0.5, low: 0.4, high: 0.6 };
    const content = {
      task: "segmentation",
      classes: ["pit"],
      report: { per_class: [{ iou }, { iou }] },
    };
    expect(classRowsOf(content).map((r) => r.name)).toEqual(["pit"]);
  });
});

describe("the handle", () => {
  it("stands where the threshold is in force", () => {
    expect(curve).toHaveLength(4);
    expect([0.05, 0.1, 0.45, 0.5, 0.99].map((t) => pointAt(curve, t))).toEqual([0, 0, 1, 2, 3]);
  });

  it("says counts and intervals of where it stands", () => {
    const point = curve[1];
    expect(point && outcomeAt(point, outcome)).toEqual({
      threshold: 0.4,
      escapes: wilson(2, 40),
      overkill: wilson(12, 60),
    });
  });

  it("costs what its escapes and its overkill cost", () => {
    expect(costPerImage(outcome, { escape: 10, overkill: 1 })).toBeCloseTo(0.26);
  });
});

describe("a comparison", () => {
  it("calls runs by when they were trained, and leaves alone what is no run of it", () => {
    const runs = [{ id: "r0004", name: "the training of today" }];
    expect(withRunNames("r0004 against r0001 on 11 images.", runs)).toBe(
      "The training of today against r0001 on 11 images.",
    );
  });

  it("counts what became better and what worse from one run to the other", () => {
    const changed = [
      { truth: "NG", first: "OK", second: "NG" },
      { truth: "OK", first: "OK", second: "NG" },
      { truth: "NG", first: "NG", second: "OK" },
    ];
    expect(changedOf({ changed })).toEqual({ worse: 2, better: 1 });
    expect(changedOf({})).toEqual({ worse: 0, better: 0 });
  });
});
