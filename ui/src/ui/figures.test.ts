import { describe, expect, it } from "vitest";
import {
  bytesText,
  minutesText,
  percent,
  plural,
  pointsText,
  secondsText,
  sentence,
  shareText,
  whenText,
  wilson,
} from "@/ui/figures";

describe("a share", () => {
  it("comes with its count, its interval and words", () => {
    expect(shareText(wilson(3, 212), "defects missed")).toBe(
      "3 of 212 defects missed (1.4 %, between 0.5 and 4.1 %)",
    );
  });

  it("of nothing says so", () => {
    expect(shareText(wilson(0, 0), "defects missed")).toBe(
      "0 of 0 defects missed (nothing to judge by)",
    );
  });

  it("keeps its interval within zero and one", () => {
    expect(wilson(0, 9)).toMatchObject({ low: 0 });
    expect(wilson(9, 9)).toMatchObject({ high: 1 });
    expect(wilson(0, 9).high).toBeCloseTo(0.299, 3);
  });

  it("reads 0 and 100 only where it is", () => {
    const shares = [0, 0.00001, 0.0014, 0.5, 0.9995, 1].map(percent);
    expect(shares).toEqual(["0", "0.01", "0.1", "50.0", "99.95", "100"]);
  });
});

describe("a gain", () => {
  it("is in points with sign and interval", () => {
    expect(pointsText(0.021, 0.008, 0.034)).toBe("+2.1 points, between +0.8 and +3.4");
    expect(pointsText(-0.01, null, null)).toBe("−1.0 point");
    expect(pointsText(0.0001, -0.02, 0.02)).toBe("0.0 points, between −2.0 and +2.0");
  });
});

describe("times and sizes", () => {
  it("are rounded as people say them", () => {
    expect([0.3, 6.2, 89, 150, 720].map(minutesText)).toEqual([
      "less than a minute",
      "about 6 min",
      "about 89 min",
      "about 2.5 h",
      "about 12 h",
    ]);
    expect([0, 59, 61, 3599, 3600, 4200].map(secondsText)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "1 h",
      "1 h",
      "1 h 10 min",
    ]);
    expect([999, 1000, 17_360_589, 999_960].map(bytesText)).toEqual([
      "999 B",
      "1.0 kB",
      "17.4 MB",
      "1.0 MB",
    ]);
    expect([plural(1, "image"), plural(12480, "image")]).toEqual(["1 image", "12,480 images"]);
  });

  it("are near where they are", () => {
    const now = new Date(2026, 2, 12, 14, 0);
    const at = (...parts: [number, number, number, number]) =>
      whenText(new Date(2026, ...parts).toISOString(), now);
    expect(at(2, 12, 14, 0)).toBe("just now");
    expect(at(2, 12, 13, 55)).toBe("5 min ago");
    expect(at(2, 12, 9, 5)).toBe("today, 09:05");
    expect(at(2, 11, 23, 59)).toBe("yesterday, 23:59");
    expect(at(1, 2, 8, 0)).toBe("2 Feb 2026, 08:00");
  });
});

it("makes a sentence of the words of an error", () => {
  expect(["there is no project", "Done.", "which?", ""].map(sentence)).toEqual([
    "There is no project.",
    "Done.",
    "Which?",
    "",
  ]);
});
