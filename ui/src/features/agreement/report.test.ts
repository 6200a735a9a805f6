import { describe, expect, test } from "vitest";
import type { Shape } from "@/api/types";
import {
  agreeing,
  binsOf,
  columnsOf,
  gradeOf,
  isShown,
  kappaWord,
  type Limit,
  scaleOf,
} from "./report";

const kappa: Limit = { figure: "kappa", acceptable: 0.75, marginal: 0.4, at_least: true };
const misses: Limit = {
  figure: "miss rate",
  acceptable: 0.02,
  marginal: 0.05,
  at_least: false,
};

describe("grades", () => {
  test("are those of the Measurement Systems Analysis manual, limits included", () => {
    expect([0.75, 0.7499, 0.4, 0.39, null].map((v) => gradeOf(kappa, v))).toEqual([
      "acceptable",
      "marginal",
      "marginal",
      "not acceptable",
      "cannot be said",
    ]);
    expect([0.02, 0.03, 0.06].map((v) => gradeOf(misses, v))).toEqual([
      "acceptable",
      "marginal",
      "not acceptable",
    ]);
  });

  test("kappa has words of its own", () => {
    expect([0.9, 0.8, 0.5, 0.1, null].map((v) => kappaWord(kappa, v))).toEqual([
      "very good",
      "good",
      "moderate",
      "poor",
      "cannot be said",
    ]);
  });

  test("a good figure is only shown when the bad end of its interval is good too", () => {
    expect(isShown(misses, { low: 0, high: 0.018 })).toBe(true);
    expect(isShown(misses, { low: 0, high: 0.08 })).toBe(false);
    expect(isShown(kappa, { low: 0.7, high: 0.9 })).toBe(false);
  });
});

describe("the histogram", () => {
  const values = [
    [1, false],
    [2, false],
    [3, true],
    [100, true],
  ] as const;

  test("keeps every answer, on a logarithmic axis where sizes range over much", () => {
    const scale = scaleOf(values.map(([v]) => v));
    expect(scale.log).toBe(true);
    const bins = binsOf(values, scale);
    expect(bins.reduce((n, bin) => n + bin.first + bin.second, 0)).toBe(4);
    expect(bins[0]?.first).toBe(1);
    expect(bins.at(-1)?.second).toBe(1);
  });

  test("place and value of an axis are each other's opposite", () => {
    for (const list of [
      [1, 500],
      [10, 20],
      [-3, 4],
    ]) {
      const scale = scaleOf(list);
      for (const share of [0, 0.25, 0.6, 1]) {
        expect(scale.place(scale.value(share))).toBeCloseTo(share, 9);
      }
    }
  });

  test("answers agree with a limit that rises or falls", () => {
    expect(agreeing(values, 2.5, true)).toBe(4);
    expect(agreeing(values, 2.5, false)).toBe(0);
    expect(agreeing(values, 50, true)).toBe(3);
  });
});

describe("the answers of all on one image", () => {
  const box = (x: number): Shape => ({ kind: "box", label: "dent", xyxy: [x, 0, x + 9, 9] });

  test("are one picture each, and one for a person who said the same twice", () => {
    const words = [
      { labeler: "Ada", trial: 1, shapes: [box(1)] },
      { labeler: "Ada", trial: 2, shapes: [box(1)] },
      { labeler: "Otto", trial: 1, shapes: [] },
      { labeler: "Otto", trial: 2, shapes: [box(5)] },
    ];
    const told = {
      "Ada, trial 1": "dent",
      "Otto, trial 1": "nothing",
      "Otto, trial 2": "dent",
    };
    expect(columnsOf(words, told).map(({ who, text }) => [who, text])).toEqual([
      ["Ada", "dent"],
      ["Otto, trial 1", "nothing"],
      ["Otto, trial 2", "dent"],
    ]);
  });

  test("are the words of the report until the shapes are there", () => {
    expect(columnsOf([], { Ada: "dent" })).toEqual([{ who: "Ada", text: "dent", shapes: [] }]);
  });
});
