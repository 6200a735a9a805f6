import { describe, expect, it } from "vitest";
import { SHARES, sharesOf, wavesOf } from "@/features/rollout/plan";

describe("the plan of a rollout", () => {
  it("reads rising shares that end with all, and nothing else", () => {
    expect(sharesOf("5, 25,100")).toEqual([0.05, 0.25, 1]);
    expect(sharesOf("10 % 100 %".replaceAll(" %", "%"))).toEqual([0.1, 1]);
    for (const wrong of [
      "",
      "0, 100",
      "50, 50, 100",
      "50, 20, 100",
      "10, 90",
      "x, 100",
      "200",
    ]) {
      expect(sharesOf(wrong), wrong).toBeNull();
    }
  });

  it("gives each wave its devices, and every device one wave", () => {
    expect(wavesOf(10_000, 0, SHARES.careful)).toEqual([100, 900, 4000, 5000]);
    expect(wavesOf(10, 1, SHARES.careful)).toEqual([1, 4, 5]);
    expect(wavesOf(3, 2, SHARES.named)).toEqual([2]);
    expect(wavesOf(0, 0, SHARES.once)).toEqual([]);
    for (const [devices, named] of [
      [7, 0],
      [7, 3],
      [7, 7],
      [1, 0],
      [999, 12],
    ] as const) {
      const waves = wavesOf(devices, named, SHARES.careful);
      expect(waves.reduce((a, b) => a + b, 0)).toBe(devices);
      expect(Math.min(...waves)).toBeGreaterThan(0);
    }
  });
});
